export type { DataRoute } from './data-plane';
export { dataService } from './data-service';
export { Front } from './front';
export type { FrontProps } from './front';
