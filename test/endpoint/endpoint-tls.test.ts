import { App, Stack } from 'aws-cdk-lib';
import { Annotations, Match, Template } from 'aws-cdk-lib/assertions';
import { AccountSettingRemoval } from '../../lib/account';
import { EndpointTls, TlsSecurityPolicy, type EndpointTlsProps } from '../../lib/endpoint';
import { granted, needed } from '../lambda/permissions';

const ENV = { account: '123456789012', region: 'eu-central-1' };
const NAMES = { data: 'iot:Data-ATS', credentialProvider: 'iot:CredentialProvider', jobs: 'iot:Jobs' } as const;
const STRICT = TlsSecurityPolicy.TLS13_1_3_2022_10;

let app: App;
let stack: Stack;
beforeEach(() => {
  app = new App();
  stack = new Stack(app, 'Stack', { env: ENV });
});
const define = (props: EndpointTlsProps = { data: STRICT }) => new EndpointTls(stack, 'Tls', props);

/** The ARNs that a domain configuration may have. */
const arns = (...names: readonly string[]) => names.flatMap((name) => [name, `${name}/*`]).map((name) => `arn:aws:iot:eu-central-1:123456789012:domainconfiguration/${name}`).sort();

test.each(Object.entries(NAMES))('the policy of %s is set, and put back when it is removed', (prop, name) => {
  define({ [prop]: STRICT });

  const template = Template.fromStack(stack);
  template.hasResourceProperties('Custom::IotEndpointTlsBefore', { Step: 'remember' });
  template.hasResourceProperties('Custom::IotEndpointTls', {
    Step: 'apply', Wanted: JSON.stringify({ [name]: STRICT }), Before: { Ref: Match.stringLikeRegexp('Before') }, OnRemoval: 'restore', Overwrite: 'false',
  });
});

test('several are set at once, and can be kept', () => {
  define({ data: TlsSecurityPolicy.TLS13_1_2_2022_10, jobs: STRICT, onRemoval: AccountSettingRemoval.RETAIN });
  Template.fromStack(stack).hasResourceProperties('Custom::IotEndpointTls', {
    Wanted: JSON.stringify({ 'iot:Data-ATS': 'IoTSecurityPolicy_TLS13_1_2_2022_10', 'iot:Jobs': STRICT }), OnRemoval: 'retain',
  });
});

test('the function reads the endpoints of the account, and changes those that are declared', () => {
  define();
  expect([...granted(stack).keys()].sort()).toEqual(needed('configure-endpoint-tls'));
  expect(granted(stack)).toEqual(new Map([
    ['iot:DescribeDomainConfiguration', arns(...Object.values(NAMES))],
    ['iot:UpdateDomainConfiguration', arns('iot:Data-ATS')],
  ]));
});

test('fails with nothing to set', () => {
  expect(() => define({})).toThrow(new Error("one of 'data', 'credentialProvider', 'jobs' must be given, got none (at Stack/Tls)"));
});

test('a policy without TLS 1.3 is allowed by name', () => {
  expect(() => define({ credentialProvider: TlsSecurityPolicy.TLS12_1_2_2022_10 })).toThrow(
    new Error("'credentialProvider' must be a policy with TLS 1.3, got IoTSecurityPolicy_TLS12_1_2_2022_10; set 'allowLegacyTls' for devices that cannot do without (at Stack/Tls)"),
  );
  expect(() => new EndpointTls(new Stack(new App(), 'Other'), 'Tls', { data: TlsSecurityPolicy.TLS12_1_2_2022_10, allowLegacyTls: true })).not.toThrow();
});

test('it is declared once in an account and Region', () => {
  define();
  expect(() => new EndpointTls(new Stack(app, 'Other', { env: ENV }), 'Tls', { jobs: STRICT })).toThrow('an account has this setting once in each Region, and Stack/Tls sets it already');
  expect(() => new EndpointTls(new Stack(app, 'Far', { env: { ...ENV, region: 'us-east-1' } }), 'Tls', { jobs: STRICT })).not.toThrow();
});

test('there are no policies in China', () => {
  const china = new Stack(app, 'China', { env: { ...ENV, region: 'cn-north-1' } });
  new EndpointTls(china, 'Tls', { data: STRICT });
  Annotations.fromStack(china).hasError('/China/Tls', "'data' must be left out in cn-north-1: AWS IoT has no TLS policies in China");
});
