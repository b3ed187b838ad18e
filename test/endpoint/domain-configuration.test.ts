import { App, CfnParameter, RemovalPolicy, Stack, type StackProps } from 'aws-cdk-lib';
import { Annotations, Match, Template } from 'aws-cdk-lib/assertions';
import * as acm from 'aws-cdk-lib/aws-certificatemanager';
import * as acmpca from 'aws-cdk-lib/aws-acmpca';
import * as iot from 'aws-cdk-lib/aws-iot';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import * as route53 from 'aws-cdk-lib/aws-route53';
import { IotPolicy } from '../../lib/access';
import { AuthorizerStatus, CustomAuthorizer, JwtAuthorizer, JwtIssuer, TokenSigning } from '../../lib/authorizer';
import {
  ApplicationProtocol, DomainAuthentication, DomainConfiguration, DomainServiceType, OcspStapling, TlsSecurityPolicy, type DomainConfigurationProps,
} from '../../lib/endpoint';
import { Device, policyDocuments } from '../access/device';

const TYPE = 'AWS::IoT::DomainConfiguration';
const ENV = { account: '123456789012', region: 'eu-central-1' };
const DOMAIN = 'iot.example.com';
const { SECURE_MQTT, MQTT_WSS, HTTPS } = ApplicationProtocol;

let stack: Stack;
const start = (props?: StackProps) => {
  stack = new Stack(new App(), 'Stack', props);
};
beforeEach(() => start({ env: ENV }));

const certificateArn = (region: string, id = 'one') => `arn:aws:acm:${region}:123456789012:certificate/${id}`;
const certificate = (id = 'one') => acm.Certificate.fromCertificateArn(stack, `Certificate-${id}`, certificateArn('eu-central-1', id));
const authorizer = () => new iot.CfnAuthorizer(stack, 'Authorizer', { authorizerName: 'tokens', authorizerFunctionArn: 'arn:aws:lambda:eu-central-1:123456789012:function:f' });
const handler = (id = 'Callback', scope = stack) => new lambda.Function(scope, id, { code: lambda.Code.fromInline('0'), handler: 'index.handler', runtime: lambda.Runtime.NODEJS_22_X });
const tokenSigning = TokenSigning.unsignedAnyoneMayInvoke();
const define = (props: DomainConfigurationProps = {}) => new DomainConfiguration(stack, 'Domain', props);
const own = (props: DomainConfigurationProps = {}) => define({ domainName: DOMAIN, certificate: certificate(), ...props });

const properties = () => Object.values(Template.fromStack(stack).findResources(TYPE))[0]!.Properties as { DomainConfigurationName: string } & Record<string, unknown>;
const errors = () => Annotations.fromStack(stack).findError('*', Match.anyValue()).map(({ entry }) => entry.data as string);
const warnings = () => Annotations.fromStack(stack).findWarning('*', Match.anyValue()).map(({ entry }) => entry.data as string);

