import { StoredMap } from '../storage';
import type { Storage } from '../storage';
import { comparePending, isPending } from './execution';
import type { ExecutionRecord, ExecutionStatus, JobRecord, JobTemplateRecord, WaitingRecord } from './records';

type Counts = Readonly<Partial<Record<ExecutionStatus, number>>>;

const NONE: readonly ExecutionRecord[] = [];
const NOBODY: ReadonlySet<string> = new Set();

/** Jobs, their executions and templates: in memory with all ways to find them, and written down with each change. */
export class JobBook {
  public readonly jobs: StoredMap<JobRecord>;
  public readonly templates: StoredMap<JobTemplateRecord>;

  /** What a template declares, by the path of its resource, as text. */
  public readonly declared: StoredMap<{ readonly text: string }>;
  private readonly stored: StoredMap<ExecutionRecord>;

  /** The executions of a thing for a job, oldest first. */
  private readonly byJob = new Map<string, Map<string, ExecutionRecord[]>>();
  private readonly jobsOf = new Map<string, Set<string>>();
  private readonly pending = new Map<string, ExecutionRecord[]>();
  private readonly counts = new Map<string, Map<ExecutionStatus, number>>();
  private readonly attempts = new Map<string, Map<ExecutionStatus, number>>();
  private readonly storedWaiting: StoredMap<WaitingRecord>;
  private readonly waiting = new Map<string, Set<string>>();
  private lastOrder = 0;
  private details = 0;
  private documents = 0;

  constructor(storage: Storage) {
    this.jobs = new StoredMap(storage, 'jobs');
    this.templates = new StoredMap(storage, 'jobTemplates');
    this.declared = new StoredMap(storage, 'declaredJobs');
    this.stored = new StoredMap(storage, 'jobExecutions');
    for (const execution of this.stored.values()) {
      this.enter(execution);
    }
    this.storedWaiting = new StoredMap(storage, 'jobTargets');
    for (const { jobId, thingName } of this.storedWaiting.values()) {
      entryOf(this.waiting, jobId, () => new Set()).add(thingName);
    }
    for (const { document } of [...this.jobs.values(), ...this.templates.values()]) {
      this.documents += document.length;
    }
  }

  /** Executions that there are or will be. */
  public get executionCount(): number {
    return this.stored.size + this.storedWaiting.size;
  }

  /** Bytes of all status details, and of all documents. */
  public get detailsBytes(): number {
    return this.details;
  }

  public get documentBytes(): number {
    return this.documents;
  }

  public get nextOrder(): number {
    return this.lastOrder + 1;
  }

  /** Every execution that is yet to be done. */
  public *allPending(): Iterable<ExecutionRecord> {
    for (const executions of this.pending.values()) {
      yield* executions;
    }
  }

  /** What a thing is yet to do, in this order. */
  public pendingOf(thingName: string): readonly ExecutionRecord[] {
    return this.pending.get(thingName) ?? NONE;
  }

  /** The executions of a thing for a job, oldest first. */
  public executions(jobId: string, thingName: string): readonly ExecutionRecord[] {
    return this.byJob.get(jobId)?.get(thingName) ?? NONE;
  }

  /** The one with a number, or the latest. */
  public find(jobId: string, thingName: string, executionNumber?: number): ExecutionRecord | undefined {
    const executions = this.executions(jobId, thingName);
    return executionNumber === undefined ? executions.at(-1) : executions.find((one) => one.executionNumber === executionNumber);
  }

  public *executionsOfJob(jobId: string): Iterable<ExecutionRecord> {
    for (const executions of this.byJob.get(jobId)?.values() ?? []) {
      yield* executions;
    }
  }

  public *executionsOfThing(thingName: string): Iterable<ExecutionRecord> {
    for (const jobId of this.jobsOf.get(thingName) ?? []) {
      yield* this.executions(jobId, thingName);
    }
  }

  /** How many things have come how far, by their latest executions. */
  public countsOf(jobId: string): Counts {
    return Object.fromEntries(this.counts.get(jobId) ?? []);
  }

  /** How many executions have come how far, with those that were tried again. */
  public attemptsOf(jobId: string): Counts {
    return Object.fromEntries(this.attempts.get(jobId) ?? []);
  }

  /** The things that a job has yet to reach, in their order. */
  public waitingFor(jobId: string): ReadonlySet<string> {
    return this.waiting.get(jobId) ?? NOBODY;
  }

  /** The jobs that have yet to reach a thing. */
  public jobsThatReach(thingName: string): readonly string[] {
    return [...this.waiting].flatMap(([jobId, things]) => (things.has(thingName) ? [jobId] : []));
  }

  public putWaiting(jobId: string, thingName: string): void {
    this.storedWaiting.put(`${jobId}/${thingName}`, { jobId, thingName });
    entryOf(this.waiting, jobId, () => new Set()).add(thingName);
  }

