import { describeDecision, describeNearMisses, explain } from '../policy';
import type { Authorizer, AuthorizationRequest, Decision } from '../policy';
import type { Clock } from './clock';

/** Who asked, as far as known. */
export interface Asker {
  readonly clientId?: string;
  readonly thingName?: string;
  readonly certificateId?: string;

  /** Who it is that has no certificate: whose credentials or token. */
  readonly principal?: string;
}

/** Something that happened at the twin. */
export interface JournalEntry extends Asker {
  /** Milliseconds since the epoch. */
  readonly time: number;

  /**
   * `decision`: the policies were asked. `refused`: the twin said no before or beside the policies, such as to an
   * unregistered certificate or to a broken limit. `provisioned`: a device got its thing. `invoked`: a rule passed a
   * message on. `log`: what a Lambda function printed, or what went wrong where nobody waits for an answer.
   */
  readonly event: 'decision' | 'refused' | 'connected' | 'disconnected' | 'provisioned' | 'invoked' | 'log';

  /** The policy action and the name it is about. */
  readonly action?: string;
  readonly resource?: string;

  /** What the policies said. */
  readonly decision?: Decision;

  /** Why, for a person. */
  readonly reason: string;
}

export type JournalListener = (entry: JournalEntry) => void;

/** Tells listeners what happens; costs nothing while nobody listens. */
export class Journal {
  private readonly listeners = new Map<JournalListener, boolean>();
  private wantsAllowed = false;

  constructor(private readonly clock: Clock) {}

  /**
   * Listen, to allowed requests too or only to the rest. The function returned stops it.
   */
  public listen(listener: JournalListener, options: { readonly allowed: boolean } = { allowed: true }): () => void {
    this.listeners.set(listener, options.allowed);
    this.update();
    return () => {
      this.listeners.delete(listener);
      this.update();
    };
  }

  public note(asker: Asker, event: Exclude<JournalEntry['event'], 'decision'>, reason: string): void {
    this.tell({ ...asker, time: this.clock.now(), event, reason }, false);
  }

  /** Write a decision down; the explanation is only worked out when somebody listens. */
  public decided(asker: Asker, request: AuthorizationRequest, decision: Decision, authorizer: Authorizer): void {
    const allowed = decision.decision === 'allow';
    if (this.listeners.size === 0 || (allowed && !this.wantsAllowed)) {
      return;
    }
    const near = allowed || decision.by.length > 0 ? '' : describeNearMisses(explain(authorizer, request));
    this.tell({
      ...asker,
      time: this.clock.now(),
      event: 'decision',
      action: request.action,
      resource: request.resource,
      decision,
      reason: `${describeDecision(decision)}${near === '' ? '' : ` (${near})`}`,
    }, allowed);
  }

  private tell(entry: JournalEntry, allowed: boolean): void {
    for (const [listener, all] of this.listeners) {
      if (all || !allowed) {
        listener(entry);
      }
    }
  }

  private update(): void {
    this.wantsAllowed = [...this.listeners.values()].includes(true);
  }
}
