export { Keeper } from './keeper';
export type { IsKept } from './keeper';
export { SqliteStorage, unreadable } from './sqlite-storage';
export { NO_STORAGE } from './storage';
export type { Storage } from './storage';
export { StoredMap } from './stored-map';
