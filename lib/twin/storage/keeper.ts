import type { Clock, Timer } from '../clock';
import type { Journal } from '../journal';
import type { Storage } from './storage';

/** How long a disk that took nothing is left alone. */
const RETRY_MS = 250;

/** Whether all that has happened so far outlasts the process. Nobody is told of what may not. */
export type IsKept = () => boolean;

/**
 * Commits what has happened before anybody learns of it: whatever sends something asks first. While the disk takes no more,
 * the answer is no; what waits is tried again until it is there.
 */
export class Keeper {
  private retry: Timer | undefined;

  constructor(private readonly storage: Storage, private readonly clock: Clock, private readonly journal: Pick<Journal, 'note'>) {}

  public readonly isKept: IsKept = () => this.retry === undefined && this.commit();

  /** Commit once the events at hand are handled, also where nothing is sent. */
  public soon(): void {
    this.clock.soon(() => void this.isKept());
  }

  /** Commit a last time, and close the storage. */
  public stop(): void {
    this.retry?.cancel();
    try {
      this.storage.close();
    } catch (error) {
      this.journal.note({}, 'log', `${(error as Error).message} What was not acknowledged is lost`);
    }
  }

  private commit(): boolean {
    try {
      this.storage.commit();
      return true;
    } catch (error) {
      this.journal.note({}, 'log', `${(error as Error).message} Until then nobody is answered`);
      this.tryAgain();
      return false;
    }
  }

  private tryAgain(): void {
    this.retry = this.clock.after(RETRY_MS, () => {
      try {
        this.storage.commit();
        this.retry = undefined;
        this.journal.note({}, 'log', 'the state is on disk again');
      } catch {
        // The journal knows.
        this.tryAgain();
      }
    });
  }
}
