import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { ACMPCAClient } from '@aws-sdk/client-acm-pca';
import { CognitoIdentityClient } from '@aws-sdk/client-cognito-identity';
import { CognitoIdentityProviderClient } from '@aws-sdk/client-cognito-identity-provider';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { IoTClient } from '@aws-sdk/client-iot';
import { KMSClient } from '@aws-sdk/client-kms';
import { S3Client } from '@aws-sdk/client-s3';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SSMClient } from '@aws-sdk/client-ssm';
import { CLIENT_CONFIG, type System } from '../../../lambda/custom-resource';
import type { Deployment } from '../../../lib/deployment';
import { Account, Store, systemRandom, type Table } from '../../../lib/twin/account';
import { AccessKeys, createAwsEndpoint, standIns, type Credentials, type OpenRoute, type Service } from '../../../lib/twin/aws';
import type { Clock } from '../../../lib/twin/clock';
import { ControlPlane } from '../../../lib/twin/control-plane';
import { functionsOf, type Functions } from '../../../lib/twin/lambda';
import { LocalAuthority } from '../../../lib/twin/pki/authority';
import { StateFolder } from '../../../lib/twin/pki/state-folder';
import { MemoryStorage } from '../../twin/support/memory-storage';
import { NO_ROLES } from '../../twin/support/no-roles';
import { directoryServices } from './directory';
import { HttpFaults } from './http-faults';
import { objectionsTo } from './sdk-models';

export const SCOPE = { accountId: '123456789012', region: 'eu-central-1', partition: 'aws' } as const;

/** A request as a client of the SDK was given it. */
export interface SentRequest {
  readonly service: string;
  readonly operation: string;
  readonly input: Readonly<Record<string, unknown>>;
}

/** Everything that an account holds at some moment. */
export interface Snapshot {
  readonly deployment: Deployment;
  readonly records: ReadonlyMap<Table, ReadonlyMap<string, object>>;
  readonly files: ReadonlyMap<string, Buffer>;
  readonly storage: MemoryStorage;
}

const TABLES: readonly Table[] = [
  'things', 'thingTypes', 'thingGroups', 'billingGroups', 'policies', 'certificates', 'caCertificates', 'provisioningTemplates', 'roleAliases',
  'registrationTasks', 'authorizers', 'ownershipTokens', 'settings', 'identities',
];

/** A registration task takes this long. */
const TASK_MS = 60_000;

const NO_FUNCTIONS: Functions = { invoke: () => Promise.reject(new Error('no function is invoked here')) };

/**
 * An account whose services are reached over HTTP by clients of the AWS SDK. It can be put back to what it was, so that
 * the same thing can go wrong in many ways. Time passes only while handlers sleep.
 */
export class LocalAccount implements System {
  public static async start(openRoutes: readonly OpenRoute[] = []): Promise<LocalAccount> {
    const account = new LocalAccount();
    account.authority = await LocalAuthority.open(StateFolder.create(join(account.directory, 'authority')), () => account.time);
    account.open(new Store(), join(account.directory, 'first'));
    account.server = createAwsEndpoint({
      services: [...account.services.keys()].map((name) => account.faults.in({ name, needs: () => undefined, handle: (request) => account.services.get(name)!.handle(request) })),
      openRoutes,
      keys: account.keys,
      guard: NO_ROLES,
      onFault: (reason) => account.problems.push(reason),
    });
    account.faults.attachTo(account.server);
    await new Promise<void>((listening) => account.server.listen(0, '127.0.0.1', listening));
    account.connect();
    return account;
  }

  public readonly faults = new HttpFaults();
  /** Requests since the last reset. */
  public readonly requests: SentRequest[] = [];
  /** Faults of the twin, and requests that the models of the SDK do not allow. */
  public readonly problems: string[] = [];
  public readonly lines: string[] = [];
  public account!: Account;
  public folder!: StateFolder;
  public deployment!: Deployment;
  public clients!: ReturnType<LocalAccount['createClients']>;
  public readonly clock: Clock;
  public authority!: LocalAuthority;
  private storage = new MemoryStorage();
  private server!: Server;
  private services = new Map<string, Service>();
  private readonly directory = mkdtempSync(join(tmpdir(), 'over-http-'));
  private readonly keys = new AccessKeys(() => 0);
  private readonly credentials: Credentials;
  private time = Date.now();
  private restored = 0;

  private constructor() {
    this.clock = { now: () => this.time, after: () => ({ cancel: () => undefined }), soon: (callback) => void setImmediate(callback) };
    this.credentials = this.keys.issue();
  }

