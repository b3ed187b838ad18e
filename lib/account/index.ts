export { AccountSettingRemoval } from './account-setting';
export * from './default-authorizer';
export * from './event-configurations';
export * from './fleet-indexing';
export * from './iot-endpoint';
export * from './iot-logging';
