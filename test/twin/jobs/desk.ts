import { startJobs } from '../../../lib/twin/jobs';
import type { JobsService } from '../../../lib/twin/jobs';
import type { Account } from '../../../lib/twin/account';
import { Journal } from '../../../lib/twin/journal';
import { Broker } from '../../../lib/twin/mqtt/broker';
import { subscribeInternally } from '../../../lib/twin/mqtt/internal-subscriber';
import { NO_STORAGE } from '../../../lib/twin/storage';
import type { Storage } from '../../../lib/twin/storage';
import { newAccount } from '../provisioning/account';
import { FakeClock } from '../support/fake-clock';

/** A job, an execution or a template in an answer: of it, what tests look into. The rest they compare as a whole. */
export interface Entry {
  readonly jobId: string;
  readonly status: string;
  readonly thingArn: string;
  readonly executionNumber: number;
  readonly versionNumber: number;
  readonly retryAttempt: number;
  readonly approximateSecondsBeforeTimedOut: number;
  readonly jobExecutionSummary: Entry;
  readonly [name: string]: unknown;
}

/** What a call answers; each call has some of it. */
export interface Answer {
  readonly job: Entry;
  readonly jobs: readonly Entry[];
  readonly jobTemplates: readonly Entry[];
  readonly execution: Entry;
  readonly executionSummaries: readonly Entry[];
  readonly [name: string]: unknown;
}

/** What a device is told or answered; each topic has some of it. */
export interface Payload {
  readonly jobs: { readonly [status: string]: readonly Entry[] };
  readonly execution?: Entry;
  readonly inProgressJobs: readonly Entry[];
  readonly queuedJobs: readonly Entry[];
  readonly [name: string]: unknown;
}

/** What is published or answered: topic and payload. */
export type Told = readonly [topic: string, payload: Payload];

/** Jobs without a network: a device asks by topic, an operator by the name of the call, and what is told is gathered. */
export class Desk {
  public readonly account: Account;
  public readonly service: JobsService;
  public readonly told: Told[] = [];
  public readonly objects = new Map<string, Buffer>();

  /** What is written into the journal beside decisions. */
  public readonly noted: string[] = [];
  private presigned = 0;

  /** A second, so that times in seconds are whole. */
  constructor(public readonly clock = new FakeClock(1_700_000_000_000), storage: Storage = NO_STORAGE, account = newAccount(clock)) {
    this.account = account;
    const journal = new Journal(clock);
    journal.listen(({ reason }) => this.noted.push(reason));
    const broker = new Broker(clock, journal);
    this.service = startJobs({
      account, broker, clock, journal, storage,
      readObject: (bucket, key) => {
        const object = this.objects.get(`${bucket}/${key}`);
        if (object === undefined) {
          throw new Error(`the bucket ${bucket} has no object ${key}`);
        }
        return object;
      },
      presign: ({ method, bucket, key, versionId }, { roleArn }, expiresSec) => {
        this.presigned++;
        return `http://s3/${[this.presigned, method, bucket, key, versionId ?? '', roleArn.split('/')[1], expiresSec].join('|')}`;
      },
    });
    for (const filter of ['$aws/things/#', '$aws/events/#']) {
      subscribeInternally(broker, clock, `$${filter}`, filter, ({ topic, payload }) => this.told.push([topic, JSON.parse(payload.toString()) as Payload]));
    }
  }

  /** What was told since it was last asked. */
  public hear(): Told[] {
    return this.told.splice(0);
  }

  /** An operator's call. */
  public call(operation: string, input: object = {}): Answer {
    return (this.service.operations[operation] as (input: object) => Answer)(input);
  }

  public things(...names: readonly string[]): string[] {
    return names.map((thingName) => this.account.createThing({ thingName }).thingArn);
  }

  public job(jobId: string, targets: readonly string[], more: object = {}): void {
    this.call('createJob', { jobId, targets, document: `{"do":"${jobId}"}`, ...more });
  }

  /** A device's request, and its answer. */
  public ask(topic: string, request: unknown = {}): Payload & { readonly outcome: 'accepted' | 'rejected' } {
    const answers: (readonly [string, Buffer])[] = [];
    const payload = Buffer.isBuffer(request) ? request : Buffer.from(JSON.stringify(request));
    expect(this.service.service.receive(`$aws/things/${topic}`, payload, {
      asker: {}, clientId: 'c', principal: 'p', answer: (to, said, always) => expect(always).toBe(true) ?? answers.push([to, said]),
    })).toBe(true);
    expect(answers).toHaveLength(1);
    const [to, said] = answers[0]!;
    const outcome = to.slice(`$aws/things/${topic}/`.length) as 'accepted';
    return { outcome, ...JSON.parse(said.toString()) as Payload };
  }
}
