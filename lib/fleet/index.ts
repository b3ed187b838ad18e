export { DeviceFleet } from './device-fleet';
export type { DeviceFleetProps, FleetCertificateProps, FleetThingOptions } from './device-fleet';
export { FleetChannel } from './fleet-channel';
