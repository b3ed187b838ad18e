import type { Clock } from '../clock';
import type { IsKept } from '../storage';

/** What has gathered something to send. */
interface Sending {
  flush(): void;
}

/**
 * Gathers the writes of one turn of the event loop, so that many packets share a TLS record, a system call, and what it takes
 * to write down what led to them.
 */
export class Outbox {
  private waiting: Sending[] = [];

  /** @param isKept asked before anything is sent, whether what led to it outlasts the twin */
  constructor(private readonly clock: Clock, public readonly isKept: IsKept = () => true) {}

  public add(connection: Sending): void {
    if (this.waiting.push(connection) === 1) {
      this.clock.soon(() => {
        const connections = this.waiting;
        this.waiting = [];
        connections.forEach((one) => one.flush());
      });
    }
  }
}
