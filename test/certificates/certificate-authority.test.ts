import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App, Aspects, CfnParameter, Duration, Lazy, RemovalPolicy, Stack } from 'aws-cdk-lib';
import * as acmpca from 'aws-cdk-lib/aws-acmpca';
import * as iot from 'aws-cdk-lib/aws-iot';
import * as kms from 'aws-cdk-lib/aws-kms';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import { Annotations, Match, Template } from 'aws-cdk-lib/assertions';
import { AwsSolutionsChecks } from 'cdk-nag';
import {
  AutoRegistration, CertificateAuthority, CertificateAuthorityStatus, CertificateMode, CertificateProvider, SigningKey,
  type CertificateAuthorityFromPemProps, type CertificateAuthorityInKmsProps,
} from '../../lib/certificates';
import { granted } from '../lambda/permissions';
import { issue, P384, privateKey, request, rewrap, rsa, type Holder } from './pki';

const ID = 'ab'.repeat(32);
const ACCOUNT = '123456789012';
const REGION = 'eu-central-1';

let app: App;
let stack: Stack;
let ca: Holder;
let folder: string;

beforeAll(async () => {
  ca = await issue('ca', { ca: true, days: 3650 });
  folder = mkdtempSync(join(tmpdir(), 'ca-'));
});

afterAll(() => {
  rmSync(folder, { recursive: true });
});

beforeEach(() => {
  app = new App();
  stack = new Stack(app, 'Stack', { env: { account: ACCOUNT, region: REGION } });
});

afterEach(() => {
  jest.useRealTimers();
});

function fromPem(certificatePem: string, props: Partial<CertificateAuthorityFromPemProps> = {}): CertificateAuthority {
  stack.node.tryRemoveChild('Ca');
  return CertificateAuthority.fromPem(stack, 'Ca', { certificatePem, ...props });
}

function inKms(props: Partial<CertificateAuthorityInKmsProps> = {}): CertificateAuthority {
  stack.node.tryRemoveChild('Ca');
  return CertificateAuthority.createInKms(stack, 'Ca', { subject: { commonName: 'Root' }, ...props });
}

/** A self-signed CA of OpenSSL. */
function openssl(...args: readonly string[]): string {
  return execFileSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', 'key', '-subj', '/CN=ca', '-days', '999', ...args], { cwd: folder, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
}

const registered = (properties: object): void => Template.fromStack(stack).hasResourceProperties('AWS::IoT::CACertificate', properties);
const key = (): SigningKey => SigningKey.fromKms(kms.Key.fromKeyArn(stack, 'Key', `arn:aws:kms:${REGION}:${ACCOUNT}:key/1`));

