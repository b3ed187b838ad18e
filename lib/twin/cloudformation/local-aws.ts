import { existsSync, readFileSync } from 'node:fs';
import { resourceKey } from '../../deployment';
import type { Deployment, Resource } from '../../deployment';
import type { AccountScope } from '../../policy';
import { AccessKeys, Presigning, appServices, createAwsEndpoint, readObject, replacedTables, standIns } from '../aws';
import type { AppServices, RoleSession, Service, ServiceRequest, ServiceResponse, Surroundings } from '../aws';
import type { Clock } from '../clock';
import { RolePermissions, ServiceGuard } from '../iam';
import { LambdaFunctions } from '../lambda';
import type { FunctionAccess, FunctionConfig, Functions } from '../lambda';
import { listen } from '../listen';
import type { Listening } from '../listen';
import type { StateFolder } from '../pki/state-folder';
import { NO_STORAGE } from '../storage';
import type { IsKept, Storage } from '../storage';
import { Answers } from './answers';
import { CustomResources } from './custom-resources';
import type { Deployed, Deploying } from './custom-resources';
import { Events } from './events';
import { LastRoles } from './last-roles';
import { CustomResourceRecords } from './records';

/** What the AWS around the twin needs. */
export interface LocalAwsOptions {
  readonly scope: AccountScope;
  readonly folder: StateFolder;

  /** @default - what tables hold is gone with the process */
  readonly storage?: Storage;

  /** Asked before each answer. */
  readonly isKept?: IsKept;
  readonly clock: Clock;

  /** AWS IoT, and what else is served besides the stand-ins. */
  readonly services: readonly Service[];

  /** What is deployed before anything is. */
  readonly deployment: Deployment;

  /** Told what functions print, and what goes wrong where nobody waits for an answer. */
  readonly log: (source: string, line: string) => void;

  /** Told of each call that IAM does not allow a role. */
  readonly onRefused: (session: RoleSession, reason: string) => void;

  /**
   * Whether functions run.
   *
   * @default true
   */
  readonly runFunctions?: boolean;

  /**
   * Where functions find modules that their code does not bring.
   *
   * @default - the folder that this process was started in
   */
  readonly project?: string;
}

/** AWS around AWS IoT, on this computer: an endpoint for its APIs, Lambda functions, and CloudFormation for what has handlers. */
export class LocalAws {
  /** Start the endpoint, on any free port of this computer alone. */
  public static async start(options: LocalAwsOptions): Promise<LocalAws> {
    const aws = new LocalAws(options);
    const { services, log, isKept } = options;
    const server = createAwsEndpoint({
      services: [...services, ...aws.standIns, ...aws.apps.services],
      openRoutes: [aws.answers, ...aws.apps.openRoutes],
      keys: aws.keys,
      guard: new ServiceGuard({ roles: aws.roles, scope: options.scope, onRefused: options.onRefused }),
      onFault: (reason) => log('AWS', reason),
      ...(isKept && { isKept }),
    });
    aws.listening = await listen(server, 0, '127.0.0.1', 'another time');
    return aws;
  }

  public readonly functions: Functions;

  /** Where people sign in, with tokens for tests, and what their apps call. */
  public readonly apps: AppServices;
  private readonly lambda: LambdaFunctions;
  private readonly roles = new RolePermissions(() => this.deployment);
  private readonly standIns: readonly Service[];

  /** The credentials that the endpoint accepts. */
  public readonly keys: AccessKeys;
  private readonly answers = new Answers();
  private readonly presigning: Presigning;
  private readonly around: Surroundings;
  private listening!: Listening;
  private deployment: Deployment;
  private hasDeployed = false;
  private working: Promise<unknown> = Promise.resolve();

