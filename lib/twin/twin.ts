import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { hasIotResources } from '../deployment';
import type { Deployment, Knowledge } from '../deployment';
import { Account, Store, systemRandom } from './account';
import type { CertificateStatus } from './account/records';
import type { Credentials, TokenOptions } from './aws';
import { servedOutputs } from './aws/api-gateway/served-outputs';
import { LOOPBACK, certifiedAddresses, endpointOf, inUrl } from './addresses';
import { Admission } from './admission';
import { systemClock } from './clock';
import { LocalAws, changesBetween } from './cloudformation';
import type { Deployed } from './cloudformation';
import { createConsoleServer } from './console/server';
import { ControlPlane } from './control-plane';
import { deploy, issueDeclared } from './deploy';
import { startDeviceServices } from './device-services';
import { TwinError } from './errors';
import { Front, dataService } from './front';
import { Guard } from './guard';
import { Journal } from './journal';
import { advertise, claim, issueKit, withdraw } from './kit';
import type { Advertisement, AwsAccess, ConnectionKit } from './kit';
import { listen } from './listen';
import type { Listening } from './listen';
import { Broker } from './mqtt/broker';
import { Outbox } from './mqtt/connection';
import { objectToTopicName } from './mqtt/topic-syntax';
import type { OidcIssuer, OidcIssuerOptions } from './issuer';
import type { TwinOptions } from './options';
import { LocalAuthority } from './pki/authority';
import { IssuedCertificates } from './pki/issued-certificates';
import { StateFolder } from './pki/state-folder';
import { BulkRegistration } from './provisioning';
import { readAssembly, scopeOf } from './read-assembly';
import { Registry } from './registry';

/** Where clients reach a running twin. */
export interface Endpoints {
  readonly mqtt: string;
  readonly https: string;
  readonly console: string;

  /** The file of the certificate that clients trust. */
  readonly rootCa: string;
}

/** What came of reading the assembly again. */
export interface Reloaded {
  /** What has changed, a line each. */
  readonly changes: readonly string[];

  /** As `warnings` of the twin, from now on. */
  readonly warnings: readonly string[];
}

/** Options for assuming a role. */
export interface AssumeRoleOptions {
  /** @default 'test' */
  readonly sessionName?: string;

  /** @default - no tags */
  readonly tags?: Readonly<Record<string, string>>;
}

/** A running local AWS IoT Core. */
export interface Twin {
  readonly endpoints: Endpoints;
  readonly mqttPort: number;
  readonly httpsPort: number;
  readonly deployment: Deployment;

  /** The outputs of the deployment's stacks, with the URLs of HTTP APIs as they are served here. */
  readonly outputs: Deployment['outputs'];

  /** For clients of the AWS SDK: AWS IoT, and stand-ins for the services that Lambda functions of the assembly call. */
  readonly aws: AwsAccess;

  /** What the deployment says that the twin could not follow. */
  readonly warnings: readonly string[];

  /** Every decision and refusal, as it happens. */
  readonly journal: Journal;

  /**
   * A key and certificate with which a client connects as a thing of the deployment, or, without a thing, with a certificate
   * that is attached to none, such as a claim.
   */
  issueKit(thingName: string | undefined, certificateLogicalId?: string): Promise<ConnectionKit>;

  /**
   * Set the status of a certificate, by its id or its logical id in the template, or of all certificates of a thing, by
   * its name. One that is no longer ACTIVE loses its connections at once; on AWS that takes minutes.
   */
  updateCertificateStatus(certificateOrThing: string, status: CertificateStatus): void;

  /**
   * Credentials of a role of the deployment, by its ARN, name or logical id, for an hour. Tags are those of the session, for
   * `aws:PrincipalTag/NAME` in its policies.
   *
   * @throws TwinError for a role that is not there.
   */
  assumeRole(role: string, options?: AssumeRoleOptions): Credentials;

  /**
   * A token of a user pool of the deployment, signed as those of users who sign in are.
   *
   * @throws TwinError for a user pool or app client that is not there, or where there are several to choose from.
   */
  issueToken(options: TokenOptions): Promise<string>;

  /** An issuer of OpenID Connect for tests, with whatever `iss` a provider or an authorizer is to believe. */
  openIssuer(options: OidcIssuerOptions): OidcIssuer;

  /** Publish from the cloud's side, as an administrator would; who receives it is still for the policies to decide. */
  publish(topic: string, payload: string | Buffer): void;

  /**
   * Read the assembly again and follow what has changed in it, with the handlers of its custom resources. Connections stay.
   *
   * @throws TwinError or DeploymentError in one line when it cannot be served; what was served goes on then.
   */
  reload(): Promise<Reloaded>;

