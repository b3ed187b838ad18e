import { ListTargetsForPolicyCommand } from '@aws-sdk/client-iot';
import { isIdentity, MISSING, unless, type Call, type Iot, type Page, type System } from '../custom-resource';
import type { Attachment, DynamoDb, Records } from '../identities/records';
import type { Directory, DirectoryClients } from './directory';
import type { Removal } from './removal';

export interface Clients extends DirectoryClients {
  readonly iot: Iot;
  readonly dynamoDb: DynamoDb;
}

/** What a run has done. */
export interface Counts {
  checked: number;
  usersGone: number;
  usersDisabled: number;
  identitiesGone: number;
  /** Identities that have a policy without a record: something else has attached it, and it stays. */
  unrecorded: number;
  failures: number;
}

/** Where to go on: first through the records, then through what each policy is attached to. */
interface Cursor {
  /** None while going through the records. */
  readonly policyName?: string | undefined;
  readonly from?: string | undefined;
}

/** How many identities are checked before it is written down where to go on. */
const PAGE = 25;

/** The list of a user pool shows new users after a while. */
const NEW_MS = 3_600_000;

/** One run through the identities, from where the last one stopped. */
export class Sweep {
  public readonly counts: Counts = { checked: 0, usersGone: 0, usersDisabled: 0, identitiesGone: 0, unrecorded: 0, failures: 0 };
  public firstFailure: unknown;

  constructor(
    private readonly clients: Clients,
    private readonly records: Records,
    private readonly removal: Removal,
    private readonly directory: Directory,
    private readonly policyNames: readonly string[],
    private readonly system: System,
  ) {}

  /** Goes on until it is through or time is up; whether it is through. */
  public async run(call: Call, until: number): Promise<boolean> {
    let cursor: Cursor | undefined = JSON.parse(await this.records.cursor(call) ?? '{}') as Cursor;
    while (cursor !== undefined && this.system.now() < until) {
      cursor = await this.step(call, cursor);
      await this.records.setCursor(call, cursor && JSON.stringify(cursor));
    }
    return cursor === undefined;
  }

  private async step(call: Call, { policyName, from }: Cursor): Promise<Cursor | undefined> {
    if (policyName === undefined) {
      const { items, next } = await this.records.page(call, PAGE, from);
      await this.each(items ?? [], (attachment) => this.check(call, attachment));
      return next === undefined ? this.startOf(this.policyNames[0]) : { from: next };
    }
    const { items, next } = await this.targets(call, policyName, from);
    await this.each((items ?? []).filter(isIdentity), (identityId) => this.checkTarget(call, identityId));
    return next === undefined ? this.startOf(this.policyNames[this.policyNames.indexOf(policyName) + 1]) : { policyName, from: next };
  }

  private startOf(policyName: string | undefined): Cursor | undefined {
    return policyName === undefined ? undefined : { policyName };
  }

  /** One that fails must not keep the others from their turn. */
  private async each<T>(items: readonly T[], action: (item: T) => Promise<void>): Promise<void> {
    for (const item of items) {
      try {
        this.counts.checked++;
        await action(item);
      } catch (error) {
        this.counts.failures++;
        this.firstFailure ??= error;
      }
    }
  }

  private async check(call: Call, attachment: Attachment): Promise<void> {
    const { identityId, attachedAt } = attachment;
    if (!await this.directory.hasIdentity(call, identityId)) {
      await this.removal.remove(call, identityId, { deletesIdentity: false });
      this.counts.identitiesGone++;
      return;
    }
    const state = this.system.now() - attachedAt < NEW_MS ? 'present' : await this.directory.stateOf(call, attachment);
    if (state === 'gone') {
      await this.removal.remove(call, identityId, { deletesIdentity: true });
      this.counts.usersGone++;
    } else if (state === 'disabled') {
      // Who is enabled again finds the identity as it was, and attaches again.
      await this.removal.remove(call, identityId, { deletesIdentity: false });
      this.counts.usersDisabled++;
    }
  }

  private async checkTarget(call: Call, identityId: string): Promise<void> {
    if (await this.records.has(call, identityId)) {
      return;
    }
    if (await this.directory.hasIdentity(call, identityId)) {
      this.counts.unrecorded++;
      return;
    }
    await this.removal.remove(call, identityId, { deletesIdentity: false });
    this.counts.identitiesGone++;
  }

  /** A policy may have left the stack since the last run, and AWS IoT may not know any more where that stopped. */
  private async targets(call: Call, policyName: string, marker: string | undefined): Promise<Page<string>> {
    let page: Page<string> = { items: [], next: undefined };
    await unless([...MISSING, ...marker === undefined ? [] : ['InvalidRequestException']], () => call(async () => {
      const { targets, nextMarker } = await this.clients.iot.send(new ListTargetsForPolicyCommand({ policyName, marker, pageSize: PAGE }));
      page = { items: targets, next: nextMarker };
    }));
    return page;
  }
}
