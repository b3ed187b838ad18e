import type { Account } from '../../../lib/twin/account';
import { Provisioner } from '../../../lib/twin/provisioning';
import { readParameters } from '../../../lib/twin/provisioning/plan';
import { parseTemplate } from '../../../lib/twin/provisioning/template';
import { addPolicy, newAccount } from './account';
import { OpenSsl } from './openssl';

const openssl = new OpenSsl();
const ca = openssl.authority('/CN=Test CA');

let account: Account;
let provisioner: Provisioner;

beforeEach(() => {
  account = newAccount();
  addPolicy(account);
  account.createThingGroup({ thingGroupName: 'all' });
  account.createThingGroup({ thingGroupName: 'new' });
  account.createThingType({ thingTypeName: 'sensor' });
  account.createBillingGroup({ billingGroupName: 'north' });
  provisioner = new Provisioner(account, { issueForCsr: (csr) => Promise.resolve(openssl.sign(ca, csr)) });
});

function body(overrides: object = {}, properties: object = {}): string {
  return JSON.stringify({
    Parameters: { Name: { Type: 'String' }, CSR: { Type: 'String' } },
    Resources: {
      thing: {
        Type: 'AWS::IoT::Thing',
        Properties: { ThingName: { Ref: 'Name' }, AttributePayload: { site: 'b' }, ThingTypeName: 'sensor', ThingGroups: ['new'], BillingGroup: 'north', ...properties },
        OverrideSettings: overrides,
      },
      certificate: { Type: 'AWS::IoT::Certificate', Properties: { CertificateSigningRequest: { Ref: 'CSR' }, ThingPrincipalType: 'EXCLUSIVE_THING' } },
      policy: { Type: 'AWS::IoT::Policy', Properties: { PolicyName: 'device' } },
    },
  });
}

function register(templateBody: string, parameters: Record<string, string> = {}): ReturnType<Provisioner['registerThing']> {
  return provisioner.registerThing({ templateBody, parameters: { Name: 'one', CSR: openssl.csr('/CN=one').csrPem, ...parameters } });
}

/** Everything that the account has. */
function contents(): object {
  return Object.fromEntries((['things', 'certificates', 'policies', 'thingGroups'] as const).map((table) => [table, [...account.store.all(table)]]));
}

test('registers a thing with its certificate, policy, type and groups', async () => {
  const { certificatePem, resourceArns } = await register(body());
  const [certificate] = account.store.all('certificates');
  expect(certificatePem).toBe(certificate!.certificatePem);
  expect(resourceArns).toEqual({
    thing: 'arn:aws:iot:us-east-1:123456789012:thing/one',
    certificate: `arn:aws:iot:us-east-1:123456789012:cert/${certificate!.certificateId}`,
    policy: 'arn:aws:iot:us-east-1:123456789012:policy/device',
  });
  expect(certificate).toMatchObject({ status: 'ACTIVE', policies: ['device'], things: [{ thingName: 'one', exclusive: true }] });
  expect(account.store.get('things', 'one')).toMatchObject({ attributes: { site: 'b' }, thingTypeName: 'sensor', groups: ['new'], billingGroupName: 'north' });
});

describe('what cannot be done as a whole leaves nothing behind', () => {
  test.each([
    ['a group that does not exist', { ThingGroups: ['new', 'none'] }],
    ['a type that does not exist', { ThingTypeName: 'none' }],
    ['a billing group that does not exist', { BillingGroup: 'none' }],
    ['a thing name that AWS does not take', { ThingName: 'a b' }],
  ])('%s', async (_, properties) => {
    const before = contents();
    await expect(register(body({}, properties))).rejects.toMatchObject({ name: expect.stringMatching(/^(ResourceRegistrationFailure|InvalidRequest)Exception$/) });
    expect(contents()).toEqual(before);
  });

  test('an existing thing keeps what it had', async () => {
    account.createThing({ thingName: 'one', attributePayload: { attributes: { site: 'a' } } });
    const before = contents();
    await expect(register(body({ AttributePayload: 'REPLACE', ThingGroups: 'REPLACE' }, { ThingGroups: ['none'] }))).rejects.toThrow();
    expect(contents()).toEqual(before);
  });
});