describe('a CA that exists', () => {
  test('is registered without proof, for devices that send the server name, and registers nobody by itself', () => {
    fromPem(ca.pem);

    Template.fromStack(stack).hasResource('AWS::IoT::CACertificate', {
      Properties: {
        CACertificatePem: ca.pem,
        CertificateMode: 'SNI_ONLY',
        Status: 'ACTIVE',
        AutoRegistrationStatus: 'DISABLE',
        RemoveAutoRegistration: true,
        RegistrationConfig: Match.absent(),
        VerificationCertificatePem: Match.absent(),
      },
      DeletionPolicy: 'Delete',
      UpdateReplacePolicy: 'Delete',
    });
    Template.fromStack(stack).resourceCountIs('AWS::Lambda::Function', 0);
  });

  test('has an id, an ARN and a certificate', () => {
    const authority = fromPem(ca.pem);

    expect(stack.resolve([authority.certificateAuthorityId, authority.certificateAuthorityArn, authority.certificatePem, authority.caCertificateRef])).toEqual([
      { Ref: 'Ca1E0C8272' },
      { 'Fn::GetAtt': ['Ca1E0C8272', 'Arn'] },
      ca.pem,
      { caCertificateId: { Ref: 'Ca1E0C8272' }, caCertificateArn: { 'Fn::GetAtt': ['Ca1E0C8272', 'Arn'] } },
    ]);
    expect(authority.signingKey).toBeUndefined();
  });

  test('can be inactive, and kept', () => {
    fromPem(ca.pem, { status: CertificateAuthorityStatus.INACTIVE, removalPolicy: RemovalPolicy.RETAIN });

    Template.fromStack(stack).hasResource('AWS::IoT::CACertificate', { Properties: { Status: 'INACTIVE' }, DeletionPolicy: 'Retain', UpdateReplacePolicy: 'Retain' });
  });

  test('can provision just in time with a template', () => {
    const template = new iot.CfnProvisioningTemplate(stack, 'Template', { provisioningRoleArn: 'arn:aws:iam::123456789012:role/r', templateBody: '{}', templateType: 'JITP' });
    fromPem(ca.pem, { autoRegistration: AutoRegistration.justInTimeProvisioning(template) });

    registered({ AutoRegistrationStatus: 'ENABLE', RegistrationConfig: { TemplateName: { Ref: 'Template' } }, RemoveAutoRegistration: false });
  });

  test('can register just in time, without a template that was there before', () => {
    fromPem(ca.pem, { autoRegistration: AutoRegistration.justInTimeRegistration() });

    registered({ AutoRegistrationStatus: 'ENABLE', RegistrationConfig: Match.absent(), RemoveAutoRegistration: true });
  });

  test('may come from a token, of which nothing is known', () => {
    fromPem(Lazy.string({ produce: () => ca.pem }));

    registered({ CACertificatePem: ca.pem });
  });

  test.each<[string, () => Promise<string>]>([
    ['RSA 2048', async () => (await issue('a', { ca: true, algorithm: rsa(2048) })).pem],
    ['P-384', async () => (await issue('a', { ca: true, algorithm: P384 })).pem],
    ['an RSA-PSS signature', async () => openssl('-sigopt', 'rsa_padding_mode:pss')],
    ['another CA above it', async () => (await issue('sub', { ca: true, issuer: ca })).pem],
    ['keyCertSign', async () => openssl('-addext', 'keyUsage=critical,keyCertSign,cRLSign')],
  ])('may have %s', async (_, make) => {
    fromPem(await make());
    expect(Annotations.fromStack(stack).findError('*', Match.anyValue())).toEqual([]);
  });

  test.each<[string, () => Promise<string>, string]>([
    ['a device', async () => (await issue('device')).pem, "'certificatePem' must be the certificate of a CA, with basicConstraints CA:TRUE and keyCertSign in keyUsage; issue it again with these extensions"],
    ['a CA that must not sign certificates', async () => openssl('-addext', 'keyUsage=digitalSignature'), "'certificatePem' must be the certificate of a CA, with basicConstraints CA:TRUE and keyCertSign in keyUsage; issue it again with these extensions"],
    ['a small key', async () => (await issue('a', { ca: true, algorithm: rsa(1024) })).pem, "'certificatePem' must have an RSA key of at least 2048 bits or an EC key on P-256, P-384 or P-521, got RSA 1024 bits"],
    ['SHA-1', async () => openssl('-sha1'), "'certificatePem' must be signed with SHA-256, SHA-384 or SHA-512, got another algorithm; issue it again"],
    ['a request', () => request(), "'certificatePem' holds a certificate signing request; pass the certificate that was issued for it"],
    ['a chain', async () => ca.pem + ca.pem, "'certificatePem' must hold one certificate, got 2 PEM blocks; keep only the first, which in a chain is the device's own"],
    ['a root that contradicts itself', async () => rewrap(ca.pem, 'CERTIFICATE', (der) => Buffer.concat([der.subarray(0, -1), Buffer.from([der.at(-1)! ^ 1])])), "'certificatePem' names itself as its issuer, but another key has signed it; issue it again"],
  ])('fails for %s', async (_, make, message) => {
    const pem = await make();

    expect(() => fromPem(pem)).toThrow(new Error(`${message} (at Stack/Ca)`));
  });

  test('fails for its private key, without a word of it', async () => {
    const pem = await privateKey(ca.keys);

    expect(() => fromPem(ca.pem + pem)).toThrow(/^'certificatePem' contains a private key; remove it/);
    expect(() => fromPem(ca.pem + pem)).not.toThrow(pem.split('\n')[1]);
  });

  test('gets an error when it has expired or is not valid yet, and a warning before it does', () => {
    const travel = (days: number): void => {
      jest.useFakeTimers({ now: Date.now() + days * 24 * 60 * 60 * 1000 });
      fromPem(ca.pem);
      jest.useRealTimers();
    };
    travel(3640);
    Annotations.fromStack(stack).hasWarning('/Stack/Ca', Match.stringLikeRegexp("'certificatePem' expires on .*; issue its successor before then"));
    travel(4000);
    Annotations.fromStack(stack).hasError('/Stack/Ca', Match.stringLikeRegexp("'certificatePem' expired on .*; issue a new certificate"));
    travel(-100);
    Annotations.fromStack(stack).hasError('/Stack/Ca', Match.stringLikeRegexp("'certificatePem' is not valid before"));
  });

  test.each([['mode', "'mode' must be SNI_ONLY or DEFAULT, got \"NONE\""], ['status', "'status' must be ACTIVE or INACTIVE, got \"NONE\""]])('fails for another %s', (prop, message) => {
    expect(() => fromPem(ca.pem, { [prop]: 'NONE' })).toThrow(new Error(`${message} (at Stack/Ca)`));
  });

  test('may have its status from a parameter', () => {
    fromPem(ca.pem, { status: new CfnParameter(stack, 'Status').valueAsString as CertificateAuthorityStatus });

    registered({ Status: { Ref: 'Status' } });
  });
});

