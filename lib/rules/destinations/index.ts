export type { ITopicRuleDestination } from './destination-base';
export { HttpRuleDestination } from './http';
export type { HttpRuleDestinationProps } from './http';
export { InfluxDbRuleDestination, InfluxDbVersion } from './influx-db';
export type { IInfluxDbRuleDestination, InfluxDbRuleDestinationAttributes, InfluxDbRuleDestinationProps } from './influx-db';
export { VpcRuleDestination } from './vpc';
export type { VpcRuleDestinationProps } from './vpc';
