import { invalidRequest, notFound } from '../account';
import type { Account } from '../account';
import type { JobRecord } from './records';

const NONE: ReadonlySet<string> = new Set();

/** The things behind the targets of jobs. */
export class Targets {
  /** The continuous jobs that are for a group. */
  private readonly byGroup = new Map<string, Set<string>>();

  constructor(private readonly account: Account) {}

  /**
   * The things that ARNs of things and static groups stand for. That the groups below a group count is unconfirmed.
   *
   * @throws IotError for what is not there
   */
  public thingsOf(targets: readonly string[]): ReadonlySet<string> {
    return new Set(targets.flatMap((target) => this.thingsBehind(target)));
  }

  /** The same of targets that were there once, but for those that are there no more; so many at most. */
  public thingsThatAreThere(targets: readonly string[], most: number): readonly string[] {
    return [...new Set(targets.flatMap((target) => {
      try {
        return this.thingsBehind(target);
      } catch {
        return [];
      }
    }))].slice(0, most);
  }

  /** Watch the groups of a job for who comes and goes. */
  public watch(job: JobRecord): void {
    for (const group of this.watchedBy(job)) {
      this.byGroup.set(group, new Set(this.byGroup.get(group)).add(job.jobId));
    }
  }

  public forget({ jobId }: JobRecord): void {
    for (const [group, jobs] of this.byGroup) {
      if (jobs.delete(jobId) && jobs.size === 0) {
        this.byGroup.delete(group);
      }
    }
  }

  /** The continuous jobs that are for a group, or for one above it. */
  public jobsAround(groups: readonly string[]): ReadonlySet<string> {
    return this.byGroup.size === 0 ? NONE : new Set(this.account.groupsAround(groups).flatMap((group) => [...this.byGroup.get(group) ?? NONE]));
  }

  /** @throws IotError for what is not there. */
  private thingsBehind(target: string): readonly string[] {
    const thing = this.nameIn('thing', target);
    if (thing !== undefined) {
      if (this.account.store.get('things', thing) === undefined) {
        throw notFound(`Thing ${thing}`);
      }
      return [thing];
    }
    const group = this.nameIn('thinggroup', target);
    if (group === undefined) {
      throw invalidRequest(`target '${String(target).slice(0, 300)}' is not the ARN of a thing or thing group of this account`);
    }
    const record = this.account.store.get('thingGroups', group);
    if (record === undefined) {
      throw notFound(`Thing group ${group}`);
    }
    if (record.queryString !== undefined) {
      throw invalidRequest(`target ${group} is a dynamic thing group, and the twin does not work out who is in it: name a static group or things`);
    }
    return [...this.account.thingsBelow(group)];
  }

  private watchedBy({ status, hasEnded, targetSelection, targets }: JobRecord): readonly string[] {
    return status === 'IN_PROGRESS' && hasEnded !== true && targetSelection === 'CONTINUOUS' ? targets.flatMap((target) => this.nameIn('thinggroup', target) ?? []) : [];
  }

  private nameIn(type: string, arn: string): string | undefined {
    const prefix = this.account.arn(`${type}/`);
    return typeof arn === 'string' && arn.startsWith(prefix) ? arn.slice(prefix.length) : undefined;
  }
}