describe('a CA in DEFAULT mode', () => {
  const asDefault = (props: Partial<CertificateAuthorityFromPemProps>): CertificateAuthority => fromPem(ca.pem, { mode: CertificateMode.DEFAULT, ...props });

  test('gets a verification certificate from a custom resource', () => {
    asDefault({ signingKey: key() });

    registered({ CertificateMode: 'DEFAULT', VerificationCertificatePem: { 'Fn::GetAtt': [Match.stringLikeRegexp('^CaVerification'), 'VerificationCertificatePem'] } });
    Template.fromStack(stack).hasResourceProperties('Custom::IotCaVerification', {
      CaCertificatePem: ca.pem,
      SigningKeyKind: 'kms',
      SigningKeyId: `arn:aws:kms:${REGION}:${ACCOUNT}:key/1`,
      SigningKeyField: Match.absent(),
      Memory: '/cdk-iot-warden/Stack/Ca.Verification',
    });
  });

  test.each<[string, () => SigningKey, Record<string, string[]>]>([
    ['AWS KMS', key, { 'kms:Sign': [`arn:aws:kms:${REGION}:${ACCOUNT}:key/1`], 'kms:GetPublicKey': [`arn:aws:kms:${REGION}:${ACCOUNT}:key/1`] }],
    [
      'a secret',
      () => SigningKey.fromSecret(secretsmanager.Secret.fromSecretNameV2(stack, 'Secret', 'ca')),
      { 'secretsmanager:GetSecretValue': [`arn:aws:secretsmanager:${REGION}:${ACCOUNT}:secret:ca-??????`] },
    ],
    [
      'a secret with a key of its own',
      () => SigningKey.fromSecret(new secretsmanager.Secret(stack, 'Secret', { encryptionKey: new kms.Key(stack, 'SecretKey') }), { field: 'key' }),
      { 'secretsmanager:GetSecretValue': ['<Secret>'], 'kms:Decrypt': ['<SecretKey.Arn>'] },
    ],
    [
      'AWS Private CA',
      () => SigningKey.fromPrivateCa(acmpca.CertificateAuthority.fromCertificateAuthorityArn(stack, 'Pca', 'arn:aws:acm-pca:eu-central-1:123456789012:certificate-authority/1')),
      Object.fromEntries(['GetCertificate', 'GetCertificateAuthorityCertificate', 'IssueCertificate'].map((action) => [`acm-pca:${action}`, ['arn:aws:acm-pca:eu-central-1:123456789012:certificate-authority/1']])),
    ],
  ])('lets its handler do no more than sign with %s', (_, make, permissions) => {
    asDefault({ signingKey: make() });

    const parameters = granted(stack);
    for (const action of ['ssm:GetParameter', 'ssm:PutParameter', 'ssm:DeleteParameter', 'ssm:GetParametersByPath']) {
      expect(parameters.get(action)?.every((resource) => resource.startsWith(`arn:aws:ssm:${REGION}:${ACCOUNT}:parameter/cdk-iot-warden/Stack/Ca.Verification`))).toBe(true);
      parameters.delete(action);
    }
    expect(Object.fromEntries(parameters)).toEqual({ 'iot:GetRegistrationCode': ['*'], ...permissions });
  });

  test('binds its handler to digests and to the one template', () => {
    const conditions = (): unknown[] => Object.values(Template.fromStack(stack).findResources('AWS::IAM::Policy'))
      .flatMap(({ Properties: { PolicyDocument: { Statement: statements } } }) => statements as { Condition?: unknown }[]).flatMap(({ Condition: condition }) => condition ?? []);
    asDefault({ signingKey: key() });

    expect(conditions()).toEqual([{
      StringEquals: { 'kms:SigningAlgorithm': ['ECDSA_SHA_256', 'ECDSA_SHA_384', 'ECDSA_SHA_512', 'RSASSA_PKCS1_V1_5_SHA_256'], 'kms:MessageType': 'RAW' },
    }]);
    stack = new Stack(new App(), 'Stack');
    asDefault({ signingKey: SigningKey.fromPrivateCa(acmpca.CertificateAuthority.fromCertificateAuthorityArn(stack, 'Pca', 'arn:aws:acm-pca:eu-central-1:123456789012:certificate-authority/1')) });
    expect(conditions()).toEqual([{ StringEquals: { 'acm-pca:TemplateArn': { 'Fn::Join': ['', ['arn:', { Ref: 'AWS::Partition' }, ':acm-pca:::template/EndEntityCertificate/V1']] } } }]);
  });

  test('names the field of a secret', () => {
    asDefault({ signingKey: SigningKey.fromSecret(secretsmanager.Secret.fromSecretNameV2(stack, 'Secret', 'ca'), { field: 'key' }) });

    Template.fromStack(stack).hasResourceProperties('Custom::IotCaVerification', { SigningKeyKind: 'secret', SigningKeyField: 'key' });
  });

  test('lets the handler in by the policy of a key of the app', () => {
    const own = new kms.Key(stack, 'Own', { keySpec: kms.KeySpec.ECC_NIST_P256, keyUsage: kms.KeyUsage.SIGN_VERIFY });
    asDefault({ signingKey: SigningKey.fromKms(own) });

    Template.fromStack(stack).hasResourceProperties('AWS::KMS::Key', {
      KeyPolicy: { Statement: Match.arrayWith([Match.objectLike({ Action: 'kms:Sign', Principal: { AWS: { 'Fn::GetAtt': [Match.stringLikeRegexp('verifycacertificate'), 'Arn'] } } })]) },
    });
  });

  test('takes a verification certificate that was made elsewhere, also when it has expired', async () => {
    const { pem } = await issue('code', { issuer: ca, from: new Date('2020-01-01'), days: 9 });
    asDefault({ verificationCertificatePem: pem });

    registered({ VerificationCertificatePem: pem });
    Template.fromStack(stack).resourceCountIs('Custom::IotCaVerification', 0);
    Annotations.fromStack(stack).hasNoError('*', Match.anyValue());
  });

  test('fails for a verification certificate of another CA', async () => {
    const { pem } = await issue('code');

    expect(() => asDefault({ verificationCertificatePem: pem })).toThrow(
      new Error("'verificationCertificatePem' must be signed by the private key of the CA in 'certificatePem'; sign the account's registration code with it (at Stack/Ca)"),
    );
  });

  test('fails without any proof', () => {
    expect(() => asDefault({})).toThrow(
      new Error("'mode' DEFAULT needs a proof that the account has the private key; set 'signingKey', or 'verificationCertificatePem' (at Stack/Ca)"),
    );
  });

  test('has what SNI_ONLY must not have', async () => {
    const { pem } = await issue('code', { issuer: ca });

    expect(() => fromPem(ca.pem, { verificationCertificatePem: pem })).toThrow(
      new Error("'verificationCertificatePem' must not be set in SNI_ONLY mode, which AWS IoT would refuse; remove it, or set 'mode' to DEFAULT (at Stack/Ca)"),
    );
    fromPem(ca.pem, { signingKey: key() });
    registered({ VerificationCertificatePem: Match.absent() });
  });
});

