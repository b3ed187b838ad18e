/**
 * What a device may do with the jobs that target its thing.
 *
 * @see https://docs.aws.amazon.com/iot/latest/developerguide/iot-jobs.html
 */
export enum JobAccess {
  /** Hear of jobs and read them. */
  READ = 'read',
  /** Also start them and report on them. */
  EXECUTE = 'execute',
}
