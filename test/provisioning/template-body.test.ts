import { App, CfnParameter, Lazy, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import * as iot from 'aws-cdk-lib/aws-iot';
import fc from 'fast-check';
import { IotAction, IotPolicy, IotResource } from '../../lib/access';
import { DeviceFleet } from '../../lib/fleet';
import { OverrideSetting, TrustedUserProvisioningTemplate, type FleetProvisioningTemplateProps } from '../../lib/provisioning';
import { BillingGroup, DynamicThingGroup, ThingGroup, ThingType } from '../../lib/registry';
import { Shadow } from '../../lib/topics';
import { body } from './deployed';
import { hookIn } from './hook';

let stack: Stack;
beforeEach(() => {
  stack = new Stack(new App(), 'Stack');
});

const policy = (name = 'sensors') => IotPolicy.fromPolicyName(stack, `Policy:${name}`, name);
const define = (props: Partial<FleetProvisioningTemplateProps> = {}) => new TrustedUserProvisioningTemplate(stack, 'Provisioning', {
  parameters: { SerialNumber: {} },
  thingName: 'sensor-{SerialNumber}',
  policies: [policy()],
  ...props,
});
const fails = (props: Partial<FleetProvisioningTemplateProps>, message: string) => {
  expect(() => define(props)).toThrow(new Error(`${message} (at Stack/Provisioning)`));
  expect(stack.node.findChild('Provisioning').node.children).toEqual([]);
};

test('a template makes a thing, activates its certificate for it alone and attaches the policy, by default', () => {
  define();

  expect(body(stack)).toEqual({
    Parameters: { 'AWS::IoT::Certificate::Id': { Type: 'String' }, SerialNumber: { Type: 'String' } },
    Resources: {
      thing: {
        Type: 'AWS::IoT::Thing',
        Properties: { ThingName: { 'Fn::Join': ['', ['sensor-', { Ref: 'SerialNumber' }]] } },
        OverrideSettings: { AttributePayload: 'FAIL', ThingTypeName: 'FAIL', ThingGroups: 'FAIL' },
      },
      certificate: {
        Type: 'AWS::IoT::Certificate',
        Properties: { CertificateId: { Ref: 'AWS::IoT::Certificate::Id' }, Status: 'ACTIVE', ThingPrincipalType: 'EXCLUSIVE_THING' },
      },
      policy: { Type: 'AWS::IoT::Policy', Properties: { PolicyName: 'sensors' } },
    },
  });
});

test('every property reaches the body', () => {
  define({
    parameters: { SerialNumber: {}, Site: { defaultValue: 'berlin' } },
    thingName: '{Site}:{SerialNumber}_1',
    attributes: { site: '{Site}', version: 'v1', label: 'a/{Site}#{SerialNumber}' },
    thingType: ThingType.fromThingTypeName(stack, 'Type', 'sensor'),
    thingGroups: [ThingGroup.fromThingGroupName(stack, 'A', 'indoor'), ThingGroup.fromThingGroupName(stack, 'B', 'new')],
    billingGroup: BillingGroup.fromBillingGroupName(stack, 'Billing', 'research'),
    policies: [policy('a'), policy('b')],
    deviceConfiguration: { FallbackUrl: 'https://example.com/a', Site: '{Site}' },
  });

  const { Parameters, Resources, DeviceConfiguration } = body(stack);
  expect(Parameters).toEqual({ 'AWS::IoT::Certificate::Id': { Type: 'String' }, SerialNumber: { Type: 'String' }, Site: { Type: 'String', Default: 'berlin' } });
  expect(Resources.thing!.Properties).toEqual({
    ThingName: { 'Fn::Join': ['', [{ Ref: 'Site' }, ':', { Ref: 'SerialNumber' }, '_1']] },
    AttributePayload: { site: { Ref: 'Site' }, version: 'v1', label: { 'Fn::Join': ['', ['a/', { Ref: 'Site' }, '#', { Ref: 'SerialNumber' }]] } },
    ThingTypeName: 'sensor',
    ThingGroups: ['indoor', 'new'],
    BillingGroup: 'research',
  });
  expect([Resources.policy, Resources.policy2].map((resource) => resource!.Properties.PolicyName)).toEqual(['a', 'b']);
  expect(DeviceConfiguration).toEqual({ FallbackUrl: 'https://example.com/a', Site: { Ref: 'Site' } });
});

test('resources of the app are referred to, so that they are there first', () => {
  const fleet = new DeviceFleet(stack, 'Fleet', { shadows: [Shadow.named('a'), Shadow.named('b')] });
  define({ policies: fleet.policies, thingType: new ThingType(stack, 'Type'), thingGroups: [new ThingGroup(stack, 'Group')], billingGroup: new BillingGroup(stack, 'Billing') });

  const { Resources } = body(stack);
  const ids = Object.keys(Template.fromStack(stack).toJSON().Resources as object);
  const [fleetPolicy, fleetPolicy2] = ids.filter((id) => id.startsWith('FleetPolicy'));
  expect(Resources.policy!.Properties.PolicyName).toBe(`ref-${fleetPolicy}`);
  expect(Resources.policy2!.Properties.PolicyName).toBe(`ref-${fleetPolicy2}`);
  expect(Resources.thing!.Properties).toMatchObject({
    ThingTypeName: expect.stringMatching(/^ref-Type/) as string,
    ThingGroups: [expect.stringMatching(/^ref-Group/)],
    BillingGroup: expect.stringMatching(/^ref-Billing/) as string,
  });
});

describe('parameters', () => {
  test('every reference in the body is declared in it', () => {
    const name = fc.stringMatching(/^[A-Za-z][\w.-]{0,8}$/).filter((text) => !['__proto__', 'constructor'].includes(text));
    fc.assert(fc.property(fc.uniqueArray(name, { minLength: 1, maxLength: 5 }), fc.array(fc.stringMatching(/^[a-z:_-]{0,3}$/), { minLength: 5, maxLength: 5 }), (names, texts) => {
      const inner = new Stack(new App(), 'Inner');
      const pattern = names.map((parameter, index) => `${texts[index]}{${parameter}}`).join('');
      new TrustedUserProvisioningTemplate(inner, 'T', {
        parameters: Object.fromEntries(names.map((parameter) => [parameter, {}])),
        thingName: pattern,
        attributes: { label: pattern },
        policies: [IotPolicy.fromPolicyName(inner, 'P', 'p')],
      });
      const { Parameters, Resources } = body(inner);
      const references = [...JSON.stringify(Resources).matchAll(/"Ref":"([^"]+)"/g)].map((match) => match[1]);
      expect(new Set(references)).toEqual(new Set(Object.keys(Parameters)));
    }), { numRuns: 25 });
  });

  test('are for the hook where nothing refers to them', () => {
    define({ parameters: { SerialNumber: {}, Proof: {} }, hook: hookIn(stack) });
    expect(Object.keys(body(stack).Parameters)).toEqual(['AWS::IoT::Certificate::Id', 'SerialNumber', 'Proof']);
  });

  test('fail where nothing refers to them and there is no hook', () => {
    fails(
      { parameters: { SerialNumber: {}, Proof: {} } },
      "the parameter 'Proof' must be used by the template or by a hook, got neither; remove it from 'parameters', or give a 'hook'",
    );
  });

  test.each<[string, Partial<FleetProvisioningTemplateProps>]>([
    ['thingName', { thingName: 'sensor-{Serial}' }],
    ['attributes.serial', { attributes: { serial: '{Serial}' } }],
    ['deviceConfiguration.serial', { deviceConfiguration: { serial: '{Serial}' } }],
  ])('fail in %s where they are not declared', (prop, props) => {
    fails(props, `'${prop}' uses the parameter 'Serial', which 'parameters' does not declare; there are: SerialNumber, AWS::IoT::Certificate::Id`);
  });

  test.each(['a b', '', 'AWS::IoT::Certificate::CommonName', 'a}'])('fail with the name %j', (name) => {
    fails({ parameters: { SerialNumber: {}, [name]: {} } }, `'parameters' must consist of one or more letters, digits and _.-, got ${JSON.stringify(name)}`);
  });
});

describe('thingName', () => {
  test('may be the id of the certificate, which no device chooses', () => {
    define({ parameters: {}, thingName: '{AWS::IoT::Certificate::Id}' });
    expect(body(stack).Resources.thing!.Properties).toEqual({ ThingName: { Ref: 'AWS::IoT::Certificate::Id' } });
    expect(Object.keys(body(stack).Parameters)).toEqual(['AWS::IoT::Certificate::Id']);
  });

  test.each<[string, FleetProvisioningTemplateProps['parameters'], string]>([
    ['sensor', {}, 'AWS::IoT::Certificate::Id'],
    ['sensor-{Site}', { Site: { defaultValue: 'berlin' } }, 'AWS::IoT::Certificate::Id'],
    ['{Site}', { Site: { defaultValue: 'berlin' }, SerialNumber: {} }, 'SerialNumber, AWS::IoT::Certificate::Id'],
  ])('fails for %s, which is the same for all devices', (thingName, parameters, choice) => {
    fails(
      { thingName, ...parameters && { parameters }, hook: hookIn(stack) },
      `'thingName' must contain a parameter that differs between devices, one of ${choice}, got ${JSON.stringify(thingName)}`,
    );
  });

  test.each(['a b{SerialNumber}', 'a/{SerialNumber}', '{SerialNumber}#', 'ä{SerialNumber}'])('fails for %s', (thingName) => {
    fails({ thingName }, `'thingName' must consist of a-z, A-Z, 0-9, ":", "_", "-" and parameters in braces, got ${JSON.stringify(thingName)}`);
  });

  test.each(['{SerialNumber', 'SerialNumber}', '{}', '{Serial Number}', '{{SerialNumber}}', '{AWS::Region}', '${SerialNumber'])('fails for the braces of %s', (thingName) => {
    fails({ thingName }, `'thingName' must have braces around the names of parameters only, as in "{SerialNumber}", got ${JSON.stringify(thingName)}`);
  });

  test('fails where it cannot but be too long', () => {
    expect(() => define({ thingName: `${'a'.repeat(127)}{SerialNumber}` })).not.toThrow();
    expect(() => new TrustedUserProvisioningTemplate(stack, 'Long', { parameters: { A: {} }, thingName: `${'a'.repeat(128)}{A}`, policies: [policy('b')] }))
      .toThrow("'thingName' must be at most 128 characters long, got 129 (at Stack/Long)");
  });
});

describe('attributes', () => {
  const many = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, n) => [`a${n}`, 'x']));

  test('are at most 3 without a thing type', () => {
    fails({ attributes: many(4) }, "'attributes' must have at most 3 entries, got 4: AWS IoT keeps more for things with a type; set 'thingType'");
  });

  test('are at most 50 with one', () => {
    const thingType = ThingType.fromThingTypeName(stack, 'Type', 'sensor');
    expect(() => define({ attributes: many(50), thingType })).not.toThrow();
    expect(() => new TrustedUserProvisioningTemplate(stack, 'Many', { thingName: '{AWS::IoT::Certificate::Id}', attributes: many(51), thingType, policies: [policy('b')] }))
      .toThrow("'attributes' must have at most 50 entries, got 51: AWS IoT keeps no more for a thing (at Stack/Many)");
  });

  test('fail for a name or a value that AWS IoT refuses, with the place of the parameters', () => {
    fails({ attributes: { 'a b': 'x' } }, '\'attributes\' must consist of one or more of a-z, A-Z, 0-9, "_", ".", ",", "@", "/", ":", "#" and "-", got "a b"');
    expect(() => new TrustedUserProvisioningTemplate(stack, 'Value', { parameters: { A: {} }, thingName: '{A}', attributes: { site: 'x {A}' }, policies: [policy('b')] }))
      .toThrow(/^'attributes\.site' must consist of .* got "x \[A\]" \(at Stack\/Value\)$/);
  });
});

