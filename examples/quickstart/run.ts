/**
 * `npm start`: synthesize the quickstart, start a local AWS IoT Core from exactly that template, and play a scene with
 * three clients. Then it stays up, until Ctrl-C; with `--once` it ends, with 0 if every decision was the expected one.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { App } from 'aws-cdk-lib';
import { mosquittoLine } from '../../bin/connect';
import { printEntry, stopOnSignal } from '../../bin/local';
import { ExitCode, bold, fail, outcome, print, styled, table } from '../../bin/output';
import { showText } from '../../lib/policy';
import { LocalAuthority, StateFolder, TwinError, startTwin, writeKit } from '../../lib/twin';
import type { ConnectionKit, Twin, TwinOptions } from '../../lib/twin';
import { playScene } from './scene';
import type { Attempt } from './scene';
import { QuickstartStack } from './stack';

// The CDK's own rules take seconds; `npx cdk synth` checks them, and so does a test.
process.env.CDK_VALIDATION ??= 'false';

const ROOT = join(__dirname, '..', '..');
const STATE = '.iot-warden';
const MQTT_PORT = 8883;

async function main(once: boolean): Promise<void> {
  const scratch = mkdtempSync(join(tmpdir(), 'iot-warden-quickstart-'));
  process.once('exit', () => rmSync(scratch, { recursive: true, force: true }));

  print(styled('dim', 'Synthesizing the quickstart …'));
  const assembly = synthesize(join(scratch, 'cdk.out'));
  print(styled('dim', 'Starting a local AWS IoT Core from the template …'));
  const twin = await start({ assembly, stateDirectory: once ? join(scratch, 'state') : resolve(STATE) });
  stopOnSignal(twin);

  const attempts: Attempt[] = [];
  await playScene(twin, await strangerKit(twin, join(scratch, 'stranger')), (attempt) => attempts.push(attempt));
  print(attemptTable(attempts, twin));
  print(policyTable(twin));
  const unexpected = attempts.filter((attempt) => attempt.outcome !== attempt.expected);
  print(unexpected.length === 0
    ? `${attempts.length} attempts, every decision as expected.`
    : styled('red', `${unexpected.length} of ${attempts.length} decisions were not as expected.`));

  process.exitCode = unexpected.length === 0 ? ExitCode.GOOD : ExitCode.DENIED;
  if (once) {
    await twin.stop();
  } else {
    await invite(twin);
  }
}

function synthesize(outdir: string): string {
  // The stack has a Lambda function, whose code a new checkout has not bundled yet.
  if (!existsSync(join(ROOT, 'bundle', 'lambda'))) {
    execFileSync(process.execPath, [join(ROOT, 'lambda', 'bundle.mjs')]);
  }
  const app = new App({ outdir, analyticsReporting: false });
  new QuickstartStack(app, 'Quickstart');
  return app.synth().directory;
}

/** The usual port where it is free, else any. */
async function start(options: TwinOptions): Promise<Twin> {
  try {
    return await startTwin({ ...options, port: MQTT_PORT });
  } catch (error) {
    if (error instanceof TwinError && error.message.startsWith(`port ${MQTT_PORT}`)) {
      return startTwin(options);
    }
    throw error;
  }
}

/** A certificate of another authority, for a client that knows everything else. */
async function strangerKit(twin: Twin, folder: string): Promise<ConnectionKit> {
  const authority = await LocalAuthority.open(StateFolder.create(folder), Date.now);
  return { ...await twin.issueKit('sensor-1'), ...await authority.deviceCertificate('sensor-1') };
}

function attemptTable(attempts: readonly Attempt[], { deployment }: Twin): string {
  // Names that CloudFormation would generate say less than the paths of the constructs.
  const withPaths = (reason: string): string => deployment.policies.reduce((text, { name, path }) => text.replaceAll(showText(name), constructPath(path)), reason);
  return table(['client', 'attempt', 'decision', 'why'], attempts.map(({ client, what, outcome: came, expected, reason }) => [
    client, what, `${outcome(came)}${came === expected ? '' : ` (expected ${expected})`}`, withPaths(reason),
  ]));
}

/** The construct that a user wrote, without the resource inside it. */
function constructPath(path: string): string {
  return path.replace(/\/Resource$/, '');
}

/** The statements that decided, as the template has them. */
function policyTable({ deployment }: Twin): string {
  const rows = deployment.policies.flatMap(({ path, document }) => {
    const { Statement: statements } = document as unknown as { readonly Statement: readonly Statement[] };
    return statements.map(({ Effect: effect, Action: action, Resource: resource }, index) => [
      `${constructPath(path)} Statement[${index}]`,
      `${effect} ${list(action).join(', ')}`,
      // The account and Region are the same everywhere.
      list(resource).map((arn) => arn.replace(/^([^:]*:){5}/, '')).join('\n'),
    ]);
  });
  return table(['statement', 'what', 'on'], rows);
}

interface Statement {
  readonly Effect: string;
  readonly Action: string | readonly string[];
  readonly Resource: string | readonly string[];
}

function list(value: string | readonly string[]): readonly string[] {
  return typeof value === 'string' ? [value] : value;
}

async function invite(twin: Twin): Promise<void> {
  const kit = await twin.issueKit('sensor-1');
  const files = writeKit(kit, resolve(STATE, 'kits', 'sensor-1'));
  const publish = (topic: string): string => mosquittoLine(kit, files, 'mosquitto_pub', `-t ${topic} -m '{"celsius":21}'`);
  print(`\n${bold('Try it')}: this is allowed,\n\n  ${publish('dt/sensors/sensor-1/telemetry')}\n\nand this is not:\n\n  ${publish('dt/sensors/sensor-10/telemetry')}\n`);
  print(`Console: ${twin.endpoints.console}\nMore kits: npm run iot-warden -- connect sensor-10. Stop with Ctrl-C. What happens follows.\n`);
  twin.journal.listen(printEntry);
}

main(process.argv.includes('--once')).catch(fail);
