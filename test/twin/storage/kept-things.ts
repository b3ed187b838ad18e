import {
  CreateCertificateFromCsrCommand, CreateJobCommand, DescribeJobCommand, DescribeJobExecutionCommand, DescribeThingCommand, ListCertificatesCommand, ListJobsCommand, ListTagsForResourceCommand, UpdateThingCommand,
} from '@aws-sdk/client-iot';
import type { IoTClient } from '@aws-sdk/client-iot';
import type { IClientOptions, Packet } from 'mqtt';
import type { MqttJs } from '../support/mqttjs';
import { within } from '../support/within';

/** A twin that will be killed, as its clients see it. */
export interface MortalTwin {
  readonly iot: IoTClient;

  /** Whether it was killed. */
  readonly isDying: boolean;

  /** Resolves when it is gone. */
  readonly gone: Promise<void>;
  connect(thing: string, options?: IClientOptions): Promise<MqttJs>;
}

/** Something that the twin acknowledges, and then may never lose. */
export interface KeptThing<Fact = unknown> {
  readonly name: string;

  /** Make facts until the twin is gone; each is told once the twin has acknowledged it. */
  load(twin: MortalTwin, told: (fact: Fact) => void): Promise<void>;

  /** Fail unless a twin that was started again knows every fact. */
  check(twin: MortalTwin, facts: readonly Fact[]): Promise<void>;
}

/** Messages that a publisher has under way at once. */
const AT_ONCE = 20;

/** Publish one message after the other with several under way, until the twin is gone. */
async function publishOn(twin: MortalTwin, thing: string, next: () => { readonly topic: string; readonly payload: string; readonly retain: boolean; readonly acknowledged: () => void }): Promise<void> {
  const device = await twin.connect(thing);
  const { client } = device;
  const publish = (): void => {
    const { topic, payload, retain, acknowledged } = next();
    client.publish(topic, payload, { qos: 1, retain }, (error) => {
      if (!error) {
        acknowledged();
        publish();
      }
    });
  };
  Array.from({ length: AT_ONCE }).forEach(publish);
  await twin.gone;
  client.end(true);
}

interface Version {
  readonly name: string;
  readonly version: number;
}

/** The highest version of each name. */
function highest(versions: readonly Version[]): ReadonlyMap<string, number> {
  const found = new Map<string, number>();
  versions.forEach(({ name, version }) => found.set(name, Math.max(version, found.get(name) ?? 0)));
  return found;
}

/** Retained messages, each topic with ever newer ones. */
function retainedMessages(): KeptThing<Version> {
  const topics = Array.from({ length: 8 }, (_, index) => `retained/${index}`);
  let version = 0;
  return {
    name: 'retained messages',
    load: (twin, told) => publishOn(twin, 'retainer', () => {
      version += 1;
      const fact = { name: topics[version % topics.length]!, version };
      return { topic: fact.name, payload: String(fact.version), retain: true, acknowledged: () => told(fact) };
    }),
    check: async (twin, facts) => {
      const reader = await twin.connect('reader');
      await reader.subscribe(topics);
      for (const [topic, acknowledged] of highest(facts)) {
        const found = Number(await reader.payload(topic));
        expect(found).toBeGreaterThanOrEqual(acknowledged);
        expect(found).toBeLessThanOrEqual(version);
      }
      await reader.end();
    },
  };
}

