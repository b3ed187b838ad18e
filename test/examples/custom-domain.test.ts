import { connectAsync } from 'mqtt';
import { ExampleTwin } from './support/example-twin';
import { makeRequest } from './support/openssl';
import { CustomDomainStack } from '../../examples/custom-domain/stack';

const sensor = makeRequest('sensor-1');
let example: ExampleTwin;
let certificatePem: string;

beforeAll(async () => {
  const zone = { domainName: 'iot.example.com', zoneName: 'example.com', hostedZoneId: 'Z0123456789ABCDEFGHIJ' };
  example = await ExampleTwin.start((app) => new CustomDomainStack(app, 'CustomDomain', { ...zone, csr: sensor.pem }));
  [{ certificatePem }] = await example.certificatesOf('sensor-1') as [{ certificatePem: string }];
});

afterAll(() => example.stop());

/** Publishes as sensor-1, which asks for this server name. */
async function publishTo(servername: string): Promise<void> {
  const client = await connectAsync({
    protocol: 'mqtts', host: '127.0.0.1', port: example.twin.mqttPort, servername, clientId: 'sensor-1', key: sensor.privateKeyPem, cert: certificatePem,
    // The twin has no certificate for the domain; whom it admits is what is tested.
    rejectUnauthorized: false, reconnectPeriod: 0, protocolVersion: 5,
  });
  await client.publishAsync('dt/sensors/sensor-1/telemetry', '{}', { qos: 1 });
  await client.endAsync();
}

test('a sensor gets in through the domain of its fleet', async () => {
  await expect(publishTo('iot.example.com')).resolves.toBeUndefined();
});

test.each(['localhost', 'abc-ats.iot.eu-central-1.amazonaws.com', 'iot.example.org'])('a sensor that asks for %s is refused', async (servername) => {
  await expect(publishTo(servername)).rejects.toThrow(/Not authorized/);
});
