import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readDeployment } from '../../../lib/deployment';
import type { Deployment } from '../../../lib/deployment';
import { AccessKeys, appServices, createAwsEndpoint, standIns } from '../../../lib/twin/aws';
import type { AppServices, Session } from '../../../lib/twin/aws';
import { systemClock } from '../../../lib/twin/clock';
import { RolePermissions, ServiceGuard } from '../../../lib/twin/iam';
import type { Functions } from '../../../lib/twin/lambda';
import { StateFolder } from '../../../lib/twin/pki/state-folder';
import { NO_STORAGE, SqliteStorage } from '../../../lib/twin/storage';
import type { Storage } from '../../../lib/twin/storage';

const SCOPE = { accountId: '123456789012', region: 'eu-west-1', partition: 'aws' } as const;
const NO_FUNCTIONS: Functions = { invoke: () => Promise.reject(new Error('no functions here')) };

/** The stand-ins of AWS services over HTTP, for the resources of a template. */
export class EndpointOf {
  public readonly folder = mkdtempSync(join(tmpdir(), 'aws-test-'));
  public readonly faults: string[] = [];

  /** What was refused, and why. */
  public readonly lines: string[] = [];
  private deployment!: Deployment;
  private server: Server = createServer();
  private url = '';
  private storage: Storage = NO_STORAGE;

  /** How far ahead the clock is, in milliseconds. */
  public ahead = 0;
  public apps!: AppServices;
  private keys = new AccessKeys(() => this.now());

  constructor(resources: object, private readonly functions: Functions = NO_FUNCTIONS) {
    this.deploy(resources);
  }

  /** Another template from now on. */
  public deploy(resources: object): void {
    const file = join(this.folder, 'App.json');
    writeFileSync(file, JSON.stringify({ Resources: resources }));
    this.read(file);
  }

  /** A template that is a file already. */
  public read(file: string): void {
    this.deployment = readDeployment(file, SCOPE);
  }

  /** What `Ref` gives for a resource. */
  public ref(logicalId: string): string {
    return this.deployment.resources.find((resource) => resource.logicalId === logicalId)?.physicalId as string;
  }

  /** Start, or start again with nothing but what the state folder remembers. */
  public async start(): Promise<void> {
    this.server.close();
    this.keys = new AccessKeys(() => this.now());
    const clock = { ...systemClock, now: () => this.now() };
    this.storage.close();
    const folder = StateFolder.create(join(this.folder, 'state'));
    this.storage = await SqliteStorage.open(folder);
    const around = { deployment: () => this.deployment, scope: SCOPE, folder, storage: this.storage, clock, keys: this.keys };
    const roles = new RolePermissions(around.deployment);
    this.apps = appServices({ around, functions: this.functions, roles, endpoint: () => this.url, log: (_, line) => this.lines.push(line) });
    this.server = createAwsEndpoint({
      isKept: () => {
        this.storage.commit();
        return true;
      },
      services: [...standIns(around, this.functions, (message) => this.faults.push(message)), ...this.apps.services],
      openRoutes: this.apps.openRoutes,
      keys: this.keys,
      guard: new ServiceGuard({ roles, scope: SCOPE, onRefused: (_, reason) => this.lines.push(reason) }),
      onFault: (reason) => this.faults.push(reason),
    });
    await new Promise<void>((listening) => this.server.listen(0, '127.0.0.1', listening));
    this.url = `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** The configuration of a client that has no credentials. */
  public get unsigned() {
    return { endpoint: this.url, region: SCOPE.region, maxAttempts: 1 };
  }

  /** The configuration of a client in a role. */
  public as(session: Session) {
    return { ...this.config, credentials: this.keys.issue(Infinity, session) };
  }

  /** Whose credentials have an id. */
  public sessionOf(accessKeyId: string): Session | undefined {
    return this.keys.find(accessKeyId)?.session;
  }

  /** What a token says, whoever signed it. */
  public claimsOf(token: string): Record<string, unknown> {
    return JSON.parse(Buffer.from(token.split('.')[1]!, 'base64url').toString()) as Record<string, unknown>;
  }

  /** The configuration of a client. */
  public get config() {
    return { endpoint: this.url, region: SCOPE.region, credentials: this.keys.issue(), maxAttempts: 1 };
  }

  public stop(): void {
    this.server.close();
    this.storage.close();
    rmSync(this.folder, { recursive: true });
  }
  private now(): number {
    return Date.now() + this.ahead;
  }
}
