import { execFileSync } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { bundle } from './bundle';
import { runNode, scratchFolder } from './node-process';
import { median, ratio } from './report';
import type { Bench, Verdict } from './report';

const ROOT = join(__dirname, '..');
const HANDLER = join(ROOT, 'bundle', 'lambda', 'authorize-token', 'index.js');
const MUST = { kilobytes: 80, coldMs: 40, warmRatio: 1.2 };

/** Nobody answers there, so that the keys are asked for and do not come. */
const SETTINGS = {
  issuer: { issuer: 'https://127.0.0.1:1', jwksUri: 'https://127.0.0.1:1/keys', audience: ['app'] }, access: [], sources: ['token'], signed: true, clockToleranceSeconds: 10,
};

/** Loads a handler as AWS Lambda does, and says how long that took. */
const LOAD = `
process.env.SETTINGS = ${JSON.stringify(JSON.stringify(SETTINGS))};
const start = process.hrtime.bigint();
require(process.argv[2]);
process.stdout.write(String(Number(process.hrtime.bigint() - start) / 1e6));
process.exit();
`;

const ALGORITHMS = ['RS256', 'ES256'] as const;

type Times = Readonly<Record<'bare' | 'verification' | 'again' | 'handler', number>>;

export const authorizerBench: Bench = {
  name: 'authorizer',
  about: 'the Lambda function of JwtAuthorizer: its size, its start, and what it adds to the check of a signature',
  async run({ quick, say }) {
    const folder = scratchFolder();
    try {
      execFileSync(process.execPath, [join(ROOT, 'lambda', 'bundle.mjs')], { stdio: ['ignore', 'ignore', 'inherit'] });
      const kilobytes = readFileSync(HANDLER).length / 1024;
      const empty = join(folder, 'empty.cjs');
      const load = join(folder, 'load.cjs');
      writeFileSync(empty, 'exports.handler = async () => ({});\n');
      writeFileSync(load, LOAD);
      const own: number[] = [];
      const none: number[] = [];
      for (let round = 0; round < (quick ? 3 : 21); round++) {
        say(`start ${round + 1}`);
        own.push(runNode(load, [HANDLER], folder) as number);
        none.push(runNode(load, [empty], folder) as number);
      }
      const more = median(own) - median(none);
      const worker = await bundle(join(__dirname, 'authorizer-worker.ts'), folder);
      const times = ALGORITHMS.map((algorithm) => {
        say(algorithm);
        return [algorithm, runNode(worker, [algorithm, quick ? '4' : '14'], folder) as Times] as const;
      });
      const micro = (value: number): string => `${value.toFixed(1)} µs`;
      return {
        table: {
          head: ['what', 'measured', 'of the bare check'],
          rows: [
            ['bundle, minified', `${kilobytes.toFixed(1)} KB`, ''],
            ['start, above an empty handler', `${more.toFixed(1)} ms`, ''],
            ...times.flatMap(([algorithm, { bare, verification, again, handler }]) => [
              [`${algorithm}: node:crypto checks the signature`, micro(bare), ratio(1)],
              [`${algorithm}: a token is verified`, micro(verification), ratio(verification / bare)],
              [`${algorithm}: the same token again`, micro(again), ratio(again / bare)],
              [`${algorithm}: the whole answer, with its policy and its line in the log`, micro(handler), ratio(handler / bare)],
            ]),
          ],
        },
        verdicts: [
          { must: `a bundle of at most ${MUST.kilobytes} KB`, holds: kilobytes <= MUST.kilobytes, measured: `${kilobytes.toFixed(1)} KB` },
          { must: `a start of at most ${MUST.coldMs} ms above an empty handler`, holds: more <= MUST.coldMs, measured: `${more.toFixed(1)} ms` },
          ...times.map(([algorithm, { bare, verification }]): Verdict => ({
            must: `${algorithm}: a token verified in at most ${ratio(MUST.warmRatio)} of the time of its signature alone`,
            holds: verification <= MUST.warmRatio * bare,
            measured: ratio(verification / bare),
          })),
        ],
        notes: ['Fresh processes, medians. Each token is another one, and more of them than the function remembers.'],
      };
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
};
