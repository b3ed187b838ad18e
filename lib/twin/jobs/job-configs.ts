import type * as api from '@aws-sdk/client-iot';
import { JOB_LIMITS } from './limits';

/** From how much to how much, in which steps. */
interface Bounds {
  readonly least: number;
  readonly most: number;
  readonly step?: number;
}

/** Whether something can be how fast a job reaches its things; why not, if not. */
export function objectToRollout({ maximumPerMinute, exponentialRate }: api.JobExecutionsRolloutConfig): string | undefined {
  const { ratePerMinute, incrementFactor, count } = JOB_LIMITS;
  const rate = exponentialRate && {
    baseRatePerMinute: objectToNumber('baseRatePerMinute', exponentialRate.baseRatePerMinute, ratePerMinute),
    incrementFactor: objectToNumber('incrementFactor', exponentialRate.incrementFactor, incrementFactor),
    criteria: objectToCriteria(exponentialRate.rateIncreaseCriteria),
  };
  return first([
    maximumPerMinute === undefined ? undefined : objectToNumber('maximumPerMinute', maximumPerMinute, ratePerMinute),
    ...Object.values(rate ?? {}),
  ]);

  function objectToCriteria({ numberOfNotifiedThings, numberOfSucceededThings }: api.RateIncreaseCriteria = {}): string | undefined {
    return numberOfNotifiedThings === undefined && numberOfSucceededThings === undefined ? "'rateIncreaseCriteria' needs 'numberOfNotifiedThings' or 'numberOfSucceededThings'" : first([
      numberOfNotifiedThings === undefined ? undefined : objectToNumber('numberOfNotifiedThings', numberOfNotifiedThings, count),
      numberOfSucceededThings === undefined ? undefined : objectToNumber('numberOfSucceededThings', numberOfSucceededThings, count),
    ]);
  }
}

/** Whether something can be when a job is given up; why not, if not. */
export function objectToAbort({ criteriaList }: api.AbortConfig): string | undefined {
  return !Array.isArray(criteriaList) || criteriaList.length === 0 ? "'abortConfig' needs a 'criteriaList' with at least one criterion"
    : first((criteriaList as readonly Partial<api.AbortCriteria>[]).flatMap(({ action, failureType, minNumberOfExecutedThings, thresholdPercentage }) => [
      action === 'CANCEL' ? undefined : "the 'action' of an abort criterion must be CANCEL",
      ['FAILED', 'REJECTED', 'TIMED_OUT', 'ALL'].includes(failureType!) ? undefined : "the 'failureType' of an abort criterion must be FAILED, REJECTED, TIMED_OUT or ALL",
      objectToNumber('minNumberOfExecutedThings', minNumberOfExecutedThings, JOB_LIMITS.count),
      objectToNumber('thresholdPercentage', thresholdPercentage, JOB_LIMITS.thresholdPercentage),
    ]));
}

/** Whether something can be the retries of a job; why not, if not. */
export function objectToRetries({ criteriaList = [] }: api.JobExecutionsRetryConfig): string | undefined {
  const numbers = criteriaList.map(({ numberOfRetries }) => numberOfRetries);
  const isKnown = criteriaList.every(({ failureType }) => failureType === 'FAILED' || failureType === 'TIMED_OUT' || failureType === 'ALL');
  const total = numbers.reduce<number>((sum, number) => sum + (Number.isInteger(number) && number! >= 0 ? number! : Infinity), 0);
  return isKnown && total <= JOB_LIMITS.retries ? undefined
    : `the retry criteria must be for FAILED, TIMED_OUT or ALL, with at most ${JOB_LIMITS.retries} retries together`;
}

/** Whether something can say how URLs in a document are signed; why not, if not. */
export function objectToPresigning({ roleArn, expiresInSec }: api.PresignedUrlConfig): string | undefined {
  return first([
    roleArn === undefined || (typeof roleArn === 'string' && /^arn:[^:\s]+:iam::\d{12}:role\/\S{1,512}$/.test(roleArn)) ? undefined : "'roleArn' must be the ARN of a role",
    expiresInSec === undefined ? undefined : objectToNumber('expiresInSec', expiresInSec, JOB_LIMITS.presignedSec),
  ]);
}

function objectToNumber(name: string, value: unknown, { least, most, step = 1 }: Bounds): string | undefined {
  // 1.1 is no whole number of tenths for a computer.
  const isStep = typeof value === 'number' && Math.abs(value / step - Math.round(value / step)) < 1e-6;
  return isStep && value >= least && value <= most ? undefined
    : `'${name}' must be a ${step === 1 ? 'whole number' : `multiple of ${step}`} ${most === Infinity ? `of at least ${least}` : `from ${least} to ${most}`}`;
}

function first(objections: readonly (string | undefined)[]): string | undefined {
  return objections.find((objection) => objection !== undefined);
}
