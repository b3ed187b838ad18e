export { LifecycleEvents } from './lifecycle';
export { publishRegistryEvents } from './registry-events';
