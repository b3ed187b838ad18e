import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Writable } from 'node:stream';
import { StateFolder, TwinError, startTwin, writeKit } from '../../lib/twin';
import type { TwinOptions } from '../../lib/twin';
import { MqttJs } from './support/mqttjs';
import { RawClient } from './support/raw';
import { ANYTHING, TestTwin, temporaryFolder } from './support/test-twin';

const folder = temporaryFolder();
let state: string;
let count = 0;
const open: TestTwin[] = [];

beforeEach(() => {
  state = join(folder, `state-${count++}`);
});

afterEach(async () => {
  await Promise.all(open.splice(0).map((twin) => twin.stop()));
});

async function start(options: Partial<TwinOptions> = {}): Promise<TestTwin> {
  const twin = await TestTwin.start({ sensor: { may: ANYTHING }, other: { may: ANYTHING } }, { stateDirectory: state, ...options });
  open.push(twin);
  return twin;
}

/** The message of the one line that a person gets to read. */
async function failure(started: Promise<unknown>): Promise<string> {
  const error = await started.then(() => undefined, (thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(TwinError);
  const { message } = error as TwinError;
  expect(message).not.toContain('\n');
  return message;
}

function files(path: string): string[] {
  return readdirSync(path, { recursive: true, withFileTypes: true }).map((entry) => join(entry.parentPath ?? entry.path, entry.name));
}

describe('the state folder', () => {
  test('is for its owner alone, and everything in it', async () => {
    const twin = await start();
    await twin.kit('sensor');
    const modes = [state, ...files(state)].map((path) => [path, statSync(path).mode & 0o777] as const);
    expect(modes.length).toBeGreaterThan(5);
    for (const [path, mode] of modes) {
      expect([path, mode.toString(8)]).toEqual([path, statSync(path).isDirectory() ? '700' : '600']);
    }
  });

  test('keeps the root and the certificates of devices across restarts', async () => {
    const first = await start();
    const kit = await first.kit('sensor');
    await first.stop();
    const second = await start();
    const again = await second.kit('sensor');
    expect(again).toEqual({ ...kit, mqttPort: again.mqttPort, httpsPort: again.httpsPort });
    // A device that kept its files needs no new kit.
    const device = await MqttJs.connect({ ...kit, mqttPort: again.mqttPort });
    await device.end();
  });

  test('gives each thing its own certificate', async () => {
    const twin = await start();
    expect((await twin.kit('sensor')).certificatePem).not.toBe((await twin.kit('other')).certificatePem);
  });

  test('serves one twin at a time, and the next when that has stopped', async () => {
    const first = await start();
    expect(await failure(start())).toContain(`state folder ${state}: the twin of process ${process.pid} uses it; stop that one, `);
    await first.stop();
    await (await start()).stop();
  });

  test('serves one of two twins that start at once', async () => {
    const outcomes = await Promise.allSettled([start(), start()]);
    expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
  });

  test('serves again after a twin that died, also when its process id is in use', async () => {
    await (await start()).stop();
    // In a container, the process before had the same id.
    writeFileSync(join(state, 'twin.pid'), String(process.pid));
    writeFileSync(join(state, 'twin.json'), '{ "pid": ');
    await (await start()).stop();
    writeFileSync(join(state, 'twin.pid'), '4194304');
    await start();
  });

  test('fails while another process uses it', async () => {
    await (await start()).stop();
    writeFileSync(join(state, 'twin.pid'), String(process.ppid));
    expect(await failure(start())).toContain(`the twin of process ${process.ppid} uses it`);
  });

  const onLinux = existsSync('/proc/self/stat') ? test : test.skip;
  onLinux('serves again after a twin that died and that nobody has taken note of', async () => {
    await (await start()).stop();
    // The shell becomes another one, which knows nothing of the child and does not wait for it.
    const parent = spawn('sh', ['-c', `cat <&3 >/dev/null & exec sh -c 'echo "$0"; read x' $!`], { stdio: ['pipe', 'pipe', 'inherit', 'pipe'] });
    try {
      const [line] = await once(createInterface(parent.stdout!), 'line') as [string];
      (parent.stdio[3] as Writable).end();
      while (!/\) Z /.test(readFileSync(`/proc/${line}/stat`, 'utf8'))) {
        await new Promise(setImmediate);
      }
      writeFileSync(join(state, 'twin.pid'), line);
      await (await start()).stop();
    } finally {
      parent.kill();
    }
  });

  const asRoot = process.geteuid?.() === 0 ? describe : describe.skip;
  asRoot('of another user, where the twin runs as root', () => {
    const OTHER = 12_345;
    const { SUDO_UID } = process.env;
    let assembly: string;

    beforeEach(() => {
      assembly = `${state}-assembly`;
      [state, assembly].forEach((path) => mkdirSync(path, { mode: 0o700 }));
      chownSync(state, OTHER, OTHER);
    });

    afterEach(() => {
      delete process.env.SUDO_UID;
      Object.assign(process.env, SUDO_UID === undefined ? {} : { SUDO_UID });
    });

    test('is refused, as that user could swap the keys', () => {
      expect(() => StateFolder.create(state, assembly)).toThrow(new TwinError(
        `state folder ${state}: belongs to user ${OTHER}, who could swap its keys, and the twin runs as root; run it as that user, make the folder root's (chown root) or choose another with --state`,
      ));
      expect(readdirSync(state)).toEqual([]);
    });

    test('serves who has become root, as with sudo', () => {
      process.env.SUDO_UID = String(OTHER);
      expect(() => StateFolder.create(state, assembly)).not.toThrow();
    });

    test('serves when the assembly is of that user too, as in a container with a mounted project', () => {
      chownSync(assembly, OTHER, OTHER);
      expect(() => StateFolder.create(state, assembly)).not.toThrow();
    });
  });

  test('fails where it cannot be written to', async () => {
    writeFileSync(state, 'a file');
    expect(await failure(start())).toBe(`state folder ${state}: cannot be written to (ENOTDIR); choose another with --state`);
    expect(await failure(start({ stateDirectory: join(state, 'below') }))).toBe(`state folder ${join(state, 'below')}: cannot be written to (ENOTDIR); choose another with --state`);
    expect(await failure(start({ stateDirectory: '/proc/nowhere' }))).toBe('state folder /proc/nowhere: cannot be written to (ENOENT); choose another with --state');
  });

  test.each(['root-ca.pem', 'root-ca.key', 'server.key'])('fails with a damaged %s rather than to overwrite it', async (name) => {
    await (await start()).stop();
    writeFileSync(join(state, name), 'damaged');
    const base = name.replace(/\..*/, '');
    expect(await failure(start())).toBe(`state folder ${state}: ${base}.pem and ${base}.key are no certificate and its private key; remove them to have new ones made`);
    expect(readFileSync(join(state, name), 'utf8')).toBe('damaged');
    rmSync(join(state, `${base}.pem`));
    await start();
  });

  test('makes a new server certificate for a new root', async () => {
    const first = await start();
    const before = await first.kit('sensor');
    await first.stop();
    rmSync(join(state, 'root-ca.pem'));
    const kit = await (await start()).kit('sensor');
    expect(kit.rootCaPem).not.toBe(before.rootCaPem);
    await (await MqttJs.connect(kit)).end();
  });

  test('outlives a damaged certificate record', async () => {
    const first = await start();
    const kit = await first.kit('sensor');
    await first.stop();
    const [record] = readdirSync(join(state, 'certificates'));
    writeFileSync(join(state, 'certificates', record!), 'damaged');
    const second = await start();
    const client = await RawClient.open({ ...kit, mqttPort: second.twin.mqttPort });
    await client.end();
    await (await MqttJs.connect(await second.kit('sensor'))).end();
  });

  test('is a temporary one, and gone afterwards, unless it is named', async () => {
    const twin = await start({ stateDirectory: undefined as unknown as string });
    const { rootCa } = twin.twin.endpoints;
    expect(existsSync(rootCa)).toBe(true);
    await twin.stop();
    expect(existsSync(rootCa)).toBe(false);
  });
});

describe('a connection kit', () => {
  test('is written with its key readable by its owner alone', async () => {
    const twin = await start();
    const written = writeKit(await twin.kit('sensor'), join(folder, 'kit'));
    expect(statSync(written.privateKey).mode & 0o777).toBe(0o600);
    expect(JSON.parse(readFileSync(written.config, 'utf8'))).toEqual({
      thingName: 'sensor', clientId: 'sensor', endpoint: 'localhost', mqttPort: twin.twin.mqttPort, httpsPort: twin.twin.httpsPort,
    });
  });

  test('fails to be written where that cannot be', async () => {
    const twin = await start();
    const kit = await twin.kit('sensor');
    writeFileSync(join(folder, 'a-file'), '');
    expect(() => writeKit(kit, join(folder, 'a-file', 'kit'))).toThrow(new TwinError(`folder ${join(folder, 'a-file', 'kit')}: cannot be written to (ENOTDIR); choose another with --out`));
  });

  test('fails for a thing that is not there', async () => {
    const twin = await start();
    expect(await failure(twin.kit('nobody'))).toBe("thing 'nobody' is not part of the deployment; it has sensor, other");
    expect(await failure(twin.kit('__proto__'))).toContain("thing '__proto__' is not part of the deployment");
  });

  test('fails for a certificate that is not the thing’s', async () => {
    const twin = await start();
    expect(await failure(twin.twin.issueKit('sensor', 'Certificate1'))).toBe("certificate 'Certificate1' is not attached to thing 'sensor'; attached are Certificate0");
  });
});

describe('starting', () => {
  test('fails in one line when a port is in use, and leaves nothing behind', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => taken.once('listening', resolve));
    const { port } = taken.address() as { port: number };
    for (const [option, flag] of [['port', '--port'], ['httpsPort', '--https-port'], ['consolePort', '--console-port']] as const) {
      expect(await failure(start({ [option]: port }))).toBe(`port ${port} on 127.0.0.1 is in use; choose another with ${flag}, 0 for any free one`);
    }
    taken.close();
    // The folder was given back.
    await start();
  });

  test('fails for a template without anything of AWS IoT Core', async () => {
    mkdirSync(state);
    writeFileSync(join(state, 'empty.json'), JSON.stringify({ Resources: { Topic: { Type: 'AWS::SNS::Topic' } } }));
    expect(await failure(startTwin({ assembly: join(state, 'empty.json') }))).toMatch(/declares no AWS IoT things, certificates or policies; nothing could connect$/);
  });
});

describe('stopping', () => {
  test('tells clients, closes every port and can be done twice', async () => {
    const twin = await start();
    const kit = await twin.kit('sensor');
    const device = await MqttJs.connect(kit, { protocolVersion: 5 });
    const idle = await RawClient.open(kit);
    const [one, two] = [twin.stop(), twin.stop()];
    await one;
    await two;
    expect(await device.disconnected()).toMatchObject({ reasonCode: 139, properties: { reasonString: 'the twin stops' } });
    await idle.end();
    for (const port of [kit.mqttPort, kit.httpsPort, Number(new URL(twin.twin.endpoints.console).port)]) {
      await expect(RawClient.open({ ...kit, mqttPort: port })).rejects.toThrow(/ECONNREFUSED/);
    }
    expect(existsSync(join(state, 'twin.json'))).toBe(false);
    expect(existsSync(join(state, 'twin.pid'))).toBe(false);
  });
});