describe('a CA in several places of an app', () => {
  const register = (id: string, env: { account?: string; region?: string }, mode?: CertificateMode, pem = ca.pem): unknown => (
    CertificateAuthority.fromPem(new Stack(app, id, { env }), 'Ca', { certificatePem: pem, mode, signingKey: SigningKey.fromKms(kms.Key.fromKeyArn(app.node.findChild(id), 'Key', `arn:aws:kms:${REGION}:${ACCOUNT}:key/1`)) })
  );

  test('may be in several accounts in SNI_ONLY mode', () => {
    register('A', { account: '1', region: REGION });
    register('B', { account: '2', region: REGION });
  });

  test('may be in several Regions in DEFAULT mode', () => {
    register('A', { account: '1', region: REGION }, CertificateMode.DEFAULT);
    register('B', { account: '2', region: 'us-east-1' }, CertificateMode.DEFAULT);
  });

  test.each([[CertificateMode.DEFAULT, CertificateMode.DEFAULT], [CertificateMode.DEFAULT, CertificateMode.SNI_ONLY], [CertificateMode.SNI_ONLY, CertificateMode.DEFAULT]])('fails in several accounts of a Region, %s and %s', (one, two) => {
    register('A', { account: '1', region: REGION }, one);

    expect(() => register('B', { account: '2', region: REGION }, two)).toThrow(
      new Error('a CA in DEFAULT mode belongs to one account of a Region, and A/Ca registers it in another; use CertificateMode.SNI_ONLY for both of them (at B/Ca)'),
    );
  });

  test('fails twice in one account', () => {
    register('A', { account: '1', region: REGION });

    expect(() => register('B', { account: '1', region: REGION })).toThrow(new Error('A/Ca registers this CA in the same account and Region already; declare it once (at B/Ca)'));
    expect(() => CertificateAuthority.fromPem(app.node.findChild('A') as Stack, 'Again', { certificatePem: ca.pem })).toThrow('A/Ca registers this CA in the same account and Region already; declare it once (at A/Again)');
  });

  test('may be in stacks that do not say where they go', () => {
    register('A', {}, CertificateMode.DEFAULT);
    register('B', {}, CertificateMode.DEFAULT);
  });

  test('fails for the eleventh CA with one subject', async () => {
    const pems = await Promise.all(Array.from({ length: 11 }, () => issue('same', { ca: true })));
    pems.slice(0, 10).forEach(({ pem }, index) => register(`S${index}`, { account: '1', region: REGION }, undefined, pem));

    register('Elsewhere', { account: '1', region: 'us-east-1' }, undefined, pems[10]!.pem);
    expect(() => register('S10', { account: '1', region: REGION }, undefined, pems[10]!.pem)).toThrow(
      new Error('at most 10 CAs of an account may have the same subject in a Region, got one more; give the CA another subject (at S10/Ca)'),
    );
  });
});