describe('an own domain', () => {
  test('takes device certificates over MQTT, TLS 1.2 and above, and nothing else', () => {
    expect(own().domainName).toBe(DOMAIN);

    Template.fromStack(stack).hasResource(TYPE, {
      Properties: {
        DomainConfigurationName: Match.stringLikeRegexp('^Stack-Domain-[0-9A-F]{8}-[0-9a-f]{8}$'),
        DomainName: DOMAIN,
        ServerCertificateArns: [certificateArn('eu-central-1')],
        ServiceType: 'DATA',
        DomainConfigurationStatus: 'ENABLED',
        TlsConfig: { SecurityPolicy: 'IoTSecurityPolicy_TLS13_1_2_2022_10' },
        AuthenticationType: 'AWS_X509',
        ApplicationProtocol: 'SECURE_MQTT',
        AuthorizerConfig: Match.absent(),
        ClientCertificateConfig: Match.absent(),
        ServerCertificateConfig: Match.absent(),
        ValidationCertificateArn: Match.absent(),
      },
      DeletionPolicy: Match.absent(),
    });
    expect(warnings()).toEqual([]);
  });

  test('fails without a certificate', () => {
    expect(() => define({ domainName: DOMAIN })).toThrow(
      new Error(`'certificate' must be given with 'domainName': AWS IoT has no certificate for "${DOMAIN}" (at Stack/Domain)`),
    );
    expect(stack.node.findChild('Domain').node.children).toEqual([]);
  });

  test.each<[keyof DomainConfigurationProps, () => DomainConfigurationProps]>([
    ['certificate', () => ({ certificate: certificate() })],
    ['validationCertificate', () => ({ validationCertificate: certificate() })],
    ['hostedZone', () => ({ hostedZone: route53.HostedZone.fromHostedZoneId(stack, 'Zone', 'Z1') })],
    ['ocspStapling', () => ({ ocspStapling: OcspStapling.publicResponder() })],
  ])('is what %s is for', (prop, props) => {
    expect(() => define(props())).toThrow(new Error(`'${prop}' is for a domain of your own, and must not be given without 'domainName' (at Stack/Domain)`));
  });

  test.each(['example', 'Iot.example.com', '*.example.com', 'iot..example.com', '-iot.example.com', 'iot-.example.com', 'iot.example.com.', 'a b.com', `${'a'.repeat(64)}.com`])('fails for the name %j', (domainName) => {
    expect(() => own({ domainName })).toThrow(/^'domainName' must consist of two or more labels of a-z, 0-9 and -, with dots between them, got /);
  });

  test('fails for a name of more than 253 characters', () => {
    expect(() => own({ domainName: `${'a.'.repeat(126)}co` })).toThrow("'domainName' must be at most 253 characters long, got 254 (at Stack/Domain)");
  });

  test('may have a name that is known only later', () => {
    own({ domainName: new CfnParameter(stack, 'Name').valueAsString });
    expect(properties().DomainName).toEqual({ Ref: 'Name' });
  });

  test('is for data alone', () => {
    expect(() => own({ serviceType: DomainServiceType.JOBS })).toThrow(new Error("'serviceType' must be DATA with 'domainName', got JOBS; leave out 'domainName' (at Stack/Domain)"));
  });

  test('can be disabled, and kept', () => {
    own({ enabled: false, removalPolicy: RemovalPolicy.RETAIN });
    Template.fromStack(stack).hasResource(TYPE, { Properties: { DomainConfigurationStatus: 'DISABLED' }, DeletionPolicy: 'Retain', UpdateReplacePolicy: 'Retain' });
  });
});

describe('a name that AWS IoT makes up', () => {
  test('is kept, as it cannot be deleted for seven days', () => {
    expect(define().domainName).toBeUndefined();
    Template.fromStack(stack).hasResource(TYPE, {
      Properties: { DomainName: Match.absent(), ServerCertificateArns: Match.absent() }, DeletionPolicy: 'Retain', UpdateReplacePolicy: 'Retain',
    });
  });

  test('is worth a warning where it is not kept', () => {
    define({ removalPolicy: RemovalPolicy.DESTROY });
    expect(warnings()).toEqual([expect.stringContaining('AWS IoT deletes a name that it has made up seven days after it was disabled')]);
  });

  test.each([DomainServiceType.CREDENTIAL_PROVIDER, DomainServiceType.JOBS])('can be for %s, whose clients have no choice', (serviceType) => {
    define({ serviceType });
    Template.fromStack(stack).hasResourceProperties(TYPE, { ServiceType: serviceType, AuthenticationType: Match.absent(), ApplicationProtocol: Match.absent() });
    expect(() => new DomainConfiguration(stack, 'Other', { serviceType, authentication: DomainAuthentication.sigV4() })).toThrow(
      new Error(`'authentication' must not be given with the 'serviceType' ${serviceType}, whose clients always have a certificate (at Stack/Other)`),
    );
  });
});

