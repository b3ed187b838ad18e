import { X509Certificate } from 'node:crypto';
import type * as Cborg from 'cborg' with { 'resolution-mode': 'import' };
import type { ConnectionKit } from '../../../lib/twin/kit';
import { MqttJs } from '../support/mqttjs';
import { DEVICE_POLICY, DeviceTwin, claimPolicy, functionArn, functionResources } from './device-twin';
import { OpenSsl } from './openssl';

const openssl = new OpenSsl();
const HOUR = 3600;

const HOOKS = {
  overrides: "async (event) => ({ allowProvisioning: true, parameterOverrides: { Site: event.claimCertificateId.length + ':' + event.clientId, 'AWS::IoT::Certificate::Id': 'f'.repeat(64) } })",
  refuses: 'async () => ({ allowProvisioning: false })',
  throws: "async () => { throw new Error('secret detail'); }",
  shapeless: "async () => ({ allowProvisioning: 'true' })",
  misshapen: 'async () => ({ allowProvisioning: true, parameterOverrides: { Site: 7 } })',
  late: 'async () => { await new Promise((resolve) => setTimeout(resolve, 8000)); return { allowProvisioning: true }; }',
};

let cbor: typeof Cborg;
let twin: DeviceTwin;
let claim: ConnectionKit;

beforeAll(async () => {
  cbor = await import('cborg');
  twin = await DeviceTwin.start(functionResources(HOOKS));
  twin.addPolicy('device', DEVICE_POLICY);
  for (const name of ['fleet', ...Object.keys(HOOKS)]) {
    createTemplate(name, name === 'fleet' ? undefined : functionArn(name));
  }
  claim = await twin.client('claim', claimPolicy('*'));
});

afterAll(() => twin.stop());

function createTemplate(templateName: string, hook?: string, overrides: object = {}): void {
  twin.account.createProvisioningTemplate({
    templateName,
    enabled: true,
    provisioningRoleArn: 'arn:aws:iam::123456789012:role/provisioning',
    ...(hook === undefined ? {} : { preProvisioningHook: { targetArn: hook } }),
    templateBody: JSON.stringify({
      Parameters: { 'SerialNumber': { Type: 'String' }, 'Site': { Type: 'String', Default: 'here' }, 'AWS::IoT::Certificate::Id': { Type: 'String' } },
      Resources: {
        thing: { Type: 'AWS::IoT::Thing', Properties: { ThingName: { 'Fn::Join': ['-', [templateName, { Ref: 'SerialNumber' }]] }, AttributePayload: { site: { Ref: 'Site' } } }, OverrideSettings: overrides },
        certificate: { Type: 'AWS::IoT::Certificate', Properties: { CertificateId: { Ref: 'AWS::IoT::Certificate::Id' }, Status: 'ACTIVE', ThingPrincipalType: 'EXCLUSIVE_THING' } },
        policy: { Type: 'AWS::IoT::Policy', Properties: { PolicyName: 'device' } },
      },
      DeviceConfiguration: { url: 'https://example.com' },
    }),
  });
}

interface Reply {
  readonly accepted: boolean;
  readonly [member: string]: unknown;
}

/** A device that speaks one of the formats. */
class Device {
  private constructor(public readonly client: MqttJs, private readonly format: 'json' | 'cbor') {}

  public static async connect(kit: ConnectionKit, format: 'json' | 'cbor' = 'json', protocolVersion: 4 | 5 = 4, clientId = `claim-${Math.random()}`): Promise<Device> {
    const client = await MqttJs.connect(kit, { clientId, protocolVersion });
    await client.subscribe([`$aws/certificates/create/${format}/+`, `$aws/certificates/create-from-csr/${format}/+`, `$aws/provisioning-templates/+/provision/${format}/+`]);
    return new Device(client, format);
  }

  /** Publish and give the answer. */
  public async ask(topic: string, members: object | Buffer): Promise<Reply> {
    const payload = Buffer.isBuffer(members) ? members : this.format === 'json' ? Buffer.from(JSON.stringify(members)) : Buffer.from(cbor.encode(members));
    await this.client.publish(`${topic}/${this.format}`, payload);
    const { topic: answered, payload: answer } = await this.client.message();
    expect([`${topic}/${this.format}/accepted`, `${topic}/${this.format}/rejected`]).toContain(answered);
    return { ...(this.format === 'json' ? JSON.parse(answer.toString()) : cbor.decode(answer as Buffer)) as object, accepted: answered.endsWith('/accepted') };
  }

