import { isDeepStrictEqual } from 'node:util';
import type { Deployment, Knowledge, KnownResource, Resource } from '../../deployment';
import { functionsOf } from '../lambda';
import type { LambdaFunctions } from '../lambda';
import type { HandlerAnswer } from './answers';
import type { Events, Subject } from './events';
import type { CustomResourceRecord, CustomResourceRecords } from './records';
import { customResourcesOf, Dependencies, objectionTo, subjectOf, unknownIn } from './wanted';
import type { Wanted } from './wanted';

/** How a deployment is read and put into effect. */
export interface Deploying {
  /** The deployment, with what is known of its resources. */
  readonly read: (knowledge: Knowledge) => Deployment;

  /**
   * Puts all that is no custom resource into effect, again and again with what has become known meanwhile. What has left the
   * template is there until `removes`: handlers that leave with it still need it.
   */
  readonly deploy: (deployment: Deployment, options: { readonly removes: boolean }) => Promise<void> | void;
}

/** What has come of a deployment. */
export interface Deployed {
  readonly deployment: Deployment;

  /** What went wrong, each in one line. */
  readonly problems: readonly string[];

  /** What handlers have made, changed and taken away. */
  readonly changes: readonly string[];
}

/** Handlers that run at once. */
const MAX_AT_ONCE = 8;

/** Runs custom resources as CloudFormation does, and remembers what they have become. */
export class CustomResources {
  constructor(private readonly events: Events, private readonly records: CustomResourceRecords, private readonly functions: LambdaFunctions) {}

  /** Bring everything to what the template says. What fails is told, and left as it was; the rest goes on. */
  public async apply({ read, deploy }: Deploying): Promise<Deployed> {
    const round = new Round(this.events, this.records);
    const current = (): Deployment => {
      const deployment = read({ known: this.known });
      const declared = functionsOf(deployment);
      const leaving = this.records.all.map(([, { handler }]) => handler).filter(({ name }) => !declared.some((one) => one.name === name));
      this.functions.replace([...declared, ...leaving]);
      return deployment;
    };
    const first = current();
    const wanted = customResourcesOf(first);
    if (wanted.length === 0 && this.records.all.length === 0) {
      await deploy(first, { removes: true });
      return { deployment: first, problems: [], changes: [] };
    }
    for (const { key, resource } of wanted) {
      const objection = objectionTo(resource, this.functions);
      if (objection !== undefined) {
        round.leave(key, resource, objection);
      }
    }
    for (;;) {
      const pending = new Set(wanted.map(({ key }) => key).filter((key) => !round.isSettled(key)));
      const view = read({ known: this.known, pending });
      const ready = readyOnes(view, round);
      if (ready.length === 0) {
        round.leaveRest(view);
        break;
      }
      const changed = ready.filter(({ key, subject }) => !round.settleIfSame(key, subject));
      if (changed.length > 0) {
        await deploy(current(), { removes: false });
        await forEachAtOnce(changed, async (one) => round.bring(one, this.functions));
      }
    }
    const deployment = current();
    const leaving = round.leaving(new Set(wanted.map(({ key }) => key)));
    if (leaving.length > 0) {
      await deploy(deployment, { removes: false });
    }
    if (await round.takeAway(leaving)) {
      await deploy(deployment, { removes: true });
    }
    this.functions.replace(functionsOf(deployment));
    return { deployment, problems: round.problems, changes: round.changes };
  }

  private get known(): Readonly<Record<string, KnownResource>> {
    return Object.fromEntries(this.records.all.filter(([, { removed }]) => removed === undefined).map(([key, { physicalId, attributes }]) => [key, { physicalId, attributes }]));
  }
}

/** A custom resource whose turn it is. */
interface Ready extends Wanted {
  readonly subject: Subject;
}

/** Those of which everything is known, and everything exists that they depend on. */
function readyOnes(view: Deployment, round: Round): readonly Ready[] {
  const dependencies = new Dependencies(view);
  const custom = customResourcesOf(view);
  const keys = new Set(custom.map(({ key }) => key));
  const known = custom.filter(({ key }) => round.isOpen(key)).flatMap((one): Ready[] => {
    const subject = subjectOf(view, one.resource);
    const isHeldUp = [...dependencies.of(one.resource).keys()].some((key) => keys.has(key) && !round.isSettled(key));
    return subject === undefined || isHeldUp ? [] : [{ ...one, subject }];
  });
  // Something else that they depend on may wait for another custom resource; unless nothing can be done about that.
  const first = known.filter(({ resource, subject }) => (
    [...dependencies.of(resource).values(), ...functionOf(view, subject)].every(({ properties }) => unknownIn(properties) === undefined)
  ));
  return first.length > 0 ? first : known;
}

function functionOf({ resources }: Deployment, { serviceToken }: Subject): readonly Resource[] {
  return resources.filter(({ arn }) => arn === serviceToken);
}

async function forEachAtOnce<T>(items: readonly T[], run: (item: T) => Promise<void>): Promise<void> {
  const rest = [...items];
  await Promise.all(Array.from({ length: MAX_AT_ONCE }, async () => {
    for (let item = rest.shift(); item !== undefined; item = rest.shift()) {
      await run(item);
    }
  }));
}

/** One pass over the custom resources of a template. */
class Round {
  public readonly problems: string[] = [];
  public readonly changes: string[] = [];
  private readonly settled = new Set<string>();
  private readonly left = new Set<string>();

  constructor(private readonly events: Events, private readonly records: CustomResourceRecords) {}