describe('authentication', () => {
  const WAYS: { readonly [type: string]: { readonly of: (protocol?: ApplicationProtocol) => DomainAuthentication; readonly legal: readonly ApplicationProtocol[]; readonly first: ApplicationProtocol } } = {
    AWS_X509: { of: DomainAuthentication.x509, legal: [SECURE_MQTT, HTTPS], first: SECURE_MQTT },
    CUSTOM_AUTH: { of: (protocol) => DomainAuthentication.customAuth(authorizer(), protocol), legal: [SECURE_MQTT, MQTT_WSS, HTTPS], first: SECURE_MQTT },
    CUSTOM_AUTH_X509: { of: (protocol) => DomainAuthentication.customAuthX509(authorizer(), protocol), legal: [SECURE_MQTT, HTTPS], first: SECURE_MQTT },
    AWS_SIGV4: { of: DomainAuthentication.sigV4, legal: [MQTT_WSS, HTTPS], first: MQTT_WSS },
  };
  const PAIRS = Object.entries(WAYS).flatMap(([type, { of, legal }]) => [SECURE_MQTT, MQTT_WSS, HTTPS].map((protocol) => ({ type, of, legal, protocol })));

  test.each(PAIRS.filter(({ legal, protocol }) => legal.includes(protocol)))('may be $type with $protocol', ({ type, of, protocol }) => {
    own({ authentication: of(protocol) });
    expect(properties()).toMatchObject({ AuthenticationType: type, ApplicationProtocol: protocol });
  });

  test.each(PAIRS.filter(({ legal, protocol }) => !legal.includes(protocol)))('fails for $type with $protocol', ({ type, of, legal, protocol }) => {
    expect(() => own({ authentication: of(protocol) })).toThrow(
      new Error(`'authentication' must have one of the protocols ${legal.join(', ')} with ${type}, got ${protocol} (at Stack/Domain)`),
    );
  });

  test.each(Object.entries(WAYS))('with %s has a protocol unless told otherwise', (_, { of, first }) => {
    own({ authentication: of() });
    expect(properties().ApplicationProtocol).toBe(first);
  });

  test('fails for DEFAULT with a protocol, from where there are no types', () => {
    const make = DomainAuthentication.x509 as unknown as (protocol: string) => DomainAuthentication;
    expect(() => own({ authentication: make('DEFAULT') })).toThrow("'authentication' must have one of the protocols SECURE_MQTT, HTTPS with AWS_X509, got DEFAULT (at Stack/Domain)");
  });

  test('can be left to port and ALPN', () => {
    own({ authentication: DomainAuthentication.byPort() });
    expect(properties()).toMatchObject({ AuthenticationType: 'DEFAULT', ApplicationProtocol: 'DEFAULT' });
    expect(properties().AuthorizerConfig).toBeUndefined();
  });

  test.each<[string, () => DomainAuthentication]>([
    ['byPort', () => DomainAuthentication.byPort(authorizer())],
    ['customAuth', () => DomainAuthentication.customAuth(authorizer())],
    ['customAuthX509', () => DomainAuthentication.customAuthX509(authorizer())],
  ])('with an authorizer (%s) lets clients choose no other, and goes before it', (_, authentication) => {
    own({ authentication: authentication() });
    Template.fromStack(stack).hasResource(TYPE, {
      Properties: { AuthorizerConfig: { DefaultAuthorizerName: { Ref: 'Authorizer' }, AllowAuthorizerOverride: false } }, DependsOn: ['Authorizer'],
    });
  });

  test.each<[string, string, () => iot.IAuthorizerRef]>([
    ['an L1', 'Authorizer', () => Object.assign(authorizer(), { status: 'INACTIVE' })],
    ['a CustomAuthorizer', 'Tokens', () => new CustomAuthorizer(stack, 'Tokens', { handler: handler(), tokenSigning, status: AuthorizerStatus.INACTIVE })],
    ['a JwtAuthorizer', 'Tokens', () => new JwtAuthorizer(stack, 'Tokens', {
      issuer: JwtIssuer.oidc({ issuer: 'https://issuer.example.com', audience: ['app'] }), tokenSigning, status: AuthorizerStatus.INACTIVE,
    })],
  ])('fails for an authorizer that is not active: %s', (_, id, inactive) => {
    expect(() => own({ authentication: DomainAuthentication.byPort(inactive()) })).toThrow(
      new Error(`'authentication' must be an authorizer that is ACTIVE, got Stack/${id}, whose 'status' is INACTIVE; make it ACTIVE or choose another (at Stack/Domain)`),
    );
  });

  test.each<[string, () => iot.IAuthorizerRef]>([
    ['whose status is a token', () => Object.assign(authorizer(), { status: new CfnParameter(stack, 'Status').valueAsString })],
    ['of another app', () => CustomAuthorizer.fromAuthorizerName(stack, 'Tokens', 'tokens')],
  ])('takes an authorizer %s', (_, unknown) => {
    expect(() => own({ authentication: DomainAuthentication.customAuth(unknown()) })).not.toThrow();
  });

  test('can let clients choose another authorizer', () => {
    own({ authentication: DomainAuthentication.customAuth(authorizer()), allowAuthorizerOverride: true });
    expect(properties().AuthorizerConfig).toMatchObject({ AllowAuthorizerOverride: true });
    expect(() => new DomainConfiguration(stack, 'Other', { allowAuthorizerOverride: true })).toThrow(
      new Error("'allowAuthorizerOverride' must not be given where 'authentication' names no authorizer (at Stack/Other)"),
    );
  });
});