/** QoS 1 messages for a session whose client is away while they come, or is there and is cut off with the twin. */
function queuedMessages(name: string, subscriber: string, stays: boolean, options: IClientOptions): KeptThing<number> {
  const topic = `queue/${subscriber}`;
  const received = new Set<number>();
  const firsts: number[] = [];
  let published = 0;
  let known = false;
  const take = (payload: Buffer): void => {
    const number = Number(payload.toString());
    if (!received.has(number)) {
      firsts.push(number);
    }
    received.add(number);
  };
  const come = async (twin: MortalTwin): Promise<MqttJs> => {
    const device = await twin.connect(subscriber, { ...options, clean: false });
    expect(device.connack?.sessionPresent).toBe(known);
    if (!known) {
      await device.subscribe(topic);
      known = true;
    }
    return device;
  };
  return {
    name,
    load: async (twin, told) => {
      const device = stays ? await come(twin) : undefined;
      if (device !== undefined) {
        // A client that takes its time: what it has not come to when the twin dies, it never saw, and did not acknowledge.
        device.client.handleMessage = ({ payload }, done) => void setImmediate(() => {
          if (!twin.isDying) {
            take(payload as Buffer);
            done();
          }
        });
      }
      await publishOn(twin, `publisher-${subscriber}`, () => {
        const number = published++;
        return { topic, payload: String(number), retain: false, acknowledged: () => told(number) };
      });
      device?.client.end(true);
    },
    check: async (twin, facts) => {
      const device = await come(twin);
      while (facts.some((number) => !received.has(number))) {
        take((await device.message(topic)).payload as Buffer);
      }
      await device.vanish();
      // What was never acknowledged may be missing; what is there came in order.
      expect(firsts).toEqual([...firsts].sort((one, other) => one - other));
    },
  };
}

/** Certificates that the control plane issued. */
function certificates(certificateSigningRequest: string): KeptThing<string> {
  return {
    name: 'certificates',
    load: (twin, told) => untilGone(twin, async () => {
      const { certificateId } = await twin.iot.send(new CreateCertificateFromCsrCommand({ certificateSigningRequest, setAsActive: true }));
      told(certificateId!);
    }),
    check: async ({ iot }, facts) => {
      const active = new Set<string>();
      let marker: string | undefined;
      do {
        const page = await iot.send(new ListCertificatesCommand({ pageSize: 250, ...marker !== undefined && { marker } }));
        page.certificates!.filter(({ status }) => status === 'ACTIVE').forEach(({ certificateId }) => active.add(certificateId!));
        marker = page.nextMarker;
      } while (marker !== undefined);
      expect(facts.filter((id) => !active.has(id))).toEqual([]);
    },
  };
}

/** The version of a thing, which each update raises. */
function thingVersions(thingName: string): KeptThing<{ readonly version: number; readonly attribute: string }> {
  return {
    name: 'versions of a thing',
    load: (twin, told) => untilGone(twin, async () => {
      const { version } = await twin.iot.send(new DescribeThingCommand({ thingName }));
      const attribute = String(version);
      await twin.iot.send(new UpdateThingCommand({ thingName, attributePayload: { attributes: { attribute } } }));
      told({ version: version! + 1, attribute });
    }),
    check: async ({ iot }, facts) => {
      const { version, attributes } = await iot.send(new DescribeThingCommand({ thingName }));
      const last = facts.at(-1);
      expect(version).toBeGreaterThanOrEqual(last?.version ?? 1);
      // The one that nobody was told of may be there too.
      expect(version).toBeLessThanOrEqual((last?.version ?? 1) + 1);
      expect(Number(attributes?.attribute ?? 0)).toBe(version! - 1);
    },
  };
}

/** Ask on a topic, and wait for what it is answered; fails when the twin is gone. */
async function ask(twin: MortalTwin, { client }: MqttJs, topic: string, request: object): Promise<Readonly<Record<string, unknown>>> {
  const answered = new Promise<string>((resolve) => {
    const listen = (packet: Packet): void => {
      if (packet.cmd === 'publish' && packet.topic === `${topic}/accepted`) {
        client.off('packetreceive', listen);
        resolve(packet.payload.toString());
      }
    };
    client.on('packetreceive', listen);
  });
  const gone = twin.gone.then((): never => {
    throw new Error('the twin is gone');
  });
  client.publish(topic, JSON.stringify(request), { qos: 1 }, () => undefined);
  return JSON.parse(await within(`${topic}/accepted`, Promise.race([answered, gone]))) as Readonly<Record<string, unknown>>;
}

