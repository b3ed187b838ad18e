import { App, RemovalPolicy, Stack, type CfnResource } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { DeviceCertificate } from '../../lib/certificates';
import { granted } from '../lambda/permissions';
import { request } from './pki';

const ENV = { account: '123456789012', region: 'eu-central-1' };
const IOT = 'arn:aws:iot:eu-central-1:123456789012';
const CUSTOM = 'Custom::IotCertificateRetirement';

let stack: Stack;
let csr: string;

beforeAll(async () => {
  csr = await request();
});

beforeEach(() => {
  stack = new Stack(new App(), 'Stack', { env: ENV });
});

function define(id: string, removalPolicy?: RemovalPolicy): string {
  const certificate = DeviceCertificate.fromCsr(stack, id, { csr, removalPolicy });
  return stack.getLogicalId(certificate.node.defaultChild as CfnResource);
}

test('certificates that are kept need nothing', () => {
  define('Kept');
  define('AlsoKept', RemovalPolicy.RETAIN);

  Template.fromStack(stack).resourceCountIs(CUSTOM, 0);
  Template.fromStack(stack).resourceCountIs('AWS::Lambda::Function', 0);
});

test.each([1, 30])('one custom resource and one function retire %d certificates that are deleted with the stack', (count) => {
  const ids = Array.from({ length: count }, (_, index) => define(`Device${String(index).padStart(2, '0')}`, RemovalPolicy.DESTROY));
  define('Kept');

  const template = Template.fromStack(stack);
  template.resourceCountIs('AWS::Lambda::Function', 1);
  template.hasResourceProperties(CUSTOM, { CertificateIds: ids.map((Ref) => ({ Ref })), Memory: '/cdk-iot-warden/Stack/CdkIotWarden-Retirement.Wanted' });
  template.resourceCountIs(CUSTOM, 1);
});

test('the list is in an order that lasts', () => {
  const [b, a] = [define('B', RemovalPolicy.DESTROY), define('A', RemovalPolicy.DESTROY)];

  Template.fromStack(stack).hasResourceProperties(CUSTOM, { CertificateIds: [{ Ref: a }, { Ref: b }] });
});

test('the function may retire these certificates, and delete none', () => {
  define('One', RemovalPolicy.DESTROY);
  const memory = 'arn:aws:ssm:eu-central-1:123456789012:parameter/cdk-iot-warden/Stack/CdkIotWarden-Retirement.Wanted';

  expect(Object.fromEntries([...granted(stack)].sort())).toEqual({
    'iot:DescribeCertificate': ['<One.Arn>'],
    'iot:DetachPolicy': ['<One.Arn>'],
    'iot:DetachThingPrincipal': ['<One.Arn>', `${IOT}:thing/*`],
    'iot:ListAttachedPolicies': ['*'],
    'iot:ListPrincipalThings': ['<One.Arn>'],
    'iot:UpdateCertificate': ['<One.Arn>'],
    ...Object.fromEntries(['DeleteParameter', 'GetParameter', 'PutParameter'].map((action) => [`ssm:${action}`, [memory, `${memory}/*`]])),
  });
});

test('the function may retire all certificates where their names have no room', () => {
  Array.from({ length: 21 }, (_, index) => define(`Device${index}`, RemovalPolicy.DESTROY));

  expect(granted(stack).get('iot:UpdateCertificate')).toEqual([`${IOT}:cert/*`]);
});
