import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { authorizerBench } from './authorizer';
import { brokerBench } from './broker';
import { callersBench } from './callers';
import { decidingBench } from './deciding';
import { createFleet } from './fleet';
import type { Fleet } from './fleet';
import { loadBench } from './load';
import { policyBench } from './policy';
import { provisioningBench } from './provisioning';
import { renderOutcome } from './report';
import type { Bench, Options, Outcome } from './report';
import { rulesBench } from './rules';
import { shadowsBench } from './shadows';
import { soakBench } from './soak';
import { sqlBench } from './sql';
import { stateBench } from './state';
import { synthBench } from './synth';

const BENCHES: readonly Bench[] = [
  policyBench, sqlBench, rulesBench, shadowsBench, brokerBench, decidingBench, provisioningBench, callersBench, stateBench, authorizerBench, synthBench, loadBench, soakBench,
];
const README = join(__dirname, 'README.md');
const MARKS = ['<!-- figures -->', '<!-- /figures -->'] as const;
const DEFAULT_SOAK_SECONDS = 300;

/** Devices of the one fleet that all benchmarks share. */
const FLEET_SIZE = { quick: 60, full: 1001 };

const HELP = `usage: npm run bench -- [--quick] [--only NAME] [--soak[=SECONDS]] [--write]

  --quick           small and short, in less than a minute: shows that the benchmarks work, not how fast the library is
  --only NAME       one benchmark: ${BENCHES.map(({ name }) => name).join(', ')}
  --soak[=SECONDS]  the soak test too, for ${DEFAULT_SOAK_SECONDS} seconds unless told otherwise
  --write           write the figures and the machine into bench/README.md; with --only, those of one benchmark

Progress goes to stderr, tables to stdout. The exit code is 1 when a benchmark breaks, or when the soak test finds something.
`;

async function main(): Promise<void> {
  // `--soak` alone is `--soak=` for the parser, which knows no optional values.
  const args = process.argv.slice(2).map((arg) => (arg === '--soak' ? '--soak=' : arg));
  const { values } = parseArgs({
    args,
    options: { quick: { type: 'boolean' }, only: { type: 'string' }, soak: { type: 'string' }, write: { type: 'boolean' }, help: { type: 'boolean' } },
  });
  if (values.help === true) {
    process.stdout.write(HELP);
    return;
  }
  const chosen = BENCHES.filter((bench) => (values.only === undefined ? bench !== soakBench || values.soak !== undefined : bench.name === values.only));
  if (chosen.length === 0) {
    process.stderr.write(`no benchmark is called '${values.only}'\n${HELP}`);
    process.exitCode = 2;
    return;
  }
  const quick = values.quick === true;
  const soakSeconds = Number(values.soak || (quick ? 10 : DEFAULT_SOAK_SECONDS));
  const fleet = sharedFleet(quick ? FLEET_SIZE.quick : FLEET_SIZE.full);
  const parts: string[] = [describeMachine()];
  let broken = false;
  let found = false;
  try {
    for (const bench of chosen) {
      const say = (progress: string): void => void process.stderr.write(`${bench.name}: ${progress}\n`);
      try {
        const outcome = await bench.run({ quick, soakSeconds, fleet: fleet.get, say });
        found ||= bench === soakBench && outcome.verdicts.some(({ holds }) => !holds);
        parts.push(renderOutcome(bench, quick ? withoutVerdicts(outcome, bench) : outcome));
        process.stdout.write(`${parts.at(-1)!}\n\n`);
      } catch (error) {
        broken = true;
        say(`broken: ${(error as Error).stack}`);
      }
    }
  } finally {
    fleet.remove();
  }
  if (values.write === true && !broken) {
    writeFigures(values.only === undefined ? () => parts.join('\n\n') : (figures) => replaceSection(figures, parts));
  }
  process.exitCode = broken || found ? 1 : 0;
}

/** Figures of a quick run say nothing about speed. */
function withoutVerdicts(outcome: Outcome, bench: Bench): Outcome {
  return bench === soakBench ? outcome : { ...outcome, verdicts: [], notes: [...outcome.notes, 'a quick run: what must hold is not judged'] };
}

/** Makes the fleet when it is first asked for. */
function sharedFleet(size: number): { readonly get: Options['fleet']; readonly remove: () => void } {
  const directory = mkdtempSync(join(tmpdir(), 'bench-'));
  let made: Promise<Fleet> | undefined;
  return {
    get: () => {
      made ??= createFleet(size, directory);
      return made;
    },
    remove: () => rmSync(directory, { recursive: true, force: true }),
  };
}

function describeMachine(): string {
  const GB = 1024 ** 3;
  const [cpu, ...others] = cpus();
  return `Measured on ${new Date().toISOString().slice(0, 10)}: ${cpu!.model}, ${others.length + 1} cores, ${(totalmem() / GB).toFixed(0)} GB of memory, Node ${process.version}.`;
}

function writeFigures(change: (figures: string) => string): void {
  const readme = readFileSync(README, 'utf8');
  const [before, rest] = readme.split(MARKS[0]) as [string, string];
  const [figures, after] = rest.split(MARKS[1]) as [string, string];
  writeFileSync(README, `${before}${MARKS[0]}\n\n${change(figures.trim())}\n\n${MARKS[1]}${after}`);
}

/** The figures with one benchmark measured anew, and where that was. */
function replaceSection(figures: string, [machine, section]: readonly string[]): string {
  const [heading, ...rest] = section!.split('\n\n') as [string, ...string[]];
  const name = heading.split(':', 1)[0]!;
  const measured = [heading, machine, ...rest].join('\n\n');
  const sections = figures.split(/\n\n(?=## )/);
  return sections.map((one) => (one.startsWith(`${name}:`) ? measured : one)).join('\n\n');
}

// Leave nothing running: the brokers stop with this process.
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => process.exit(130));
}

main().catch((error: unknown) => {
  process.stderr.write(`${(error as Error).message}\n`);
  process.exitCode = 2;
}).finally(() => process.exit());
