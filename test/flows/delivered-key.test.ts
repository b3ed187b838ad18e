import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { GetParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { CfnOutput, RemovalPolicy, type Stack } from 'aws-cdk-lib';
import * as kms from 'aws-cdk-lib/aws-kms';
import { Channel, DeviceCertificate, DeviceFleet, KeyDelivery } from '../../lib';
import { ExampleTwin } from '../examples/support/example-twin';
import { isLetIn, kitOf, publishes, stackOf } from './flow';

const PARAMETER = '/devices/sensor-2';

/** What the destination of a key holds. */
interface Delivered {
  readonly privateKey: string;
  readonly certificatePem: string;
  readonly certificateId: string;
}

let flow: ExampleTwin;
let secrets: SecretsManagerClient;
let ssm: SSMClient;

function define(stack: Stack, generation = '1'): void {
  const encryptionKey = new kms.Key(stack, 'Key', { removalPolicy: RemovalPolicy.DESTROY });
  const fleet = new DeviceFleet(stack, 'Sensors', { topics: { telemetry: Channel.fromDevice('dt/{thing}') } });
  const [one, two] = fleet.addThings(['sensor-1', 'sensor-2']);
  const first = DeviceCertificate.withDeliveredKey(stack, 'First', {
    delivery: KeyDelivery.toSecret({ encryptionKey }), generation, removalPolicy: RemovalPolicy.DESTROY,
  });
  first.attachThing(one!);
  fleet.policies.forEach((policy) => first.attachPolicy(policy));
  fleet.addCertificate('Second', { thing: two!, delivery: KeyDelivery.toSecureString({ parameterName: PARAMETER, encryptionKey }) });
  new CfnOutput(stack, 'SecretArn', { value: first.keySecret!.secretArn });
  new CfnOutput(stack, 'FirstPem', { value: first.certificatePem });
}

beforeAll(async () => {
  flow = await ExampleTwin.start(stackOf((stack) => define(stack)));
  secrets = new SecretsManagerClient(flow.sdk);
  ssm = new SSMClient(flow.sdk);
  expect(flow.twin.warnings).toEqual([]);
});

afterAll(async () => {
  [secrets, ssm].forEach((client) => client.destroy());
  await flow.stop();
});

async function inSecret(): Promise<Delivered> {
  const { SecretString: text } = await secrets.send(new GetSecretValueCommand({ SecretId: flow.output('SecretArn') }));
  return JSON.parse(text!) as Delivered;
}

test('a device connects with what its secret holds, and its certificate can be read back', async () => {
  const { privateKey, certificatePem } = await inSecret();

  await publishes(kitOf(flow, 'sensor-1', privateKey, certificatePem), 'dt/sensor-1');
  expect(flow.output('FirstPem')).toBe(certificatePem);
});

test('a device connects with what its parameter holds', async () => {
  const { Parameter: parameter } = await ssm.send(new GetParameterCommand({ Name: PARAMETER, WithDecryption: true }));
  expect(parameter!.Type).toBe('SecureString');
  const { privateKey, certificatePem } = JSON.parse(parameter!.Value!) as Delivered;

  await publishes(kitOf(flow, 'sensor-2', privateKey, certificatePem), 'dt/sensor-2');
});

test('another generation makes another key: it gets in, and the one before does not', async () => {
  const before = await inSecret();
  const { warnings } = await flow.redeploy(stackOf((stack) => define(stack, '2')));
  const after = await inSecret();

  expect(warnings).toEqual([]);
  expect(after.certificateId).not.toBe(before.certificateId);
  await publishes(kitOf(flow, 'sensor-1', after.privateKey, after.certificatePem), 'dt/sensor-1');
  expect(await isLetIn(kitOf(flow, 'sensor-1', before.privateKey, before.certificatePem))).toBe(false);
  expect(await flow.certificatesOf('sensor-1')).toMatchObject([{ certificateId: after.certificateId, status: 'ACTIVE' }]);
});
