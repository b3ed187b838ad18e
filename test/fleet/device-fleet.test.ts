import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { App, CfnParameter, Lazy, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { Annotations, Match, Template } from 'aws-cdk-lib/assertions';
import { CertificateAuthority, Channel, DeviceFleet, JobAccess, KeyDelivery, RoleAlias, Shadow, Thing } from '../../lib';
import type { DeviceFleetProps } from '../../lib';
import { Device, policyDocuments } from '../access/device';
import { issue, request } from '../certificates/pki';

const CSR = readFileSync(join(__dirname, '../../examples/quickstart/devices/sensor-1.csr.pem'), 'utf8');
const TOPICS = { telemetry: Channel.fromDevice('dt/{thing}/telemetry'), commands: Channel.toDevice('cmd/{thing}/+') };

let stack: Stack;
beforeEach(() => {
  stack = new Stack(new App(), 'Stack');
});
const define = (props?: DeviceFleetProps) => new DeviceFleet(stack, 'Fleet', props);

describe('a fleet without options', () => {
  test('lets a device connect as itself and nothing else', () => {
    define();
    const device = new Device(policyDocuments(stack), { thingName: 'sensor-1' });

    expect(device.decide('iot:Connect', 'sensor-1')).toBe('allow');
    expect(device.allowed(['iot:Publish', 'iot:Subscribe', 'iot:Receive', 'iot:RetainPublish'], 'sensor-1')).toEqual([]);
    expect(Template.fromStack(stack).toJSON().Resources).toMatchSnapshot();
  });

  test('defines no things', () => {
    define();
    Template.fromStack(stack).resourceCountIs('AWS::IoT::Thing', 0);
  });
});

describe('topics, shadows and jobs', () => {
  test('are what the policies of the fleet grant', () => {
    const fleet = define({ topics: TOPICS, shadows: [Shadow.named('config')], jobs: JobAccess.READ });
    const device = new Device(policyDocuments(stack), { thingName: 'a' });

    expect(fleet.policies.map((policy) => policy.node.path)).toEqual(['Stack/Fleet/Policy', 'Stack/Fleet/Policy2']);
    expect(['dt/a/telemetry', '$aws/things/a/shadow/name/config/get', '$aws/things/a/jobs/get'].map((topic) => device.decide('iot:Publish', topic)))
      .toEqual(['allow', 'allow', 'allow']);
    expect(fleet.topicSpace.channelNames).toEqual(['telemetry', 'commands']);
  });

  test('fail with the place in the app', () => {
    expect(() => define({ topics: { a: Channel.broadcast('dt/#'), ...TOPICS } })).toThrow(
      "'topics.a' and 'topics.telemetry' overlap: things 'thing-a' and 'thing-b' could both use 'dt/thing-b/telemetry'; "
      + 'put different fixed levels before any placeholder or wildcard (at Stack/Fleet)',
    );
    expect(() => new DeviceFleet(stack, 'Many', { shadows: Array.from({ length: 20 }, (_, n) => Shadow.named(`s${n}`)) })).toThrow(
      /^the permissions need .* \(at Stack\/Many\)$/,
    );
  });

  test('may contain tokens', () => {
    const stage = new CfnParameter(stack, 'Stage').valueAsString;
    define({ topics: { telemetry: Channel.fromDevice(`${stage}/dt-${stage}/{thing}`) } });
    const device = new Device(policyDocuments(stack), { thingName: 'a' });
    expect(device.decide('iot:Publish', 'ref-Stage/dt-ref-Stage/a')).toBe('allow');
  });

  test('decide about persistent sessions, unless told otherwise', () => {
    define({ topics: TOPICS, persistentSessions: false });
    const device = new Device(policyDocuments(stack), { thingName: 'a' });
    expect(device.decide('iot:Connect', 'a', { connectAttributes: ['PersistentConnect'] })).toBe('deny');
  });
});

describe('channel', () => {
  test('returns what was declared, with the filter for all devices', () => {
    expect(define({ topics: TOPICS }).channel('telemetry')).toMatchObject({ channelName: 'telemetry', channel: TOPICS.telemetry, topicFilter: 'dt/+/telemetry' });
  });

  test('fails for a name that was not declared', () => {
    expect(() => define({ topics: TOPICS }).channel('telemetri')).toThrow(
      new Error("there is no channel 'telemetri', expected one of: telemetry, commands (at Stack/Fleet)"),
    );
  });
});

describe('things', () => {
  test('are defined from a list of names', () => {
    const fleet = define({ things: ['a', 'b'] });
    const [c] = fleet.addThings(['c']);

    const things = Template.fromStack(stack).findResources('AWS::IoT::Thing');
    expect(Object.values(things).map((thing) => thing.Properties)).toEqual([{ ThingName: 'a' }, { ThingName: 'b' }, { ThingName: 'c' }]);
    expect(c?.node.path).toBe('Stack/Fleet/Things/c');
  });

  test('may have another name than their id, and attributes', () => {
    define().addThing('First', { thingName: 'sensor-1', attributes: { site: 'berlin' } });
    Template.fromStack(stack).hasResourceProperties('AWS::IoT::Thing', { ThingName: 'sensor-1', AttributePayload: { Attributes: { site: 'berlin' } } });
  });

  test('may have tokens for names and attributes', () => {
    const token = new CfnParameter(stack, 'Name').valueAsString;
    define({ topics: { alerts: Channel.broadcast('alerts/{attribute:site}') } }).addThing('First', { thingName: token, attributes: { site: token } });
    Template.fromStack(stack).hasResourceProperties('AWS::IoT::Thing', { ThingName: { Ref: 'Name' } });
  });

  test.each(['a/b', '#', 'x/#'])('fail for an attribute value %s that a channel depends on', (site) => {
    const fleet = define({ topics: { alerts: Channel.broadcast('alerts/{attribute:site}') } });
    expect(() => fleet.addThing('a', { attributes: { site } })).toThrow(
      new Error(`attribute 'site' must have no '/' or '#', as channels depend on it, got "${site}" (at Stack/Fleet)`),
    );
    Template.fromStack(stack).resourceCountIs('AWS::IoT::Thing', 0);
  });

  test('may have any value for an attribute that no channel depends on', () => {
    define().addThing('a', { attributes: { path: 'a/b#c' } });
    Template.fromStack(stack).hasResourceProperties('AWS::IoT::Thing', { AttributePayload: { Attributes: { path: 'a/b#c' } } });
  });

  test('warn of channels that are closed to them', () => {
    const fleet = define({ topics: { alerts: Channel.broadcast('alerts/{type}/{attribute:site}/{attribute:floor}') } });
    fleet.addThing('a', { attributes: { floor: '1' } });

    Annotations.fromStack(stack).hasWarning(
      '/Stack/Fleet/Things/a',
      "the device cannot use channels that depend on 'site'; set 'attributes' [ack: cdk-iot-warden:DeviceFleet.missingAttribute]",
    );
    Annotations.fromStack(stack).hasWarning('/Stack/Fleet/Things/a', Match.stringLikeRegexp('^the device cannot use channels that depend on \\{type\\}'));
  });

  test('do not warn of attributes that only the deployment knows', () => {
    const fleet = define({ topics: { alerts: Channel.broadcast('alerts/{attribute:site}') } });
    fleet.addThing('a', { attributes: Lazy.any({ produce: () => ({ site: 'berlin' }) }) as never });

    Annotations.fromStack(stack).hasNoWarning('*', Match.anyValue());
    Template.fromStack(stack).hasResourceProperties('AWS::IoT::Thing', { AttributePayload: { Attributes: { site: 'berlin' } } });
  });

  test('fail for a list that only the deployment knows', () => {
    const things = new CfnParameter(stack, 'Names', { type: 'CommaDelimitedList' }).valueAsList;
    expect(() => define({ things })).toThrow(
      new Error("'things' must name each thing in the app; a list known only at deployment cannot be used (at Stack/Fleet)"),
    );
  });

  test('do not warn when all channels are open to them', () => {
    define({ topics: TOPICS, things: ['a'] });
    Annotations.fromStack(stack).hasNoWarning('*', Match.anyValue());
  });
});

describe('subscriptions', () => {
  const listeners = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, n) => [`c${n}`, Channel.broadcast(`c/${n}`)]));

  test('warn beyond 50', () => {
    define({ topics: listeners(51) });
    Annotations.fromStack(stack).hasWarning(
      '/Stack/Fleet',
      "a device needs 51 subscriptions to hear everything, AWS IoT allows 50 for a connection; join channels with '+' or '#' "
      + '[ack: cdk-iot-warden:DeviceFleet.manySubscriptions]',
    );
  });

  test('do not warn up to 50', () => {
    define({ topics: listeners(50) });
    Annotations.fromStack(stack).hasNoWarning('*', Match.anyValue());
  });
});

