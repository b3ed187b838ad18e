import type { Clock } from '../clock';
import { LIMITS } from '../limits';
import type { Journal } from '../journal';
import { ShadowError } from './shadow-error';
import { describeTarget } from './target';
import type { ShadowTarget } from './target';

/**
 * Counts the requests to each shadow. A test on this computer is faster than a device over a network, so the twin refuses
 * none unless told to, and only says where AWS IoT would.
 */
export class RequestRate {
  private second = 0;
  private readonly counts = new Map<string, number>();

  constructor(private readonly clock: Clock, private readonly journal: Journal, private readonly isEnforced: boolean) {}

  /** @throws ShadowError */
  public count(target: ShadowTarget): void {
    const second = Math.floor(this.clock.now() / 1000);
    if (second !== this.second) {
      this.second = second;
      this.counts.clear();
    }
    const name = describeTarget(target);
    const count = (this.counts.get(name) ?? 0) + 1;
    this.counts.set(name, count);
    if (count > LIMITS.shadowRequestsPerSec && this.isEnforced) {
      throw new ShadowError(429, 'Too many requests');
    }
    if (count === LIMITS.shadowRequestsPerSec + 1) {
      this.journal.note({}, 'log', `${name}: more than ${LIMITS.shadowRequestsPerSec} requests within a second; AWS IoT would refuse the rest with 429`);
    }
  }
}
