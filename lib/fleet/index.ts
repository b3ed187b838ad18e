export { DeviceFleet } from './device-fleet';
export type { DeviceFleetProps, FleetCertificateProps, FleetThingOptions } from './device-fleet-props';
export { FleetChannel } from './fleet-channel';
export { FleetDeletion } from './fleet-guard';
export { FleetJobs } from './fleet-jobs';
export type {
  FleetBulkRegistrationOptions,
  FleetClaimProvisioningOptions,
  FleetJustInTimeProvisioningOptions,
  FleetJustInTimeRegistrationOptions,
  FleetTrustedUserProvisioningOptions,
} from './fleet-provisioning';
export { FleetShadow } from './fleet-shadow';
export { FleetStreams } from './fleet-streams';
export { FleetTunnels } from './fleet-tunnels';
