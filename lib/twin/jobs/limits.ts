/**
 * What AWS IoT Jobs takes.
 *
 * @see https://docs.aws.amazon.com/general/latest/gr/iot_device_management.html#job-limits
 * @see https://docs.aws.amazon.com/iot/latest/apireference/API_CreateJob.html
 */
export const JOB_LIMITS = {
  /** Characters. */
  documentLength: 32_768,
  documentSourceLength: 1350,
  descriptionLength: 2028,
  commentLength: 2028,
  reasonCodeLength: 128,

  /** Things and thing groups that a job names. */
  targets: 100,

  /** Characters of a name and of a value in the status details. */
  detailsKeyLength: 128,
  detailsValueLength: 1024,

  /** From one minute to seven days, for both timers. */
  timeoutMinutes: { least: 1, most: 10_080 },

  retries: 10,

  /** Things that a job reaches in a minute; the most is what a job without a rate has. */
  ratePerMinute: { least: 1, most: 1000 },
  incrementFactor: { least: 1.1, most: 5, step: 0.1 },
  thresholdPercentage: { least: 0.01, most: 100, step: 0.01 },

  /** Of things, in criteria. */
  count: { least: 1, most: Infinity },

  /** How long a presigned URL is good for. */
  presignedSec: { least: 60, most: 3600 },

  /** Executions that GetPendingJobExecutions and `notify` list. */
  pendingListed: 10,
} as const;

/** What the twin itself allows, so that neither a device nor a mistake can exhaust the process. */
export const JOB_SAFETY = {
  jobs: 10_000,
  templates: 1000,
  executions: 200_000,

  /** Bytes of the documents of all jobs and templates, and of the status details of all executions. */
  documentBytes: 128 * 1024 * 1024,
  allDetailsBytes: 64 * 1024 * 1024,

  /** Bytes of the status details of one execution, and of what a client sends to know its answer by: both go into answers. */
  detailsBytes: 32_768,
  clientTokenBytes: 4096,

  /** How deep a document may be nested, so that it can be written down anywhere. */
  documentDepth: 128,

  /** URLs in a document, so that it fits into a message with all of them: each has a few hundred bytes. */
  presignedUrls: 50,
} as const;
