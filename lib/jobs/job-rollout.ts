import type { IConstruct } from 'constructs';
import { requireNumber } from './limits';
import { invalid } from '../private/errors';

/** Things that are told of a job in a minute. https://docs.aws.amazon.com/iot/latest/developerguide/job-limits.html */
const MAX_RATE = 1000;

/** Options for a rollout that becomes faster. */
export interface ExponentialRolloutOptions {
  /** How many things are told of the job in the first minutes, from 1 to 1000 each minute. */
  readonly baseRatePerMinute: number;

  /** By how much the rate grows at each step, from 1.1 to 5, with one decimal. */
  readonly incrementFactor: number;

  /**
   * After how many things that succeeded the rate grows. Give this or `notifiedThings`.
   *
   * @default - it grows by `notifiedThings`
   */
  readonly succeededThings?: number;

  /**
   * After how many things that were told of the job the rate grows, whatever they made of it.
   *
   * @default - it grows by `succeededThings`
   */
  readonly notifiedThings?: number;

  /**
   * The most things that are told of the job in a minute, from 1 to 1000.
   *
   * @default 1000
   */
  readonly maximumPerMinute?: number;
}

/**
 * How fast a job reaches its things.
 *
 * @see https://docs.aws.amazon.com/iot/latest/developerguide/jobs-configurations-details.html
 */
export class JobRollout {
  /** So many things each minute, from 1 to 1000. */
  public static constant(maximumPerMinute: number): JobRollout {
    return new JobRollout((scope) => {
      requireNumber(scope, 'maximumPerMinute', maximumPerMinute, 1, MAX_RATE);
      return { MaximumPerMinute: maximumPerMinute };
    });
  }

  /** Few things at first, and more once that went well. */
  public static exponential(options: ExponentialRolloutOptions): JobRollout {
    return new JobRollout((scope) => {
      const { baseRatePerMinute, incrementFactor, succeededThings, notifiedThings, maximumPerMinute = MAX_RATE } = options;
      requireNumber(scope, 'baseRatePerMinute', baseRatePerMinute, 1, MAX_RATE);
      requireNumber(scope, 'incrementFactor', incrementFactor, 1.1, 5, 0.1);
      requireNumber(scope, 'succeededThings', succeededThings, 1, Infinity);
      requireNumber(scope, 'notifiedThings', notifiedThings, 1, Infinity);
      requireNumber(scope, 'maximumPerMinute', maximumPerMinute, 1, MAX_RATE);
      if ((succeededThings === undefined) === (notifiedThings === undefined)) {
        throw invalid(scope, "exactly one must be given of 'succeededThings' and 'notifiedThings'");
      }
      return {
        MaximumPerMinute: maximumPerMinute,
        ExponentialRolloutRate: {
          BaseRatePerMinute: baseRatePerMinute,
          IncrementFactor: incrementFactor,
          RateIncreaseCriteria: succeededThings === undefined ? { NumberOfNotifiedThings: notifiedThings } : { NumberOfSucceededThings: succeededThings },
        },
      };
    });
  }

  private constructor(
    /** @internal */ public readonly _render: (scope: IConstruct) => object,
  ) {}
}
