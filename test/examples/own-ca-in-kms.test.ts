import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { ListCACertificatesCommand, DescribeCACertificateCommand } from '@aws-sdk/client-iot';
import { runDevice } from './support/device';
import { ExampleTwin } from './support/example-twin';
import { makeRequest } from './support/openssl';
import { OwnCaInKmsStack } from '../../examples/own-ca-in-kms/stack';

const sensor = makeRequest('sensor-1');
let example: ExampleTwin;

beforeAll(async () => {
  example = await ExampleTwin.start((app) => new OwnCaInKmsStack(app, 'OwnCaInKms', { csr: sensor.pem }));
});

afterAll(() => example.stop());

test('a sensor publishes with its own key and a certificate of the authority in KMS', async () => {
  const [{ certificatePem }] = await example.certificatesOf('sensor-1') as [{ certificatePem: string }];
  const { certificates = [] } = await example.iot.send(new ListCACertificatesCommand({}));
  const { certificateDescription: authority } = await example.iot.send(new DescribeCACertificateCommand({ certificateId: certificates[0]!.certificateId }));
  const certificate = new X509Certificate(certificatePem);
  expect(certificate.verify(new X509Certificate(authority!.certificatePem!).publicKey)).toBe(true);
  expect(certificate.subject).toBe('CN=sensor-1');

  const kit = example.kit('sensor-1', { thingName: 'sensor-1', privateKeyPem: sensor.privateKeyPem, certificatePem }, readFileSync(example.twin.endpoints.rootCa, 'utf8'));
  expect(await runDevice('own-ca-in-kms', ['--kit', kit])).toEqual({
    code: 0, signal: null, stderr: '', stdout: 'connected as sensor-1\npublished to dt/sensors/sensor-1/telemetry\n',
  });
});