describe('tlsSecurityPolicy', () => {
  test.each([TlsSecurityPolicy.TLS13_1_3_2022_10, TlsSecurityPolicy.TLS13_1_2_2022_10])('may be %s', (tlsSecurityPolicy) => {
    own({ tlsSecurityPolicy });
    expect(properties().TlsConfig).toEqual({ SecurityPolicy: tlsSecurityPolicy });
  });

  test.each([TlsSecurityPolicy.TLS12_1_2_2022_10, TlsSecurityPolicy.TLS12_1_0_2016_01, TlsSecurityPolicy.TLS12_1_0_2015_01])('fails for %s, unless that is allowed by name', (tlsSecurityPolicy) => {
    start();
    expect(() => own({ tlsSecurityPolicy })).toThrow(
      new Error(`'tlsSecurityPolicy' must be a policy with TLS 1.3, got ${tlsSecurityPolicy}; set 'allowLegacyTls' for devices that cannot do without (at Stack/Domain)`),
    );
    start();
    own({ tlsSecurityPolicy, allowLegacyTls: true });
    expect(properties().TlsConfig).toEqual({ SecurityPolicy: tlsSecurityPolicy });
    expect(errors()).toEqual([]);
  });

  test.each([
    ['eu-central-1', TlsSecurityPolicy.TLS12_1_0_2015_01, TlsSecurityPolicy.TLS12_1_0_2016_01],
    ['eu-west-2', TlsSecurityPolicy.TLS12_1_0_2016_01, TlsSecurityPolicy.TLS12_1_0_2015_01],
    ['us-gov-west-1', TlsSecurityPolicy.TLS12_1_0_2016_01, TlsSecurityPolicy.TLS12_1_0_2015_01],
  ])('in %s may be %s, but not %s', (region, known, unknown) => {
    const errorsFor = (tlsSecurityPolicy: TlsSecurityPolicy) => {
      start({ env: { ...ENV, region } });
      define({ tlsSecurityPolicy, allowLegacyTls: true });
      return errors();
    };
    expect(errorsFor(known)).toEqual([]);
    expect(errorsFor(unknown)).toEqual([expect.stringMatching(`^'tlsSecurityPolicy' must be a policy that ${region} has, got ${unknown}, which there is in [a-z0-9, -]+ only`)]);
  });
});

test('a certificate of another stack has the same name in each synthesis', () => {
  const name = () => {
    const app = new App();
    const other = new Stack(app, 'Certificates', { env: ENV });
    stack = new Stack(app, 'Stack', { env: ENV });
    define({ domainName: DOMAIN, certificate: new acm.Certificate(other, 'Certificate', { domainName: DOMAIN }) });
    return properties().DomainConfigurationName;
  };
  expect(name()).toBe(name());
  expect(properties().ServerCertificateArns).toEqual([{ 'Fn::ImportValue': expect.stringContaining('Certificate') as string }]);
});