describe('a thing that exists', () => {
  beforeEach(() => {
    account.createThing({ thingName: 'one', attributePayload: { attributes: { owner: 'x' } } });
    account.addThingToThingGroup({ thingName: 'one', thingGroupName: 'all' });
  });

  test.each([
    ['is left as it is without a setting', {}, { attributes: { owner: 'x' }, groups: ['all'] }],
    ['is left as it is with DO_NOTHING', { AttributePayload: 'DO_NOTHING', ThingGroups: 'DO_NOTHING', ThingTypeName: 'DO_NOTHING' }, { attributes: { owner: 'x' }, groups: ['all'] }],
    ['gets new attributes with REPLACE', { AttributePayload: 'REPLACE' }, { attributes: { site: 'b' } }],
    ['gets more attributes with MERGE', { AttributePayload: 'MERGE' }, { attributes: { owner: 'x', site: 'b' } }],
    ['changes its groups with REPLACE', { ThingGroups: 'REPLACE' }, { groups: ['new'] }],
    ['gets more groups with MERGE', { ThingGroups: 'MERGE' }, { groups: ['all', 'new'] }],
    ['gets a type with REPLACE', { ThingTypeName: 'REPLACE' }, { thingTypeName: 'sensor' }],
  ])('%s', async (_, overrides, expected) => {
    await register(body(overrides));
    expect(account.store.get('things', 'one')).toMatchObject(expected);
  });

  test.each(['AttributePayload', 'ThingTypeName', 'ThingGroups'])('fails with FAIL for %s', async (name) => {
    await expect(register(body({ [name]: 'FAIL' }))).rejects.toMatchObject({ name: 'ConflictingResourceUpdateException', message: "thing 'one' exists already" });
    expect([...account.store.all('certificates')]).toEqual([]);
  });
});

describe('a certificate of a CA', () => {
  const pemBody = JSON.stringify({
    Parameters: { Pem: { Type: 'String' }, Ca: { Type: 'String' } },
    Resources: {
      thing: { Type: 'AWS::IoT::Thing', Properties: { ThingName: { Ref: 'Name' } } },
      certificate: { Type: 'AWS::IoT::Certificate', Properties: { CertificatePem: { Ref: 'Pem' }, CACertificatePem: { Ref: 'Ca' } }, OverrideSettings: { Status: 'FAIL' } },
    },
  });

  test('is registered when its CA is', async () => {
    account.registerCaCertificate({ caCertificate: ca.certificatePem, certificateMode: 'SNI_ONLY', setAsActive: true });
    const device = openssl.issue(ca, '/CN=one');
    await register(pemBody, { Pem: device.certificatePem, Ca: ca.certificatePem });
    expect([...account.store.all('certificates')]).toMatchObject([{ status: 'ACTIVE', mode: 'SNI_ONLY', certificatePem: device.certificatePem }]);
    await expect(register(pemBody, { Pem: device.certificatePem, Ca: ca.certificatePem })).rejects.toThrow(/^certificate [0-9a-f]{64} exists already$/);
  });

  test.each([
    ['its CA is not registered', () => openssl.issue(ca, '/CN=one').certificatePem],
    ['it is no certificate', () => 'pem'],
  ])('fails when %s', async (_, pem) => {
    await expect(register(pemBody, { Pem: pem(), Ca: ca.certificatePem })).rejects.toMatchObject({ name: 'ResourceRegistrationFailureException' });
    expect([...account.store.all('things')]).toEqual([]);
  });
});

test('brings a policy along, once', async () => {
  const withPolicy = JSON.stringify({
    Resources: {
      certificate: { Type: 'AWS::IoT::Certificate', Properties: { CertificateSigningRequest: { Ref: 'CSR' } } },
      policy: { Type: 'AWS::IoT::Policy', Properties: { PolicyDocument: { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: 'iot:Connect', Resource: '*' }] } } },
    },
  });
  const first = await register(withPolicy);
  const second = await register(withPolicy);
  expect(first.resourceArns.policy).toBe(second.resourceArns.policy);
  expect([...account.store.all('policies')].map(({ policyName }) => policyName)).toEqual(['device', expect.stringMatching(/^[0-9A-F]{40}$/)]);
});

describe('fails for parameters', () => {
  test.each([
    ['that are no strings', { a: 1 }, "parameter 'a' must be a string"],
    ['that are too long', { a: 'x'.repeat(4097) }, "parameter 'a' is too long"],
    ['that are no object', ['a'], 'parameters must be an object of strings'],
  ])('%s', (_, parameters, message) => {
    expect(() => readParameters(parameters)).toThrow(message);
  });
});

test('a template gives a certificate by its id the status it names', () => {
  const { certificatePem } = openssl.issue(ca, '/CN=one');
  const { certificateId } = account.addIssuedCertificate({ certificatePem, status: 'PENDING_ACTIVATION' });
  const template = parseTemplate(JSON.stringify({ Resources: { certificate: { Type: 'AWS::IoT::Certificate', Properties: { CertificateId: { Ref: 'Id' }, Status: 'INACTIVE' } } } }), 'fleet');
  expect(provisioner.provision(template, new Map([['Id', certificateId]]))).toMatchObject({ certificateId, deviceConfiguration: {} });
  expect(account.store.get('certificates', certificateId)!.status).toBe('INACTIVE');
  expect(() => provisioner.provision(template, new Map([['Id', 'f'.repeat(64)]]))).toThrow('not found');
});