  public get endpoint(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  public now(): number {
    return this.time;
  }

  public async sleep(milliseconds: number): Promise<void> {
    await Promise.resolve();
    this.time += milliseconds;
    for (const { taskId, status, creationDate } of [...this.account.store.all('registrationTasks')]) {
      if (status === 'InProgress' && this.time > creationDate + TASK_MS) {
        this.account.updateRegistrationTask(taskId, { status: 'Completed' });
      }
    }
  }

  public random(): number {
    return 0.5;
  }

  public log(line: string): void {
    this.lines.push(line);
  }

  /** The variables of the function whose construct has this in its path. */
  public environmentOf(path: string): Readonly<Record<string, string>> {
    return functionsOf(this.deployment).find((one) => one.path.includes(path))!.environment;
  }

  public snapshot(): Snapshot {
    return {
      deployment: this.deployment,
      records: new Map(TABLES.map((table) => [table, new Map<string, object>(this.account.store.entries(table))])),
      files: new Map(filesIn(this.folder.path).map((file) => [relative(this.folder.path, file), readFileSync(file)])),
      storage: new MemoryStorage(this.storage),
    };
  }

  public restore({ deployment, records, files, storage }: Snapshot): void {
    this.storage = new MemoryStorage(storage);
    const store = new Store();
    for (const [table, entries] of records) {
      entries.forEach((record, key) => store.put(table, key, record as never));
    }
    rmSync(this.folder.path, { recursive: true });
    const directory = join(this.directory, String(this.restored++));
    this.deployment = deployment;
    this.open(store, directory);
    for (const [file, content] of files) {
      mkdirSync(dirname(join(directory, file)), { recursive: true });
      writeFileSync(join(directory, file), content);
    }
  }

  public stop(): void {
    Object.values(this.clients).forEach((client) => client.destroy());
    this.server.close();
    this.server.closeAllConnections();
    rmSync(this.directory, { recursive: true });
  }

  private open(store: Store, directory: string): void {
    const { authority, clock } = this;
    this.folder = StateFolder.create(directory);
    this.account = new Account(store, SCOPE, clock, systemRandom);
    const controlPlane = new ControlPlane({
      account: this.account,
      authority,
      clock,
      endpoints: () => ({ data: 'localhost:8443', credentialProvider: 'localhost:8443' }),
      registerThing: () => Promise.reject(new Error('nobody registers things here')),
      runTask: () => undefined,
    });
    const around = { deployment: () => this.deployment, scope: SCOPE, folder: this.folder, storage: this.storage, clock, keys: this.keys };
    this.services = new Map([controlPlane, ...directoryServices(this.folder), ...standIns(around, NO_FUNCTIONS, (message) => this.problems.push(message))].map((service) => [service.name, service]));
  }

  private connect(): void {
    this.clients = this.createClients();
    for (const [service, client] of Object.entries(this.clients) as [string, Clients['iot']][]) {
      client.middlewareStack.add((next, { commandName = '' }) => async (args) => {
        this.record(SERVICES[service] ?? service, commandName.replace(/Command$/, ''), args.input as SentRequest['input']);
        return next(args);
      }, { step: 'initialize' });
      ownErrors(client.config.requestHandler);
    }
  }

  private createClients() {
    const config = { ...CLIENT_CONFIG, endpoint: this.endpoint, region: SCOPE.region, credentials: this.credentials };
    return {
      iot: new IoTClient(config),
      ssm: new SSMClient(config),
      secrets: new SecretsManagerClient(config),
      kms: new KMSClient(config),
      privateCa: new ACMPCAClient(config),
      dynamoDb: new DynamoDBClient(config),
      s3: new S3Client(config),
      identities: new CognitoIdentityClient(config),
      users: new CognitoIdentityProviderClient(config),
    };
  }

  private record(service: string, operation: string, input: SentRequest['input']): void {
    this.requests.push({ service, operation, input });
    this.problems.push(...objectionsTo(service, operation, input));
  }
}

/** What services are called where a client has another name. */
const SERVICES: { readonly [client: string]: string } = { secrets: 'secretsmanager', privateCa: 'acm-pca', dynamoDb: 'dynamodb', identities: 'cognito-identity', users: 'cognito-idp' };

/** Errors of Node come from outside the realm of jest, where the SDK would not take them for errors. */
function ownErrors(handler: Clients['iot']['config']['requestHandler']): void {
  const handle = handler.handle.bind(handler);
  handler.handle = async (request, options) => {
    try {
      return await handle(request, options);
    } catch (error) {
      const { name, message, code } = error as Error & { readonly code?: string };
      throw Object.assign(new Error(message), { name, code });
    }
  };
}

type Clients = LocalAccount['clients'];

function filesIn(directory: string): readonly string[] {
  return readdirSync(directory).map((name) => join(directory, name)).flatMap((path) => (statSync(path).isDirectory() ? filesIn(path) : [path]));
}
