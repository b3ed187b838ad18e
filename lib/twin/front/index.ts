export { Front } from './front';
export type { FrontProps } from './front';
