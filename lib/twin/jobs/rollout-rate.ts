import type * as api from '@aws-sdk/client-iot';
import { JOB_LIMITS } from './limits';

/** How far a job has come. */
export interface Progress {
  /** Things that were told of it. */
  readonly reachedThings: number;
  readonly succeededThings: number;
}

/**
 * How many things a job may reach in the next minute. An exponential rate grows by its factor each time that as many more
 * things were told of the job, or have succeeded, as it says.
 *
 * @see https://docs.aws.amazon.com/iot/latest/developerguide/jobs-configurations-details.html#job-rollout-using
 */
export function rateOf({ exponentialRate, maximumPerMinute = JOB_LIMITS.ratePerMinute.most }: api.JobExecutionsRolloutConfig = {}, progress: Progress): number {
  if (exponentialRate === undefined) {
    return maximumPerMinute;
  }
  const { baseRatePerMinute = 1, incrementFactor = 1, rateIncreaseCriteria: { numberOfNotifiedThings = Infinity, numberOfSucceededThings = Infinity } = {} } = exponentialRate;
  const steps = Math.floor(Math.max(progress.reachedThings / numberOfNotifiedThings, progress.succeededThings / numberOfSucceededThings));
  return Math.min(maximumPerMinute, Math.floor(baseRatePerMinute * incrementFactor ** steps));
}
