export * from './grants';
export { IotAction } from './iot-action';
export { IotPolicy } from './iot-policy';
export type { CommonIotPolicyProps, DevicePoliciesProps, IIotPolicy, IotPolicyProps, SplitPoliciesProps } from './iot-policy';
export { IotPolicyEffect } from './iot-policy-statement';
export type { IotPolicyStatement } from './iot-policy-statement';
export { IotResource } from './iot-resource';
