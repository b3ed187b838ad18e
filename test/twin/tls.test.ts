import { createConnection } from 'node:net';
import { MqttJs } from './support/mqttjs';
import { RawClient, connectPacket } from './support/raw';
import { selfSigned } from './support/certificates';
import { ANYTHING, TestTwin, refused } from './support/test-twin';

let twin: TestTwin;
let registered: Awaited<ReturnType<typeof selfSigned>>;
let expired: Awaited<ReturnType<typeof selfSigned>>;

beforeAll(async () => {
  registered = await selfSigned('EC', 'made elsewhere');
  expired = await selfSigned('EC', 'old', { notBefore: new Date('2020-01-01'), notAfter: new Date('2021-01-01') });
  twin = await TestTwin.start({
    sensor: { may: ANYTHING },
    inactive: { may: ANYTHING, status: 'INACTIVE' },
    revoked: { may: ANYTHING, status: 'REVOKED' },
    foreign: { may: ANYTHING, pem: registered.certificatePem },
    expired: { may: ANYTHING, pem: expired.certificatePem },
  });
});

afterAll(() => twin.stop());

/** Connect as far as TLS 1.3 goes, send CONNECT, and see the connection end without a packet. */
async function expectSilentEnd(identity: Parameters<typeof RawClient.open>[0]): Promise<void> {
  const client = await RawClient.open(identity);
  client.send(connectPacket('sensor'));
  await client.end();
  expect(client.packets.take()).toEqual([]);
}

describe('the MQTT port', () => {
  test('takes connections without ALPN, as on port 8883', async () => {
    const device = await MqttJs.connect(await twin.kit('sensor'));
    await device.end();
  });

  test('takes connections with ALPN x-amzn-mqtt-ca, as on port 443', async () => {
    const client = await RawClient.open(await twin.kit('sensor'), 4, { ALPNProtocols: ['x-amzn-mqtt-ca'] });
    expect(client.socket.alpnProtocol).toBe('x-amzn-mqtt-ca');
    client.send(connectPacket('sensor'));
    expect(await client.packet('connack')).toMatchObject({ returnCode: 0 });
    await client.vanish();
  });

  test.each(['mqtt', 'x-amzn-http-ca', 'h2'])('refuses ALPN %s', async (protocol) => {
    const journal = twin.journal();
    await expect(RawClient.open(await twin.kit('sensor'), 4, { ALPNProtocols: [protocol] })).rejects.toThrow(/alert no application protocol/);
    await journal.next('a note', refused(/^TLS handshake: .*no application protocol/i));
  });

  test('refuses TLS 1.1', async () => {
    const journal = twin.journal();
    const old = { minVersion: 'TLSv1.1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' } as const;
    await expect(RawClient.open(await twin.kit('sensor'), 4, old)).rejects.toThrow(/alert protocol version/);
    await journal.next('a note', refused(/^TLS handshake: .*unsupported protocol/i));
  });

  test.each(['TLSv1.2', 'TLSv1.3'] as const)('takes %s', async (version) => {
    const client = await RawClient.open(await twin.kit('sensor'), 4, { minVersion: version, maxVersion: version });
    expect(client.socket.getProtocol()).toBe(version);
    await client.vanish();
  });

  test('outlives what is no TLS at all', async () => {
    const journal = twin.journal();
    const plain = createConnection(twin.twin.mqttPort, '127.0.0.1', () => plain.end('GET / HTTP/1.1\r\n\r\n'));
    plain.on('error', () => undefined);
    await journal.next('a note', refused(/^TLS handshake: .*http request/i));
    plain.destroy();
  });
});

describe('a client', () => {
  test('is refused without a certificate', async () => {
    const journal = twin.journal();
    const { endpoint, mqttPort, rootCaPem } = await twin.kit('sensor');
    await expectSilentEnd({ endpoint, mqttPort, rootCaPem });
    await journal.next('a note', refused('the client showed no certificate'));
  });

  test('is refused with a certificate that nobody registered', async () => {
    const journal = twin.journal();
    await expectSilentEnd({ ...await twin.kit('sensor'), ...await selfSigned('EC', 'stranger') });
    await journal.next('a note', refused('the certificate (CN=stranger) is not registered'));
  });

  test.each(['inactive', 'revoked'])('is refused with a certificate that is %s', async (thing) => {
    const journal = twin.journal();
    await expectSilentEnd(await twin.kit(thing));
    await journal.next('a note', refused(`the certificate is ${thing.toUpperCase()}`));
  });

  test('is refused with a certificate that has expired', async () => {
    const journal = twin.journal();
    await expectSilentEnd({ ...await twin.kit('expired'), ...expired });
    await journal.next('a note', refused(/^the certificate is valid from Jan {2}1 .* 2020 GMT to Jan {2}1 .* 2021 GMT$/));
  });

  test('is known by the registration of its certificate, whoever issued it', async () => {
    const device = await MqttJs.connect({ ...await twin.kit('foreign'), ...registered });
    await device.end();
  });

  test('is admitted again when it resumes its TLS session', async () => {
    const kit = await twin.kit('sensor');
    const first = await RawClient.open(kit);
    const session = await new Promise<Buffer>((resolve) => {
      first.socket.once('session', resolve);
      first.send(connectPacket('sensor'));
    });
    await first.vanish();
    const second = await RawClient.open(kit, 4, { session });
    second.send(connectPacket('sensor'));
    expect(await second.packet('connack')).toMatchObject({ returnCode: 0 });
    await second.vanish();
  });
});

describe('the status of a certificate', () => {
  test('ends the connections that use it when it changes, and keeps new ones out', async () => {
    const kit = await twin.kit('sensor');
    const journal = twin.journal();
    const device = await MqttJs.connect(kit, { protocolVersion: 5 });
    twin.twin.updateCertificateStatus('Certificate0', 'INACTIVE');
    expect(await device.disconnected()).toMatchObject({ reasonCode: 152, properties: { reasonString: 'the certificate is INACTIVE' } });
    await journal.next('the end', ({ event, reason }) => event === 'disconnected' && reason === 'the certificate is INACTIVE');
    await expectSilentEnd(kit);
    twin.twin.updateCertificateStatus('Certificate0', 'ACTIVE');
    await (await MqttJs.connect(kit)).end();
  });

  test('fails to change for a certificate that is not registered', () => {
    expect(() => twin.twin.updateCertificateStatus('Nobody', 'INACTIVE')).toThrow("'Nobody' is neither a registered certificate nor a thing that has one");
  });
});
