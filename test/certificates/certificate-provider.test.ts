import { App, Duration, Lazy, Stack } from 'aws-cdk-lib';
import * as kms from 'aws-cdk-lib/aws-kms';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { CertificateAuthority, CertificateProvider, DeviceCertificate, SigningKey, type CertificateProviderProps } from '../../lib/certificates';
import { issue, request, type Holder } from './pki';

const ACCOUNT = '123456789012';
const REGION = 'eu-central-1';

let stack: Stack;
let ca: Holder;

beforeAll(async () => {
  ca = await issue('ca', { ca: true, days: 3650 });
});

beforeEach(() => {
  stack = new Stack(new App(), 'Stack', { env: { account: ACCOUNT, region: REGION } });
});

function define(props: Partial<CertificateProviderProps> = {}): CertificateProvider {
  stack.node.tryRemoveChild('Provider');
  return new CertificateProvider(stack, 'Provider', {
    certificateAuthority: stack.node.tryFindChild('Ca') as CertificateAuthority | undefined ?? CertificateAuthority.createInKms(stack, 'Ca', { subject: { commonName: 'Root' } }),
    csrPolicy: { commonNames: ['sensor-*'] },
    validity: Duration.days(365),
    ...props,
  });
}

const functionOf = (template: Template): { Properties: { Environment: { Variables: Record<string, unknown> } } } => (
  Object.values(template.findResources('AWS::Lambda::Function', { Properties: { Timeout: 5 } }))[0] as never
);

describe('a certificate provider', () => {
  test('signs what devices ask for, once AWS IoT may call its function', () => {
    define();

    const template = Template.fromStack(stack);
    const [permissionId] = Object.keys(template.findResources('AWS::Lambda::Permission'));
    template.hasResource('AWS::IoT::CertificateProvider', {
      Properties: {
        CertificateProviderName: 'Stack-Provider-342BA82A',
        LambdaFunctionArn: { 'Fn::GetAtt': [Match.stringLikeRegexp('^ProviderFunction'), 'Arn'] },
        AccountDefaultForOperations: ['CreateCertificateFromCsr'],
      },
      DependsOn: [permissionId],
    });
    template.hasResourceProperties('AWS::Lambda::Permission', {
      Action: 'lambda:InvokeFunction',
      Principal: 'iot.amazonaws.com',
      SourceAccount: ACCOUNT,
      SourceArn: { 'Fn::Join': ['', ['arn:', { Ref: 'AWS::Partition' }, `:iot:${REGION}:${ACCOUNT}:certificateprovider/Stack-Provider-342BA82A`]] },
    });
    template.hasResourceProperties('AWS::Lambda::Function', {
      Timeout: 5, MemorySize: 512, Runtime: 'nodejs24.x', Architectures: ['arm64'], Handler: 'index.handler',
      Environment: {
        Variables: {
          CA_CERTIFICATE: { 'Fn::GetAtt': [Match.stringLikeRegexp('^CaCertificate'), 'CertificatePem'] },
          KEY_ID: { 'Fn::GetAtt': [Match.stringLikeRegexp('^CaKey'), 'Arn'] },
          VALIDITY_SECONDS: '31536000',
          CSR_POLICY: JSON.stringify({ keySpecs: ['RSA_2048', 'RSA_3072', 'RSA_4096', 'ECC_NIST_P256', 'ECC_NIST_P384', 'ECC_NIST_P521'], commonNames: ['sensor-*'] }),
        },
      },
    });
  });

  test('lets its function sign with the key, write its log, and nothing else', () => {
    define();

    Template.fromStack(stack).hasResourceProperties('AWS::IAM::Policy', {
      PolicyName: Match.stringLikeRegexp('^ProviderRole'),
      PolicyDocument: {
        Statement: [
          { Effect: 'Allow', Action: ['logs:CreateLogStream', 'logs:PutLogEvents'], Resource: { 'Fn::GetAtt': [Match.stringLikeRegexp('^ProviderLogs'), 'Arn'] } },
          {
            Effect: 'Allow', Action: 'kms:Sign', Resource: { 'Fn::GetAtt': [Match.stringLikeRegexp('^CaKey'), 'Arn'] },
            Condition: { StringEquals: { 'kms:SigningAlgorithm': 'ECDSA_SHA_256', 'kms:MessageType': 'RAW' } },
          },
        ],
      },
    });
    Template.fromStack(stack).hasResourceProperties('AWS::KMS::Key', {
      KeyPolicy: { Statement: Match.arrayWith([Match.objectLike({ Action: 'kms:Sign', Principal: { AWS: { 'Fn::GetAtt': [Match.stringLikeRegexp('^ProviderRole'), 'Arn'] } } })]) },
    });
  });

  test('knows which keys, names and claims are allowed', async () => {
    const claim = DeviceCertificate.fromCsr(stack, 'Claim', { csr: await request() });
    define({ csrPolicy: { commonNames: ['a', 'b?'], keySpecs: [kms.KeySpec.ECC_NIST_P256], claimCertificates: [claim, DeviceCertificate.fromCertificateId(stack, 'Other', 'ab'.repeat(32))] } });

    expect(functionOf(Template.fromStack(stack)).Properties.Environment.Variables.CSR_POLICY).toEqual({
      'Fn::Join': ['', [
        '{"keySpecs":["ECC_NIST_P256"],"commonNames":["a","b?"],"principalIds":["', { Ref: expect.stringMatching('^Claim') }, `","${'ab'.repeat(32)}"]}`,
      ]],
    });
  });

  test('may have another name, which AWS IoT must take', () => {
    const provider = define({ certificateProviderName: 'fleet=1' });

    Template.fromStack(stack).hasResourceProperties('AWS::IoT::CertificateProvider', { CertificateProviderName: 'fleet=1' });
    expect(stack.resolve(provider.certificateProviderRef)).toEqual({
      certificateProviderName: { Ref: expect.stringMatching('^Provider') }, certificateProviderArn: { 'Fn::GetAtt': [expect.stringMatching('^Provider'), 'Arn'] },
    });
    expect(() => define({ certificateProviderName: 'a.b' })).toThrow(new Error("'certificateProviderName' must consist of letters, digits and _=,@-, got \"a.b\" (at Stack/Provider)"));
  });

  test('signs with a CA that exists, whose key is in AWS KMS', () => {
    const key = kms.Key.fromKeyArn(stack, 'Key', `arn:aws:kms:${REGION}:${ACCOUNT}:key/1`);
    define({ certificateAuthority: CertificateAuthority.fromPem(stack, 'Own', { certificatePem: ca.pem, signingKey: SigningKey.fromKms(key) }) });

    expect(functionOf(Template.fromStack(stack)).Properties.Environment.Variables).toMatchObject({ CA_CERTIFICATE: ca.pem, KEY_ID: `arn:aws:kms:${REGION}:${ACCOUNT}:key/1` });
  });
});