  public certificate(csrPem = openssl.csr('/CN=device').csrPem): Promise<Reply> {
    return this.ask('$aws/certificates/create-from-csr', { certificateSigningRequest: csrPem });
  }

  public register(template: string, certificateOwnershipToken: unknown, parameters: object = { SerialNumber: '1' }): Promise<Reply> {
    return this.ask(`$aws/provisioning-templates/${template}/provision`, { certificateOwnershipToken, parameters });
  }
}

describe.each([['json', 4], ['json', 5], ['cbor', 4], ['cbor', 5]] as const)('a device that speaks %s over protocol version %d', (format, version) => {
  const serial = `${format}${version}`;

  test('gets a certificate for its request and becomes a thing', async () => {
    const device = await Device.connect(claim, format, version);
    const { csrPem, privateKeyPem } = openssl.csr('/CN=mine/O=Factory');
    const { certificateId, certificatePem, certificateOwnershipToken, ...others } = await device.certificate(csrPem);
    expect(others).toEqual({ accepted: true });
    const certificate = new X509Certificate(certificatePem as string);
    expect(certificate.subject.split('\n').sort()).toEqual(['CN=mine', 'O=Factory']);
    expect(twin.account.findCertificate(certificateId as string)).toMatchObject({ status: 'PENDING_ACTIVATION' });
    const kit = twin.kit(`fleet-${serial}`, { certificatePem: certificatePem as string, privateKeyPem });
    await expect(MqttJs.connect(kit)).rejects.toThrow();

    expect(await device.register('fleet', certificateOwnershipToken, { SerialNumber: serial })).toEqual({
      accepted: true, thingName: `fleet-${serial}`, deviceConfiguration: { url: 'https://example.com' },
    });
    await device.client.end();
    expect(twin.account.findCertificate(certificateId as string)).toMatchObject({ status: 'ACTIVE', policies: ['device'], things: [{ thingName: `fleet-${serial}`, exclusive: true }] });
    await (await MqttJs.connect(kit, { protocolVersion: version })).end();
  });

  test('gets keys', async () => {
    const device = await Device.connect(claim, format, version);
    const { privateKey, certificatePem, certificateOwnershipToken } = await device.ask('$aws/certificates/create', Buffer.alloc(0));
    await device.register('fleet', certificateOwnershipToken, { SerialNumber: `keys-${serial}` });
    await device.client.end();
    await (await MqttJs.connect(twin.kit(`fleet-keys-${serial}`, { certificatePem: certificatePem as string, privateKeyPem: privateKey as string }))).end();
  });
});

describe('answers', () => {
  test('go to the client that asked alone', async () => {
    const [one, other] = [await Device.connect(claim), await Device.connect(claim)];
    await one.certificate();
    await other.certificate();
    expect(one.client.messages.take()).toEqual([]);
    expect(other.client.messages.take()).toEqual([]);
  });

  test('are not received without permission', async () => {
    const kit = await twin.client('deaf', claimPolicy('fleet').map((statement) => ({ ...statement, Action: [(statement as { Action: string | string[] }).Action].flat().filter((action) => action !== 'iot:Receive') })));
    const client = await MqttJs.connect(kit);
    await client.subscribe('$aws/certificates/create/json/accepted');
    const refusals = twin.journal;
    refusals.take();
    await client.publish('$aws/certificates/create/json', '');
    await refusals.next('a refusal to receive', ({ action, resource }) => action === 'iot:Receive' && resource === '$aws/certificates/create/json/accepted');
    expect(client.messages.take()).toEqual([]);
    await client.end();
  });

  test('nobody but AWS IoT publishes', async () => {
    const anything = await twin.client('forger', DEVICE_POLICY);
    for (const topic of ['$aws/certificates/create/json/accepted', '$aws/provisioning-templates/fleet/provision/json/accepted', '$aws/events/presence/connected/a']) {
      const client = await MqttJs.connect(anything, { protocolVersion: 5 });
      client.send(topic, '{}');
      expect((await client.disconnected())?.reasonCode).toBe(135);
    }
  });
});

describe('the claim policy', () => {
  test('counts for every request', async () => {
    const kit = await twin.client('other', claimPolicy('other'));
    const device = await MqttJs.connect(kit, { protocolVersion: 5 });
    device.send('$aws/provisioning-templates/fleet/provision/json', '{}');
    expect((await device.disconnected())?.reasonCode).toBe(135);
  });
});