describe('a CA in AWS KMS', () => {
  test('has a key that is kept, that nobody can sign with but the handler, and a certificate of ten years', () => {
    const authority = inKms();

    const template = Template.fromStack(stack);
    template.hasResource('AWS::KMS::Key', {
      Properties: { KeySpec: 'ECC_NIST_P256', KeyUsage: 'SIGN_VERIFY', Description: 'The private key of the CA at Stack/Ca' },
      DeletionPolicy: 'Retain',
      UpdateReplacePolicy: 'Retain',
    });
    template.hasResourceProperties('Custom::IotCaCertificate', {
      KeyId: { 'Fn::GetAtt': [Match.stringLikeRegexp('^CaKey'), 'Arn'] }, Subject: '{"commonName":"Root"}', ValidityDays: '3650', Memory: '/cdk-iot-warden/Stack/Ca.Certificate',
    });
    registered({
      CACertificatePem: { 'Fn::GetAtt': [Match.stringLikeRegexp('^CaCertificate'), 'CertificatePem'] },
      CertificateMode: 'SNI_ONLY',
      Status: 'ACTIVE',
      AutoRegistrationStatus: 'DISABLE',
      VerificationCertificatePem: Match.absent(),
    });
    expect(stack.resolve(authority.certificatePem)).toMatchObject({ 'Fn::GetAtt': [expect.stringMatching('^CaCertificate'), 'CertificatePem'] });
  });

  test('has a key policy by which the account administers, and the handler signs digests in one way', () => {
    inKms({ keySpec: kms.KeySpec.RSA_4096 });

    const { KeyPolicy: policy } = Object.values(Template.fromStack(stack).findResources('AWS::KMS::Key'))[0]!.Properties;
    const [administration, ...signing] = policy.Statement;
    expect(administration).toMatchObject({ Principal: { AWS: { 'Fn::Join': ['', ['arn:', { Ref: 'AWS::Partition' }, `:iam::${ACCOUNT}:root`]] } } });
    expect(administration.Action).not.toEqual(expect.arrayContaining(['kms:Sign']));
    expect(administration.Action.join()).not.toMatch(/\*|Sign|CreateGrant/);
    const handler = { AWS: { 'Fn::GetAtt': [expect.stringMatching('issuecacertificate'), 'Arn'] } };
    expect(signing).toEqual([
      {
        Effect: 'Allow', Action: 'kms:Sign', Resource: '*', Principal: handler,
        Condition: { StringEquals: { 'kms:SigningAlgorithm': 'RSASSA_PKCS1_V1_5_SHA_256', 'kms:MessageType': 'RAW' } },
      },
      { Effect: 'Allow', Action: 'kms:GetPublicKey', Resource: '*', Principal: handler },
    ]);
    expect([...granted(stack)].filter(([action]) => action.startsWith('kms:'))).toEqual([['kms:Sign', ['<CaKey.Arn>']], ['kms:GetPublicKey', ['<CaKey.Arn>']]]);
  });

  test('takes a whole subject, another key, another validity', () => {
    inKms({
      subject: { commonName: 'Root', organization: 'Wörks', organizationalUnit: 'Devices', country: 'DE', stateName: 'Bayern' },
      keySpec: kms.KeySpec.ECC_NIST_P521,
      validity: Duration.days(1),
      keyRemovalPolicy: RemovalPolicy.DESTROY,
    });

    Template.fromStack(stack).hasResource('AWS::KMS::Key', { Properties: { KeySpec: 'ECC_NIST_P521' }, DeletionPolicy: 'Delete' });
    Template.fromStack(stack).hasResourceProperties('Custom::IotCaCertificate', {
      Subject: '{"commonName":"Root","organization":"Wörks","organizationalUnit":"Devices","country":"DE","stateName":"Bayern"}', ValidityDays: '1',
    });
  });

  test('signs its own verification certificate in DEFAULT mode', () => {
    inKms({ mode: CertificateMode.DEFAULT });

    registered({ CertificateMode: 'DEFAULT', VerificationCertificatePem: { 'Fn::GetAtt': [Match.stringLikeRegexp('^CaVerification'), 'VerificationCertificatePem'] } });
    Template.fromStack(stack).hasResourceProperties('Custom::IotCaVerification', { SigningKeyKind: 'kms', SigningKeyId: { 'Fn::GetAtt': [Match.stringLikeRegexp('^CaKey'), 'Arn'] } });
  });

  test('lets a role of another stack in through its account', () => {
    const authority = inKms();
    const other = new Stack(app, 'Other', { env: { account: ACCOUNT, region: REGION } });
    CertificateAuthority.fromPem(other, 'Ca', { certificatePem: ca.pem, mode: CertificateMode.DEFAULT, signingKey: authority.signingKey! });

    Template.fromStack(stack).hasResourceProperties('AWS::KMS::Key', {
      KeyPolicy: { Statement: Match.arrayWith([Match.objectLike({ Action: 'kms:Sign', Principal: { AWS: { 'Fn::Join': ['', ['arn:', { Ref: 'AWS::Partition' }, `:iam::${ACCOUNT}:root`]] } } })]) },
    });
  });

  test.each<[string, Partial<CertificateAuthorityInKmsProps>, string]>([
    ['a key that does not sign', { keySpec: kms.KeySpec.SYMMETRIC_DEFAULT }, "'keySpec' must be one of RSA_2048, RSA_3072, RSA_4096, ECC_NIST_P256, ECC_NIST_P384, ECC_NIST_P521, got \"SYMMETRIC_DEFAULT\""],
    ['a curve that AWS IoT does not take', { keySpec: kms.KeySpec.ECC_SECG_P256K1 }, "'keySpec' must be one of RSA_2048, RSA_3072, RSA_4096, ECC_NIST_P256, ECC_NIST_P384, ECC_NIST_P521, got \"ECC_SECG_P256K1\""],
    ['no time', { validity: Duration.hours(23) }, "'validity' must be from 1 to 36500 days, got 23 hours"],
    ['too much time', { validity: Duration.days(36501) }, "'validity' must be from 1 to 36500 days, got 36501 days"],
    ['time that is not known', { validity: Duration.days(Lazy.number({ produce: () => 1 })) }, "'validity' must be from 1 to 36500 days, got a token"],
    ['no name', { subject: { commonName: '' } }, "'subject.commonName' must consist of one or more printable characters, got \"\""],
    ['a long name', { subject: { commonName: 'a'.repeat(65) } }, "'subject.commonName' must be at most 64 characters long, got 65"],
    ['a long organization', { subject: { commonName: 'a', organization: 'a'.repeat(65) } }, "'subject.organization' must be at most 64 characters long, got 65"],
    ['a line break', { subject: { commonName: 'a', organizationalUnit: 'a\nb' } }, "'subject.organizationalUnit' must consist of one or more printable characters, got \"a\\nb\""],
    ['a long state', { subject: { commonName: 'a', stateName: 'a'.repeat(129) } }, "'subject.stateName' must be at most 128 characters long, got 129"],
    ['no country', { subject: { commonName: 'a', country: 'de' } }, "'subject.country' must consist of two capital letters, got \"de\""],
  ])('fails for %s', (_, props, message) => {
    expect(() => inKms(props)).toThrow(new Error(`${message} (at Stack/Ca)`));
  });
});

