import type { Stage } from './http-apis';

interface Bucket {
  readonly tokens: number;
  readonly at: number;
}

/**
 * Lets so many requests a second through, and so many at once.
 *
 * @see https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-throttling.html
 */
export class Throttle {
  private readonly buckets = new Map<string, Bucket>();

  constructor(private readonly now: () => number) {}

  public admits(key: string, { rate, burst }: Stage): boolean {
    if (rate === undefined && burst === undefined) {
      return true;
    }
    const now = this.now();
    const most = burst ?? rate ?? 0;
    const { tokens, at } = this.buckets.get(key) ?? { tokens: most, at: now };
    const filled = Math.min(most, tokens + (rate ?? most) * Math.max(now - at, 0) / 1000);
    this.buckets.set(key, { tokens: filled >= 1 ? filled - 1 : filled, at: now });
    return filled >= 1;
  }
}