  public removeWaiting(jobId: string, thingName: string): void {
    this.storedWaiting.remove(`${jobId}/${thingName}`);
    dropFrom(this.waiting, jobId, thingName);
  }

  public putJob(job: JobRecord): void {
    this.documents += job.document.length - (this.jobs.get(job.jobId)?.document.length ?? 0);
    this.jobs.put(job.jobId, job);
  }

  public removeJob(jobId: string): void {
    this.documents -= this.jobs.get(jobId)?.document.length ?? 0;
    this.jobs.remove(jobId);
  }

  public putTemplate(template: JobTemplateRecord): void {
    this.documents += template.document.length - (this.templates.get(template.jobTemplateId)?.document.length ?? 0);
    this.templates.put(template.jobTemplateId, template);
  }

  public removeTemplate(jobTemplateId: string): void {
    this.documents -= this.templates.get(jobTemplateId)?.document.length ?? 0;
    this.templates.remove(jobTemplateId);
  }

  public put(execution: ExecutionRecord): void {
    this.leave(this.find(execution.jobId, execution.thingName, execution.executionNumber));
    this.stored.put(keyOf(execution), execution);
    this.enter(execution);
  }

  public remove(execution: ExecutionRecord): void {
    this.leave(execution);
    this.stored.remove(keyOf(execution));
  }

  private enter(execution: ExecutionRecord): void {
    const { jobId, thingName, order } = execution;
    const things = entryOf(this.byJob, jobId, () => new Map<string, ExecutionRecord[]>());
    const executions = entryOf(things, thingName, () => []);
    this.count(jobId, executions.at(-1), -1);
    insert(executions, execution, (a, b) => a.executionNumber - b.executionNumber);
    this.count(jobId, executions.at(-1), 1);
    this.count(jobId, execution, 1, this.attempts);
    entryOf(this.jobsOf, thingName, () => new Set()).add(jobId);
    if (isPending(execution)) {
      insert(entryOf(this.pending, thingName, () => []), execution, comparePending);
    }
    this.lastOrder = Math.max(this.lastOrder, order);
    this.details += sizeOfDetails(execution.statusDetails);
  }

  private leave(execution: ExecutionRecord | undefined): void {
    const things = execution && this.byJob.get(execution.jobId);
    const executions = execution && things?.get(execution.thingName);
    if (execution === undefined || things === undefined || executions === undefined) {
      return;
    }
    const { jobId, thingName } = execution;
    this.count(jobId, executions.at(-1), -1);
    executions.splice(executions.indexOf(execution), 1);
    this.count(jobId, executions.at(-1), 1);
    this.count(jobId, execution, -1, this.attempts);
    if (executions.length === 0) {
      things.delete(thingName);
      dropFrom(this.jobsOf, thingName, jobId);
    }
    if (things.size === 0) {
      this.byJob.delete(jobId);
      this.counts.delete(jobId);
      this.attempts.delete(jobId);
    }
    const pending = this.pending.get(thingName);
    if (isPending(execution) && pending !== undefined) {
      pending.splice(positionOf(pending, execution, comparePending), 1);
      if (pending.length === 0) {
        this.pending.delete(thingName);
      }
    }
    this.details -= sizeOfDetails(execution.statusDetails);
  }

  private count(jobId: string, execution: ExecutionRecord | undefined, difference: 1 | -1, all = this.counts): void {
    if (execution !== undefined) {
      const counts = entryOf(all, jobId, () => new Map<ExecutionStatus, number>());
      counts.set(execution.status, (counts.get(execution.status) ?? 0) + difference);
    }
  }
}

export function sizeOfDetails(details: Readonly<Record<string, string>> = {}): number {
  return Object.entries(details).reduce((sum, [name, value]) => sum + Buffer.byteLength(name) + Buffer.byteLength(value), 0);
}

/** Tells executions apart. */
export function keyOf({ jobId, thingName, executionNumber }: ExecutionRecord): string {
  return `${jobId}/${thingName}/${executionNumber}`;
}

function entryOf<V>(map: Map<string, V>, key: string, make: () => V): V {
  const value = map.get(key) ?? make();
  map.set(key, value);
  return value;
}

function dropFrom(map: Map<string, Set<string>>, key: string, item: string): void {
  const items = map.get(key);
  items?.delete(item);
  if (items?.size === 0) {
    map.delete(key);
  }
}

type Compare = (a: ExecutionRecord, b: ExecutionRecord) => number;

/** Where in a sorted list a record is, or belongs. */
function positionOf(list: readonly ExecutionRecord[], record: ExecutionRecord, compare: Compare): number {
  let [low, high] = [0, list.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (compare(list[middle]!, record) < 0) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

function insert(list: ExecutionRecord[], record: ExecutionRecord, compare: Compare): void {
  list.splice(positionOf(list, record, compare), 0, record);
}
