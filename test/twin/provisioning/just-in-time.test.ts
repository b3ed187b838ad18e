import { connect } from 'node:tls';
import { MqttJs } from '../support/mqttjs';
import { DEVICE_POLICY, DeviceTwin } from './device-twin';
import { OpenSsl } from './openssl';
import type { Pair } from './openssl';

const openssl = new OpenSsl();

let twin: DeviceTwin;
let listener: MqttJs;

beforeAll(async () => {
  twin = await DeviceTwin.start();
  twin.addPolicy('device', DEVICE_POLICY);
  listener = await MqttJs.connect(await twin.client('listener', DEVICE_POLICY));
  await listener.subscribe('$aws/events/certificates/registered/#');
});

afterAll(() => twin.stop());

afterEach(() => {
  listener.messages.take();
  twin.journal.take();
});

const TEMPLATE = JSON.stringify({
  Parameters: { 'AWS::IoT::Certificate::CommonName': { Type: 'String' }, 'AWS::IoT::Certificate::SerialNumber': { Type: 'String' }, 'AWS::IoT::Certificate::Id': { Type: 'String' } },
  Resources: {
    thing: { Type: 'AWS::IoT::Thing', Properties: { ThingName: { Ref: 'AWS::IoT::Certificate::CommonName' }, AttributePayload: { serial: { Ref: 'AWS::IoT::Certificate::SerialNumber' } } } },
    certificate: { Type: 'AWS::IoT::Certificate', Properties: { CertificateId: { Ref: 'AWS::IoT::Certificate::Id' }, Status: 'ACTIVE' } },
    policy: { Type: 'AWS::IoT::Policy', Properties: { PolicyName: 'device' } },
  },
});

/** Register a CA; gives its id. */
function registerCa(ca: Pair, options: { readonly allow?: boolean; readonly templateBody?: string; readonly templateName?: string } = {}): string {
  const { allow = true, templateBody, templateName } = options;
  const { certificateId } = twin.account.registerCaCertificate({
    caCertificate: ca.certificatePem,
    certificateMode: 'SNI_ONLY',
    setAsActive: true,
    allowAutoRegistration: allow,
    ...(templateBody === undefined && templateName === undefined ? {} : {
      registrationConfig: templateName === undefined ? { templateBody, roleArn: 'arn:aws:iam::123456789012:role/r' } : { templateName },
    }),
  });
  return certificateId;
}

/** The first connection of a device, and why it was dropped. */
async function present(device: Pair, name = 'device'): Promise<string> {
  await expect(MqttJs.connect(twin.kit(name, device))).rejects.toThrow();
  return (await twin.journal.next('why the connection was dropped', ({ event }) => event === 'refused')).reason;
}

describe('just-in-time registration', () => {
  test('registers the certificate, tells it each time, and lets the device in once it is activated', async () => {
    const ca = openssl.authority('/CN=JITR CA');
    const caCertificateId = registerCa(ca);
    const device = openssl.issue(ca, '/CN=jitr-1');
    for (let attempt = 0; attempt < 2; attempt++) {
      expect(await present(device)).toBe('just-in-time registration: the certificate is PENDING_ACTIVATION until it is activated');
      const { topic, payload } = await listener.message();
      expect(topic).toBe(`$aws/events/certificates/registered/${caCertificateId}`);
      expect(JSON.parse(payload.toString())).toEqual({
        certificateId: expect.stringMatching(/^[0-9a-f]{64}$/), caCertificateId, timestamp: twin.clock.now(), certificateStatus: 'PENDING_ACTIVATION',
        awsAccountId: '123456789012', certificateRegistrationTimestamp: String(twin.clock.now()),
      });
    }
    const [record] = [...twin.account.store.all('certificates')].filter((one) => one.caCertificateId === caCertificateId);
    expect(record).toMatchObject({ status: 'PENDING_ACTIVATION', mode: 'SNI_ONLY', policies: [], things: [] });
    twin.account.attachPolicy({ policyName: 'device', target: twin.account.arn(`cert/${record!.certificateId}`) });
    twin.account.updateCertificate({ certificateId: record!.certificateId, newStatus: 'ACTIVE' });
    await (await MqttJs.connect(twin.kit('device', device))).end();
  });

  test.each<[string, (ca: Pair, id: string) => void]>([
    ['is not ACTIVE', (_, certificateId) => twin.account.updateCaCertificate({ certificateId, newStatus: 'INACTIVE' })],
    ['does not register', (_, certificateId) => twin.account.updateCaCertificate({ certificateId, newAutoRegistrationStatus: 'DISABLE' })],
  ])('does nothing for a CA that %s', async (name, change) => {
    const ca = openssl.authority(`/CN=${name}`);
    change(ca, registerCa(ca));
    expect(await present(openssl.issue(ca, '/CN=d'))).toMatch(/is not registered$/);
    expect(listener.messages.take()).toEqual([]);
  });

  test('does nothing for a certificate that bears the name of the CA, but not its signature', async () => {
    registerCa(openssl.authority('/CN=Real CA'));
    expect(await present(openssl.issue(openssl.authority('/CN=Real CA'), '/CN=fake'))).toMatch(/is not registered$/);
  });

  test('does nothing for a client that sends no server name', async () => {
    const ca = openssl.authority('/CN=No SNI');
    registerCa(ca);
    const { certificatePem, privateKeyPem } = openssl.issue(ca, '/CN=d');
    const socket = connect({ host: '127.0.0.1', port: twin.mqttPort, ca: twin.authority.rootCaPem, cert: certificatePem, key: privateKeyPem, servername: '' });
    socket.on('error', () => undefined);
    expect((await twin.journal.next('the refusal', ({ event }) => event === 'refused')).reason).toMatch(/is not registered$/);
  });

  test('does nothing for a certificate that has expired', async () => {
    const ca = openssl.authority('/CN=Long CA', 3000);
    registerCa(ca);
    expect(await present(openssl.issue(ca, '/CN=old', 0))).toMatch(/is not registered$/);
  });
});