describe('the certificate', () => {
  const defineWith = (props: Partial<acm.CertificateProps>) => own({ certificate: new acm.Certificate(stack, 'Certificate', { domainName: DOMAIN, ...props }) });

  test.each<[string, Partial<acm.CertificateProps>]>([
    ['the domain', {}],
    ['the domain beside three others', { domainName: 'a.example.com', subjectAlternativeNames: ['b.example.com', 'c.example.com', DOMAIN] }],
    ['every name of its level', { domainName: '*.example.com' }],
    ['a key on P-256', { keyAlgorithm: acm.KeyAlgorithm.EC_PRIME256V1 }],
  ])('may be for %s', (_, props) => {
    defineWith(props);
    expect(properties().ServerCertificateArns).toEqual([{ Ref: expect.stringContaining('Certificate') as string }]);
  });

  test.each<[string, Partial<acm.CertificateProps>]>([
    ["'certificate' must be for \"iot.example.com\", got one for www.example.com, *.com", { domainName: 'www.example.com', subjectAlternativeNames: ['*.com'] }],
    ["'certificate' must be for \"iot.example.com\", got one for *.iot.example.com", { domainName: '*.iot.example.com' }],
    ["'certificate' must be for at most 4 names, got 5", { subjectAlternativeNames: ['a.example.com', 'b.example.com', 'c.example.com', 'd.example.com'] }],
    ["'certificate' must have a key of RSA_2048 or EC_prime256v1, got EC_secp384r1", { keyAlgorithm: acm.KeyAlgorithm.EC_SECP384R1 }],
  ])('fails: %s', (message, props) => {
    expect(() => defineWith(props)).toThrow(new Error(`${message} (at Stack/Domain)`));
  });

  test('may be for a name that is known later', () => {
    const name = new CfnParameter(stack, 'Name').valueAsString;
    expect(() => defineWith({ domainName: 'a.example.com', subjectAlternativeNames: [name], validation: acm.CertificateValidation.fromEmail({ [name]: 'example.com' }) })).not.toThrow();
  });

  test('must be in the Region of the stack', () => {
    const far = acm.Certificate.fromCertificateArn(stack, 'Far', certificateArn('us-east-1'));
    expect(() => define({ domainName: DOMAIN, certificate: far })).toThrow(new Error("'certificate' must be in the Region of the stack, eu-central-1, got one in us-east-1 (at Stack/Domain)"));
    expect(() => new DomainConfiguration(stack, 'Other', { domainName: DOMAIN, certificate: certificate(), validationCertificate: far })).toThrow("'validationCertificate' must be in the Region of the stack");
  });

  test('of a private CA comes with a public one for the same domain', () => {
    const certificateAuthority = acmpca.CertificateAuthority.fromCertificateAuthorityArn(stack, 'Ca', 'arn:aws:acm-pca:eu-central-1:123456789012:certificate-authority/ca');
    const issued = new acm.PrivateCertificate(stack, 'Private', { domainName: DOMAIN, certificateAuthority });
    expect(() => define({ domainName: DOMAIN, certificate: issued })).toThrow(
      new Error("'validationCertificate' must be given, as a private CA has issued 'certificate': a public certificate for the domain, which proves that it is yours (at Stack/Domain)"),
    );
    new DomainConfiguration(stack, 'Validated', { domainName: DOMAIN, certificate: issued, validationCertificate: certificate('public') });
    expect(properties().ValidationCertificateArn).toBe(certificateArn('eu-central-1', 'public'));
  });
});

describe('the hosted zone', () => {
  const zone = (zoneName = 'example.com') => route53.HostedZone.fromHostedZoneAttributes(stack, 'Zone', { hostedZoneId: 'Z1', zoneName });

  test('leads the domain to the endpoint of the account, once AWS IoT knows it', () => {
    const domain = own({ hostedZone: zone() });
    const resource = stack.getLogicalId(domain.node.defaultChild as iot.CfnDomainConfiguration);
    Template.fromStack(stack).hasResource('AWS::Route53::RecordSet', {
      Properties: { HostedZoneId: 'Z1', Name: 'iot.example.com.', Type: 'CNAME', ResourceRecords: [{ 'Fn::GetAtt': [Match.stringLikeRegexp('^CdkIotWardenEndpoint'), 'DataAddress'] }] },
      DependsOn: [resource],
    });
  });

  test('leads a domain that is known later', () => {
    own({ hostedZone: zone(), domainName: new CfnParameter(stack, 'Name').valueAsString });
    Template.fromStack(stack).hasResourceProperties('AWS::Route53::RecordSet', { Name: { 'Fn::Join': ['', [{ Ref: 'Name' }, '.']] } });
  });

  test('keeps its record with the domain', () => {
    own({ hostedZone: zone(), removalPolicy: RemovalPolicy.RETAIN });
    Template.fromStack(stack).hasResource('AWS::Route53::RecordSet', { DeletionPolicy: 'Retain' });
  });

  test.each(['iot.example.com', 'example.org', 't.example.com'])('fails where the domain is no name under %s', (zoneName) => {
    expect(() => own({ hostedZone: zone(zoneName) })).toThrow(
      new Error(`'domainName' must be a name under the hosted zone, such as iot.${zoneName}, got "iot.example.com" (at Stack/Domain)`),
    );
  });
});