  /** Close every connection and port. */
  stop(): Promise<void>;
}

/**
 * Start a local AWS IoT Core that serves what a cloud assembly or template declares. It is a development and test tool.
 *
 * @throws TwinError or DeploymentError in one line, when the deployment cannot be served, a port is taken or the state folder
 * cannot be written to; nothing is left running then.
 */
export async function startTwin(options: TwinOptions): Promise<Twin> {
  const clock = options.clock ?? systemClock;
  const now = (): number => clock.now();
  const host = options.host ?? LOOPBACK;
  const read = (knowledge: Knowledge = {}): Deployment => (
    typeof options.assembly === 'string' ? readAssembly(options.assembly, options, knowledge) : options.assembly
  );
  const first = read();
  if (!hasIotResources(first)) {
    throw new TwinError(`${typeof options.assembly === 'string' ? options.assembly : 'the deployment'}: declares no AWS IoT things, certificates or policies; nothing could connect`);
  }
  const scope = scopeOf(first);
  const temporary = options.stateDirectory === undefined ? mkdtempSync(join(tmpdir(), 'iot-warden-')) : undefined;
  const folder = StateFolder.create(options.stateDirectory ?? temporary!);
  // What to undo when the twin stops, the last first.
  const undo: (() => void | Promise<void>)[] = [];
  const close = async (): Promise<void> => {
    for (const step of undo.splice(0).reverse()) {
      await step();
    }
  };
  try {
    if (temporary !== undefined) {
      undo.push(() => rmSync(temporary, { recursive: true, force: true }));
    }
    undo.push(claim(folder));
    const store = Store.open(folder);
    undo.push(() => store.close());
    const authority = await LocalAuthority.open(folder, now);
    const account = new Account(store, scope, clock, systemRandom);
    const registry = new Registry(account);
    const journal = new Journal(clock);
    const guard = new Guard(journal);
    const broker = new Broker(clock, journal);

    const endpoint = endpointOf(host);
    const ports = { mqttPort: 0, httpsPort: 0 };
    const controlPlane: ControlPlane = new ControlPlane({
      account,
      authority,
      clock,
      endpoints: () => ({ data: `${inUrl(endpoint)}:${ports.httpsPort}`, credentialProvider: `${inUrl(endpoint)}:${ports.httpsPort}` }),
      registerThing: (input) => services.provisioner.registerThing(input),
      runTask: (taskId) => void bulk.run(taskId),
      testInvokeAuthorizer: (input) => front.testInvokeAuthorizer(input),
    });
    const aws = await LocalAws.start({
      scope, folder, clock, services: [controlPlane, dataService(() => front)], deployment: first, ...(options.runFunctions === undefined ? {} : { runFunctions: options.runFunctions }), log: (source, line) => journal.note({}, 'log', `${source}: ${line}`),
    });
    undo.push(() => aws.stop());
    const services = startDeviceServices({
      account, authority, broker, clock, functions: aws.functions, guard, journal, registry, issueCredentials: (expiration, session) => aws.keys.issue(expiration, session),
    });
    undo.push(() => services.stop());
    const bulk = new BulkRegistration({
      account,
      provisioner: services.provisioner,
      journal,
      files: {
        read: (bucket, key) => Promise.resolve().then(() => aws.readObject(bucket, key)),
        writeReport: (taskId, type, part, content) => Promise.resolve().then(() => pathToFileURL(folder.write(['reports', `${taskId}-${type}-${part}.json`], content)).href),
      },
      pause: () => new Promise((resolve) => clock.soon(() => resolve())),
    });

    const admission = new Admission(registry, new IssuedCertificates(folder), journal, clock, services.justInTime);
    const certificate = await authority.serverCertificate(certifiedAddresses(host));
    const front: Front = new Front({
      around: { broker, guard, journal, clock, newClientId: randomUUID, outbox: new Outbox(clock), service: services.service, watcher: services.watcher },
      admission,
      registry,
      functions: aws.functions,
      keys: aws.keys,
      deployment: first,
      credentials: services.credentials,
      certificate,
      certificateFor: (serverName) => authority.serverCertificate([serverName]),
      newId: randomUUID,
      defaultAuthorizer: () => account.defaultAuthorizer,
      endpointTlsPolicy: () => account.endpointTlsPolicy,
      policiesOfIdentity: (identityId) => account.policiesOfIdentity(identityId),
    });
    registry.onCut((id, reason) => front.mqtt.cut(id, reason));
    const open: Listening[] = [];
    undo.push(async () => void await Promise.all(open.map((listening) => listening.close())));
    const listenOn = async (server: Parameters<typeof listen>[0], port: number | undefined, option: string, address = host): Promise<number> => {
      const listening = await listen(server, port ?? 0, address, option);
      open.push(listening);
      return listening.port;
    };
    ports.mqttPort = await listenOn(front.server('mqtt'), options.port, '--port');
    ports.httpsPort = await listenOn(front.server('https'), options.httpsPort, '--https-port');
    let warnings: readonly string[] = [];
    // The console asks nobody who they are.
    const consolePort = await listenOn(createConsoleServer(account, registry, journal, () => warnings), options.consolePort, '--console-port', LOOPBACK);

    const deployAll = async (): Promise<Deployed> => {
      const deployed = await aws.deploy({
        read,
        deploy: async (current, options) => {
          warnings = [...deploy(current, account, now(), await issueDeclared(current, authority, store), options), ...services.follow(current), ...await front.follow(current)];
        },
      });
      warnings = [...warnings, ...deployed.problems];
      return deployed;
    };
    // Handlers of custom resources need all of the above.
    let { deployment } = await deployAll();

    const { accessKeyId, secretAccessKey } = aws.keys.issue();
    const access: AwsAccess = { endpointUrl: aws.endpoint, accessKeyId, secretAccessKey, region: scope.region };
    const advertisement = (): Advertisement => ({ pid: process.pid, endpoint, ...ports, ...advertised(account, registry), aws: access });
    advertise(folder, advertisement());
    let stopped: Promise<void> | undefined;
    return {
      endpoints: {
        mqtt: `mqtts://${inUrl(endpoint)}:${ports.mqttPort}`,
        https: `https://${inUrl(endpoint)}:${ports.httpsPort}`,
        console: `http://localhost:${consolePort}`,
        rootCa: authority.rootCaPath,
      },
      ...ports,
      get deployment() {
        return deployment;
      },
      get outputs() {
        return servedOutputs(deployment, aws.endpoint);
      },
      aws: access,
      get warnings() {
        return warnings;
      },
      journal,
      issueKit: (thingName, logicalId) => issueKit(folder, advertisement(), thingName, now, logicalId),
      updateCertificateStatus: (wanted, status) => {
        // One issued here is registered when it is first seen.
        const known = admission.find(wanted);
        const ids = known !== undefined ? [known.id] : [
          ...[...store.all('certificates')].filter(({ logicalId }) => logicalId === wanted), ...account.certificatesOf(wanted),
        ].map(({ certificateId }) => certificateId);
        if (ids.length === 0) {
          throw new TwinError(`'${wanted}' is neither a registered certificate nor a thing that has one`);
        }
        ids.forEach((id) => account.setCertificateStatus(id, status));
      },
      assumeRole: (role, { sessionName = 'test', tags = {} } = {}) => {
        const found = deployment.resources.find(({ type, arn, physicalId, logicalId }) => type === 'AWS::IAM::Role' && [arn, physicalId, logicalId].includes(role));
        if (typeof found?.arn !== 'string') {
          throw new TwinError(`'${role}' is no role of the deployment`);
        }
        return aws.keys.issue(now() + 3_600_000, { kind: 'role', roleArn: found.arn, sessionName, tags });
      },
      issueToken: (options) => aws.apps.userPools.issueToken(options),
      openIssuer: (options) => aws.apps.issuers.open(options),
      publish: (topic, payload) => {
        const objection = objectToTopicName(topic);
        if (objection !== undefined) {
          throw new TwinError(`cannot publish to '${topic}': ${objection}`);
        }
        broker.publish({ topic, payload: Buffer.from(payload), qos: 1, retain: false });
      },
      reload: async () => {
        const before = deployment;
        const { changes, ...deployed } = await deployAll();
        deployment = deployed.deployment;
        advertise(folder, advertisement());
        return { changes: [...changesBetween(before, deployment), ...changes], warnings };
      },
      stop: () => {
        if (stopped === undefined) {
          front.mqtt.shutDown();
          withdraw(folder);
          stopped = close();
        }
        return stopped;
      },
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** What `iot-warden connect` gives kits for. */
function advertised(account: Account, registry: Registry): Pick<Advertisement, 'things' | 'certificates'> {
  const { store } = account;
  const declared = [...store.all('things')].filter(({ logicalId }) => logicalId !== undefined);
  const unattached = [...store.all('certificates')].filter(({ logicalId, things }) => logicalId !== undefined && things.length === 0);
  return {
    things: Object.fromEntries(declared.map(({ thingName }) => [
      thingName, [...new Set(registry.certificatesOf(thingName).flatMap(({ logicalId }) => logicalId ?? []))],
    ])),
    certificates: Object.fromEntries(unattached.map(({ certificateId, logicalId }) => [logicalId!, registry.clientIdOf(certificateId)])),
  };
}
