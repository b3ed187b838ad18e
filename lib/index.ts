export * from './access';
export * from './certificates';
export * from './fleet';
export * from './registry';
export * from './topics';