describe('functions', () => {
  /** The permission of AWS IoT for a function, and no one else. */
  const permission = (logicalId: string) => ({
    Action: 'lambda:InvokeFunction',
    FunctionName: { 'Fn::GetAtt': [Match.stringLikeRegexp(`^${logicalId}`), 'Arn'] },
    Principal: 'iot.amazonaws.com',
    SourceAccount: '123456789012',
    SourceArn: { 'Fn::Join': ['', ['arn:', { Ref: 'AWS::Partition' }, `:iot:eu-central-1:123456789012:domainconfiguration/${properties().DomainConfigurationName}/*`]] },
  });

  test.each<[string, () => DomainAuthentication]>([
    ['x509', () => DomainAuthentication.x509()],
    ['customAuthX509', () => DomainAuthentication.customAuthX509(authorizer())],
  ])('decide about client certificates (%s), and are permitted to before the domain is there', (_, authentication) => {
    own({ authentication: authentication(), clientCertificateCallback: handler() });
    const template = Template.fromStack(stack);
    template.hasResourceProperties('AWS::Lambda::Permission', permission('Callback'));
    template.hasResource(TYPE, {
      Properties: { ClientCertificateConfig: { ClientCertificateCallbackArn: { 'Fn::GetAtt': [Match.stringLikeRegexp('^Callback'), 'Arn'] } } },
      DependsOn: Match.arrayWith([Match.stringLikeRegexp('CallbackPermission')]),
    });
  });

  test.each<[string, () => DomainAuthentication]>([
    ['byPort', () => DomainAuthentication.byPort()],
    ['sigV4', () => DomainAuthentication.sigV4()],
    ['customAuth', () => DomainAuthentication.customAuth(authorizer())],
  ])('fail to where clients need none (%s)', (_, authentication) => {
    expect(() => own({ authentication: authentication(), clientCertificateCallback: handler() })).toThrow(
      new Error("'clientCertificateCallback' needs clients with a certificate; use DomainAuthentication.x509 or DomainAuthentication.customAuthX509 (at Stack/Domain)"),
    );
  });

  test('keep their permission where the domain is kept', () => {
    define({ clientCertificateCallback: handler() });
    Template.fromStack(stack).hasResource('AWS::Lambda::Permission', { DeletionPolicy: 'Retain' });
  });

  test('answer for a responder that is not public', () => {
    own({ ocspStapling: OcspStapling.privateResponder(handler('Responder'), certificate('signer')) });
    const template = Template.fromStack(stack);
    template.hasResourceProperties('AWS::Lambda::Permission', permission('Responder'));
    expect(properties().ServerCertificateConfig).toEqual({
      EnableOCSPCheck: true, OcspLambdaArn: { 'Fn::GetAtt': [expect.stringMatching(/^Responder/), 'Arn'] }, OcspAuthorizedResponderArn: certificateArn('eu-central-1', 'signer'),
    });
  });

  test('are not needed for a public responder', () => {
    own({ ocspStapling: OcspStapling.publicResponder() });
    expect(properties().ServerCertificateConfig).toEqual({ EnableOCSPCheck: true });
    Template.fromStack(stack).resourceCountIs('AWS::Lambda::Permission', 0);
  });
});

test.each<[keyof DomainConfigurationProps, (there: Stack) => DomainConfigurationProps]>([
  ['authentication', (there) => ({ authentication: DomainAuthentication.byPort(new iot.CfnAuthorizer(there, 'Authorizer', { authorizerName: 'tokens', authorizerFunctionArn: 'arn' })) })],
  ['clientCertificateCallback', (there) => ({ clientCertificateCallback: handler('Callback', there) })],
  ['ocspStapling', (there) => ({ ocspStapling: OcspStapling.privateResponder(handler('Responder', there)) })],
])('%s must be in the Region of the stack', (prop, props) => {
  const there = new Stack(stack.node.root, 'There', { env: { ...ENV, region: 'us-east-1' } });
  expect(() => own(props(there))).toThrow(new Error(`'${prop}' must be in the Region of the stack, eu-central-1, got one in us-east-1 (at Stack/Domain)`));
});