describe('an ownership token', () => {
  let device: Device;

  beforeEach(async () => {
    device = await Device.connect(claim);
  });

  afterEach(() => device.client.end());

  const INVALID = { accepted: false, statusCode: 400, errorCode: 'InvalidCertificateOwnershipToken', errorMessage: 'Certificate ownership token is invalid or expired.' };

  test('is used once', async () => {
    const { certificateOwnershipToken } = await device.certificate();
    expect(await device.register('fleet', certificateOwnershipToken, { SerialNumber: 'once' })).toMatchObject({ accepted: true });
    expect(await device.register('fleet', certificateOwnershipToken, { SerialNumber: 'twice' })).toEqual(INVALID);
    expect(twin.account.store.get('things', 'fleet-twice')).toBeUndefined();
  });

  test('is good again after a refusal', async () => {
    const { certificateOwnershipToken } = await device.certificate();
    expect(await device.register('fleet', certificateOwnershipToken, { SerialNumber: 'not a name' })).toMatchObject({ accepted: false, errorCode: 'InvalidParameters' });
    expect(await device.register('fleet', certificateOwnershipToken, { SerialNumber: 'again' })).toMatchObject({ accepted: true });
  });

  test.each([['unknown', 'unknown'], ['no string', 7]])('fails when it is %s', async (_, token) => {
    expect(await device.register('fleet', token)).toEqual(INVALID);
  });

  test.each([[''], [undefined]])('fails when it is %p', async (token) => {
    expect(await device.register('fleet', token)).toEqual({ ...INVALID, errorMessage: 'Certificate ownership token cannot be empty.' });
  });

  test('is not in the store', async () => {
    const { certificateOwnershipToken } = await device.certificate();
    expect(JSON.stringify([...twin.account.store.entries('ownershipTokens')])).not.toContain(certificateOwnershipToken);
  });
});

describe('refusals', () => {
  let device: Device;

  beforeEach(async () => {
    device = await Device.connect(claim);
  });

  afterEach(() => device.client.end());

  test.each<[string, string, object | Buffer, object]>([
    ['malformed JSON', '$aws/certificates/create-from-csr', Buffer.from('{'), { statusCode: 400, errorCode: 'InvalidPayload', errorMessage: 'The payload is not valid JSON.' }],
    ['JSON that is no object', '$aws/certificates/create-from-csr', Buffer.from('[]'), { statusCode: 400, errorCode: 'InvalidPayload', errorMessage: 'The payload must be an object.' }],
    ['no UTF-8', '$aws/certificates/create', Buffer.from([0x22, 0xff, 0x22]), { statusCode: 400, errorCode: 'InvalidPayload' }],
    ['no signing request', '$aws/certificates/create-from-csr', {}, { statusCode: 400, errorCode: 'InvalidPayload', errorMessage: 'certificateSigningRequest must be a string.' }],
    ['a request that is none', '$aws/certificates/create-from-csr', { certificateSigningRequest: 'csr' }, { statusCode: 400, errorCode: 'InvalidCSR' }],
    ['a template that is none', '$aws/provisioning-templates/none/provision', {}, { statusCode: 404, errorCode: 'ResourceNotFound' }],
    ['parameters that are no strings', '$aws/provisioning-templates/fleet/provision', { parameters: { a: 1 } }, { statusCode: 400, errorCode: 'InvalidParameters', errorMessage: "parameter 'a' must be a string" }],
  ])('for %s', async (_, topic, members, expected) => {
    expect(await device.ask(topic, members)).toMatchObject({ accepted: false, ...expected });
  });

  test('for a parameter that is missing, naming it', async () => {
    const { certificateOwnershipToken } = await device.certificate();
    expect(await device.register('fleet', certificateOwnershipToken, {})).toEqual({
      accepted: false, statusCode: 400, errorCode: 'InvalidParameters', errorMessage: 'Cannot resolve reference value: SerialNumber',
    });
  });

  test('for a request with a weak key', async () => {
    expect(await device.certificate(openssl.csr('/CN=weak', ['-newkey', 'rsa:1024']).csrPem)).toMatchObject({ accepted: false, statusCode: 400, errorCode: 'InvalidCSR' });
  });

  test('for a disabled template', async () => {
    createTemplate('disabled');
    twin.account.updateProvisioningTemplate({ templateName: 'disabled', enabled: false });
    const { certificateOwnershipToken } = await device.certificate();
    expect(await device.register('disabled', certificateOwnershipToken)).toMatchObject({ accepted: false, statusCode: 403, errorCode: 'AccessDenied' });
  });

  test('for a thing that exists where the template says FAIL', async () => {
    createTemplate('strict', undefined, { AttributePayload: 'FAIL' });
    twin.account.createThing({ thingName: 'strict-1' });
    const { certificateId, certificateOwnershipToken } = await device.certificate();
    expect(await device.register('strict', certificateOwnershipToken)).toMatchObject({ accepted: false, statusCode: 409, errorCode: 'ResourceConflict' });
    expect(twin.account.findCertificate(certificateId as string)).toMatchObject({ status: 'PENDING_ACTIVATION', things: [] });
  });
});

