import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readDeployment } from '../../../lib/deployment';
import { Admission } from '../../../lib/twin/admission';
import type { Account } from '../../../lib/twin/account';
import { AccessKeys } from '../../../lib/twin/aws';
import { systemClock } from '../../../lib/twin/clock';
import { startDeviceServices } from '../../../lib/twin/device-services';
import type { DeviceServices } from '../../../lib/twin/device-services';
import { Guard } from '../../../lib/twin/guard';
import { Front } from '../../../lib/twin/front';
import { DEFAULT_TLS_POLICY } from '../../../lib/twin/front/tls-policies';
import { startJobs } from '../../../lib/twin/jobs';
import type { JobsService } from '../../../lib/twin/jobs';
import { Journal } from '../../../lib/twin/journal';
import type { JournalEntry } from '../../../lib/twin/journal';
import type { ConnectionKit } from '../../../lib/twin/kit';
import { LambdaFunctions, functionsOf } from '../../../lib/twin/lambda';
import { listen } from '../../../lib/twin/listen';
import { Broker } from '../../../lib/twin/mqtt/broker';
import { Outbox } from '../../../lib/twin/mqtt/outbox';
import { LocalAuthority } from '../../../lib/twin/pki/authority';
import { IssuedCertificates } from '../../../lib/twin/pki/issued-certificates';
import { StateFolder } from '../../../lib/twin/pki/state-folder';
import { BulkRegistration } from '../../../lib/twin/provisioning';
import { Registry } from '../../../lib/twin/registry';
import { NO_STORAGE } from '../../../lib/twin/storage';
import { FakeClock } from '../support/fake-clock';
import { Inbox } from '../support/inbox';
import { newAccount } from './account';

export const PREFIX = 'arn:aws:iot:us-east-1:123456789012:';
const SCOPE = { accountId: '123456789012', region: 'us-east-1' };

/** The policy that AWS suggests for a claim, for one template. */
export function claimPolicy(template: string): object[] {
  const topics = ['$aws/certificates/create/*', '$aws/certificates/create-from-csr/*', `$aws/provisioning-templates/${template}/provision/*`];
  return [
    { Effect: 'Allow', Action: 'iot:Connect', Resource: `${PREFIX}client/*` },
    { Effect: 'Allow', Action: ['iot:Publish', 'iot:Receive'], Resource: topics.map((topic) => `${PREFIX}topic/${topic}`) },
    { Effect: 'Allow', Action: 'iot:Subscribe', Resource: topics.map((topic) => `${PREFIX}topicfilter/${topic}`) },
  ];
}

export const DEVICE_POLICY = [{ Effect: 'Allow', Action: 'iot:*', Resource: '*' }];

/** Functions of a template, by their name, as the source of their `handler`. */
export function functionResources(sources: Readonly<Record<string, string>>): object {
  return Object.fromEntries(Object.entries(sources).map(([name, handler]) => [`${name}Function`, {
    Type: 'AWS::Lambda::Function',
    Properties: { FunctionName: name, Runtime: 'nodejs22.x', Handler: 'index.handler', Timeout: 10, Role: 'arn:aws:iam::123456789012:role/r', Code: { ZipFile: `exports.handler = ${handler};` } },
  }]));
}

export function functionArn(name: string): string {
  return `arn:aws:lambda:us-east-1:123456789012:function:${name}`;
}

/** The parts of the twin that devices deal with, on an account that a test looks into, with time that it moves. */
export class DeviceTwin {
  public readonly clock = new FakeClock();
  public readonly account: Account = newAccount(this.clock);
  public readonly keys = new AccessKeys(() => this.clock.now());
  public readonly journal = new Inbox<JournalEntry>();
  public authority!: LocalAuthority;
  public services!: DeviceServices;
  public bulk!: BulkRegistration;
  public broker!: Broker;
  public jobs!: JobsService;

  /** What is in buckets. */
  public readonly objects = new Map<string, Buffer>();
  public mqttPort = 0;
  public httpsPort = 0;
  private readonly folder = mkdtempSync(join(tmpdir(), 'device-twin-'));
  private readonly ends: (() => void | Promise<void>)[] = [];

  private constructor() {}

  /** @param resources of the template, for functions and rules */
  public static async start(resources: object = {}): Promise<DeviceTwin> {
    const twin = new DeviceTwin();
    await twin.listen(resources);
    return twin;
  }

