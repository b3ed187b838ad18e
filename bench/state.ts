import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from 'node:tls';
import type { TLSSocket } from 'node:tls';
import { generate } from 'mqtt-packet';
import type { Packet } from 'mqtt-packet';
import { startTwin } from '../lib/twin';
import type { ConnectionKit } from '../lib/twin';
import { Account, Store, systemRandom } from '../lib/twin/account';
import { systemClock } from '../lib/twin/clock';
import { StateFolder } from '../lib/twin/pki/state-folder';
import { SqliteStorage } from '../lib/twin/storage';
import { cpuMilliseconds } from './node-process';
import { count, median, ratio } from './report';
import type { Bench } from './report';

const PAYLOAD = Buffer.alloc(100, 'x');
const THINGS = { quick: 1000, full: 10_000 };
const MESSAGES = { quick: 2000, full: 20_000 };
const ROUNDS = { quick: 1, full: 5 };
const MUST_KEEP = 0.2;

/** Messages that a publisher has under way at once. */
const AT_ONCE = [1, 20, 100];

const POLICY = { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: 'iot:*', Resource: '*' }] };
const DEVICES = ['subscriber', 'publisher'];
const TEMPLATE: object = { Resources: Object.fromEntries(DEVICES.flatMap((thing): [string, object][] => [
  [thing, { Type: 'AWS::IoT::Thing', Properties: { ThingName: thing } }],
  [`${thing}Certificate`, { Type: 'AWS::IoT::Certificate', Properties: { Status: 'ACTIVE', CertificateSigningRequest: 'csr' } }],
  [`${thing}Policy`, { Type: 'AWS::IoT::Policy', Properties: { PolicyName: thing, PolicyDocument: POLICY } }],
  [`${thing}Allowed`, { Type: 'AWS::IoT::PolicyPrincipalAttachment', Properties: { PolicyName: { Ref: `${thing}Policy` }, Principal: { 'Fn::GetAtt': [`${thing}Certificate`, 'Arn'] } } }],
  [`${thing}Named`, { Type: 'AWS::IoT::ThingPrincipalAttachment', Properties: { ThingName: thing, Principal: { 'Fn::GetAtt': [`${thing}Certificate`, 'Arn'] } } }],
])) };

/** A client that costs next to nothing: it sends bytes, and counts those that come. */
class Wire {
  private constructor(private readonly socket: TLSSocket) {}

  public static async open({ endpoint, mqttPort, clientId, privateKeyPem, certificatePem, rootCaPem }: ConnectionKit): Promise<Wire> {
    const socket = connect({ host: endpoint, port: mqttPort, key: privateKeyPem, cert: certificatePem, ca: rootCaPem });
    await new Promise((resolve) => socket.once('secureConnect', resolve));
    const wire = new Wire(socket);
    await wire.exchange(packet({ cmd: 'connect', clientId, clean: false, keepalive: 60, protocolVersion: 4, protocolId: 'MQTT' }), 4);
    return wire;
  }

  /** Send something, and wait for an answer of so many bytes. */
  public exchange(bytes: Buffer, length: number): Promise<void> {
    return new Promise((resolve) => {
      let left = length;
      const hear = (chunk: Buffer): void => {
        left -= chunk.length;
        if (left <= 0) {
          this.socket.off('data', hear);
          resolve();
        }
      };
      this.socket.on('data', hear);
      this.socket.write(bytes);
    });
  }

  public close(): Promise<void> {
    return new Promise((resolve) => {
      this.socket.once('close', () => resolve());
      this.socket.destroy();
    });
  }
}

function packet(content: Packet): Buffer {
  return generate(content, { protocolVersion: 4 });
}