describe('malformed CBOR', () => {
  test.each([
    ['cut off', [0xa1, 0x61]],
    ['a length that is not there', [0x9b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]],
    ['a key twice', [0xa2, 0x61, 0x61, 0x01, 0x61, 0x61, 0x02]],
    ['a key that is no string', [0xa1, 0x01, 0x01]],
    ['a tag', [0xa1, 0x61, 0x61, 0xc1, 0x01]],
    ['bytes behind the end', [0xa0, 0xa0]],
    ['arrays without end', Array.from({ length: 100_000 }, () => 0x81)],
    ['a list', [0x80]],
  ])('is refused: %s', async (_, bytes) => {
    const device = await Device.connect(claim, 'cbor');
    expect(await device.ask('$aws/certificates/create-from-csr', Buffer.from(bytes))).toMatchObject({ accepted: false, statusCode: 400, errorCode: 'InvalidPayload' });
    await device.client.end();
  });
});

describe('a pre-provisioning hook', () => {
  test('decides, and sets parameters, but not whose certificate it is', async () => {
    const device = await Device.connect(claim, 'json', 4, 'hooked');
    const { certificateId, certificateOwnershipToken } = await device.certificate();
    expect(await device.register('overrides', certificateOwnershipToken, { 'SerialNumber': 'h', 'AWS::IoT::Certificate::Id': 'e'.repeat(64) })).toMatchObject({ accepted: true, thingName: 'overrides-h' });
    expect(twin.account.store.get('things', 'overrides-h')).toMatchObject({ attributes: { site: '64:hooked' } });
    expect(twin.account.findCertificate(certificateId as string)).toMatchObject({ status: 'ACTIVE', things: [{ thingName: 'overrides-h' }] });
    await device.client.end();
  });

  test.each([
    ['refuses', 'the pre-provisioning hook said no'],
    ['throws', 'the pre-provisioning hook failed: function throws: Error: secret detail'],
    ['shapeless', 'the pre-provisioning hook did not answer { allowProvisioning: true or false }'],
    ['misshapen', 'the pre-provisioning hook answered parameterOverrides that are no object of strings'],
    ['late', 'the pre-provisioning hook failed: function late: Sandbox.Timedout: Task timed out after 5.00 seconds'],
  ])('that %s lets nobody in', async (hook, reason) => {
    const device = await Device.connect(claim);
    const { certificateId, certificateOwnershipToken } = await device.certificate();
    twin.journal.take();
    const answer = device.register(hook, certificateOwnershipToken);
    await twin.journal.next('the reason', (entry) => entry.reason.startsWith(reason));
    expect(await answer).toEqual({ accepted: false, statusCode: 403, errorCode: 'AccessDenied', errorMessage: 'Access denied.' });
    expect(twin.account.findCertificate(certificateId as string)).toMatchObject({ status: 'PENDING_ACTIVATION', things: [], policies: [] });
    await device.client.end();
  });
});

// Last, as the time of all others would pass too.
test('an hour later, what was not provisioned is gone', async () => {
  const device = await Device.connect(claim);
  const kept = await device.certificate();
  await device.register('fleet', kept.certificateOwnershipToken, { SerialNumber: 'kept' });
  const { certificateId, certificateOwnershipToken } = await device.certificate();
  twin.clock.advance(HOUR - 1);
  const later = await Device.connect(claim);
  const younger = await later.certificate();
  twin.clock.advance(1);
  expect(twin.account.findCertificate(certificateId as string)).toBeUndefined();
  expect(twin.account.findCertificate(kept.certificateId as string)).toMatchObject({ status: 'ACTIVE' });
  expect(twin.account.findCertificate(younger.certificateId as string)).toMatchObject({ status: 'PENDING_ACTIVATION' });
  const last = await Device.connect(claim);
  expect(await last.register('fleet', certificateOwnershipToken)).toMatchObject({ accepted: false, errorCode: 'InvalidCertificateOwnershipToken' });
});