interface Document {
  readonly version: number;

  /** Undefined once it is deleted. */
  readonly value: number | undefined;
}

/** A shadow that is updated over and over, and deleted now and then: its version goes on. */
function shadowVersions(thingName: string): KeptThing<Document> {
  const topic = `$aws/things/${thingName}/shadow/name/kept`;
  let asked = 0;
  return {
    name: 'a shadow',
    load: async (twin, told) => {
      const device = await twin.connect(thingName);
      await device.subscribe([`${topic}/update/accepted`, `${topic}/delete/accepted`]);
      await untilGone(twin, async () => {
        const value = asked++;
        const isDeleted = value % 10 === 9;
        const answer = await (isDeleted ? ask(twin, device, `${topic}/delete`, {}) : ask(twin, device, `${topic}/update`, { state: { reported: { value } } }));
        told({ version: answer.version as number, value: isDeleted ? undefined : value });
      });
      device.client.end(true);
    },
    check: async (twin, facts) => {
      const last = facts.at(-1);
      if (last === undefined) {
        return;
      }
      const device = await twin.connect(thingName);
      await device.subscribe([`${topic}/get/accepted`, `${topic}/get/rejected`, `${topic}/update/accepted`]);
      device.send(`${topic}/get`, '');
      const found = JSON.parse(await device.payload()) as { readonly version?: number; readonly code?: number; readonly state?: { readonly reported: { readonly value: number } } };
      // The one that nobody was told of may be there too.
      if (found.version === last.version) {
        expect(found.state?.reported.value).toBe(last.value);
      } else if (found.version !== undefined) {
        expect(found.version).toBe(last.version + 1);
      } else {
        expect([found.code, last.value === undefined || asked % 10 === 0]).toEqual([404, true]);
      }
      const { version } = await ask(twin, device, `${topic}/update`, { state: { reported: { value: -1 } } });
      expect(version).toBeGreaterThan(last.version);
      await device.end();
    },
  };
}

const JOB_STATES = ['QUEUED', 'IN_PROGRESS', 'SUCCEEDED'];

interface Execution {
  readonly jobId: string;
  readonly status: string;
  readonly versionNumber: number;
}

/** Jobs that an operator creates and a device does. */
function jobs(thingName: string): KeptThing<Execution> {
  const topic = `$aws/things/${thingName}/jobs`;
  let created = 0;
  return {
    name: 'jobs',
    load: async (twin, told) => {
      const device = await twin.connect(thingName);
      await untilGone(twin, async () => {
        const jobId = `job-${created++}`;
        const { thingArn } = await twin.iot.send(new DescribeThingCommand({ thingName }));
        await twin.iot.send(new CreateJobCommand({ jobId, targets: [thingArn!], document: '{"operation":"reboot"}' }));
        told({ jobId, status: 'QUEUED', versionNumber: 1 });
        // Those that were left when the twin was killed come first.
        const { execution } = await ask(twin, device, `${topic}/start-next`, {}) as { readonly execution: Execution };
        told({ jobId: execution.jobId, status: 'IN_PROGRESS', versionNumber: execution.versionNumber });
        const { executionState } = await ask(twin, device, `${topic}/${execution.jobId}/update`, { status: 'SUCCEEDED', expectedVersion: execution.versionNumber, includeJobExecutionState: true }) as { readonly executionState: Execution };
        told({ ...executionState, jobId: execution.jobId });
      });
      device.client.end(true);
    },
    check: async ({ iot }, facts) => {
      for (const fact of new Map(facts.map((fact) => [fact.jobId, fact])).values()) {
        const { execution } = await iot.send(new DescribeJobExecutionCommand({ jobId: fact.jobId, thingName }));
        expect(execution!.versionNumber).toBeGreaterThanOrEqual(fact.versionNumber);
        expect(JOB_STATES.indexOf(execution!.status!)).toBeGreaterThanOrEqual(JOB_STATES.indexOf(fact.status));
      }
    },
  };
}