describe('a CA that is registered elsewhere', () => {
  test('is known by its id', () => {
    const authority = CertificateAuthority.fromCertificateAuthorityId(stack, 'Ca', ID);

    expect(stack.resolve([authority.certificateAuthorityId, authority.certificateAuthorityArn])).toEqual([ID, { 'Fn::Join': ['', ['arn:', { Ref: 'AWS::Partition' }, `:iot:${REGION}:${ACCOUNT}:cacert/${ID}`]] }]);
    expect(() => CertificateAuthority.fromCertificateAuthorityId(stack, 'Bad', 'a')).toThrow("'certificateAuthorityId' must consist of 64 hexadecimal digits, got \"a\" (at Stack)");
  });

  test('is known by its ARN', () => {
    const authority = CertificateAuthority.fromCertificateAuthorityArn(stack, 'Ca', `arn:aws:iot:us-east-1:1:cacert/${ID}`);

    expect([authority.certificateAuthorityId, authority.env]).toEqual([ID, { account: '1', region: 'us-east-1' }]);
    expect(() => CertificateAuthority.fromCertificateAuthorityArn(stack, 'Bad', `arn:aws:iot:us-east-1:1:cert/${ID}`)).toThrow("'certificateAuthorityArn' must look like");
  });
});

test('a CA of every kind passes cdk-nag AwsSolutions, with a reason for everything that is acknowledged', async () => {
  const { signingKey } = inKms({ mode: CertificateMode.DEFAULT });
  const secret = SigningKey.fromSecret(secretsmanager.Secret.fromSecretNameV2(stack, 'Secret', 'ca'));
  CertificateAuthority.fromPem(stack, 'Own', { certificatePem: ca.pem, mode: CertificateMode.DEFAULT, signingKey: secret });
  new CertificateProvider(stack, 'Provider', {
    certificateAuthority: CertificateAuthority.fromPem(stack, 'InKms', { certificatePem: (await issue('other', { ca: true })).pem, signingKey }),
    csrPolicy: { commonNames: ['*'] },
    validity: Duration.days(9),
  });
  Aspects.of(app).add(new AwsSolutionsChecks());

  expect(Annotations.fromStack(stack).findError('*', Match.stringLikeRegexp('AwsSolutions-.*')).map(({ id, entry }) => [id, entry.data])).toEqual([]);
  expect(Annotations.fromStack(stack).findWarning('*', Match.stringLikeRegexp('AwsSolutions-.*')).map(({ id, entry }) => [id, entry.data])).toEqual([]);
});

test('no private key is in a template', () => {
  inKms({ mode: CertificateMode.DEFAULT });

  expect(JSON.stringify(app.synth().getStackByName('Stack').template)).not.toMatch(/PRIVATE KEY/);
});