  /** Whether it is as the template says. */
  public isSettled(key: string): boolean {
    return this.settled.has(key);
  }

  /** Whether it is to be looked at still. */
  public isOpen(key: string): boolean {
    return !this.settled.has(key) && !this.left.has(key);
  }

  public leave(key: string, { path }: Resource, reason: string): void {
    this.left.add(key);
    this.problems.push(`${path}: ${oneLine(reason)}`);
  }

  /** Tell of those that will not get their turn any more. One that exists stays as it is. */
  public leaveRest(view: Deployment): void {
    for (const { key, resource } of customResourcesOf(view).filter((one) => this.isOpen(one.key))) {
      if (this.records.get(key) === undefined) {
        const unknown = unknownIn(resource.properties);
        this.leave(key, resource, `it is left out: ${unknown === undefined ? 'what it depends on is left out, or depends on it' : `it needs ${unknown}, which is not known`}`);
      }
    }
  }

  /** Nothing is to be done for one that has not changed. */
  public settleIfSame(key: string, subject: Subject): boolean {
    const record = this.records.get(key);
    const isSame = record?.type === subject.type && isDeepStrictEqual(record.properties, subject.properties);
    if (isSame) {
      this.settled.add(key);
    }
    return isSame;
  }

  /** Make or change one. */
  public async bring({ key, resource, subject }: Ready, functions: LambdaFunctions): Promise<void> {
    const before = this.records.get(key);
    const handler = functions.find(subject.serviceToken)!;
    const answer = before?.type === subject.type ? await this.update(resource, subject, before) : await this.create(resource, subject);
    if (answer.Status === 'FAILED') {
      this.leave(key, resource, answer.Reason ?? 'it failed');
      return;
    }
    const physicalId = answer.PhysicalResourceId!;
    if (before !== undefined && (before.physicalId !== physicalId || before.type !== subject.type) && resource.updateReplacePolicy !== 'Retain') {
      this.records.put(`${key}#${before.physicalId}`, { ...before, removed: true });
    }
    this.records.put(key, {
      ...subject, handler, path: resource.path, physicalId, attributes: attributesOf(answer), retain: resource.deletionPolicy?.startsWith('Retain') === true,
    });
    this.changes.push(`${before === undefined ? 'created' : 'updated'} ${resource.path}`);
    this.settled.add(key);
  }

  /** What was replaced or has left the template, the newest first. */
  public leaving(wanted: ReadonlySet<string>): readonly (readonly [string, CustomResourceRecord])[] {
    return this.records.all.filter(([key, { removed }]) => removed === true || !wanted.has(key)).reverse();
  }

  /**
   * Take away what leaves.
   *
   * @returns whether nothing objected: as when a stack is deleted, what a handler objects for stays then, until the next time
   */
  public async takeAway(leaving: ReturnType<Round['leaving']>): Promise<boolean> {
    let isDone = true;
    for (const [key, record] of leaving) {
      if (record.retain && record.removed === undefined) {
        this.changes.push(`kept ${record.path}, as its DeletionPolicy says`);
      } else {
        const answer = await this.events.send(record, { type: 'Delete', physicalId: record.physicalId });
        if (answer.Status === 'FAILED') {
          this.problems.push(`${record.path}: it could not be taken away: ${oneLine(answer.Reason ?? '')}`);
          // CloudFormation does not try again for what was replaced.
          if (record.removed === undefined) {
            isDone = false;
            continue;
          }
        } else {
          this.changes.push(`deleted ${record.path}`);
        }
      }
      this.records.remove(key);
    }
    return isDone;
  }

  /** What could not be made is taken away. */
  private async create({ path }: Resource, subject: Subject): Promise<HandlerAnswer> {
    const answer = await this.events.send(subject, { type: 'Create' });
    if (answer.Status === 'FAILED' && answer.PhysicalResourceId !== undefined) {
      this.tellUndone(path, await this.events.send(subject, { type: 'Delete', physicalId: answer.PhysicalResourceId }));
    }
    return answer;
  }

  /** What could not be changed is changed back. */
  private async update({ path }: Resource, subject: Subject, before: CustomResourceRecord): Promise<HandlerAnswer> {
    const { physicalId, properties } = before;
    const answer = await this.events.send(subject, { type: 'Update', physicalId, oldProperties: properties });
    if (answer.Status === 'FAILED' && answer.PhysicalResourceId !== undefined) {
      this.tellUndone(path, await this.events.send({ ...subject, properties }, { type: 'Update', physicalId, oldProperties: subject.properties }));
    }
    return answer;
  }

  private tellUndone(path: string, answer: HandlerAnswer): void {
    if (answer.Status === 'FAILED') {
      this.problems.push(`${path}: it failed, and could not be taken back: ${oneLine(answer.Reason ?? '')}`);
    }
  }
}

/** What `Fn::GetAtt` gives: text and lists of text. */
function attributesOf({ Data = {} }: HandlerAnswer): CustomResourceRecord['attributes'] {
  const textOf = (value: unknown): string[] => (['string', 'number', 'boolean'].includes(typeof value) ? [String(value)] : []);
  return Object.fromEntries(Object.entries(Data).flatMap(([name, value]): [string, string | readonly string[]][] => (
    Array.isArray(value) ? [[name, value.flatMap(textOf)]] : textOf(value).map((text) => [name, text])
  )));
}

const MAX_REASON = 1000;

function oneLine(text: string): string {
  return text.slice(0, MAX_REASON).replace(/\s+/g, ' ').trim();
}
