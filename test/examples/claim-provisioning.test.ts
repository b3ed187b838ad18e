import { X509Certificate, createPrivateKey, createPublicKey } from 'node:crypto';
import { readFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { DynamoDBClient, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { runDevice } from './support/device';
import type { DeviceOptions, Ended } from './support/device';
import { ExampleTwin } from './support/example-twin';
import { ClaimProvisioningStack } from '../../examples/claim-provisioning/stack';

/** Where the sensor goes from one step to the next: before and after each file that it writes, and each that it removes. */
const PLUGS = [
  'before:private.key', 'after:private.key',
  'before:pending.json', 'after:pending.json',
  'before:certificate.pem', 'after:certificate.pem',
  'before:root-ca.pem', 'after:root-ca.pem',
  'before:config.json', 'after:config.json',
  'before-removal:pending.json', 'after-removal:pending.json',
] as const;

/** What is there in the end. */
const KIT = ['certificate.pem', 'config.json', 'private.key', 'root-ca.pem'];

let example: ExampleTwin;
let claim: string;
let claimCertificateId: string;
let dynamoDb: DynamoDBClient;

beforeAll(async () => {
  example = await ExampleTwin.start((app) => new ClaimProvisioningStack(app, 'ClaimProvisioning'));
  const secrets = new SecretsManagerClient(example.sdk);
  const { SecretString: secret } = await secrets.send(new GetSecretValueCommand({ SecretId: example.output('ClaimSecret') }));
  secrets.destroy();
  const { privateKey, certificatePem, certificateId } = JSON.parse(secret!) as { privateKey: string; certificatePem: string; certificateId: string };
  claimCertificateId = certificateId;
  claim = example.kit('claim', { privateKeyPem: privateKey, certificatePem }, readFileSync(example.twin.endpoints.rootCa, 'utf8'));
  dynamoDb = new DynamoDBClient(example.sdk);
});

afterAll(async () => {
  dynamoDb.destroy();
  await example.stop();
});

async function putOnList(serialNumber: string): Promise<void> {
  await dynamoDb.send(new PutItemCommand({ TableName: example.output('AllowList'), Item: { serialNumber: { S: serialNumber } } }));
}

function switchOn(serialNumber: string, options?: DeviceOptions): Promise<Ended> {
  return runDevice('claim-provisioning', ['--claim', claim, '--serial-number', serialNumber, '--device', example.file(serialNumber)], options);
}

/** One active certificate for the sensor's key, attached to its thing and to nothing else; nothing left of other attempts. */
async function expectOneIdentity(serialNumber: string): Promise<void> {
  const thingName = `sensor-${serialNumber}`;
  const kit = (name: string): string => readFileSync(join(example.file(serialNumber), name), 'utf8');
  const attached = await example.certificatesOf(thingName);
  expect(attached).toMatchObject([{ status: 'ACTIVE', certificatePem: kit('certificate.pem') }]);
  const active = Object.entries(await example.activeCertificates()).filter(([id]) => id !== claimCertificateId);
  expect(active.filter(([, things]) => things.includes(thingName))).toEqual([[attached[0]!.certificateId, [thingName]]]);
  expect(active.filter(([, things]) => things.length !== 1)).toEqual([]);
  const publicKey = createPublicKey(createPrivateKey(kit('private.key')));
  expect(new X509Certificate(kit('certificate.pem')).publicKey.equals(publicKey)).toBe(true);
  expect(JSON.parse(kit('config.json'))).toMatchObject({ thingName, clientId: thingName });
  expect(readdirSync(example.file(serialNumber)).sort()).toEqual(KIT);
}

const published = (serialNumber: string) => expect.stringMatching(
  new RegExp(`connected as sensor-${serialNumber}\\npublished to dt/sensors/sensor-${serialNumber}/telemetry\\n$`),
) as string;

test('a sensor gets a certificate for its own key and a thing, and publishes as that', async () => {
  await putOnList('1001');
  expect(await switchOn('1001')).toMatchObject({ code: 0, stderr: '', stdout: published('1001') });
  await expectOneIdentity('1001');
  for (const file of KIT) {
    expect(statSync(join(example.file('1001'), file)).mode & 0o777).toBe(0o600);
  }
  // It knows who it is, and asks for nothing again.
  expect(await switchOn('1001')).toMatchObject({ code: 0, stdout: 'connected as sensor-1001\npublished to dt/sensors/sensor-1001/telemetry\n' });
});

test('a sensor that is not on the list is refused, and says so in one line', async () => {
  const { code, stderr } = await switchOn('1003');
  expect(stderr).toBe('device: AWS IoT refuses a thing: AccessDenied, Access denied.\n');
  expect(code).toBe(1);
  expect(await example.things()).not.toContain('sensor-1003');
});

describe('a sensor whose plug is pulled', () => {
  test.each(PLUGS)('%s ends with one certificate and one thing', async (killAt) => {
    const serialNumber = killAt.replace(/\W/g, '-');
    await putOnList(serialNumber);
    expect(await switchOn(serialNumber, { killAt })).toMatchObject({ signal: 'SIGKILL', code: null });
    expect(await switchOn(serialNumber)).toMatchObject({ code: 0, stderr: '', stdout: published(serialNumber) });
    await expectOneIdentity(serialNumber);
  });

  test('at each of its steps, one after the other, ends with one certificate and one thing', async () => {
    await putOnList('1005');
    for (const killAt of PLUGS) {
      expect(await switchOn('1005', { killAt })).toMatchObject({ signal: 'SIGKILL' });
    }
    expect(await switchOn('1005')).toMatchObject({ code: 0, stderr: '', stdout: published('1005') });
    await expectOneIdentity('1005');
  });
});