/** Messages per CPU second, of the twin and of the little that its client does, to a client that is away. */
async function perSecond(assembly: string, stateDirectory: string | undefined, messages: number, atOnce: number): Promise<number> {
  const twin = await startTwin({ assembly, ...stateDirectory !== undefined && { stateDirectory } });
  const subscriber = await Wire.open(await twin.issueKit('subscriber'));
  await subscriber.exchange(packet({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic: 't', qos: 1 }] }), 5);
  await subscriber.close();
  const publisher = await Wire.open(await twin.issueKit('publisher'));
  const publishes = Buffer.concat(Array.from({ length: atOnce }, (_, index) => packet({ cmd: 'publish', topic: 't', payload: PAYLOAD, qos: 1, messageId: index + 1, dup: false, retain: false })));
  const start = process.cpuUsage();
  for (let sent = 0; sent < messages; sent += atOnce) {
    await publisher.exchange(publishes, 4 * atOnce);
  }
  const milliseconds = cpuMilliseconds(start);
  await publisher.close();
  await twin.stop();
  return messages / milliseconds * 1000;
}

/** Milliseconds from nothing to a twin that serves, with so many things from before. */
async function startTime(folder: string, things: number): Promise<number> {
  const assembly = templateIn(folder);
  const stateDirectory = join(folder, `state-${things}`);
  await (await startTwin({ assembly, stateDirectory })).stop();
  const storage = await SqliteStorage.open(StateFolder.create(stateDirectory));
  const account = new Account(new Store(storage), { partition: 'aws', region: 'us-east-1', accountId: '123456789012' }, systemClock, systemRandom);
  for (let i = 0; i < things; i++) {
    account.createThing({ thingName: `thing-${i}`, attributePayload: { attributes: { site: String(i % 10) } } });
  }
  storage.close();
  const start = performance.now();
  const twin = await startTwin({ assembly, stateDirectory });
  const milliseconds = performance.now() - start;
  await twin.stop();
  return milliseconds;
}

function templateIn(folder: string): string {
  const file = join(folder, 'template.json');
  writeFileSync(file, JSON.stringify(TEMPLATE));
  return file;
}

export const stateBench: Bench = {
  name: 'state',
  about: `QoS 1 messages of ${PAYLOAD.length} bytes per CPU second to a client that is away, without and with a state folder`,
  async run({ quick, say }) {
    const size = quick ? 'quick' : 'full';
    const folder = mkdtempSync(join(tmpdir(), 'bench-state-'));
    try {
      const assembly = templateIn(folder);
      const rows: { readonly atOnce: number; readonly memory: number; readonly disk: number }[] = [];
      for (const atOnce of AT_ONCE) {
        say(`${atOnce} at once`);
        const memory: number[] = [];
        const disk: number[] = [];
        for (let round = 0; round < ROUNDS[size]; round++) {
          memory.push(await perSecond(assembly, undefined, MESSAGES[size], atOnce));
          disk.push(await perSecond(assembly, join(folder, `${atOnce}-${round}`), MESSAGES[size], atOnce));
        }
        rows.push({ atOnce, memory: median(memory), disk: median(disk) });
      }
      say(`starts with ${THINGS[size]} things`);
      const [empty, full] = [await startTime(folder, 0), await startTime(folder, THINGS[size])];
      const least = Math.min(...rows.map(({ memory, disk }) => disk / memory));
      return {
        table: {
          head: ['messages under way at once', 'in memory', 'kept', 'ratio'],
          rows: rows.map(({ atOnce, memory, disk }) => [count(atOnce), count(memory), count(disk), ratio(disk / memory)]),
        },
        verdicts: [{ must: `keeping what is acknowledged leaves at least ${ratio(MUST_KEEP)} of the throughput`, holds: least >= MUST_KEEP, measured: ratio(least) }],
        notes: [
          'Every acknowledged message is on disk before its PUBACK leaves. The figures include TLS at both ends, as the client is in the same process.',
          `A twin starts in ${count(empty)} ms with an empty state folder, and in ${count(full)} ms with ${count(THINGS[size])} things from before.`,
        ],
      };
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
};
