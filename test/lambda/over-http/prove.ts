import { isDeepStrictEqual } from 'node:util';
import type { CloudFormationCustomResourceResponse } from 'aws-lambda';
import type { Stack } from 'aws-cdk-lib';
import type { ResourceEvent } from '../../../lambda/custom-resource';
import { Formation, type Told } from './formation';
import type { Fault } from './http-faults';
import { leaks, objectionToReason, orphans } from './invariants';
import type { LocalAccount, SentRequest } from './local-account';
import { denied, grantsOf, needsOf, permits, type Grant } from './permissions';
import { memoryOf, summarize } from './summary';

/** A handler in the hands of its construct. */
export interface Scenario {
  readonly name: string;
  /** The stack with what the construct needs; with the construct as it is first, and as it becomes. */
  readonly define: (stack: Stack, version: 'without' | 'first' | 'second') => void;
  /** What is there before. */
  readonly arrange?: (local: LocalAccount) => void;
  /** The handler changes nothing in the account. */
  readonly isReadOnly?: boolean;
  /** What happens outside the stack before each event. */
  readonly meanwhile?: (formation: Formation, event: ResourceEvent) => void;
  /** How many requests apart faults are; the lost answer, which finds most, is tried with each. 1 by default. */
  readonly every?: number;
}

/** Permissions that no request takes, and why. */
export interface Unused {
  readonly [action: string]: string;
}

/** What a handler may do, and what it has asked for. */
interface Record {
  readonly grants: Grant[];
  readonly requests: SentRequest[];
}

/** What AWS Lambda does by itself. */
const OF_LAMBDA: readonly string[] = ['logs:CreateLogStream', 'logs:PutLogEvents'];

const PASSING: readonly Fault[] = ['lost', 'throttled', 'done before'];
const LASTING: readonly Fault[] = ['denied', 'throttled for good'];
const UNTRUE: readonly Fault[] = ['existing', 'missing'];

/** How a run ended. */
interface Run {
  readonly answer: CloudFormationCustomResourceResponse;
  /** What the account holds after the event. */
  readonly after: object;
  /** What it holds after the resource has been deleted. */
  readonly end: object;
  readonly count: number;
  readonly failure: string | undefined;
  /** What must not be. */
  readonly bad: { readonly reason: string | undefined; readonly leaks: readonly string[]; readonly orphans: readonly string[] };
  /** What handlers still remember in the end. */
  readonly memory: readonly string[];
}

/**
 * Proves a handler: its life cycle, every fault of every request, the shapes of requests, and that its role fits.
 *
 * @param handler the folder of the handler
 */
export function prove(handler: string, scenarios: readonly Scenario[], unused: Unused = {}): void {
  describe(handler, () => {
    const record: Record = { grants: [], requests: [] };
    scenarios.forEach((scenario) => proveScenario(handler, scenario, record));

    test('has the permissions that it needs', () => {
      expect(record.grants.length).toBeGreaterThan(0);
      expect([...new Set(record.requests.flatMap(needsOf).flatMap((need) => denied(record.grants, need)))]).toEqual([]);
    });

    test('has no permission that it never needs', () => {
      const needs = record.requests.flatMap(needsOf);
      const isUsed = (grant: Grant): boolean => needs.some(({ action, resources, context }) => resources.some((resource) => permits(grant, action, resource, context)));
      const used = new Set(record.grants.filter(isUsed).map(kindOf));
      const dead = record.grants.filter(({ action }) => !OF_LAMBDA.includes(action) && unused[action] === undefined).map(kindOf).filter((kind) => !used.has(kind));
      expect([...new Set(dead)]).toEqual([]);
    });
  });
}

/** An action, and the type of what it is done to: of several resources of one type, not each is used each time. */
function kindOf({ action, resource }: Grant): string {
  return `${action} on ${resource.split('/')[0]}`;
}

