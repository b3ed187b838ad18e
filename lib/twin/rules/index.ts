export { RuleDeliveries, cut } from './deliveries';
export type { DeliveryListener, RuleDelivery } from './deliveries';
export { inspectRules } from './inspect';
export { readRules } from './read-rules';
export { runRules } from './run-rules';
export type { RuleProps } from './run-rules';
export type { StandIns } from './stand-ins';