describe('deviceConfiguration', () => {
  test('fails for text joined with a parameter', () => {
    fails(
      { deviceConfiguration: { url: 'https://example.com/{SerialNumber}' } },
      "'deviceConfiguration.url' must be text or one parameter, as AWS IoT joins nothing there, got \"https://example.com/{SerialNumber}\"",
    );
  });

  test('fails for text with other braces', () => {
    fails(
      { deviceConfiguration: { json: '{"a":1}' } },
      '\'deviceConfiguration.json\' must have braces around the names of parameters only, as in "{SerialNumber}", got "{\\"a\\":1}"',
    );
  });
});

describe('policies', () => {
  test.each([[0, '0'], [11, '11']])('fail for %d', (count, got) => {
    fails({ policies: Array.from({ length: count }, (_, n) => policy(`p${n}`)) }, `'policies' must have 1 to 10 entries, got ${got}`);
  });

  test('may come with thing groups alone', () => {
    define({ policies: [], thingGroups: [ThingGroup.fromThingGroupName(stack, 'Group', 'sensors')] });
    expect(Object.keys(body(stack).Resources)).toEqual(['thing', 'certificate']);
  });

  test('have no documents in the template', () => {
    define({ policies: [new IotPolicy(stack, 'Own', { statements: [{ actions: [IotAction.CONNECT], resources: [IotResource.client('x')] }] })] });
    expect(JSON.stringify(body(stack))).not.toContain('PolicyDocument');
  });
});

