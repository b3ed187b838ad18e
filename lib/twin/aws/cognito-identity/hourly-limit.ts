import { ServiceError } from '../service';

const HOUR_MS = 3_600_000;

/** So many calls an hour: what each leaves behind must not fill the memory, whoever calls. */
export class HourlyLimit {
  private start = -Infinity;
  private count = 0;

  constructor(private readonly most: number, private readonly now: () => number) {}

  /** @throws ServiceError as AWS does for one call too many. */
  public take(): void {
    const now = this.now();
    if (now >= this.start + HOUR_MS) {
      this.start = now;
      this.count = 0;
    }
    if (this.count >= this.most) {
      throw new ServiceError('TooManyRequestsException', `Rate exceeded: the twin answers ${this.most} such calls an hour`, 429);
    }
    this.count++;
  }
}
