import { execFileSync, spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { CreateThingCommand, DescribeThingCommand, IoTClient } from '@aws-sdk/client-iot';
import { StateFolder, issueKit, runningTwin } from '../../../lib/twin';
import type { ConnectionKit } from '../../../lib/twin';
import { scratch, start } from '../../bin/cli';
import type { Running } from '../../bin/cli';
import { MqttJs } from '../support/mqttjs';
import { ANYTHING, templateOf } from '../support/test-twin';
import { within } from '../support/within';

/** As large as a file may get: writing more fails, as on a full disk. */
const LIMIT = 2 * 1024 * 1024;
const PAYLOAD = 'x'.repeat(100_000);
const PERSISTENT = { protocolVersion: 5, clean: false, properties: { sessionExpiryInterval: 3600 } } as const;

const kits = new Map<string, ConnectionKit>();

/** A twin whose files cannot grow without end. */
async function startTwin(state: string, wrapper: readonly string[] = []) {
  const running: Running = start(['local', scratch('template.json'), '--port', '0', '--https-port', '0', '--console-port', '0', '--state', state, '--no-watch'], wrapper);
  await running.firstLine;
  const folder = StateFolder.at(state);
  const twin = runningTwin(folder)!;
  const { endpointUrl: endpoint, region, ...credentials } = twin.aws!;
  const kit = async (thing: string): Promise<ConnectionKit> => {
    const issued = kits.get(thing) ?? await issueKit(folder, twin, thing, Date.now);
    kits.set(thing, issued);
    return { ...issued, mqttPort: twin.mqttPort, httpsPort: twin.httpsPort };
  };
  return { running, kit, iot: new IoTClient({ endpoint, region, credentials, maxAttempts: 1 }) };
}

/** The status of a message published over HTTPS. */
function post({ httpsPort, privateKeyPem, certificatePem, rootCaPem }: ConnectionKit, topic: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    request({ host: 'localhost', port: httpsPort, method: 'POST', path: `/topics/${topic}?qos=1`, key: privateKeyPem, cert: certificatePem, ca: rootCaPem }, (response) => {
      response.resume();
      resolve(response.statusCode);
    }).on('error', reject).end('x');
  });
}

/** What went wrong, besides what is said of the template. */
function problems(stderr: string): readonly string[] {
  return stderr.split('\n').filter((line) => line !== '' && !line.startsWith('warning: template/'));
}

const canLimit = spawnSync('prlimit', ['--version']).status === 0;

(canLimit ? test : test.skip)('a disk that is full costs no acknowledged message, ends no process, and is told once', async () => {
  writeFileSync(scratch('template.json'), JSON.stringify(templateOf({ away: { may: ANYTHING }, publisher: { may: ANYTHING } })));
  const state = scratch('full');
  const twin = await startTwin(state, ['prlimit', `--fsize=${LIMIT}:unlimited`]);
  const subscriber = await MqttJs.connect(await twin.kit('away'), PERSISTENT);
  await subscriber.subscribe('a/b');
  await subscriber.end();

  const acknowledged: string[] = [];
  const publish = async (device: MqttJs): Promise<void> => {
    const number = String(acknowledged.length);
    await device.publish('a/b', number + PAYLOAD);
    acknowledged.push(number);
  };
  const publisher = await MqttJs.connect(await twin.kit('publisher'), { protocolVersion: 5 });
  const filled = (async () => {
    for (;;) {
      await publish(publisher);
    }
  })();
  filled.catch(() => undefined);
  expect(await publisher.disconnected()).toMatchObject({ reasonCode: 151, properties: { reasonString: 'the twin cannot write its state to the disk' } });
  publisher.client.end(true);
  await expect(filled).rejects.toThrow();
  expect(acknowledged.length).toBeGreaterThan(5);

  // Nobody is told what might be lost, on any way in.
  await expect(twin.iot.send(new CreateThingCommand({ thingName: 'late' }))).rejects.toMatchObject({ name: 'ServiceUnavailableException', $metadata: { httpStatusCode: 503 } });
  expect(await post(await twin.kit('publisher'), 'a/c')).toBe(503);
  await expect(MqttJs.connect(await twin.kit('publisher'))).rejects.toThrow();

  execFileSync('prlimit', ['--pid', String(twin.running.process.pid), '--fsize=unlimited']);
  const connected = async (): Promise<MqttJs> => MqttJs.connect(await twin.kit('publisher')).catch(connected);
  const again = await within('a connection once there is room', connected());
  await publish(again);
  await again.end();
  await twin.iot.send(new CreateThingCommand({ thingName: 'later' }));
  expect(await post(await twin.kit('publisher'), 'a/c')).toBe(200);
  twin.running.process.kill('SIGKILL');
  const { stdout, stderr } = await twin.running.finished;
  expect(problems(stderr)).toEqual([]);
  expect(stdout.split('\n').filter((line) => line.includes('cannot be written to'))).toEqual([
    expect.stringMatching(/twin\.db: cannot be written to \(disk I\/O error\); is there room on the disk\? Until then nobody is answered$/),
  ]);
  expect(stdout.split('\n').filter((line) => line.includes('the state is on disk again'))).toHaveLength(1);

  const next = await startTwin(state);
  const back = await MqttJs.connect(await next.kit('away'), PERSISTENT);
  expect(back.connack?.sessionPresent).toBe(true);
  const received: string[] = [];
  while (acknowledged.some((number) => !received.includes(number))) {
    received.push((await back.payload('a/b')).replace(PAYLOAD, ''));
  }
  expect(received.slice(0, acknowledged.length - 1)).toEqual(acknowledged.slice(0, -1));
  await back.end();
  await next.iot.send(new DescribeThingCommand({ thingName: 'later' }));
  next.running.process.kill('SIGTERM');
  const { code, stderr: last } = await next.running.finished;
  expect([code, ...problems(last)]).toEqual([0]);
});
