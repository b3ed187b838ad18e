import type { Clock } from '../clock';
import type { Asker, Journal } from '../journal';
import type { Broker } from '../mqtt/broker';
import type { Lineage } from '../mqtt/message';
import { RequestRate } from './request-rate';
import { readClientToken } from './request';
import { ShadowError } from './shadow-error';
import type { Shadows } from './shadows';
import { checkTarget, describeTarget } from './target';
import type { ShadowTarget } from './target';

export type Operation = 'get' | 'update' | 'delete';

export interface ShadowServiceProps {
  readonly shadows: Shadows;
  readonly broker: Broker;
  readonly clock: Clock;
  readonly journal: Journal;

  /** Whether requests beyond the rate of AWS IoT are refused. */
  readonly enforceRate: boolean;
}

/** A request to a shadow, whichever way it came. */
export interface ShadowRequest {
  readonly operation: Operation;
  readonly target: ShadowTarget;
  readonly payload: Buffer;

  /** Present if rules have sent it. */
  readonly lineage?: Lineage | undefined;
}

/** Performs requests, and tells those who subscribed what came of them. */
export class ShadowService {
  private readonly rate: RequestRate;

  constructor(private readonly props: ShadowServiceProps) {
    this.rate = new RequestRate(props.clock, props.journal, props.enforceRate);
  }

  /**
   * Perform a request. Those who subscribed are told of a change.
   *
   * @returns the document that the request is answered with
   * @throws ShadowError
   */
  public perform(request: ShadowRequest): string {
    const { operation, target, payload } = request;
    const { shadows } = this.props;
    checkTarget(target);
    this.rate.count(target);
    switch (operation) {
      case 'get':
        return shadows.read(target, readClientToken(payload));
      case 'update': {
        const { accepted, documents, delta } = shadows.update(target, payload);
        this.publish(request, 'update/accepted', accepted);
        this.publish(request, 'update/documents', documents);
        if (delta !== undefined) {
          this.publish(request, 'update/delta', delta);
        }
        return accepted;
      }
      case 'delete': {
        const accepted = shadows.delete(target, readClientToken(payload));
        this.publish(request, 'delete/accepted', accepted);
        return accepted;
      }
    }
  }

  /** Perform a request that came as a message; it is answered with messages. */
  public answer(request: ShadowRequest & { readonly asker: Asker }): void {
    const { operation, target, payload, asker } = request;
    try {
      const document = this.perform(request);
      if (operation === 'get') {
        this.publish(request, 'get/accepted', document);
      }
    } catch (error) {
      if (!(error instanceof ShadowError)) {
        throw error;
      }
      const { code, message } = error;
      this.props.journal.note(asker, 'refused', `${describeTarget(target)}: ${operation}: ${code} ${message}`);
      this.publish(request, `${operation}/rejected`, JSON.stringify({ ...readableToken(payload), code, message }));
    }
  }

  private publish({ target: { thingName, shadowName }, lineage }: ShadowRequest, what: string, payload: string): void {
    const topic = `$aws/things/${thingName}/shadow/${shadowName === undefined ? '' : `name/${shadowName}/`}${what}`;
    // A rule that hears of what it asked for itself is cut off.
    this.props.broker.publish({ topic, payload: Buffer.from(payload), qos: 1, retain: false, ...(lineage === undefined ? {} : { lineage }) });
  }
}

/** The token of a request that is refused, if it can be read. */
function readableToken(payload: Buffer): { readonly clientToken?: string } {
  try {
    const clientToken = readClientToken(payload);
    return clientToken === undefined ? {} : { clientToken };
  } catch {
    return {};
  }
}
