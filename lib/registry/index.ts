export * from './billing-group';
export * from './dynamic-thing-group';
export * from './propagating-attribute';
export * from './thing';
export * from './thing-group';
export type { CommonThingGroupProps, IThingGroup } from './thing-group-base';
export * from './thing-type';
