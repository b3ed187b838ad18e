export { ChannelGrants } from './channel-grants';
export { FleetGrants } from './fleet-grants';
export type { ConnectGrantOptions } from './fleet-grants';
export { JobGrants } from './job-grants';
export type { JobGrantOptions } from './job-grants';
export { ShadowGrants } from './shadow-grants';
export type { ShadowGrantOptions } from './shadow-grants';
