import { execFileSync } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runNode, scratchFolder } from './node-process';
import { median } from './report';
import type { Bench } from './report';

const MUST_MS = 30;
const ROOT = join(__dirname, '..');

/** Loads what it is told, says how long that took, and which files of the CDK were loaded. */
const SCRIPT = `
const files = JSON.parse(process.argv[2]);
const start = process.cpuUsage();
files.forEach((file) => require(file));
const { user, system } = process.cpuUsage(start);
const milliseconds = (user + system) / 1000;
const ofCdk = Object.keys(require.cache).filter((file) => /node_modules.(aws-cdk-lib|constructs)./.test(file));
process.stdout.write(JSON.stringify({ milliseconds, ofCdk }));
`;

interface Loading {
  readonly milliseconds: number;
  readonly ofCdk: readonly string[];
}

export const loadBench: Bench = {
  name: 'load',
  about: "CPU time of require('cdk-iot-warden'), next to loading the modules of aws-cdk-lib that it builds on",
  run({ quick, say }) {
    const folder = scratchFolder();
    try {
      say('compiling the library');
      const tsc = join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc');
      // As jsii compiles it and the build bundles it, elsewhere.
      const options = ['-p', 'tsconfig.json', '--outDir', join(folder, 'dist'), '--incremental', 'false', '--tsBuildInfoFile', 'null', '--declaration', 'false'];
      execFileSync(process.execPath, [tsc, ...options], { cwd: ROOT, stdio: ['ignore', 'ignore', 'inherit'] });
      const library = join(folder, 'dist', 'index.js');
      execFileSync(process.execPath, [join(ROOT, 'scripts', 'bundle-library.mjs'), join(folder, 'dist')], { stdio: ['ignore', 'ignore', 'inherit'] });
      const script = join(folder, 'load.cjs');
      writeFileSync(script, SCRIPT);
      const time = (files: readonly string[]): Loading => runNode(script, [JSON.stringify(files)], folder) as Loading;
      const { ofCdk } = time([library]);
      const rounds = quick ? 3 : 15;
      const own: number[] = [];
      const cdk: number[] = [];
      for (let round = 0; round < rounds; round++) {
        say(`round ${round + 1} of ${rounds}`);
        own.push(time([library]).milliseconds);
        cdk.push(time(ofCdk).milliseconds);
      }
      const more = median(own) - median(cdk);
      return Promise.resolve({
        table: {
          head: ['what', 'time'],
          rows: [
            ["require('cdk-iot-warden')", `${median(own).toFixed(0)} ms`],
            [`the ${ofCdk.length} files of the CDK that this loads, alone`, `${median(cdk).toFixed(0)} ms`],
            ['difference', `${more.toFixed(0)} ms`],
          ],
        },
        verdicts: [{ must: `at most ${MUST_MS} ms more`, holds: more <= MUST_MS, measured: `${more.toFixed(0)} ms` }],
        notes: [`Fresh processes in turn, ${rounds} of each, medians.`],
      });
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
};