describe('thingGroups', () => {
  test('are at most 10', () => {
    fails({ thingGroups: Array.from({ length: 11 }, (_, n) => ThingGroup.fromThingGroupName(stack, `G${n}`, `g${n}`)) }, "'thingGroups' must have at most 10 entries, got 11");
  });

  test('fail for dynamic ones, L1 or L2', () => {
    fails({ thingGroups: [new DynamicThingGroup(stack, 'Dynamic', { queryString: '*' })] }, "'thingGroups' must be static thing groups, got the dynamic one at Stack/Dynamic");
    const l1 = new iot.CfnThingGroup(stack, 'L1', { queryString: '*' });
    expect(() => new TrustedUserProvisioningTemplate(stack, 'Two', { thingName: '{AWS::IoT::Certificate::Id}', policies: [], thingGroups: [l1] }))
      .toThrow("'thingGroups' must be static thing groups, got the dynamic one at Stack/L1 (at Stack/Two)");
  });
});

describe('overrideSettings', () => {
  test('let devices be provisioned again, with a hook that knows which', () => {
    define({
      hook: hookIn(stack),
      overrideSettings: { attributePayload: OverrideSetting.MERGE, thingTypeName: OverrideSetting.DO_NOTHING, thingGroups: OverrideSetting.REPLACE },
    });
    expect(body(stack).Resources.thing!.OverrideSettings).toEqual({ AttributePayload: 'MERGE', ThingTypeName: 'DO_NOTHING', ThingGroups: 'REPLACE' });
  });

  test('are FAIL where they are not given', () => {
    define({ hook: hookIn(stack), overrideSettings: { attributePayload: OverrideSetting.REPLACE } });
    expect(body(stack).Resources.thing!.OverrideSettings).toEqual({ AttributePayload: 'REPLACE', ThingTypeName: 'FAIL', ThingGroups: 'FAIL' });
  });

  test('fail without a hook', () => {
    fails(
      { overrideSettings: { attributePayload: OverrideSetting.DO_NOTHING } },
      "'overrideSettings' must be FAIL without a 'hook': nothing else keeps a device from taking the place of another",
    );
    expect(() => new TrustedUserProvisioningTemplate(stack, 'Fail', {
      thingName: '{AWS::IoT::Certificate::Id}', policies: [policy('b')], overrideSettings: { attributePayload: OverrideSetting.FAIL },
    })).not.toThrow();
  });

  test('fail to merge thing types', () => {
    expect(() => define({ hook: hookIn(stack), overrideSettings: { thingTypeName: OverrideSetting.MERGE } }))
      .toThrow(new Error("'overrideSettings.thingTypeName' must be FAIL, DO_NOTHING or REPLACE, got MERGE (at Stack/Provisioning)"));
  });
});

