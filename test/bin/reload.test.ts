import { readFileSync, writeFileSync } from 'node:fs';
import { scratch, start } from './cli';
import type { Running } from './cli';

const PORTS = ['--port', '0', '--https-port', '0', '--console-port', '0'];

function write(...things: readonly string[]): string {
  const file = scratch('template.json');
  writeFileSync(file, JSON.stringify({ Outputs: { Last: { Value: things.at(-1) } }, Resources: Object.fromEntries(things.map((name) => [name, { Type: 'AWS::IoT::Thing', Properties: { ThingName: name } }])) }));
  return file;
}

/** Everything on stdout and stderr until a text is there. */
async function until({ process: child }: Running, text: string): Promise<string> {
  let seen = '';
  return new Promise((resolve) => {
    for (const stream of [child.stdout!, child.stderr!]) {
      stream.on('data', (chunk: Buffer) => {
        seen += chunk.toString();
        if (seen.includes(text)) {
          resolve(seen);
        }
      });
    }
  });
}

test('local follows the template when it is written anew, and says what has changed', async () => {
  const twin = start(['local', write('one', 'two'), ...PORTS, '--state', scratch('watched'), '--outputs-file', scratch('outputs.json')]);
  const outputs = (): unknown => JSON.parse(readFileSync(scratch('outputs.json'), 'utf8'));
  await until(twin, 'Stop with Ctrl-C');
  expect(outputs()).toEqual({ template: { Last: 'two' } });
  const told = until(twin, 'removed');
  write('one', 'three');
  expect(await told).toMatch(/Reloaded:\n {2}added template\/three\n {2}removed template\/two/);
  expect(outputs()).toEqual({ template: { Last: 'three' } });
  twin.process.kill('SIGTERM');
  expect(await twin.finished).toMatchObject({ code: 0, stderr: '' });
});

test('local reloads on SIGHUP alone with --no-watch, goes on with what it has when that fails, and prints no more than a line with --json', async () => {
  const twin = start(['local', write('one'), ...PORTS, '--state', scratch('unwatched'), '--no-watch', '--json']);
  await twin.firstLine;
  const failed = until(twin, '\n');
  writeFileSync(scratch('template.json'), 'no template');
  twin.process.kill('SIGHUP');
  expect(await failed).toMatch(/^warning: not reloaded, what was served goes on: .*template\.json: is not .*\n$/);

  twin.process.kill('SIGTERM');
  const { code, stdout } = await twin.finished;
  expect([code, stdout.trim().split('\n').length]).toEqual([0, 1]);
});
