export { dataService } from './data-service';
export { Front } from './front';
export type { FrontProps } from './front';