interface Planned {
  readonly jobId: string;
  readonly startTime: string;
}

/** Jobs that are to start another day, with their tags, and one that has yet to reach the second of its things. */
function plannedJobs(thingNames: readonly string[]): KeptThing<Planned> {
  const startTime = new Date(Date.now() + 24 * 3600 * 1000).toISOString();
  let created = 0;
  let targets: string[] | undefined;
  let rollout: string | undefined;
  const job = { document: '{"operation":"reboot"}', tags: [{ Key: 'kept', Value: 'yes' }] };
  return {
    name: 'jobs that wait',
    load: (twin, told) => untilGone(twin, async () => {
      targets ??= await Promise.all(thingNames.map(async (thingName) => (await twin.iot.send(new DescribeThingCommand({ thingName }))).thingArn!));
      if (rollout === undefined) {
        // Another one if nobody was told of it.
        const jobId = `rollout-${created++}`;
        await twin.iot.send(new CreateJobCommand({ ...job, jobId, targets, jobExecutionsRolloutConfig: { maximumPerMinute: 1 } }));
        rollout = jobId;
      }
      const jobId = `planned-${created++}`;
      await twin.iot.send(new CreateJobCommand({ ...job, jobId, targets, schedulingConfig: { startTime } }));
      told({ jobId, startTime });
    }),
    check: async (twin, facts) => {
      const scheduled = new Set<string>();
      let nextToken: string | undefined;
      do {
        const page = await twin.iot.send(new ListJobsCommand({ status: 'SCHEDULED', maxResults: 250, ...nextToken !== undefined && { nextToken } }));
        page.jobs!.forEach(({ jobId }) => scheduled.add(jobId!));
        nextToken = page.nextToken;
      } while (nextToken !== undefined);
      expect(facts.filter(({ jobId }) => !scheduled.has(jobId))).toEqual([]);
      for (const { jobId } of facts.slice(-1)) {
        const { job: found } = await twin.iot.send(new DescribeJobCommand({ jobId }));
        expect(found).toMatchObject({ status: 'SCHEDULED', schedulingConfig: { startTime } });
        expect((await twin.iot.send(new ListTagsForResourceCommand({ resourceArn: found!.jobArn }))).tags).toEqual(job.tags);
      }
      if (rollout !== undefined) {
        // A minute may have passed.
        const { isConcurrent, jobProcessDetails } = (await twin.iot.send(new DescribeJobCommand({ jobId: rollout }))).job!;
        expect(jobProcessDetails?.numberOfQueuedThings).toBe(isConcurrent === true ? 1 : 2);
      }
    },
  };
}

/** Do something over and over; that it fails is the end of the twin. */
async function untilGone(twin: MortalTwin, act: () => Promise<void>): Promise<void> {
  for (;;) {
    try {
      await act();
    } catch (error) {
      // The connection may break before it is known that the process has ended.
      await within(`the end of the twin, after ${String(error)}`, twin.gone);
      return;
    }
  }
}

/** What the twin must keep; the names of the things that take part are in `THINGS`. */
export function keptThings(csrPem: string): readonly KeptThing[] {
  return [
    retainedMessages(),
    queuedMessages('messages to a client that is away', 'away', false, { protocolVersion: 5, properties: { sessionExpiryInterval: 3600 } }),
    queuedMessages('messages to a client that is there', 'there', true, { protocolVersion: 4 }),
    certificates(csrPem),
    thingVersions('updated'),
    shadowVersions('shadowed'),
    jobs('worker'),
    plannedJobs(['planned-1', 'planned-2']),
  ];
}

export const THINGS = ['retainer', 'reader', 'away', 'publisher-away', 'there', 'publisher-there', 'updated', 'shadowed', 'worker', 'planned-1', 'planned-2'];
