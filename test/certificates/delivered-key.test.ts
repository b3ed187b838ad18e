import { App, CfnParameter, RemovalPolicy, Stack } from 'aws-cdk-lib';
import * as iot from 'aws-cdk-lib/aws-iot';
import * as kms from 'aws-cdk-lib/aws-kms';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { CertificateStatus, DeviceCertificate, DeviceKeyType, KeyDelivery } from '../../lib/certificates';
import { Thing } from '../../lib/registry';
import { granted } from '../lambda/permissions';

const ENV = { account: '123456789012', region: 'eu-central-1' };
const IOT = 'arn:aws:iot:eu-central-1:123456789012';
const SSM = 'arn:aws:ssm:eu-central-1:123456789012:parameter';
const CUSTOM = 'Custom::IotCertificates';

let stack: Stack;
let key: kms.IKey;

beforeEach(() => {
  stack = new Stack(new App(), 'Stack', { env: ENV });
  key = kms.Key.fromKeyArn(stack, 'Key', 'arn:aws:kms:eu-central-1:123456789012:key/abc');
});

function toSecret(id = 'One', props: object = {}): DeviceCertificate {
  return DeviceCertificate.withDeliveredKey(stack, id, { delivery: KeyDelivery.toSecret(), ...props });
}

function toParameter(id: string, parameterName: string, props: object = {}): DeviceCertificate {
  return DeviceCertificate.withDeliveredKey(stack, id, { delivery: KeyDelivery.toSecureString({ parameterName, encryptionKey: key }), ...props });
}

/** What the handler is told of each certificate; tokens as text. */
function items(): Record<string, unknown>[] {
  const [resource] = Object.values(Template.fromStack(stack).findResources(CUSTOM));
  return (resource!.Properties.Items as unknown[]).map((item) => withoutTokens(item) as Record<string, unknown>);
}

function withoutTokens(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) {
    return value;
  }
  const { 'Fn::Join': join, Ref: reference } = value as { 'Fn::Join'?: [string, unknown[]]; Ref?: string };
  if (join) {
    return join[1].map(withoutTokens).join(join[0]);
  }
  return reference === undefined ? Object.fromEntries(Object.entries(value).map(([name, member]) => [name, withoutTokens(member)])) : `<${reference}>`;
}

describe('a key that is delivered to a secret', () => {
  test('goes to an empty one of its own, which is kept like the certificate', () => {
    toSecret();

    Template.fromStack(stack).hasResource('AWS::SecretsManager::Secret', {
      Properties: { Description: 'The private key of the device certificate Stack/One', SecretString: Match.absent(), GenerateSecretString: Match.absent(), KmsKeyId: Match.absent() },
      DeletionPolicy: 'RetainExceptOnCreate',
      UpdateReplacePolicy: 'Retain',
    });
    expect(items()).toEqual([{
      key: expect.stringMatching(/^[0-9a-f]{10}$/), path: 'Stack/One', kind: 'delivered', keyType: 'EC_P256', status: 'ACTIVE', onRemoval: 'retain', generation: '',
      destination: { kind: 'secret', secretId: expect.stringMatching(/^<OneSecret/) },
    }]);
  });

  test('is removed with it on request', () => {
    toSecret('One', { removalPolicy: RemovalPolicy.DESTROY });

    Template.fromStack(stack).hasResource('AWS::SecretsManager::Secret', { DeletionPolicy: 'Delete' });
    expect(items()).toEqual([expect.objectContaining({ onRemoval: 'destroy' })]);
  });

  test('is encrypted with a key of the user on request, and whoever may read it may decrypt it', () => {
    const encryptionKey = new kms.Key(stack, 'Own');
    const certificate = toSecret('One', { delivery: KeyDelivery.toSecret({ encryptionKey }) });

    Template.fromStack(stack).hasResourceProperties('AWS::SecretsManager::Secret', { KmsKeyId: { 'Fn::GetAtt': [Match.stringLikeRegexp('^Own'), 'Arn'] } });
    expect(certificate.keySecret?.encryptionKey).toBe(encryptionKey);
    const grants = granted(stack);
    expect(grants.get('kms:GenerateDataKey')).toEqual(['<Own.Arn>']);
    expect(grants.get('secretsmanager:PutSecretValue')).toEqual(['<OneSecret>']);
  });

  test('can go to a secret that exists', () => {
    const secret = secretsmanager.Secret.fromSecretNameV2(stack, 'Existing', 'existing');
    const certificate = toSecret('One', { delivery: KeyDelivery.toSecret({ secret }) });

    Template.fromStack(stack).resourceCountIs('AWS::SecretsManager::Secret', 0);
    expect(certificate.keySecret).toBe(secret);
    expect(granted(stack).get('secretsmanager:GetSecretValue')).toEqual(['arn:aws:secretsmanager:eu-central-1:123456789012:secret:existing-??????']);
  });

  test('fails for a secret that is used twice', () => {
    const secret = secretsmanager.Secret.fromSecretNameV2(stack, 'Existing', 'existing');
    toSecret('One', { delivery: KeyDelivery.toSecret({ secret }) });

    expect(() => toSecret('Two', { delivery: KeyDelivery.toSecret({ secret }) })).toThrow("'secret' is also used for Stack/One; choose another for each certificate (at Stack/Two)");
  });

  test('fails for a key for a secret that exists', () => {
    const secret = secretsmanager.Secret.fromSecretNameV2(stack, 'Existing', 'existing');

    expect(() => toSecret('One', { delivery: KeyDelivery.toSecret({ secret, encryptionKey: key }) })).toThrow(
      "'encryptionKey' cannot be chosen for a 'secret' that exists; choose it where the secret is defined (at Stack/One)",
    );
  });
});

