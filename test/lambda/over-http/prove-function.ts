import type { Stack } from 'aws-cdk-lib';
import { Formation } from './formation';
import { FAULTS, UNTRUE } from './http-faults';
import { leaks } from './invariants';
import type { LocalAccount, SentRequest, Snapshot } from './local-account';
import { deadGrants, denied, grantsOf, needsOf, type Grant, type Unused } from './permissions';
import { summarize } from './summary';

/** The variables of a function. */
export interface Environment {
  readonly [name: string]: string | undefined;
}

/** A function that devices call, in the hands of its construct. */
export interface FunctionScenario {
  readonly name: string;
  readonly define: (stack: Stack) => void;
  readonly arrange: (local: LocalAccount) => Promise<unknown>;
  readonly call: (formation: Formation, environment: Environment) => Promise<unknown>;
  readonly answer: unknown;
  /** The answer when something is out of order. */
  readonly refusal?: unknown;
  /** What else is compared. */
  readonly also?: (local: LocalAccount) => Promise<unknown>;
}

/** Proves a function: every fault of every request, the shapes of requests, and that its role fits. */
export function proveFunction(handler: string, path: string, scenarios: readonly FunctionScenario[], unused: Unused = {}): void {
  describe(handler, () => {
    const grants: Grant[] = [];
    const requests: SentRequest[] = [];

    describe.each(scenarios)('$name', ({ name, define, arrange, call, answer, refusal, also }) => {
      let formation: Formation;
      let before: Snapshot;

      beforeAll(async () => {
        formation = await Formation.start();
        const { problems } = await formation.deploy(define);
        expect(problems).toEqual([]);
        grants.push(...grantsOf(formation.local.deployment, path));
        await arrange(formation.local);
        before = formation.local.snapshot();
        formation.local.requests.length = 0;
      });

      afterAll(() => formation.stop());

      const attempt = async (): Promise<unknown> => {
        try {
          return await call(formation, formation.local.environmentOf(path));
        } catch (error) {
          return error;
        }
      };
      const state = async (): Promise<unknown> => {
        const { local } = formation;
        const sent = local.requests.length;
        const found = { ...summarize(local), also: await also?.(local) };
        local.requests.length = sent;
        return found;
      };

      test('survives every fault of every request, or is done when it is tried again', async () => {
        const { local } = formation;
        local.faults.heal();
        expect(await attempt()).toEqual(answer);
        const { count } = local.faults;
        const wanted = await state();
        const totals = { requests: count, runs: 0, failures: 0 };
        for (const fault of FAULTS) {
          for (let index = 0; index < count; index++) {
            local.restore(before);
            local.faults.plan(index, fault);
            const first = await attempt();
            local.faults.heal();
            const title = `request ${index} of ${count} ${fault}`;
            const isDone = JSON.stringify(first) === JSON.stringify(answer) || (first as { certificatePem?: string }).certificatePem !== undefined;
            if (!isDone) {
              expect(first instanceof Error ? first.message : '').not.toMatch(/\n|PRIVATE KEY/);
              totals.failures++;
              if (!UNTRUE.includes(fault)) {
                expect({ title, first: first instanceof Error ? 'an error' : first }).toEqual({ title, first: refusal ?? 'an error' });
                expect({ title, second: await attempt() }).toEqual({ title, second: answer });
              }
            }
            if (!UNTRUE.includes(fault)) {
              expect({ title, state: await state() }).toEqual({ title, state: wanted });
            }
            expect({ title, leaks: leaks(formation) }).toEqual({ title, leaks: [] });
            totals.runs++;
          }
        }
        requests.push(...local.requests);
        process.stdout.write(`${handler}, ${name}: ${JSON.stringify(totals)}\n`);
      });

      test('sends what the models of the SDK allow, and nothing that troubles the twin', () => {
        expect(formation.local.problems).toEqual([]);
      });
    });

    test('has the permissions that it needs', () => {
      expect(grants.length).toBeGreaterThan(0);
      expect([...new Set(requests.flatMap(needsOf).flatMap((need) => denied(grants, need)))]).toEqual([]);
    });

    test('has no permission that it never needs', () => {
      expect(deadGrants(grants, requests, unused)).toEqual([]);
    });
  });
}
