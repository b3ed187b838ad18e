import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { hasIotResources } from '../deployment';
import type { Deployment } from '../deployment';
import { Account, Store, systemRandom } from './account';
import type { CertificateStatus } from './account/records';
import { Admission } from './admission';
import { systemClock } from './clock';
import type { Clock } from './clock';
import { createConsoleServer } from './console/server';
import { deploy, issueDeclared } from './deploy';
import { TwinError } from './errors';
import { Guard } from './guard';
import { createHttpsServer } from './https-listener';
import { Journal } from './journal';
import { advertise, claim, issueKit, withdraw } from './kit';
import type { Advertisement, ConnectionKit } from './kit';
import { listen } from './listen';
import type { Listening } from './listen';
import { MqttListener } from './mqtt-listener';
import { Broker } from './mqtt/broker';
import { Outbox } from './mqtt/connection';
import { objectToTopicName } from './mqtt/topic-syntax';
import { LocalAuthority } from './pki/authority';
import { IssuedCertificates } from './pki/issued-certificates';
import { StateFolder } from './pki/state-folder';
import { readAssembly, scopeOf } from './read-assembly';
import { Registry } from './registry';

/** How to start the local AWS IoT Core. */
export interface TwinOptions {
  /** A cloud assembly folder or a template file, or a deployment read from one. */
  readonly assembly: string | Deployment;

  /**
   * The address to listen on. Anything but a loopback address lets other computers in.
   *
   * @default '127.0.0.1'
   */
  readonly host?: string;

  /** @default 0 - any free port */
  readonly port?: number;

  /** @default 0 - any free port */
  readonly httpsPort?: number;

  /** @default 0 - any free port */
  readonly consolePort?: number;

  /**
   * The folder that keeps the local certificate authority and the keys of connection kits.
   *
   * @default - a folder that is removed when the twin stops
   */
  readonly stateDirectory?: string;

  /**
   * Values for the parameters of the template.
   *
   * @default - their defaults
   */
  readonly parameters?: { readonly [name: string]: string };

  /**
   * The account of a template that does not say.
   *
   * @default '123456789012'
   */
  readonly accountId?: string;

  /**
   * The Region of a template that does not say.
   *
   * @default 'us-east-1'
   */
  readonly region?: string;

  /** @default - the time of this computer */
  readonly clock?: Clock;
}

/** Where clients reach a running twin. */
export interface Endpoints {
  readonly mqtt: string;
  readonly https: string;
  readonly console: string;

  /** The file of the certificate that clients trust. */
  readonly rootCa: string;
}

/** A running local AWS IoT Core. */
export interface Twin {
  readonly endpoints: Endpoints;
  readonly mqttPort: number;
  readonly httpsPort: number;
  readonly deployment: Deployment;

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

  /** Publish from the cloud's side, as an administrator would; who receives it is still for the policies to decide. */
  publish(topic: string, payload: string | Buffer): void;

  /** Close every connection and port. */
  stop(): Promise<void>;
}

const LOOPBACK = '127.0.0.1';

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
  const deployment = typeof options.assembly === 'string' ? readAssembly(options.assembly, options) : options.assembly;
  if (!hasIotResources(deployment)) {
    throw new TwinError(`${typeof options.assembly === 'string' ? options.assembly : 'the deployment'}: declares no AWS IoT things, certificates or policies; nothing could connect`);
  }
  const scope = scopeOf(deployment);
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
    const warnings = deploy(deployment, account, now(), await issueDeclared(deployment, authority, store));

    const registry = new Registry(account);
    const journal = new Journal(clock);
    const guard = new Guard(journal);
    const broker = new Broker(clock, journal);
    const admission = new Admission(registry, new IssuedCertificates(folder), journal, clock);
    const certificate = await authority.serverCertificate(isWildcard(host) ? ownAddresses() : [host]);
    const mqtt = new MqttListener(certificate, admission, registry, {
      broker, guard, journal, clock, newClientId: randomUUID, outbox: new Outbox(clock),
    });
    registry.onCut((id, reason) => mqtt.cut(id, reason));
    const https = createHttpsServer(certificate, { admission, registry, guard, broker, journal, newTraceId: randomUUID });
    const ports: Listening[] = [];
    undo.push(async () => void await Promise.all(ports.map((listening) => listening.close())));
    const listenOn = async (server: Parameters<typeof listen>[0], port: number | undefined, option: string, address = host): Promise<number> => {
      const listening = await listen(server, port ?? 0, address, option);
      ports.push(listening);
      return listening.port;
    };
    const mqttPort = await listenOn(mqtt.server, options.port, '--port');
    const httpsPort = await listenOn(https, options.httpsPort, '--https-port');
    // The console asks nobody who they are.
    const consolePort = await listenOn(createConsoleServer(account, registry, journal, () => warnings), options.consolePort, '--console-port', LOOPBACK);
    const endpoint = host === LOOPBACK ? 'localhost' : isWildcard(host) ? ownAddresses()[0] ?? 'localhost' : host;
    const urlHost = endpoint.includes(':') ? `[${endpoint}]` : endpoint;
    const advertisement = (): Advertisement => ({ pid: process.pid, endpoint, mqttPort, httpsPort, ...advertised(account, registry) });
    advertise(folder, advertisement());
    let stopped: Promise<void> | undefined;
    return {
      endpoints: {
        mqtt: `mqtts://${urlHost}:${mqttPort}`,
        https: `https://${urlHost}:${httpsPort}`,
        console: `http://localhost:${consolePort}`,
        rootCa: authority.rootCaPath,
      },
      mqttPort,
      httpsPort,
      deployment,
      warnings,
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
      publish: (topic, payload) => {
        const objection = objectToTopicName(topic);
        if (objection !== undefined) {
          throw new TwinError(`cannot publish to '${topic}': ${objection}`);
        }
        broker.publish({ topic, payload: Buffer.from(payload), qos: 1, retain: false });
      },
      stop: () => {
        if (stopped === undefined) {
          mqtt.shutDown();
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

function isWildcard(host: string): boolean {
  return host === '0.0.0.0' || host === '::';
}

/** The addresses at which other computers reach this one. */
function ownAddresses(): readonly string[] {
  return Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? [])
    .filter(({ internal, family }) => !internal && family === 'IPv4').map(({ address }) => address);
}

/** Registered under the name of the thing, or of the certificate, by `iot-warden connect`. */
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
