import { spawn, spawnSync } from 'node:child_process';
import type { ChildProcessByStdio } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { writeKit } from '../../lib/twin';
import type { ConnectionKit, KitFiles } from '../../lib/twin';
import { Inbox, within } from './support/inbox';
import { TestTwin, allow, denied, temporaryFolder } from './support/test-twin';

const isInstalled = ['mosquitto_pub', 'mosquitto_sub'].every((program) => spawnSync(program, ['--help']).error === undefined);
const mustRun = process.env.CI !== undefined && process.env.CI !== '';

if (!isInstalled && !mustRun) {
  process.stderr.write('test/twin/mosquitto.test.ts is skipped: mosquitto_pub and mosquitto_sub are not installed (apt-get install mosquitto-clients)\n');
}

const folder = temporaryFolder();
let twin: TestTwin;
let kit: ConnectionKit;
let files: KitFiles;

/** A running program and what it writes, line by line. */
interface Running {
  readonly process: ChildProcessByStdio<null, Readable, Readable>;
  readonly lines: Inbox<string>;
  readonly errors: Inbox<string>;
  readonly code: Promise<number | null>;
}

const running: Running[] = [];

function run(program: 'mosquitto_pub' | 'mosquitto_sub', ...more: readonly string[]): Running {
  const started = spawn(program, [
    '-h', kit.endpoint, '-p', String(kit.mqttPort), '--cafile', files.rootCa, '--cert', files.certificate, '--key', files.privateKey, ...more,
  ], { stdio: ['ignore', 'pipe', 'pipe'] });
  const lines = new Inbox<string>();
  const errors = new Inbox<string>();
  createInterface(started.stdout).on('line', (line) => lines.push(line));
  createInterface(started.stderr).on('line', (line) => errors.push(line));
  const one = { process: started, lines, errors, code: new Promise<number | null>((resolve) => started.once('close', (code) => resolve(code))) };
  running.push(one);
  return one;
}

/** Run mosquitto_sub and wait for the twin to take its subscription: what it prints itself is held back until a message comes. */
async function subscribed(filter: string, ...more: readonly string[]): Promise<Running> {
  const journal = twin.journal();
  const subscriber = run('mosquitto_sub', '-t', filter, ...more);
  await journal.next('the subscription', ({ action, resource }) => action === 'iot:Subscribe' && resource === filter);
  return subscriber;
}

(isInstalled || mustRun ? describe : describe.skip)('mosquitto', () => {
  beforeAll(async () => {
    expect(isInstalled).toBe(true);
    twin = await TestTwin.start({
      sensor: {
        may: [
          allow('iot:Connect', 'client/sensor', 'client/sensor-*'),
          allow(['iot:Publish', 'iot:Receive', 'iot:RetainPublish'], 'topic/dt/sensor/*'),
          allow('iot:Subscribe', 'topicfilter/dt/sensor/*'),
        ],
      },
    });
    kit = await twin.kit('sensor');
    files = writeKit(kit, join(folder, 'sensor'));
  });

  afterEach(async () => {
    await Promise.all(running.splice(0).map(({ process: one, code }) => {
      one.kill();
      return code;
    }));
  });

  afterAll(() => twin?.stop());

  describe.each(['mqttv311', 'mqttv5'])('with -V %s', (version) => {
    test('publishes what mosquitto_sub receives', async () => {
      const subscriber = await subscribed('dt/sensor/#', '-V', version, '-i', 'sensor', '-q', '1', '-F', '%t %q %p');
      const publisher = run('mosquitto_pub', '-V', version, '-i', 'sensor-2', '-q', '1', '-t', 'dt/sensor/a', '-m', 'hello');
      expect(await within('the end of mosquitto_pub', publisher.code)).toBe(0);
      await subscriber.lines.next('the message', (line) => line === 'dt/sensor/a 1 hello');
    });

    test('gets a retained message', async () => {
      const publisher = run('mosquitto_pub', '-V', version, '-i', 'sensor-2', '-q', '1', '-r', '-t', 'dt/sensor/state', '-m', 'on');
      expect(await within('the end of mosquitto_pub', publisher.code)).toBe(0);
      const subscriber = run('mosquitto_sub', '-V', version, '-i', 'sensor', '-t', 'dt/sensor/state', '-F', '%r %p', '-C', '1');
      expect(await subscriber.lines.next('the message')).toBe('1 on');
      expect(await within('the end of mosquitto_sub', subscriber.code)).toBe(0);
    });

    test('is refused under a foreign client id', async () => {
      const journal = twin.journal();
      const publisher = run('mosquitto_pub', '-V', version, '-i', 'other', '-t', 'dt/sensor/a', '-m', 'x');
      expect(await within('the end of mosquitto_pub', publisher.code)).not.toBe(0);
      await journal.next('the decision', denied('iot:Connect', 'other'));
    });

    test('ends when every subscription is denied', async () => {
      const journal = twin.journal();
      const subscriber = run('mosquitto_sub', '-V', version, '-i', 'sensor', '-t', 'cmd/#');
      await subscriber.errors.next('the refusal', (line) => /denied/i.test(line));
      await journal.next('the decision', denied('iot:Subscribe', 'cmd/#'));
    });

    test('learns that a QoS 1 publish is denied by the end of its connection', async () => {
      const journal = twin.journal();
      run('mosquitto_pub', '-V', version, '-i', 'sensor', '-q', '1', '-t', 'cmd/x', '-m', 'x');
      await journal.next('the decision', denied('iot:Publish', 'cmd/x'));
      await journal.next('the end', ({ event, reason }) => event === 'disconnected' && reason === "not authorized to publish to 'cmd/x'");
    });
  });

  test('leaves a last will when it is killed', async () => {
    const subscriber = await subscribed('dt/sensor/will', '-i', 'sensor', '-q', '1');
    const dying = await subscribed('dt/sensor/x', '-i', 'sensor-2', '--will-topic', 'dt/sensor/will', '--will-payload', 'gone', '--will-qos', '1');
    dying.process.kill('SIGKILL');
    await subscriber.lines.next('the last will', (line) => line === 'gone');
  });

  test('is refused with MQTT 3.1', async () => {
    const publisher = run('mosquitto_pub', '-V', 'mqttv31', '-i', 'sensor', '-t', 'dt/sensor/a', '-m', 'x');
    expect(await within('the end of mosquitto_pub', publisher.code)).not.toBe(0);
  });
});