describe('a key that is delivered to a parameter', () => {
  test('is told by name and key', () => {
    const certificate = toParameter('One', '/devices/one');

    expect(items()).toEqual([expect.objectContaining({
      destination: { kind: 'secure-string', parameterName: '/devices/one', keyId: 'arn:aws:kms:eu-central-1:123456789012:key/abc' },
    })]);
    expect(certificate.keySecret).toBeUndefined();
    const grants = granted(stack);
    expect(grants.get('kms:Encrypt')).toEqual(['arn:aws:kms:eu-central-1:123456789012:key/abc']);
    expect(grants.get('ssm:PutParameter')).toEqual([
      `${SSM}/cdk-iot-warden/Stack/CdkIotWarden-Certificates.Made`, `${SSM}/cdk-iot-warden/Stack/CdkIotWarden-Certificates.Made/*`, `${SSM}/devices/one`, `${SSM}/devices/one.*`,
    ]);
  });

  test('may have a name that is a token', () => {
    toParameter('One', new CfnParameter(stack, 'Name').valueAsString);

    expect(items()).toEqual([expect.objectContaining({ destination: expect.objectContaining({ parameterName: '<Name>' }) })]);
  });

  test.each(['aws-key', '/ssm/one', '/devices//one', '/devices/one two', `/${'a/'.repeat(15)}b`])('fails for the name %s', (parameterName) => {
    expect(() => toParameter('One', parameterName)).toThrow("'parameterName' must consist of letters, digits and _.-, in up to 14 levels that begin with '/', and not begin with 'aws' or 'ssm'");
  });

  test('fails for a name that is used twice', () => {
    toParameter('One', '/devices/one');

    expect(() => toParameter('Two', '/devices/one')).toThrow("'parameterName' is also used for Stack/One; choose another for each certificate (at Stack/Two)");
  });
});

describe('a certificate with a delivered key', () => {
  test('has an id and an ARN that policies and things can be attached to', () => {
    const certificate = toSecret();
    certificate.attachPolicy(new iot.CfnPolicy(stack, 'Policy', { policyDocument: {} }));
    certificate.attachThing(new Thing(stack, 'Thing'));

    const template = Template.fromStack(stack);
    const [id] = Object.keys(template.findResources(CUSTOM));
    const arn = { 'Fn::Join': ['', ['arn:', { Ref: 'AWS::Partition' }, ':iot:eu-central-1:123456789012:cert/', { 'Fn::GetAtt': [id, items()[0]!.key] }]] };
    template.hasResourceProperties('AWS::IoT::PolicyPrincipalAttachment', { Principal: arn });
    template.hasResourceProperties('AWS::IoT::ThingPrincipalAttachment', { Principal: arn });
    expect(stack.resolve(certificate.certificateRef)).toEqual({ certificateId: { 'Fn::GetAtt': [id, items()[0]!.key] }, certificateArn: arn });
  });

  test('can have another key type, status and generation', () => {
    toSecret('One', { keyType: DeviceKeyType.RSA_2048, status: CertificateStatus.INACTIVE, generation: '2026' });

    expect(items()).toEqual([expect.objectContaining({ keyType: 'RSA_2048', status: 'INACTIVE', generation: '2026' })]);
  });

  test('is known by its path in the stack alone', () => {
    toSecret();
    const [before] = items();
    stack = new Stack(new App(), 'Renamed', { env: ENV });
    toSecret('Another');
    toSecret();

    expect(items().find(({ path }) => path === 'Renamed/One')?.key).toBe(before?.key);
  });

  test('fails for a snapshot', () => {
    expect(() => toSecret('One', { removalPolicy: RemovalPolicy.SNAPSHOT })).toThrow("'removalPolicy' must be one that destroys or retains, got snapshot (at Stack/One)");
  });
});

