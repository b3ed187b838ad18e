import { App, Duration, Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { CertificateAuthority, DeviceCertificate, KeyDelivery } from '../../lib/certificates';
import { granted } from '../lambda/permissions';
import { issue, request } from './pki';

const ENV = { account: '123456789012', region: 'eu-central-1' };
const CUSTOM = 'Custom::IotCertificates';

let app: App;
let stack: Stack;
let csr: string;
let ca: CertificateAuthority;

beforeAll(async () => {
  csr = await request();
});

beforeEach(() => {
  app = new App();
  stack = new Stack(app, 'Stack', { env: ENV });
  ca = CertificateAuthority.createInKms(stack, 'Ca', { subject: { commonName: 'Own CA' } });
});

function properties(): { Items: unknown[]; Authorities: object } {
  return Object.values(Template.fromStack(stack).findResources(CUSTOM))[0]!.Properties;
}

test('a certificate is issued for the request, for a year', () => {
  DeviceCertificate.issuedBy(stack, 'One', ca, { csr });

  expect(properties().Items).toEqual([{
    key: expect.stringMatching(/^[0-9a-f]{10}$/), path: 'Stack/One', kind: 'issued', csr, validitySeconds: 365 * 86_400, authority: expect.stringMatching(/^[0-9a-f]{10}$/),
    status: 'ACTIVE', onRemoval: 'retain', generation: '',
  }]);
});

test('the handler gets each CA once, after it has been registered', () => {
  DeviceCertificate.issuedBy(stack, 'One', ca, { csr, validity: Duration.days(30) });
  DeviceCertificate.issuedBy(stack, 'Two', ca, { csr, generation: '2' });

  // As an object: in JSON text, the line breaks of the certificate would make it unreadable once they are known.
  expect(Object.values(properties().Authorities)).toEqual([{
    certificatePem: { 'Fn::GetAtt': [expect.stringMatching(/^CaCertificate/), 'CertificatePem'] },
    keyId: { 'Fn::GetAtt': [expect.stringMatching(/^CaKey/), 'Arn'] },
    certificateAuthorityId: { Ref: expect.stringMatching(/^Ca[0-9A-F]{8}$/) },
  }]);
  Template.fromStack(stack).resourceCountIs(CUSTOM, 1);
});

test('the function may sign with the key of the CA, and its key policy says so once', () => {
  DeviceCertificate.issuedBy(stack, 'One', ca, { csr });
  DeviceCertificate.issuedBy(stack, 'Two', ca, { csr });

  const grants = granted(stack);
  expect(grants.get('kms:Sign')).toEqual(['<CaKey.Arn>']);
  expect(grants.get('iot:RegisterCertificate')).toEqual(['*']);
  expect([...grants.keys()]).not.toContain('iot:CreateCertificateFromCsr');
  const [key] = Object.values(Template.fromStack(stack).findResources('AWS::KMS::Key'));
  const signers = (key!.Properties.KeyPolicy.Statement as { Action: unknown; Principal: unknown }[]).filter(({ Action: action }) => action === 'kms:Sign');
  expect(JSON.stringify(signers).match(/CdkIotWardenissuecertificatesRole/g)).toHaveLength(1);
});

test('keys and requests share one custom resource', () => {
  DeviceCertificate.issuedBy(stack, 'One', ca, { csr });
  DeviceCertificate.withDeliveredKey(stack, 'Two', { delivery: KeyDelivery.toSecret() });

  Template.fromStack(stack).resourceCountIs(CUSTOM, 1);
  expect(properties().Items).toHaveLength(2);
});

test('a certificate fails for a CA whose key is not in AWS KMS', async () => {
  const { pem } = await issue('ca', { ca: true, days: 3650 });
  const other = CertificateAuthority.fromPem(stack, 'Other', { certificatePem: pem });

  expect(() => DeviceCertificate.issuedBy(stack, 'One', other, { csr })).toThrow(
    "the CA Stack/Other must have a 'signingKey' in AWS KMS to issue certificates; set it, or issue them elsewhere and use DeviceCertificate.fromPem (at Stack/One)",
  );
});

test('a certificate fails for a request that AWS IoT would refuse', () => {
  expect(() => DeviceCertificate.issuedBy(stack, 'One', ca, { csr: './device.csr' })).toThrow("'csr' must be PEM text that begins with");
});

test.each([Duration.hours(23), Duration.days(40_000)])('a certificate fails for a validity of %s', (validity) => {
  expect(() => DeviceCertificate.issuedBy(stack, 'One', ca, { csr, validity })).toThrow(/^'validity' must be from 1 to \d+ days, got /);
});

test('a certificate fails in another Region than its CA', () => {
  const elsewhere = new Stack(app, 'Elsewhere', { env: { ...ENV, region: 'us-east-1' } });

  expect(() => DeviceCertificate.issuedBy(elsewhere, 'One', ca, { csr })).toThrow(
    'a certificate must be in the region where its CA is registered, got us-east-1 for the certificate and eu-central-1 for Stack/Ca (at Elsewhere/One)',
  );
});

test('a certificate can be in another stack than its CA', () => {
  const other = new Stack(app, 'Other', { env: ENV });
  DeviceCertificate.issuedBy(other, 'One', ca, { csr });

  expect(Template.fromStack(other).findResources(CUSTOM)).toEqual({ [Object.keys(Template.fromStack(other).findResources(CUSTOM))[0]!]: Match.anyValue() && expect.anything() });
  expect(other.dependencies).toContain(stack);
});
