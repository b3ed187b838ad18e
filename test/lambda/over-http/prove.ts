import { isDeepStrictEqual } from 'node:util';
import type { CloudFormationCustomResourceResponse } from 'aws-lambda';
import type { Stack } from 'aws-cdk-lib';
import type { ResourceEvent } from '../../../lambda/custom-resource';
import { Formation, type Told } from './formation';
import { FAULTS, PASSING, UNTRUE, type Fault } from './http-faults';
import { leaks, objectionToReason, orphans, USELESS } from './invariants';
import type { LocalAccount, SentRequest } from './local-account';
import { deadGrants, denied, grantsOf, needsOf, type Grant, type Unused } from './permissions';
import { memoryOf, summarize } from './summary';

/** Whether the construct is there, and as what. */
export type Version = 'without' | 'first' | 'second';

/** A handler in the hands of its construct. */
export interface Scenario {
  readonly name: string;
  /** The stack with what the construct needs; with the construct as it is first, and as it becomes. */
  readonly define: (stack: Stack, version: Version) => void;
  /** What is there before. */
  readonly arrange?: (local: LocalAccount) => void;
  /** The handler changes nothing of what is compared. */
  readonly isReadOnly?: boolean;
  /** What happens outside the stack before each event. */
  readonly meanwhile?: (local: LocalAccount, event: ResourceEvent, version: Version) => void;
  /** What must not be in the account after any event. */
  readonly objections?: (local: LocalAccount) => readonly string[];
  /**
   * How many requests apart faults are, where trying all would take long. The lost answer, which finds most, is tried with
   * each, and everything with the first request of each operation.
   *
   * @default 1
   */
  readonly every?: number;
}

/** What a handler may do, and what it has asked for. */
interface Record {
  readonly grants: Grant[];
  readonly requests: SentRequest[];
}

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
      expect(deadGrants(record.grants, record.requests, unused)).toEqual([]);
    });
  });
}

function proveScenario(handler: string, scenario: Scenario, { grants, requests }: Record): void {
  const { define } = scenario;
  describe(scenario.name, () => {
    let formation: Formation;
    let told: readonly Told[] = [];
    let current: Version = 'without';
    const run = async (one: Told, index = -1, fault: Fault = 'lost'): Promise<Run> => (
      new Rehearsal(formation, handler, one).perform(index, fault)
    );

    beforeAll(async () => {
      formation = await Formation.start();
      scenario.arrange?.(formation.local);
      formation.onEvent = (_, event) => scenario.meanwhile?.(formation.local, event, current);
    });

    afterAll(() => formation.stop());

    test('is created, updated, rolled back and deleted', async () => {
      const { local } = formation;
      const deploy = async (version: Version): Promise<object> => {
        current = version;
        const { problems } = await formation.deploy((stack) => define(stack, version));
        expect(problems).toEqual([]);
        grants.push(...grantsOf(local.deployment, `CdkIotWarden-${handler}/`));
        return summarize(local);
      };
      const without = await deploy('without');
      const memory = memoryOf(local);
      const first = await deploy('first');
      expect(leaks(formation)).toEqual([]);
      const second = await deploy('second');
      expect(await deploy('first')).toEqual(first);
      expect(scenario.isReadOnly === true || !isDeepStrictEqual(second, first)).toBe(true);

      await failUpdate(formation, handler, scenario);
      // What CloudFormation deploys by itself it takes back as well.
      expect(await deploy('first')).toEqual(first);
      expect(await deploy('second')).toEqual(second);
      expect(await deploy('without')).toEqual(without);
      expect([memoryOf(local), orphans(local), leaks(formation)]).toEqual([memory, [], []]);
      told = lastOfEach(formation.told.filter(({ folder }) => folder === handler));
      requests.push(...formation.told.filter(({ folder }) => folder === handler).flatMap((one) => one.requests));
    });

    test('survives every fault of every request, or says what to do and is done when it is tried again', async () => {
      const totals = { events: told.length, requests: 0, runs: 0, failures: 0 };
      for (const one of told) {
        const clean = await run(one);
        expect({ ...clean, count: clean.count }).toMatchObject({ answer: { Status: 'SUCCESS' }, failure: undefined, count: one.requests.length });
        totals.requests += clean.count;
        for (const [fault, index] of faultsFor(one.requests, scenario.every ?? 1)) {
          const from = formation.local.requests.length;
          const result = await run(one, index, fault);
          requests.push(...formation.local.requests.slice(from));
          totals.runs++;
          totals.failures += result.failure === undefined ? 0 : 1;
          const title = `${one.event.RequestType}: request ${index} of ${clean.count} (${one.requests[index]?.operation ?? '?'}) ${fault}`;
          // Who is told that something is gone leaves it where it is.
          const memory = UNTRUE.includes(fault) && one.event.RequestType === 'Delete' ? clean.memory : result.memory;
          expect({ title, ...result.bad, memory }).toEqual({ title, reason: undefined, leaks: [], orphans: [], memory: clean.memory });
          expect({ title, objections: scenario.objections?.(formation.local) ?? [] }).toEqual({ title, objections: [] });
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
function faultsFor(requests: readonly SentRequest[], every: number): readonly (readonly [Fault, number])[] {
  const operations = requests.map(({ operation }) => operation);
  return operations.flatMap((operation, index) => (
    FAULTS.filter((fault) => fault === 'lost' || index % every === 0 || operations.indexOf(operation) === index).map((fault) => [fault, index] as const)
  ));
}

/** The last event of each kind of each resource that was told without a fault. */
function lastOfEach(told: readonly Told[]): readonly Told[] {
  const sound = told.filter(({ isFaulty }) => !isFaulty);
  return [...new Map(sound.map((one) => [`${one.event.LogicalResourceId} ${one.event.RequestType}`, one])).values()];
}

/** Lets the first update of the handler fail for good; the twin then rolls it back. One that sends no request cannot fail. */
async function failUpdate(formation: Formation, handler: string, { define }: Scenario): Promise<void> {
  const { faults } = formation.local;
  const before = formation.onEvent;
  let updates = 0;
  formation.onEvent = (folder, event) => {
    before(folder, event);
    faults.heal();
    if (folder === handler && event.RequestType === 'Update' && updates++ === 0) {
      faults.plan(0, 'throttled for good');
    }
  };
  const { problems } = await formation.deploy((stack) => define(stack, 'second'));
  faults.heal();
  formation.onEvent = before;
  const count = formation.told.filter(({ isFaulty }) => isFaulty).reduce((sum, told) => sum + told.requests.length, 0);
  expect(problems).toEqual(count === 0 ? [] : [expect.stringMatching(/: (cannot .+: ThrottlingException: .+|ran out of time: .+)/)]);
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
    // What AWS says not to be there cannot be deleted, but it must not be of use.
    const strays = (): readonly string[] => orphans(local).filter((orphan) => !UNTRUE.includes(fault) || !orphan.startsWith(USELESS));
    const [strayed, leaked] = [strays(), leaks(this.formation)];
    await this.finish(answer);
    return {
      answer,
      after,
      end: summarize(local),
      count,
      failure,
      bad: { reason: failure === undefined ? undefined : objectionToReason(failure, UNTRUE.includes(fault)), leaks: [...leaked, ...leaks(this.formation)], orphans: [...strayed, ...strays()] },
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