describe('just-in-time provisioning', () => {
  test('provisions by a body, drops the first connection, and takes the second', async () => {
    const ca = openssl.authority('/CN=JITP CA');
    registerCa(ca, { templateBody: TEMPLATE });
    const device = openssl.issue(ca, '/CN=jitp-1/serialNumber=42');
    await expect(MqttJs.connect(twin.kit('jitp-1', device))).rejects.toThrow();
    expect((await twin.journal.next('provisioning', ({ event }) => event === 'provisioned')).reason).toBe('just in time, thing jitp-1');
    expect(twin.account.store.get('things', 'jitp-1')).toMatchObject({ attributes: { serial: '42' } });
    await (await MqttJs.connect(twin.kit('jitp-1', device))).end();
    expect(listener.messages.take()).toEqual([]);
  });

  test('provisions by a template of the account', async () => {
    twin.account.createProvisioningTemplate({ templateName: 'jitp', type: 'JITP', enabled: true, provisioningRoleArn: 'arn:aws:iam::123456789012:role/r', templateBody: TEMPLATE });
    const ca = openssl.authority('/CN=Named CA');
    registerCa(ca, { templateName: 'jitp' });
    await present(openssl.issue(ca, '/CN=named/serialNumber=1'));
    expect(twin.account.store.get('things', 'named')).toBeDefined();
  });

  test('leaves the certificate pending when the subject lacks a field, and says which', async () => {
    const ca = openssl.authority('/CN=Lacking CA');
    const caCertificateId = registerCa(ca, { templateBody: TEMPLATE });
    const device = openssl.issue(ca, '/CN=lacking');
    expect(await present(device)).toBe('just-in-time provisioning: the certificate stays PENDING_ACTIVATION: the template declares AWS::IoT::Certificate::SerialNumber, which the subject of the certificate has not');
    expect([...twin.account.store.all('certificates')].filter((one) => one.caCertificateId === caCertificateId)).toMatchObject([{ status: 'PENDING_ACTIVATION' }]);
    expect(twin.account.store.get('things', 'lacking')).toBeUndefined();
  });

  test('is tried again at the next connection', async () => {
    const ca = openssl.authority('/CN=Retried CA');
    registerCa(ca, { templateBody: TEMPLATE.replace('"device"', '"later"') });
    const device = openssl.issue(ca, '/CN=retried/serialNumber=1');
    expect(await present(device)).toMatch(/stays PENDING_ACTIVATION: .*later.* not found$/);
    twin.addPolicy('later', DEVICE_POLICY);
    expect(await present(device)).toBe('just-in-time provisioning: the device is provisioned and must connect again');
    await (await MqttJs.connect(twin.kit('retried', device))).end();
  });

  test('does not bring back a revoked certificate', async () => {
    const ca = openssl.authority('/CN=Revoking CA');
    const caCertificateId = registerCa(ca, { templateBody: TEMPLATE });
    const device = openssl.issue(ca, '/CN=revoked/serialNumber=1');
    await present(device);
    const { certificateId } = [...twin.account.store.all('certificates')].find((one) => one.caCertificateId === caCertificateId)!;
    twin.account.updateCertificate({ certificateId, newStatus: 'REVOKED' });
    expect(await present(device)).toBe('the certificate is REVOKED');
  });
});