describe('the environment', () => {
  test('must be the same for all that a template names', () => {
    const own = new Stack(new App(), 'Own', { env: { account: '111122223333', region: 'eu-west-1' } });
    const define = (props: Partial<FleetProvisioningTemplateProps>) => () => new TrustedUserProvisioningTemplate(own, 'T', { thingName: '{AWS::IoT::Certificate::Id}', policies: [], ...props });

    expect(define({ policies: [IotPolicy.fromPolicyArn(own, 'P', 'arn:aws:iot:us-east-1:111122223333:policy/p')] })).toThrow(new Error(
      'a template must be in the same region as what it names, got eu-west-1 for the template and us-east-1 for Own/P (at Own/T)',
    ));
    own.node.tryRemoveChild('T');
    expect(define({ thingGroups: [ThingGroup.fromThingGroupArn(own, 'G', 'arn:aws:iot:eu-west-1:210987654321:thinggroup/g')] })).toThrow(new Error(
      'a template must be in the same account as what it names, got 111122223333 for the template and 210987654321 for Own/G (at Own/T)',
    ));
  });
});

describe('the size', () => {
  const configured = (size: number) => ({ deviceConfiguration: { text: 'x'.repeat(size) } });
  const FRAME = 595;

  test('is 10 KB at most', () => {
    define(configured(10240 - FRAME));
    expect(Buffer.byteLength(JSON.stringify(body(stack)))).toBe(10240);
    expect(() => new TrustedUserProvisioningTemplate(stack, 'Large', {
      parameters: { SerialNumber: {} }, thingName: 'sensor-{SerialNumber}', policies: [policy('policy2')], ...configured(10241 - FRAME),
    })).toThrow(new Error('the template may take 10241 bytes, AWS IoT allows 10240; shorten attributes, configuration and defaults (at Stack/Large)'));
  });

  test('counts bytes, and tokens as the longest name', () => {
    const token = Lazy.string({ produce: () => 'x' });
    for (const [index, text] of ['ä'.repeat(5000), token.repeat(80)].entries()) {
      expect(() => new TrustedUserProvisioningTemplate(stack, `Large${index}`, {
        thingName: '{AWS::IoT::Certificate::Id}', policies: [policy(`q${index}`)], deviceConfiguration: { text },
      })).toThrow(/^the template may take 10\d{3} bytes/);
    }
  });
});

test('tokens are not checked, wherever they stand', () => {
  const token = new CfnParameter(stack, 'Stage').valueAsString;
  define({
    thingName: `${token}-{SerialNumber}${token}`,
    attributes: { [token]: token, site: `${token}{SerialNumber}` },
    parameters: { SerialNumber: { } , Site: { defaultValue: token } },
    deviceConfiguration: { stage: `${token}.example.com`, site: '{Site}' },
    templateName: token,
    description: token,
  });
  const { Resources, Parameters, DeviceConfiguration } = body(stack);

  expect(Resources.thing!.Properties).toMatchObject({
    ThingName: { 'Fn::Join': ['', ['ref-Stage', '-', { Ref: 'SerialNumber' }, 'ref-Stage']] },
    AttributePayload: { site: { 'Fn::Join': ['', ['ref-Stage', { Ref: 'SerialNumber' }]] } },
  });
  expect(Parameters.Site).toEqual({ Type: 'String', Default: 'ref-Stage' });
  expect(DeviceConfiguration).toEqual({ stage: 'ref-Stage.example.com', site: { Ref: 'Site' } });
});
