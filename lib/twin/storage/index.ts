export { NO_STORAGE } from './storage';
export type { Storage } from './storage';