describe('certificates', () => {
  test('belong to one thing and have all policies of the fleet', () => {
    const fleet = define({ shadows: [Shadow.named('one'), Shadow.named('two')] });
    fleet.addCertificate('Certificate', { thing: fleet.addThing('a'), csr: CSR });

    const template = Template.fromStack(stack);
    const policies = Object.keys(template.findResources('AWS::IoT::Policy'));
    const attached = Object.values(template.findResources('AWS::IoT::PolicyPrincipalAttachment')).map((attachment) => attachment.Properties.PolicyName.Ref);
    expect(policies).toHaveLength(2);
    expect(attached.sort()).toEqual(policies.sort());
    template.hasResourceProperties('AWS::IoT::ThingPrincipalAttachment', { ThingPrincipalType: 'EXCLUSIVE_THING' });
    template.hasResourceProperties('AWS::IoT::Certificate', { CertificateSigningRequest: CSR, Status: 'ACTIVE' });
  });

  test('may identify a thing that exists outside the app', () => {
    define().addCertificate('Certificate', { thing: Thing.fromThingName(stack, 'Thing', 'old-1'), csr: CSR });
    Template.fromStack(stack).hasResourceProperties('AWS::IoT::ThingPrincipalAttachment', { ThingName: 'old-1' });
  });

  test('check the attributes of a thing that was not defined by the fleet', () => {
    const fleet = define({ topics: { alerts: Channel.broadcast('alerts/{attribute:site}') } });
    const thing = new Thing(stack, 'Bad', { attributes: { site: 'a/b' } });
    expect(() => fleet.addCertificate('Bad', { thing, csr: CSR })).toThrow(
      new Error("attribute 'site' must have no '/' or '#', as channels depend on it, got \"a/b\" (at Stack/Fleet)"),
    );
    fleet.addCertificate('Other', { thing: new Thing(stack, 'Other'), csr: CSR });
    Annotations.fromStack(stack).hasWarning('/Stack/Other', Match.stringLikeRegexp("^the device cannot use channels that depend on 'site'"));
  });

  test('warn of a request that is used for two things', async () => {
    const fleet = define();
    const [a, b, c] = [fleet.addThing('a'), fleet.addThing('b'), fleet.addThing('c')];
    fleet.addCertificate('A', { thing: a, csr: CSR });
    fleet.addCertificate('Again', { thing: a, csr: CSR });
    new DeviceFleet(stack, 'Second').addCertificate('B', { thing: b, csr: `${CSR}\n` });
    fleet.addCertificate('C', { thing: c, csr: await request() });

    const warnings = Annotations.fromStack(stack).findWarning('*', Match.anyValue());
    expect(warnings.map(({ id, entry }) => [id, entry.data])).toEqual([[
      '/Stack/Second/Certificates/B',
      "'csr' is also used for Stack/Fleet/Things/a, so that both devices have the same private key; create a key and a request on each device "
      + '[ack: cdk-iot-warden:DeviceFleet.sharedKey]',
    ]]);
  });

  test('have an error when one is registered twice', async () => {
    const { pem: certificatePem } = await issue('device');
    const fleet = define();
    fleet.addCertificate('A', { thing: fleet.addThing('a'), certificatePem });
    fleet.addCertificate('B', { thing: fleet.addThing('b'), certificatePem });
    Annotations.fromStack(stack).hasError(
      '/Stack/Fleet/Certificates/B',
      "'certificatePem' is already registered for Stack/Fleet/Things/a, AWS IoT takes a certificate once; pass the certificate of this device",
    );
  });

  test('fail for an empty certificate of a CA', async () => {
    const { pem: certificatePem } = await issue('device');
    const fleet = define();
    expect(() => fleet.addCertificate('A', { thing: fleet.addThing('a'), certificatePem, caCertificatePem: '' })).toThrow(
      '\'caCertificatePem\' must be PEM text that begins with "-----BEGIN CERTIFICATE-----"',
    );
  });

  test('may come from another certificate authority, with it or without', async () => {
    const ca = await issue('ca', { ca: true });
    const caCertificatePem = ca.pem;
    const certificatePem = (await issue('device', { issuer: ca })).pem;
    const fleet = define();
    fleet.addCertificate('A', { thing: fleet.addThing('a'), certificatePem, caCertificatePem });
    fleet.addCertificate('B', { thing: fleet.addThing('b'), certificatePem });

    const template = Template.fromStack(stack);
    template.hasResourceProperties('AWS::IoT::Certificate', { CertificateMode: 'DEFAULT', CACertificatePem: caCertificatePem });
    template.hasResourceProperties('AWS::IoT::Certificate', { CertificateMode: 'SNI_ONLY' });
  });

  test('pass status and removal policy on', () => {
    const fleet = define();
    fleet.addCertificate('A', { thing: fleet.addThing('a'), csr: CSR, removalPolicy: RemovalPolicy.DESTROY });
    Template.fromStack(stack).hasResource('AWS::IoT::Certificate', { DeletionPolicy: 'Delete' });
  });

  test('may get AWS credentials through a role alias, also those that were there before', () => {
    const fleet = define();
    fleet.addCertificate('A', { thing: fleet.addThing('a'), csr: CSR });
    const policy = fleet.addRoleAlias('Uploads', new RoleAlias(stack, 'Alias', { roleAliasName: 'uploads' }));
    fleet.addCertificate('B', { thing: fleet.addThing('b'), csr: CSR });

    expect(fleet.policies).toContain(policy);
    const template = Template.fromStack(stack);
    template.resourceCountIs('AWS::IoT::PolicyPrincipalAttachment', 4);
    template.hasResourceProperties('AWS::IoT::Policy', {
      PolicyDocument: { Statement: [Match.objectLike({ Action: 'iot:AssumeRoleWithCertificate', Effect: 'Allow' })] },
    });

    fleet.addClaimProvisioning('Claim', { templateName: 'claim' });
    expect(() => fleet.addRoleAlias('Late', RoleAlias.fromRoleAliasName(stack, 'Other', 'other'))).toThrow(
      new Error("role alias 'Late' must be added before provisioning, whose templates name the policies of a device (at Stack/Fleet)"),
    );
  });

  test('may have a key that AWS makes and delivers, or be issued by a CA of the app', () => {
    const fleet = define();
    const issuer = CertificateAuthority.createInKms(stack, 'Ca', { subject: { commonName: 'Root' } });
    fleet.addCertificate('A', { thing: fleet.addThing('a'), delivery: KeyDelivery.toSecret() });
    fleet.addCertificate('B', { thing: fleet.addThing('b'), delivery: KeyDelivery.toSecret() });
    fleet.addCertificate('C', { thing: fleet.addThing('c'), csr: CSR, issuer });

    const template = Template.fromStack(stack);
    template.resourceCountIs('Custom::IotCertificates', 1);
    template.resourceCountIs('AWS::SecretsManager::Secret', 2);
    template.resourceCountIs('AWS::IoT::ThingPrincipalAttachment', 3);
    Annotations.fromStack(stack).hasNoWarning('*', Match.anyValue());
  });

  test.each([
    [{}],
    [{ csr: CSR, certificatePem: 'x' }],
    [{ csr: CSR, caCertificatePem: 'x' }],
    [{ caCertificatePem: 'x' }],
    [{ csr: CSR, delivery: KeyDelivery.toSecret() }],
    [{ delivery: KeyDelivery.toSecret(), certificatePem: 'x' }],
  ])('fail unless there is exactly one source (case %#)', (source) => {
    const fleet = define();
    const thing = fleet.addThing('a');
    expect(() => fleet.addCertificate('A', { thing, ...source })).toThrow(
      new Error("certificate 'A' must have one of 'csr' with or without 'issuer', 'delivery', and 'certificatePem' with or without 'caCertificatePem' (at Stack/Fleet)"),
    );
  });
});
