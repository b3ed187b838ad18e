import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { LocalAuthority } from '../lib/twin/pki/authority';
import type { KeyPair } from '../lib/twin/pki/authority';
import { StateFolder } from '../lib/twin/pki/state-folder';

/** The client that hears all devices and speaks to all of them. */
export const HUB = 'hub';

/** Topics of the fleet; devices have names of one length, so that all packets of a scenario do too. */
export const topics = {
  telemetry: (device: string) => `dt/bench/${device}/telemetry`,
  command: (device: string) => `cmd/bench/${device}/run`,
  alert: 'alerts/bench/fire',
} as const;

export const filters = {
  everyTelemetry: 'dt/bench/+/telemetry',
  commands: (device: string) => `cmd/bench/${device}/+`,
  alerts: 'alerts/bench/+',
} as const;

/** The same fleet for every broker: one PKI, one assembly for the twin, one list of topic rights for the others. */
export interface Fleet {
  readonly devices: readonly string[];

  /** Holds everything below; the twin uses it as its state folder. */
  readonly directory: string;

  /** The folder of its cloud assembly. */
  readonly assembly: string;
  readonly rootCaFile: string;
  readonly serverCertificateFile: string;
  readonly serverKeyFile: string;

  /** JSON, client id to key pair. */
  readonly clientsFile: string;
}

const ARN = (resource: string): string => `arn:aws:iot:us-east-1:123456789012:${resource}`;
const THING = '${iot:Connection.Thing.ThingName}';

/** Devices connect as their thing, tell their own telemetry, and may command each other. */
export const DEVICE_POLICY = {
  Version: '2012-10-17',
  Statement: [
    { Effect: 'Allow', Action: 'iot:Connect', Resource: ARN(`client/${THING}`) },
    { Effect: 'Allow', Action: ['iot:Publish', 'iot:RetainPublish'], Resource: [ARN(`topic/dt/bench/${THING}/*`), ARN('topic/cmd/bench/*')] },
    { Effect: 'Allow', Action: 'iot:Subscribe', Resource: [ARN(`topicfilter/cmd/bench/${THING}/+`), ARN('topicfilter/alerts/bench/+')] },
    { Effect: 'Allow', Action: 'iot:Receive', Resource: [ARN(`topic/cmd/bench/${THING}/*`), ARN('topic/alerts/bench/*')] },
  ],
};

const HUB_POLICY = {
  Version: '2012-10-17',
  Statement: [
    { Effect: 'Allow', Action: 'iot:Connect', Resource: ARN(`client/${THING}`) },
    { Effect: 'Allow', Action: 'iot:Publish', Resource: ARN('topic/alerts/bench/*') },
    { Effect: 'Allow', Action: 'iot:Subscribe', Resource: ARN('topicfilter/dt/bench/+/*') },
    { Effect: 'Allow', Action: 'iot:Receive', Resource: ARN('topic/dt/bench/*') },
  ],
};

/** The same rights as an ACL file of mosquitto, where the user is the common name of the certificate. */
export const MOSQUITTO_ACL = `
pattern write dt/bench/%u/#
pattern write cmd/bench/#
pattern read cmd/bench/%u/#
pattern read alerts/bench/#

user ${HUB}
topic write alerts/bench/#
topic read dt/bench/#
`;

/** Issue certificates and write the files of a fleet. */
export async function createFleet(size: number, directory: string): Promise<Fleet> {
  mkdirSync(directory, { recursive: true });
  const folder = StateFolder.create(directory);
  const authority = await LocalAuthority.open(folder, Date.now);
  const server = await authority.serverCertificate(['127.0.0.1']);
  const devices = Array.from({ length: size }, (_, index) => `device-${String(index).padStart(5, '0')}`);
  const clients: Record<string, KeyPair> = {};
  for (const name of [HUB, ...devices]) {
    clients[name] = await authority.deviceCertificate(name);
  }
  const fleet: Fleet = {
    devices,
    directory,
    assembly: join(directory, 'cdk.out'),
    rootCaFile: join(directory, 'peers-ca.pem'),
    serverCertificateFile: join(directory, 'peers-server.pem'),
    serverKeyFile: join(directory, 'peers-server.key'),
    clientsFile: join(directory, 'clients.json'),
  };
  writeFileSync(fleet.rootCaFile, authority.rootCaPem);
  writeFileSync(fleet.serverCertificateFile, server.certificatePem);
  writeFileSync(fleet.serverKeyFile, server.privateKeyPem, { mode: 0o600 });
  writeFileSync(fleet.clientsFile, JSON.stringify(clients), { mode: 0o600 });
  writeAssembly(fleet.assembly, Object.entries(clients));
  return fleet;
}

/** CloudFormation takes 500 resources a stack, and a device has four. */
const DEVICES_PER_STACK = 100;

type Clients = readonly (readonly [name: string, KeyPair])[];

function writeAssembly(directory: string, clients: Clients): void {
  mkdirSync(directory);
  const templates: Record<string, object> = { 'policies.json': policyResources() };
  for (let at = 0; at < clients.length; at += DEVICES_PER_STACK) {
    templates[`clients-${at}.json`] = clientResources(clients.slice(at, at + DEVICES_PER_STACK));
  }
  const artifacts = Object.keys(templates).map((file) => [file.replace('.json', ''), {
    type: 'aws:cloudformation:stack', environment: 'aws://123456789012/us-east-1', properties: { templateFile: file },
  }]);
  for (const [file, Resources] of Object.entries(templates)) {
    writeFileSync(join(directory, file), JSON.stringify({ Resources }));
  }
  writeFileSync(join(directory, 'manifest.json'), JSON.stringify({ version: '48.0.0', artifacts: Object.fromEntries(artifacts) as object }));
}

function policyResources(): object {
  return {
    DevicePolicy: { Type: 'AWS::IoT::Policy', Properties: { PolicyName: 'device', PolicyDocument: DEVICE_POLICY } },
    HubPolicy: { Type: 'AWS::IoT::Policy', Properties: { PolicyName: 'hub', PolicyDocument: HUB_POLICY } },
  };
}

function clientResources(clients: Clients): object {
  return Object.fromEntries(clients.flatMap(([name, { certificatePem }]) => {
    const id = name.replace('-', '');
    const certificateArn = { 'Fn::GetAtt': [`${id}Certificate`, 'Arn'] };
    return [
      [`${id}Thing`, { Type: 'AWS::IoT::Thing', Properties: { ThingName: name } }],
      [`${id}Certificate`, { Type: 'AWS::IoT::Certificate', Properties: { CertificatePem: certificatePem, CertificateMode: 'SNI_ONLY', Status: 'ACTIVE' } }],
      [`${id}OfThing`, { Type: 'AWS::IoT::ThingPrincipalAttachment', Properties: { ThingName: name, Principal: certificateArn } }],
      [`${id}Rights`, { Type: 'AWS::IoT::PolicyPrincipalAttachment', Properties: { PolicyName: name === HUB ? 'hub' : 'device', Principal: certificateArn } }],
    ];
  })) as object;
}