function proveScenario(handler: string, scenario: Scenario, { grants, requests }: Record): void {
  const { define } = scenario;
  describe(scenario.name, () => {
    let formation: Formation;
    let told: readonly Told[] = [];
    const run = async (one: Told, index = -1, fault: Fault = 'lost'): Promise<Run> => (
      new Rehearsal(formation, handler, one).perform(index, fault)
    );

    beforeAll(async () => {
      formation = await Formation.start();
      scenario.arrange?.(formation.local);
      formation.onEvent = (_, event) => scenario.meanwhile?.(formation, event);
    });

    afterAll(() => formation.stop());

    test('is created, updated, rolled back and deleted', async () => {
      const { local } = formation;
      const deploy = async (version: 'without' | 'first' | 'second'): Promise<object> => {
        const { problems } = await formation.deploy((stack) => define(stack, version));
        expect(problems).toEqual([]);
        grants.push(...grantsOf(local.deployment, `CdkIotWarden-${handler}/`));
        return summarize(local);
      };
      const without = await deploy('without');
      const first = await deploy('first');
      const second = await deploy('second');
      expect(await deploy('first')).toEqual(first);
      expect(isDeepStrictEqual(second, first)).toBe(scenario.isReadOnly ?? false);

      const isHit = await failUpdate(formation, handler, scenario);
      if (isHit) {
        expect(summarize(local)).toEqual(first);
      }
      expect(await deploy('second')).toEqual(second);
      expect(await deploy('without')).toEqual(without);
      expect([memoryOf(local), orphans(local), leaks(formation)]).toEqual([[], [], []]);
      told = firstOfEach(formation.told.filter(({ folder }) => folder === handler));
      requests.push(...formation.told.filter(({ folder }) => folder === handler).flatMap((one) => one.requests));
    });

    test('survives every fault of every request, or says what to do and is done when it is tried again', async () => {
      const totals = { events: told.length, requests: 0, runs: 0, failures: 0 };
      for (const one of told) {
        const clean = await run(one);
        expect(clean).toMatchObject({ answer: { Status: 'SUCCESS' }, failure: undefined });
        totals.requests += clean.count;
        for (const [fault, index] of faultsFor(clean.count, scenario.every ?? 1)) {
          const from = formation.local.requests.length;
          const result = await run(one, index, fault);
          requests.push(...formation.local.requests.slice(from));
          totals.runs++;
          totals.failures += result.failure === undefined ? 0 : 1;
          const title = `${one.event.RequestType}: request ${index} of ${clean.count} (${one.requests[index]?.operation ?? '?'}) ${fault}`;
          // Who is told that something is gone leaves it where it is.
          const memory = UNTRUE.includes(fault) && one.event.RequestType === 'Delete' ? clean.memory : result.memory;
          expect({ title, ...result.bad, memory }).toEqual({ title, reason: undefined, leaks: [], orphans: [], memory: clean.memory });
          if (PASSING.includes(fault)) {
            expect({ title, failure: result.failure }).toEqual({ title, failure: undefined });
          }
          if (!UNTRUE.includes(fault)) {
            expect({ title, after: result.after, end: result.end }).toEqual({ title, after: clean.after, end: clean.end });
          }
        }
      }
      process.stdout.write(`${handler}, ${scenario.name}: ${JSON.stringify(totals)}\n`);
    });

    test('sends what the models of the SDK allow, and nothing that troubles the twin', () => {
      expect(requests.length).toBeGreaterThan(0);
      expect(formation.local.problems).toEqual([]);
    });
  });
}

/** Which requests fail how. */
function faultsFor(count: number, every: number): readonly (readonly [Fault, number])[] {
  return Array.from({ length: count }, (_, index) => index).flatMap((index) => (
    [...PASSING, ...LASTING, ...UNTRUE].filter((fault) => fault === 'lost' || index % every === 0).map((fault) => [fault, index] as const)
  ));
}

/** One event of each kind of each resource; of those that were told without a fault. */
function firstOfEach(told: readonly Told[]): readonly Told[] {
  const seen = new Set<string>();
  return told.filter(({ event, isFaulty }) => {
    const key = `${event.LogicalResourceId} ${event.RequestType}`;
    return isFaulty || seen.has(key) ? false : seen.add(key);
  });
}