describe('fails', () => {
  test.each<[string, (scope: Stack) => SigningKey | undefined]>([
    ['without a key', () => undefined],
    ['for a key in a secret', (scope) => SigningKey.fromSecret(secretsmanager.Secret.fromSecretNameV2(scope, 'Secret', 'a'))],
  ])('%s', (_, make) => {
    const certificateAuthority = CertificateAuthority.fromPem(stack, 'Own', { certificatePem: ca.pem, signingKey: make(stack) });

    expect(() => define({ certificateAuthority })).toThrow(
      new Error("'certificateAuthority' must have its 'signingKey' in AWS KMS, which signs within the 5 seconds that AWS IoT waits (at Stack/Provider)"),
    );
  });

  test.each<[string, Partial<CertificateProviderProps>, string]>([
    ['no names', { csrPolicy: { commonNames: [] } }, "'csrPolicy.commonNames' must not be empty: no device would get a certificate"],
    ['an empty name', { csrPolicy: { commonNames: [''] } }, "'csrPolicy.commonNames' must be patterns of 1 to 64 characters, got \"\""],
    ['a long name', { csrPolicy: { commonNames: ['a'.repeat(65)] } }, `'csrPolicy.commonNames' must be patterns of 1 to 64 characters, got "${'a'.repeat(40)}…"`],
    ['no keys', { csrPolicy: { commonNames: ['*'], keySpecs: [] } }, "'csrPolicy.keySpecs' must not be empty: no device would get a certificate"],
    ['a key that AWS IoT does not take', { csrPolicy: { commonNames: ['*'], keySpecs: [kms.KeySpec.SM2] } }, "'csrPolicy.keySpecs' must be of RSA_2048, RSA_3072, RSA_4096, ECC_NIST_P256, ECC_NIST_P384, ECC_NIST_P521, got \"SM2\""],
    ['no claims', { csrPolicy: { commonNames: ['*'], claimCertificates: [] } }, "'csrPolicy.claimCertificates' must not be empty: no claim could ask"],
    ['no time', { validity: Duration.hours(1) }, "'validity' must be from 1 to 36500 days, got 1 hour"],
    ['time that is not known', { validity: Duration.days(Lazy.number({ produce: () => 1 })) }, "'validity' must be from 1 to 36500 days, got a token"],
  ])('for %s', (_, props, message) => {
    expect(() => define(props)).toThrow(new Error(`${message} (at Stack/Provider)`));
  });

  test('for more than the environment of a function can take', () => {
    expect(() => define({ csrPolicy: { commonNames: Array.from({ length: 80 }, (_, index) => `${'a'.repeat(50)}${index}`) } })).toThrow(
      /^'csrPolicy' and the certificate of the CA must take at most 3800 bytes, got \d+; allow fewer patterns and claims \(at Stack\/Provider\)$/,
    );
  });

  test('for a second one in the account and Region', () => {
    const { certificateAuthority } = { certificateAuthority: CertificateAuthority.createInKms(stack, 'Ca', { subject: { commonName: 'Root' } }) };
    define({ certificateAuthority });

    expect(() => new CertificateProvider(stack, 'Second', { certificateAuthority, csrPolicy: { commonNames: ['*'] }, validity: Duration.days(1) })).toThrow(
      new Error("an account has this setting once in each Region, and Stack/Provider sets it already; declare it once, or give the stacks an 'env' that tells them apart (at Stack/Second)"),
    );
  });
});

describe('a certificate provider of elsewhere', () => {
  test('is known by its name', () => {
    const provider = CertificateProvider.fromCertificateProviderName(stack, 'Import', 'fleet');

    expect(stack.resolve([provider.certificateProviderName, provider.certificateProviderArn])).toEqual([
      'fleet', { 'Fn::Join': ['', ['arn:', { Ref: 'AWS::Partition' }, `:iot:${REGION}:${ACCOUNT}:certificateprovider/fleet`]] },
    ]);
    expect(() => CertificateProvider.fromCertificateProviderName(stack, 'Bad', 'a.b')).toThrow("'certificateProviderName' must consist of letters, digits and _=,@-, got \"a.b\" (at Stack)");
  });

  test('is known by its ARN', () => {
    const provider = CertificateProvider.fromCertificateProviderArn(stack, 'Import', 'arn:aws:iot:us-east-1:1:certificateprovider/fleet');

    expect([provider.certificateProviderName, provider.env]).toEqual(['fleet', { account: '1', region: 'us-east-1' }]);
  });
});
