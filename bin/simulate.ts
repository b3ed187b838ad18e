import { readFileSync } from 'node:fs';
import { SimulationError, simulate as decideAll } from '../lib/policy';
import type { SimulatedDecision } from '../lib/policy';
import { ExitCode, outcome, plain, print, printJson, table } from './output';

/** `iot-warden simulate`. */
export function simulate(path: string, { json }: { readonly json?: boolean }): void {
  const decisions = decideAll(readCases(path));
  if (json === true) {
    printJson({ decisions: decisions.map(({ id, decision, by, reason }) => ({
      id,
      decision,
      by: by.map(({ policy, statement, effect }) => ({ policy, statement, effect })),
      reason,
    })) });
  } else {
    print(table(['case', 'decision', 'why'], decisions.map((one) => [plain(one.id), outcome(one.decision), plain(reasonOf(one))])));
    const good = decisions.filter(isGood).length;
    print(`${good} of ${decisions.length} as expected`);
  }
  process.exitCode = decisions.every(isGood) ? ExitCode.GOOD : ExitCode.DENIED;
}

function isGood({ decision, asExpected }: SimulatedDecision): boolean {
  return asExpected ?? decision === 'allow';
}

function reasonOf({ reason, asExpected }: SimulatedDecision): string {
  return asExpected === false ? `${reason}; not as expected` : reason;
}

function readCases(path: string): unknown {
  let text: string;
  try {
    text = readFileSync(path === '-' ? 0 : path, 'utf8');
  } catch (error) {
    throw new SimulationError(`${path}: cannot be read (${(error as NodeJS.ErrnoException).code ?? 'error'}); give a JSON file of cases`);
  }
  try {
    return JSON.parse(text.replace(/^\uFEFF/, '')) as unknown;
  } catch (error) {
    throw new SimulationError(`${path}: not valid JSON: ${(error as Error).message}`);
  }
}
