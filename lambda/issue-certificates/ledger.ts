import type { Call, ResourceEvent } from '../custom-resource';
import { memory, type Memory, type Ssm } from '../custom-resource/memory';
import type { Destination } from './request';

/** What is remembered of a certificate. No secrets. */
export interface Entry {
  /** The physical id of the set that it belongs to, and of the set that it was made for. */
  readonly owner: string;
  readonly maker: string;
  /** When it was begun, in milliseconds. */
  readonly begun: number;
  /** Where its private key is, if it was made here. */
  readonly destination?: Destination;
  readonly certificateId?: string;
  /** What is about to be registered. */
  readonly certificatePem?: string;
  /** The status that was asked for last; nothing until the certificate is finished. */
  readonly status?: string;
  /** It was made in a deployment that has been rolled back. */
  readonly isDiscarded?: boolean;
}

/** Which set was made last, and in place of which. */
interface Deployment {
  readonly current: string;
  readonly before?: string;
}

const DEPLOYMENT = 'deployment';

/**
 * The certificates that the custom resource has made, and who wants them.
 *
 * An update takes over what it keeps, and CloudFormation deletes the set before under its old physical id when nothing can
 * be rolled back any more: only what still belongs to that set is retired then. A rollback takes everything back, so that
 * only what was new belongs to the set that CloudFormation deletes.
 */
export class Ledger {
  public static async open(ssm: Ssm, prefix: string, call: Call): Promise<Ledger> {
    const store = memory(ssm, prefix);
    const entries = new Map(await store.all<Entry & Deployment>(call));
    const deployment = entries.get(DEPLOYMENT);
    entries.delete(DEPLOYMENT);
    return new Ledger(store, call, entries, deployment);
  }

  private constructor(
    private readonly store: Memory,
    private readonly call: Call,
    private readonly entries: Map<string, Entry>,
    private deployment: Deployment | undefined,
  ) {}

  public get(name: string): Entry | undefined {
    return this.entries.get(name);
  }

  public async put(name: string, entry: Entry): Promise<Entry> {
    await this.store.put(this.call, name, entry);
    this.entries.set(name, entry);
    return entry;
  }

  public async remove(name: string): Promise<void> {
    await this.store.remove(this.call, name);
    this.entries.delete(name);
  }

  public ownedBy(owner: string): [string, Entry][] {
    return [...this.entries].filter(([, entry]) => entry.owner === owner);
  }

  /** The other certificates of the same item: before and after it. */
  public othersOf(name: string): [string, Entry][] {
    const item = name.slice(0, name.lastIndexOf('-') + 1);
    return [...this.entries].filter(([other]) => other !== name && other.startsWith(item));
  }

  /**
   * Notes that a set is made now, and returns what an update that failed has left and this set does not want:
   * CloudFormation never got to know the physical id of that, and will not delete it.
   */
  public async begin(owner: string, wanted: ReadonlyMap<string, unknown>, event: ResourceEvent): Promise<[string, Entry][]> {
    const before = event.RequestType === 'Update' ? event.PhysicalResourceId : undefined;
    const last = this.deployment;
    const leftovers: [string, Entry][] = [];
    for (const [name, entry] of last === undefined || before === undefined || last.current === owner ? [] : this.ownedBy(last.current)) {
      const isNew = entry.maker === last?.current;
      if (last?.current === before) {
        // Back to where it came from: a rollback, after which only what was new is left in this set.
        if (last?.before === owner && isNew && !wanted.has(name)) {
          await this.put(name, { ...entry, isDiscarded: true });
        }
      } else if (!isNew) {
        await this.put(name, { ...entry, owner: before ?? owner });
      } else if (wanted.has(name)) {
        await this.put(name, { ...entry, owner, maker: owner });
      } else {
        leftovers.push([name, entry]);
      }
    }
    await this.setDeployment({ current: owner, ...before !== undefined && before !== owner && { before } });
    return leftovers;
  }

  /** Notes that a set has been deleted. */
  public async end(deleted: string): Promise<void> {
    const last = this.deployment;
    if (last?.current === deleted) {
      await this.store.remove(this.call, DEPLOYMENT);
    } else if (last?.before === deleted) {
      await this.setDeployment({ current: last.current });
    }
  }

  private async setDeployment(deployment: Deployment): Promise<void> {
    await this.store.put(this.call, DEPLOYMENT, deployment);
    this.deployment = deployment;
  }
}