describe('a stack', () => {
  test.each([1, 30])('has one custom resource and one function for %d certificates', (count) => {
    for (let i = 0; i < count; i++) {
      toSecret(`Device${i}`);
    }

    const template = Template.fromStack(stack);
    template.resourceCountIs(CUSTOM, 1);
    template.resourceCountIs('AWS::Lambda::Function', 1);
    expect(Object.values(template.toJSON().Resources as Record<string, { Type: string }>).filter(({ Type: type }) => type.startsWith('Custom::'))).toHaveLength(1);
    expect(items()).toHaveLength(count);
  });

  test('fails for the forty-first certificate', () => {
    for (let i = 0; i < 40; i++) {
      toSecret(`Device${i}`);
    }

    expect(() => toSecret('Device40')).toThrow(
      'a stack can have at most 40 certificates with a delivered key or from an own CA, got one more; let the devices make their keys (DeviceCertificate.fromCsr), '
      + 'let them register themselves (provisioning), or add another stack (at Stack/Device40)',
    );
  });

  test('has a policy for its function that fits twice into a role, however many certificates there are', () => {
    for (let i = 0; i < 20; i++) {
      toSecret(`Device${i}`, { delivery: KeyDelivery.toSecret({ encryptionKey: key }) });
      toParameter(`Other${i}`, `/devices/with/a/long/name/number-${i}`);
    }

    const [policy] = Object.entries(Template.fromStack(stack).findResources('AWS::IAM::Policy')).filter(([id]) => id.includes('Permissions')).map(([, each]) => each);
    expect(JSON.stringify(policy!.Properties.PolicyDocument).length).toBeLessThan(5000);
    expect(granted(stack).get('secretsmanager:PutSecretValue')).toEqual(['arn:aws:secretsmanager:eu-central-1:123456789012:secret:*']);
    expect(granted(stack).get('ssm:GetParameter')).toContain(`${SSM}/devices/with/a/long/name/*`);
    Template.fromStack(stack).allResourcesProperties('AWS::SecretsManager::Secret', { Tags: [{ Key: 'cdk-iot-warden:stack', Value: 'Stack' }] });
    Template.fromStack(stack).hasResourceProperties('AWS::IAM::Policy', {
      PolicyDocument: { Statement: Match.arrayWith([Match.objectLike({ Condition: { StringEquals: { 'aws:ResourceTag/cdk-iot-warden:stack': 'Stack' } } })]) },
    });
  });
});

test('the function may do what it does for keys, and no more', () => {
  toSecret('One', { delivery: KeyDelivery.toSecret({ encryptionKey: key }) });
  const memory = `${SSM}/cdk-iot-warden/Stack/CdkIotWarden-Certificates.Made`;

  expect(Object.fromEntries([...granted(stack)].sort())).toEqual({
    'iot:CreateCertificateFromCsr': ['*'],
    'iot:DeleteCertificate': [`${IOT}:cert/*`],
    'iot:DescribeCertificate': [`${IOT}:cert/*`],
    'iot:DetachPolicy': [`${IOT}:cert/*`],
    'iot:DetachThingPrincipal': [`${IOT}:cert/*`, `${IOT}:thing/*`],
    'iot:ListAttachedPolicies': ['*'],
    'iot:ListCertificates': ['*'],
    'iot:ListPrincipalThings': [`${IOT}:cert/*`],
    'iot:UpdateCertificate': [`${IOT}:cert/*`],
    'kms:Decrypt': ['arn:aws:kms:eu-central-1:123456789012:key/abc'],
    'kms:GenerateDataKey': ['arn:aws:kms:eu-central-1:123456789012:key/abc'],
    'secretsmanager:DescribeSecret': ['<OneSecret>'],
    'secretsmanager:GetSecretValue': ['<OneSecret>'],
    'secretsmanager:PutSecretValue': ['<OneSecret>'],
    'secretsmanager:UpdateSecretVersionStage': ['<OneSecret>'],
    'ssm:DeleteParameter': [memory, `${memory}/*`],
    'ssm:GetParametersByPath': [memory, `${memory}/*`],
    'ssm:PutParameter': [memory, `${memory}/*`],
  });
  Template.fromStack(stack).hasResourceProperties('AWS::IAM::Policy', {
    PolicyDocument: { Statement: Match.arrayWith([Match.objectLike({ Action: Match.arrayWith(['kms:GenerateDataKey']), Condition: { StringEquals: { 'kms:ViaService': 'secretsmanager.eu-central-1.amazonaws.com' } } })]) },
  });
});
