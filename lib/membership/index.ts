export * from './billing-group-membership';
export * from './managed-iot-policy';
export * from './quarantine-group';
export * from './thing-group-membership';
export * from './thing-group-policy-attachment';
export * from './thing-type-association';
