export type { EndpointAddresses } from './endpoints';
export { ControlPlane } from './service';
export type { ControlPlaneProps, Operation } from './service';