  /** A policy, attached to a new certificate of the twin's authority. */
  public async client(name: string, statements: readonly object[], attach?: { readonly thing: string; readonly exclusive?: boolean }): Promise<ConnectionKit> {
    const pair = await this.authority.deviceCertificate(name);
    const { certificateId } = this.account.addIssuedCertificate({ certificatePem: pair.certificatePem, status: 'ACTIVE' });
    const principal = this.account.arn(`cert/${certificateId}`);
    this.addPolicy(`policy-of-${name}`, statements);
    this.account.attachPolicy({ policyName: `policy-of-${name}`, target: principal });
    if (attach !== undefined) {
      this.account.createThing({ thingName: attach.thing });
      this.account.attachThingPrincipal({ thingName: attach.thing, principal, thingPrincipalType: attach.exclusive === true ? 'EXCLUSIVE_THING' : 'NON_EXCLUSIVE_THING' });
    }
    return this.kit(name, pair);
  }

  public addPolicy(policyName: string, statements: readonly object[]): void {
    this.account.createPolicy({ policyName, policyDocument: JSON.stringify({ Version: '2012-10-17', Statement: statements }) });
  }

  /** What a client needs to connect with a key and certificate. */
  public kit(clientId: string, pair: Pick<ConnectionKit, 'certificatePem' | 'privateKeyPem'>): ConnectionKit {
    return {
      thingName: clientId, clientId, endpoint: 'localhost', mqttPort: this.mqttPort, httpsPort: this.httpsPort,
      certificatePem: pair.certificatePem, privateKeyPem: pair.privateKeyPem, rootCaPem: this.authority.rootCaPem,
    };
  }

  public async stop(): Promise<void> {
    for (const end of this.ends.splice(0).reverse()) {
      await end();
    }
  }

  private readObject(bucket: string, key: string): Buffer {
    const object = this.objects.get(`${bucket}/${key}`);
    if (object === undefined) {
      throw new Error(`the bucket ${bucket} has no object ${key}`);
    }
    return object;
  }

  private async listen(resources: object): Promise<void> {
    const { account, clock } = this;
    const folder = StateFolder.create(join(this.folder, 'state'));
    this.ends.push(() => rmSync(this.folder, { recursive: true, force: true }));
    const template = join(this.folder, 'template.json');
    writeFileSync(template, JSON.stringify({ Resources: resources }));
    const deployment = readDeployment(template, SCOPE);
    // Functions run in processes, which know no other time than that of this computer.
    const access = { endpoint: 'http://127.0.0.1:9', region: SCOPE.region, credentials: this.keys.issue() };
    const functions = new LambdaFunctions({ access: () => access, folder, clock: systemClock, project: process.cwd(), log: () => undefined });
    functions.replace(functionsOf(deployment));
    this.ends.push(() => functions.stop());
    this.authority = await LocalAuthority.open(folder, () => clock.now());
    const journal = new Journal(clock);
    journal.listen((entry) => this.journal.push(entry), { allowed: false });
    const guard = new Guard(journal);
    const registry = new Registry(account);
    this.broker = new Broker(clock, journal);
    this.jobs = startJobs({ account, broker: this.broker, clock, journal, storage: NO_STORAGE, readObject: (bucket, key) => this.readObject(bucket, key), presign: () => 'http://127.0.0.1/unsigned' });
    this.ends.push(() => this.jobs.stop());
    this.services = startDeviceServices({ account, authority: this.authority, broker: this.broker, clock, functions, guard, jobs: this.jobs, journal, registry, storage: NO_STORAGE, issueCredentials: (expiration, session) => this.keys.issue(expiration, session) });
    this.bulk = new BulkRegistration({
      account,
      provisioner: this.services.provisioner,
      journal,
      pause: () => new Promise((resolve) => clock.soon(resolve)),
      files: {
        read: (bucket, key) => new Promise((resolve) => resolve(this.readObject(bucket, key))),
        writeReport: (taskId, type, part, content) => Promise.resolve(folder.write(`${taskId}-${type}-${part}`, content)),
      },
    });
    this.services.follow(deployment);
    this.ends.push(() => this.services.stop());
    const { service, watcher, justInTime, credentials } = this.services;
    const admission = new Admission(registry, new IssuedCertificates(folder), journal, clock, justInTime);
    const certificate = await this.authority.serverCertificate(['localhost']);
    const front = new Front({
      around: { broker: this.broker, guard, journal, clock, newClientId: randomUUID, outbox: new Outbox(clock), service, watcher },
      admission, registry, functions, keys: this.keys, deployment, credentials, routes: [...this.services.routes, ...this.jobs.routes], certificate, newId: randomUUID,
      certificateFor: (serverName) => this.authority.serverCertificate([serverName]), defaultAuthorizer: () => undefined, endpointTlsPolicy: () => DEFAULT_TLS_POLICY, policiesOfIdentity: () => [],
    });
    registry.onCut((id, reason) => front.mqtt.cut(id, reason));
    for (const port of ['mqtt', 'https'] as const) {
      const listening = await listen(front.server(port), 0, '127.0.0.1', 'port');
      this.ends.push(() => listening.close());
      this[`${port}Port`] = listening.port;
    }
    this.ends.push(() => front.mqtt.shutDown());
  }
}
