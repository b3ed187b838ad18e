import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { hasIotResources } from '../deployment';
import type { Deployment, Knowledge } from '../deployment';
import { Account, Store, systemRandom } from './account';
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
import { RoleSessions } from './iam';
import { Journal } from './journal';
import { startJobs } from './jobs';
import { advertise, claim, issueKit, withdraw } from './kit';
import type { Advertisement, AwsAccess } from './kit';
import { listen } from './listen';
import type { Listening } from './listen';
import { Broker } from './mqtt/broker';
import { BrokerRecords } from './mqtt/broker-records';
import { Outbox } from './mqtt/outbox';
import { objectToTopicName } from './mqtt/topic-syntax';
import type { TwinOptions } from './options';
import { LocalAuthority } from './pki/authority';
import { IssuedCertificates } from './pki/issued-certificates';
import { StateFolder } from './pki/state-folder';
import { BulkRegistration } from './provisioning';
import { readAssembly, scopeOf } from './read-assembly';
import { Registry } from './registry';
import { Keeper, NO_STORAGE, SqliteStorage, unreadable } from './storage';
import type { Twin } from './twin';

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
  const folder = StateFolder.create(options.stateDirectory ?? temporary!, typeof options.assembly === 'string' ? options.assembly : undefined);
  // Whether what was there before is being read, which may be anything if its file is damaged.
  let isReading = false;
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
    const journal = new Journal(clock);
    const storage = temporary === undefined ? await SqliteStorage.open(folder, () => keeper.soon()) : NO_STORAGE;
    const keeper: Keeper = new Keeper(storage, clock, journal);
    undo.push(() => keeper.stop());
    isReading = storage !== NO_STORAGE;
    const store = new Store(storage);
    const authority = await LocalAuthority.open(folder, now);
    const account = new Account(store, scope, clock, systemRandom);
    const registry = new Registry(account);
    const guard = new Guard(journal);
    const broker = new Broker(clock, journal, storage === NO_STORAGE ? undefined : new BrokerRecords(storage));

    const jobs = startJobs({ account, broker, clock, journal, storage, readObject: (bucket, key) => aws.readObject(bucket, key), presign: (...asked) => aws.presign(...asked) });
    undo.push(() => jobs.stop());

    const endpoint = endpointOf(host);
    const ports = { mqttPort: 0, httpsPort: 0 };
    const controlPlane: ControlPlane = new ControlPlane({
      account,
      authority,
      clock,
      endpoints: () => ({ data: `${inUrl(endpoint)}:${ports.httpsPort}`, credentialProvider: `${inUrl(endpoint)}:${ports.httpsPort}` }),
      operations: jobs.operations,
      registerThing: (input) => services.provisioner.registerThing(input),
      runTask: (taskId) => void bulk.run(taskId),
      testInvokeAuthorizer: (input) => front.testInvokeAuthorizer(input),
    });
    const aws = await LocalAws.start({
      scope, folder, storage, isKept: keeper.isKept, clock, services: [controlPlane, dataService('iotdata', () => front), dataService('iot-jobs-data', () => front)], deployment: first, ...(options.runFunctions === undefined ? {} : { runFunctions: options.runFunctions }), log: (source, line) => journal.note({}, 'log', `${source}: ${line}`), onRefused: (session, reason) => journal.note({ principal: RoleSessions.nameOf(session) }, 'refused', `IAM: ${reason}`),
    });
    undo.push(() => aws.stop());
    const services = startDeviceServices({
      account, authority, broker, clock, functions: aws.functions, guard, jobs, journal, registry, storage, enforceShadowRate: options.enforceShadowRate, issueCredentials: (expiration, session) => aws.keys.issue(expiration, session),
      standIns: aws,
    });
    isReading = false;
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
      around: { broker, guard, journal, clock, newClientId: randomUUID, outbox: new Outbox(clock, keeper.isKept), service: services.service, watcher: services.watcher },
      admission,
      registry,
      functions: aws.functions,
      keys: aws.keys,
      deployment: first,
      credentials: services.credentials,
      routes: [...services.routes, ...jobs.routes],
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
    const consolePort = await listenOn(createConsoleServer({
      account, clock, deliveries: services.deliveries, jobs: jobs.jobs, journal, registry, shadows: services.shadows, warnings: () => warnings,
    }), options.consolePort, '--console-port', LOOPBACK);

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
    storage.commit();

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
      deliveries: services.deliveries,
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
      shadow: (thingName, shadowName) => services.shadows.get(thingName, shadowName),
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
    throw isReading && !(error instanceof TwinError) ? unreadable(folder, error) : error;
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
