export { Answers } from './answers';
export { changesBetween } from './changes';
export { CustomResources } from './custom-resources';
export type { Deployed, Deploying } from './custom-resources';
export { Events } from './events';
export { CustomResourceRecords } from './records';
export { LocalAws, withLeaving } from './local-aws';
export type { LocalAwsOptions } from './local-aws';