describe('a replacement', () => {
  const nameFor = (props: DomainConfigurationProps, id = 'one') => {
    start({ env: ENV });
    define({ certificate: certificate(id), ...props });
    return properties().DomainConfigurationName;
  };

  test('has a name of its own, so that it can be there before the old one goes', () => {
    const name = nameFor({ domainName: DOMAIN });
    expect([nameFor({ domainName: 'new.example.com' }), nameFor({ domainName: DOMAIN }, 'two')].map((other) => other === name)).toEqual([false, false]);
    start({ env: ENV });
    define();
    const made = properties().DomainConfigurationName;
    start({ env: ENV });
    define({ serviceType: DomainServiceType.JOBS });
    expect(properties().DomainConfigurationName).not.toBe(made);
  });

  test('is not made for what can be changed', () => {
    const name = nameFor({ domainName: DOMAIN });
    expect(nameFor({ domainName: DOMAIN, enabled: false, tlsSecurityPolicy: TlsSecurityPolicy.TLS13_1_3_2022_10, authentication: DomainAuthentication.x509(HTTPS) })).toBe(name);
  });

  test('fails under a name of the user, who is warned', () => {
    own({ domainConfigurationName: 'devices' });
    expect(properties().DomainConfigurationName).toBe('devices');
    expect(warnings()).toEqual([expect.stringMatching(/^another 'domainName', 'certificate' or 'serviceType' cannot be deployed while 'domainConfigurationName' is taken/)]);
  });

  test('has a name that AWS IoT takes, however deep it is', () => {
    const deep = Array.from({ length: 20 }, (_, n) => `Level${n}Of_The.Tree`).reduce((scope, id) => new Stack(scope, id), stack);
    new DomainConfiguration(deep, 'Domain');
    const [resource] = Object.values(Template.fromStack(deep).findResources(TYPE));
    expect((resource!.Properties as { DomainConfigurationName: string }).DomainConfigurationName).toMatch(/^[\w.-]{1,128}$/);
  });
});

describe('domainConfigurationName', () => {
  test.each(['IoT:Data-ATS', 'iot:Mine'])('fails for %s, which is of AWS', (domainConfigurationName) => {
    expect(() => define({ domainConfigurationName })).toThrow(
      new Error(`'domainConfigurationName' must not begin with "IoT:", which AWS keeps for itself, got "${domainConfigurationName}"; for the endpoints of the account, see EndpointTls (at Stack/Domain)`),
    );
  });

  test.each(['a b', '', 'a/b'])('fails for %j', (domainConfigurationName) => {
    expect(() => define({ domainConfigurationName })).toThrow(`'domainConfigurationName' must consist of letters, digits and _.-, got ${JSON.stringify(domainConfigurationName)} (at Stack/Domain)`);
  });

  test('has at most 128 characters, and may be a token', () => {
    expect(() => define({ domainConfigurationName: 'a'.repeat(129) })).toThrow("'domainConfigurationName' must be at most 128 characters long, got 129");
    new DomainConfiguration(stack, 'Later', { domainConfigurationName: new CfnParameter(stack, 'Name').valueAsString });
    expect(properties().DomainConfigurationName).toEqual({ Ref: 'Name' });
  });
});

describe('devices of a domain', () => {
  test('are denied everything elsewhere, whatever else is allowed', () => {
    new IotPolicy(stack, 'Policy', { statements: [own().denyElsewhere()] });
    const allowed = { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: '*', Resource: '*' }] };
    const requests: readonly [string, string][] = [['iot:Connect', 'a'], ['iot:Publish', 't'], ['iot:Subscribe', 't'], ['iot:Receive', 't'], ['iot:GetThingShadow', 'a'], ['iotjobsdata:DescribeJobExecution', 'a']];
    const decide = (domainName?: string) => {
      const device = new Device([allowed, ...policyDocuments(stack)], { thingName: 'a', ...domainName !== undefined && { domainName } });
      return new Set(requests.map(([action, resource]) => device.decide(action, resource)));
    };
    expect(decide(DOMAIN)).toEqual(new Set(['allow']));
    expect(decide('abc-ats.iot.eu-central-1.amazonaws.com')).toEqual(new Set(['deny']));
    expect(JSON.stringify(policyDocuments(stack))).not.toContain('AssumeRole');
  });

  test('can have several', () => {
    const other = new DomainConfiguration(stack, 'Other', { domainName: 'new.example.com', certificate: certificate('two') });
    expect(own().denyElsewhere(other).conditions).toEqual({ StringNotEquals: { 'iot:DomainName': [DOMAIN, 'new.example.com'] } });
  });

  test('cannot be kept to a name that AWS IoT makes up', () => {
    expect(() => define().denyElsewhere()).toThrow(
      new Error("'domainName' must be given for policies that name it: what AWS IoT makes up is known only after deployment (at Stack/Domain)"),
    );
  });
});

