import { App, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { DeviceCertificate, KeyDelivery, type IDeviceCertificate } from '../../lib/certificates';
import { granted } from '../lambda/permissions';
import { issue, request } from './pki';

const ENV = { account: '123456789012', region: 'eu-central-1' };
const CUSTOM = 'Custom::IotCertificateText';

let stack: Stack;
let csr: string;

beforeAll(async () => {
  csr = await request();
});

beforeEach(() => {
  stack = new Stack(new App(), 'Stack', { env: ENV });
});

const KINDS: readonly [string, () => IDeviceCertificate][] = [
  ['a request', () => DeviceCertificate.fromCsr(stack, 'Certificate', { csr })],
  ['a delivered key', () => DeviceCertificate.withDeliveredKey(stack, 'Certificate', { delivery: KeyDelivery.toSecret() })],
  ['an id', () => DeviceCertificate.fromCertificateId(stack, 'Certificate', 'ab'.repeat(32))],
];

test.each(KINDS)('the text of a certificate from %s is looked up when it is asked for, once', (_, define) => {
  const certificate = define();
  Template.fromStack(stack).resourceCountIs(CUSTOM, 0);
  stack = new Stack(new App(), 'Stack', { env: ENV });
  const again = define();
  const texts = [again.certificatePem, again.certificatePem];

  const template = Template.fromStack(stack);
  const [id, resource] = Object.entries(template.findResources(CUSTOM))[0]!;
  expect(stack.resolve(texts)).toEqual(Array(2).fill({ 'Fn::GetAtt': [id, 'CertificatePem'] }));
  expect(resource.Properties.CertificateId).toEqual(stack.resolve(again.certificateId));
  expect(certificate).not.toBe(again);
});

test('the text of a certificate that the app has costs nothing', async () => {
  const { pem } = await issue('device');

  expect(DeviceCertificate.fromPem(stack, 'Certificate', { certificatePem: pem }).certificatePem).toBe(pem);
  Template.fromStack(stack).resourceCountIs(CUSTOM, 0);
});

test('the function may look up this certificate', () => {
  expect(DeviceCertificate.fromCertificateId(stack, 'Certificate', 'ab'.repeat(32)).certificatePem).toBeDefined();

  expect([...granted(stack)]).toEqual([['iot:DescribeCertificate', [`arn:aws:iot:eu-central-1:123456789012:cert/${'ab'.repeat(32)}`]]]);
});

test('the text fails for a certificate elsewhere', () => {
  const certificate = DeviceCertificate.fromCertificateArn(stack, 'Certificate', `arn:aws:iot:us-east-1:123456789012:cert/${'ab'.repeat(32)}`);

  expect(() => certificate.certificatePem).toThrow("'certificatePem' can be looked up in the region of the stack only, eu-central-1, got a certificate of us-east-1 (at Stack/Certificate)");
});

test('the text fails for the twenty-first certificate', () => {
  const certificates = Array.from({ length: 21 }, (_, index) => DeviceCertificate.fromCertificateId(stack, `Certificate${index}`, 'ab'.repeat(32)));
  certificates.slice(0, 20).forEach((certificate) => expect(certificate.certificatePem).toBeDefined());

  expect(() => certificates[20]!.certificatePem).toThrow(
    "'certificatePem' can be looked up for 20 certificates of a stack, got one more; read it with 'aws iot describe-certificate', or divide the stack (at Stack/Certificate20)",
  );
});
