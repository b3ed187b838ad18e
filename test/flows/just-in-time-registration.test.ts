import { X509Certificate } from 'node:crypto';
import { rmSync } from 'node:fs';
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { CfnOutput } from 'aws-cdk-lib';
import * as s3 from 'aws-cdk-lib/aws-s3';
import { AutoRegistration, CertificateAuthority, Channel, DeviceFleet } from '../../lib';
import type { ConnectionKit } from '../../lib/twin';
import { ExampleTwin } from '../examples/support/example-twin';
import { OpensslCa } from '../lambda/openssl-ca';
import { MqttJs } from '../twin/support/mqttjs';
import { isLetIn, kitOf, publishes, stackOf } from './flow';

const ca = new OpensslCa('/CN=Factory');
const stranger = new OpensslCa('/CN=Stranger');
let flow: ExampleTwin;

beforeAll(async () => {
  flow = await ExampleTwin.start(stackOf((stack) => {
    const lists = new s3.Bucket(stack, 'Lists');
    const fleet = new DeviceFleet(stack, 'Sensors', { topics: { telemetry: Channel.fromDevice('dt/{thing}') }, thingNamePrefix: 'sensor-' });
    const certificateAuthority = CertificateAuthority.fromPem(stack, 'Factory', { certificatePem: ca.pem, autoRegistration: AutoRegistration.justInTimeRegistration() });
    fleet.addJustInTimeRegistration('JustInTime', { certificateAuthority, revocationList: { bucket: lists, key: 'latest.crl' } });
    new CfnOutput(stack, 'Bucket', { value: lists.bucketName });
  }));
  expect(flow.twin.warnings).toEqual([]);
});

afterAll(async () => {
  await flow.stop();
  [ca, stranger].forEach(({ folder }) => rmSync(folder, { recursive: true }));
});

function device(issuer: OpensslCa, serial: string): ConnectionKit {
  const certificatePem = issuer.issue(`/CN=${serial}`);
  return kitOf(flow, `sensor-${serial}`, issuer.deviceKey, certificatePem);
}

async function publishList(): Promise<void> {
  const client = new S3Client({ ...flow.sdk, forcePathStyle: true });
  await client.send(new PutObjectCommand({ Bucket: flow.output('Bucket'), Key: 'latest.crl', Body: ca.list('DER') }));
  client.destroy();
}

/** Shows itself, and is dropped; what the function did with it meanwhile. Events come more than once. */
async function present(kit: ConnectionKit): Promise<string> {
  const id = new X509Certificate(kit.certificatePem).fingerprint256.replaceAll(':', '').toLowerCase();
  await expect(MqttJs.connect(kit)).rejects.toThrow();
  const { reason } = await flow.journal.next('what the function says', ({ event, reason: said }) => event === 'log' && said.includes(id));
  return /"message":"([^"]*)"/.exec(reason)![1]!;
}

test('without a revocation list nobody is registered, and nobody is lost', async () => {
  const kit = device(ca, '0');
  expect(await present(kit)).toBe('device not registered');
  expect(await isLetIn(kit)).toBe(false);
  expect(await flow.things()).toEqual([]);
});

test('a device whose certificate is on the revocation list never gets in, and the others do', async () => {
  const revoked = device(ca, '9');
  ca.revoke();
  await publishList();

  expect(await present(revoked)).toBe('device revoked');
  expect(await isLetIn(revoked)).toBe(false);
  expect(await flow.things()).not.toContain('sensor-9');

  const kit = device(ca, '1');
  expect(await present(kit)).toBe('device registered');

  await publishes(kit, 'dt/sensor-1');
  expect(await flow.certificatesOf('sensor-1')).toMatchObject([{ status: 'ACTIVE', certificateMode: 'SNI_ONLY' }]);
  const connected = await MqttJs.connect(kit);
  connected.send('dt/sensor-2', '{}', { qos: 1 });
  await connected.disconnected();
});

test('a device of another CA never gets in, whatever it calls its issuer', async () => {
  const impostor = new OpensslCa('/CN=Factory');
  try {
    for (const issuer of [stranger, impostor]) {
      const kit = device(issuer, '2');
      expect(await isLetIn(kit)).toBe(false);
      expect(await isLetIn(kit)).toBe(false);
    }
    expect(await flow.things()).not.toContain('sensor-2');
  } finally {
    rmSync(impostor.folder, { recursive: true });
  }
});