  private constructor(private readonly options: LocalAwsOptions) {
    const { clock, folder, storage = NO_STORAGE, scope, log, runFunctions: runs = true, project = process.cwd() } = options;
    this.deployment = options.deployment;
    this.keys = new AccessKeys(() => clock.now());
    this.presigning = new Presigning({ endpoint: () => this.endpoint, region: scope.region, keys: this.keys, clock, now: Date.now });
    this.around = { deployment: () => this.deployment, scope, folder, storage, clock, keys: this.keys };
    const access = ({ name, roleArn = `arn:${scope.partition}:iam::${scope.accountId}:role/not-known` }: FunctionConfig): FunctionAccess => ({
      endpoint: this.endpoint,
      region: scope.region,
      rootCa: trustedBy(folder),
      credentials: this.keys.issue(Infinity, { kind: 'role', roleArn, sessionName: name }),
    });
    this.lambda = new LambdaFunctions({ access, folder, clock, project, runs, log });
    this.functions = this.lambda;
    this.standIns = standIns(this.around, this.functions, (message) => log('AWS Lambda', message));
    this.apps = appServices({ around: this.around, functions: this.functions, roles: this.roles, endpoint: () => this.endpoint, log });
  }

  /** What `AWS_ENDPOINT_URL` is for clients. */
  public get endpoint(): string {
    return `http://127.0.0.1:${this.listening.port}`;
  }

  /** An object in a bucket of the deployment. */
  public readObject(bucket: string, key: string): Buffer {
    return readObject(this.around, bucket, key);
  }

  /** A URL of an object with which anybody who has it does as the session of a role may, for so many seconds. */
  public presign(...[request, session, expiresSec]: Parameters<Presigning['urlOf']>): string {
    return this.presigning.urlOf(request, session, expiresSec);
  }

  /** Call a stand-in from within, for somebody whose permission has been asked. */
  public async call(service: string, { method, path, headers, body }: Pick<ServiceRequest, 'method' | 'path' | 'headers' | 'body'>): Promise<ServiceResponse> {
    return this.standIns.find(({ name }) => name === service)!.handle({ method, path, headers, body, url: path, query: new URLSearchParams() });
  }

  /** Deploy, handlers included; one deployment after the other. */
  public deploy(deploying: Deploying): Promise<Deployed> {
    const run = this.working.then(() => this.deployNow(deploying));
    this.working = run.catch(() => undefined);
    return run;
  }

  public async stop(): Promise<void> {
    this.lambda.stop();
    await this.listening.close();
  }

  private async deployNow({ read, deploy }: Deploying): Promise<Deployed> {
    const { folder, clock } = this.options;
    const roles = new LastRoles(folder);
    const last = this.deployment;
    const before = this.hasDeployed ? last.resources : roles.resources;
    const deployed = await new CustomResources(new Events(this.lambda, this.answers, this.endpoint, clock), new CustomResourceRecords(folder), this.lambda).apply({
      read,
      deploy: async (deployment, options) => {
        this.deployment = options.removes ? deployment : withLeaving(deployment, before);
        await deploy(deployment, options);
      },
    });
    this.hasDeployed = true;
    roles.keep(this.deployment);
    return { ...deployed, problems: [...replacedTables(last, deployed.deployment), ...deployed.problems] };
  }
}

/**
 * A deployment with the resources besides that were there before: handlers that change or leave may still need them, such as
 * a policy that another has replaced.
 */
export function withLeaving(deployment: Deployment, before: readonly Resource[]): Deployment {
  const keys = new Set(deployment.resources.map(keyOf));
  return { ...deployment, resources: [...deployment.resources, ...before.filter((resource) => !keys.has(keyOf(resource)))] };
}

function keyOf({ stack, logicalId }: Resource): string {
  return resourceKey(stack, logicalId);
}

/** What functions trust: the twin's own authority, and what this process was told to, such as that of an issuer of tokens. */
function trustedBy(folder: StateFolder): string {
  const { NODE_EXTRA_CA_CERTS: extra } = process.env;
  const others = extra !== undefined && existsSync(extra) ? readFileSync(extra, 'utf8') : '';
  return folder.write('trusted.pem', `${folder.read('root-ca.pem') ?? ''}\n${others}`);
}
