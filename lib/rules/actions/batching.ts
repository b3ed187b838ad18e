import { Duration, Token } from 'aws-cdk-lib';

/** How messages are gathered into one request. */
export interface RuleBatching {
  /**
   * How long to wait for more messages, from 5 to 200 milliseconds.
   *
   * @default Duration.millis(20)
   */
  readonly maxOpen?: Duration;

  /**
   * How many messages to gather, from 2 to 10.
   *
   * @default 10
   */
  readonly maxMessages?: number;

  /**
   * How many bytes to gather, from 100 to 131,072.
   *
   * @default 5120
   */
  readonly maxBytes?: number;

  /**
   * Whether messages of different topics may be gathered together.
   *
   * @default false
   */
  readonly acrossTopics?: boolean;
}

/** The same for all actions that batch. https://docs.aws.amazon.com/iot/latest/developerguide/http_batching.html */
const LIMITS = [
  { name: 'maxOpen', min: 5, max: 200, unit: ' milliseconds', valueOf: ({ maxOpen }: RuleBatching) => maxOpen?.isUnresolved() ? undefined : maxOpen?.toMilliseconds() },
  { name: 'maxMessages', min: 2, max: 10, unit: '', valueOf: ({ maxMessages }: RuleBatching) => maxMessages },
  { name: 'maxBytes', min: 100, max: 131_072, unit: '', valueOf: ({ maxBytes }: RuleBatching) => maxBytes },
];

/** What is wrong with the limits of a batch. */
export function batchingProblem(batching: RuleBatching | undefined): string | undefined {
  return batching && LIMITS.flatMap(({ name, min, max, unit, valueOf }) => {
    const value = valueOf(batching);
    return value !== undefined && !Token.isUnresolved(value) && (value < min || value > max)
      ? [`'batching.${name}' must be between ${min} and ${max}${unit}, got ${value}`]
      : [];
  })[0];
}

/** The limits as CloudFormation has them. */
export function renderBatching(batching: RuleBatching): {
  readonly maxBatchOpenMs?: number | undefined; readonly maxBatchSize?: number | undefined; readonly maxBatchSizeBytes?: number | undefined; readonly batchAcrossTopics?: boolean | undefined;
} {
  return {
    maxBatchOpenMs: (batching.maxOpen ?? Duration.millis(20)).toMilliseconds(),
    maxBatchSize: batching.maxMessages,
    maxBatchSizeBytes: batching.maxBytes,
    batchAcrossTopics: batching.acrossTopics,
  };
}