describe('partitions', () => {
  test.each<[string, () => DomainConfigurationProps]>([
    ['DomainAuthentication.customAuthX509', () => ({ authentication: DomainAuthentication.customAuthX509(authorizer()) })],
    ["'clientCertificateCallback'", () => ({ clientCertificateCallback: handler() })],
    ["'ocspStapling'", () => ({ domainName: DOMAIN, certificate: acm.Certificate.fromCertificateArn(stack, 'Here', certificateArn('us-gov-east-1')), ocspStapling: OcspStapling.publicResponder() })],
  ])('of AWS GovCloud (US) does not have %s', (feature, props) => {
    start({ env: { ...ENV, region: 'us-gov-east-1' } });
    define(props());
    expect(errors()).toEqual([expect.stringMatching(`^${feature} is not there in us-gov-east-1: AWS IoT does not have it in AWS GovCloud \\(US\\)`)]);
  });

  test('of AWS GovCloud (US) are worth a warning, and have a TLS policy of their own', () => {
    start({ env: { ...ENV, region: 'us-gov-east-1' } });
    define();
    Template.fromStack(stack).hasResourceProperties(TYPE, { TlsConfig: Match.absent() });
    expect(warnings()).toEqual([expect.stringContaining('AWS documents that AWS GovCloud (US) has no domain configurations')]);
  });

  test('of China has no TLS policies', () => {
    start({ env: { ...ENV, region: 'cn-north-1' } });
    define();
    Template.fromStack(stack).hasResourceProperties(TYPE, { TlsConfig: Match.absent() });
    expect([errors(), warnings()]).toEqual([[], []]);
    new DomainConfiguration(stack, 'Other', { tlsSecurityPolicy: TlsSecurityPolicy.TLS13_1_3_2022_10 });
    expect(errors()).toEqual([expect.stringContaining("'tlsSecurityPolicy' must be left out in cn-north-1: AWS IoT has no TLS policies in China")]);
  });
});

describe('references', () => {
  test('of a domain configuration of this app are those that CloudFormation gives', () => {
    const domain = own();
    expect(stack.resolve([domain.domainConfigurationName, domain.domainConfigurationArn, domain.domainConfigurationRef])).toEqual([
      { Ref: expect.stringMatching(/^Domain/) }, { 'Fn::GetAtt': [expect.stringMatching(/^Domain/), 'Arn'] },
      { domainConfigurationName: { Ref: expect.stringMatching(/^Domain/) }, domainConfigurationArn: { 'Fn::GetAtt': [expect.stringMatching(/^Domain/), 'Arn'] } },
    ]);
  });

  test('by name are for any id', () => {
    const domain = DomainConfiguration.fromDomainConfigurationName(stack, 'Import', 'devices');
    expect(stack.resolve(domain.domainConfigurationArn)).toEqual({ 'Fn::Join': ['', ['arn:', { Ref: 'AWS::Partition' }, ':iot:eu-central-1:123456789012:domainconfiguration/devices/*']] });
    expect(() => DomainConfiguration.fromDomainConfigurationName(stack, 'Bad', 'iot:Data-ATS')).toThrow('\'domainConfigurationName\' must not begin with "IoT:"');
  });

  test.each(['arn:aws:iot:us-east-1:111122223333:domainconfiguration/devices/x1y2z', 'arn:aws:iot:us-east-1:111122223333:domainconfiguration/devices'])('by the ARN %s keep its account and Region', (arn) => {
    const domain = DomainConfiguration.fromDomainConfigurationArn(stack, 'Import', arn);
    expect([domain.domainConfigurationName, domain.domainConfigurationArn, domain.env]).toEqual(['devices', arn, { account: '111122223333', region: 'us-east-1' }]);
  });

  test('by an ARN that is known later have its name', () => {
    const domain = DomainConfiguration.fromDomainConfigurationArn(stack, 'Import', new CfnParameter(stack, 'Arn').valueAsString);
    expect(stack.resolve(domain.domainConfigurationName)).toEqual({ 'Fn::Select': [1, { 'Fn::Split': ['/', { Ref: 'Arn' }] }] });
  });

  test('fail for the ARN of something else', () => {
    expect(() => DomainConfiguration.fromDomainConfigurationArn(stack, 'Import', 'arn:aws:iot:us-east-1:111122223333:thing/a')).toThrow(
      "'domainConfigurationArn' must look like \"arn:aws:iot:REGION:ACCOUNT:domainconfiguration/NAME\", got ",
    );
  });
});
