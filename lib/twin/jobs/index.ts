export { startJobs } from './start-jobs';
export type { JobsService, JobsServiceProps } from './start-jobs';
