export { Channel, ChannelDirection } from './channel';
export type { PublishChannelOptions } from './channel';
export { JobAccess } from './job-access';
export { PlaceholderValues } from './placeholder-values';
export type { ThingPlaceholders } from './placeholder-values';
export { Shadow, ShadowAccess } from './shadow';
export type { ShadowOptions } from './shadow';
export { TopicSpace } from './topic-space';
export type { TopicPermissions, TopicSpaceProps } from './topic-space';