/** Lets the first update of the handler fail for good; the twin then rolls it back. Whether there was one with a request. */
async function failUpdate(formation: Formation, handler: string, { define, meanwhile }: Scenario): Promise<boolean> {
  const { faults } = formation.local;
  const before = formation.onEvent;
  let updates = 0;
  formation.onEvent = (folder, event) => {
    meanwhile?.(formation, event);
    faults.heal();
    if (folder === handler && event.RequestType === 'Update' && updates++ === 0) {
      faults.plan(0, 'throttled for good');
    }
  };
  const { problems } = await formation.deploy((stack) => define(stack, 'second'));
  faults.heal();
  formation.onEvent = before;
  const isHit = problems.some((problem) => problem.includes('ThrottlingException'));
  if (isHit) {
    expect(problems).toEqual([expect.stringMatching(/: (cannot .+: ThrottlingException|ran out of time)/)]);
  }
  return isHit;
}

/** One event with a fault, what CloudFormation does then, the event again, and the end of the resource. */
class Rehearsal {
  constructor(private readonly formation: Formation, private readonly handler: string, private readonly told: Told) {}

  public async perform(index: number, fault: Fault): Promise<Run> {
    const { formation: { local }, told: { event, before } } = this;
    local.restore(before);
    local.lines.length = 0;
    this.formation.answers.length = 0;
    const state = summarize(local);
    local.faults.plan(index, fault);
    let answer = await this.send(event);
    const { count } = local.faults;
    local.faults.heal();
    const failure = answer.Status === 'FAILED' ? answer.Reason : undefined;
    if (failure !== undefined) {
      await this.rollBack(answer);
      if (!UNTRUE.includes(fault) && event.RequestType !== 'Delete') {
        expect({ fault, index, failure, state: summarize(local) }).toEqual({ fault, index, failure, state });
      }
      answer = await this.sendWell(event);
    }
    const after = summarize(local);
    const strays = orphans(local);
    await this.finish(answer);
    return {
      answer,
      after,
      end: summarize(local),
      count,
      failure,
      bad: { reason: failure === undefined ? undefined : objectionToReason(failure, UNTRUE.includes(fault)), leaks: leaks(this.formation), orphans: [...strays, ...orphans(local)] },
      memory: memoryOf(local),
    };
  }

  /** What CloudFormation does after a failure. */
  private async rollBack({ PhysicalResourceId }: CloudFormationCustomResourceResponse): Promise<void> {
    const { event } = this.told;
    if (event.RequestType === 'Create') {
      await this.sendWell({ ...event, RequestType: 'Delete', PhysicalResourceId });
    } else if (event.RequestType === 'Update') {
      await this.sendWell({ ...event, ResourceProperties: event.OldResourceProperties, OldResourceProperties: event.ResourceProperties });
    }
  }

  /** What has been replaced goes, and then the resource itself. */
  private async finish({ PhysicalResourceId }: CloudFormationCustomResourceResponse): Promise<void> {
    const { event } = this.told;
    if (event.RequestType === 'Update' && event.PhysicalResourceId !== PhysicalResourceId) {
      await this.sendWell({ ...event, RequestType: 'Delete', PhysicalResourceId: event.PhysicalResourceId, ResourceProperties: event.OldResourceProperties });
    }
    if (event.RequestType !== 'Delete') {
      await this.sendWell({ ...event, RequestType: 'Delete', PhysicalResourceId });
    }
  }

  private async sendWell(event: ResourceEvent): Promise<CloudFormationCustomResourceResponse> {
    const answer = await this.send(event);
    expect({ type: event.RequestType, ...answer }).toMatchObject({ Status: 'SUCCESS' });
    return answer;
  }

  private send(event: ResourceEvent): Promise<CloudFormationCustomResourceResponse> {
    return this.formation.send(this.handler, event);
  }
}
