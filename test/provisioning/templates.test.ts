import { App, CfnOutput, CfnParameter, PhysicalName, RemovalPolicy, Stack, Tags } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import * as iam from 'aws-cdk-lib/aws-iam';
import type * as iot from 'aws-cdk-lib/aws-iot';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import { IotPolicy } from '../../lib/access';
import {
  JustInTimeProvisioningTemplate, OverrideSetting, ProvisioningTemplate, ProvisioningTemplateGrants, SubjectField, TrustedUserProvisioningTemplate,
  type FleetProvisioningTemplateProps, type JustInTimeProvisioningTemplateProps,
} from '../../lib/provisioning';
import { body, properties } from './deployed';
import { hookIn } from './hook';

const TEMPLATE = 'AWS::IoT::ProvisioningTemplate';
const ENV = { account: '123456789012', region: 'eu-central-1' };

let app: App;
let stack: Stack;
beforeEach(() => {
  app = new App();
  stack = new Stack(app, 'Stack');
});
const define = (props: Partial<FleetProvisioningTemplateProps> = {}, scope = stack) => new TrustedUserProvisioningTemplate(scope, 'Provisioning', {
  parameters: { SerialNumber: {} },
  thingName: 'sensor-{SerialNumber}',
  policies: [IotPolicy.fromPolicyName(scope, 'Policy', 'sensor')],
  ...props,
});

describe('a template', () => {
  test('is enabled, for fleet provisioning and without a hook by default', () => {
    define();
    Template.fromStack(stack).hasResource(TEMPLATE, {
      Properties: { TemplateType: 'FLEET_PROVISIONING', Enabled: true, Description: Match.absent(), PreProvisioningHook: Match.absent() },
      DependsOn: Match.absent(),
    });
    expect(Template.fromStack(stack).toJSON().Resources).toMatchSnapshot();
  });

  test('has the properties it is given, and tags', () => {
    Tags.of(define({ templateName: 'Sensors_2-a', description: 'Sensors of 2030', enabled: false })).add('team', 'climate');
    Template.fromStack(stack).hasResourceProperties(TEMPLATE, {
      TemplateName: 'Sensors_2-a', Description: 'Sensors of 2030', Enabled: false, Tags: [{ Key: 'team', Value: 'climate' }],
    });
  });

  test('can be kept', () => {
    define().applyRemovalPolicy(RemovalPolicy.RETAIN);
    Template.fromStack(stack).hasResource(TEMPLATE, { DeletionPolicy: 'Retain' });
  });

  test.each(['a b', 'a.b', 'a:b', '', 'ä'])('fails for the name %j', (templateName) => {
    expect(() => define({ templateName })).toThrow(new Error(
      `'templateName' must consist of one or more of 0-9, A-Z, a-z, "_" and "-", got ${JSON.stringify(templateName)} (at Stack/Provisioning)`,
    ));
  });

  test('has a name of at most 36 characters', () => {
    define({ templateName: 'a'.repeat(36) });
    expect(() => new TrustedUserProvisioningTemplate(stack, 'Long', { templateName: 'a'.repeat(37), thingName: '{AWS::IoT::Certificate::Id}', policies: [] }))
      .toThrow("'templateName' must be at most 36 characters long, got 37 (at Stack/Long)");
  });

  test.each([['a\nb', 'must consist of one line without control characters, got "a\\nb"'], ['a'.repeat(501), 'must be at most 500 characters long, got 501']])(
    'fails for the description %j', (description, message) => {
      expect(() => define({ description })).toThrow(new Error(`'description' ${message} (at Stack/Provisioning)`));
    },
  );
});

describe('a generated name', () => {
  const nameOf = (scope: Stack) => properties(scope, TEMPLATE).TemplateName as string;

  test('stays, differs between stacks and is one that AWS IoT takes', () => {
    const names = ['One', 'A-very-long-stack-name-for-a-template-of-36'].map((id) => nameOf(define({}, new Stack(new App(), id)).stack));
    expect(names[0]).toMatch(/^One-Provisioning[0-9A-F]{8}$|^One-Provisioning-[0-9A-F]{8}$/);
    expect(names[1]).toMatch(/^[0-9A-Za-z_-]{1,36}$/);
  });

  test('is another one for just-in-time provisioning, as the type cannot change', () => {
    new JustInTimeProvisioningTemplate(stack, 'Provisioning', { subjectFields: [], thingName: '{AWS::IoT::Certificate::Id}', policies: [IotPolicy.fromPolicyName(stack, 'P', 'p')] });
    expect(nameOf(stack)).toMatch(/^Stack-Provisioning-[0-9A-F]{2,8}-jitp$/);
    expect(nameOf(stack).length).toBeLessThanOrEqual(36);
  });

  test.each([[undefined], ['sensors'], [PhysicalName.GENERATE_IF_NEEDED]])('can be used in another Region, given %s', (templateName) => {
    const here = new Stack(app, 'Here', { env: ENV });
    const there = new Stack(app, 'There', { env: { ...ENV, region: 'us-east-1' } });
    const template = define(templateName === undefined ? {} : { templateName }, here);
    new CfnOutput(there, 'Arn', { value: template.templateArn });

    Template.fromStack(there).hasOutput('Arn', {
      Value: { 'Fn::Join': ['', ['arn:', { Ref: 'AWS::Partition' }, `:iot:eu-central-1:123456789012:provisioningtemplate/${nameOf(here)}`]] },
    });
  });
});

test('a template knows its name and ARN', () => {
  const template = define();
  const logicalId = stack.getLogicalId(template.node.defaultChild as iot.CfnProvisioningTemplate);
  expect(stack.resolve([template.templateName, template.templateArn, template.provisioningTemplateRef])).toEqual([
    { Ref: logicalId }, { 'Fn::GetAtt': [logicalId, 'TemplateArn'] }, { templateName: { Ref: logicalId } },
  ]);
});

describe('a hook', () => {
  test('may be called by AWS IoT for this template alone, before there is one', () => {
    const hook = hookIn(stack);
    define({ hook, templateName: 'sensors' });

    const template = Template.fromStack(stack);
    const [permission] = Object.keys(template.findResources('AWS::Lambda::Permission'));
    template.hasResource(TEMPLATE, {
      Properties: { PreProvisioningHook: { TargetArn: stack.resolve(hook.functionArn) as unknown, PayloadVersion: '2020-04-01' } },
      DependsOn: [permission],
    });
    template.hasResourceProperties('AWS::Lambda::Permission', {
      Action: 'lambda:InvokeFunction',
      Principal: 'iot.amazonaws.com',
      FunctionName: stack.resolve(hook.functionArn) as unknown,
      SourceAccount: { Ref: 'AWS::AccountId' },
      SourceArn: {
        'Fn::Join': ['', ['arn:', { Ref: 'AWS::Partition' }, ':iot:', { Ref: 'AWS::Region' }, ':', { Ref: 'AWS::AccountId' }, ':provisioningtemplate/sensors']],
      },
    });
  });

  test('may serve several templates', () => {
    const hook = hookIn(stack);
    define({ hook });
    new TrustedUserProvisioningTemplate(stack, 'Second', { thingName: '{AWS::IoT::Certificate::Id}', policies: [IotPolicy.fromPolicyName(stack, 'P', 'p')], hook });
    Template.fromStack(stack).resourceCountIs('AWS::Lambda::Permission', 2);
  });

  test('may be a version or an alias', () => {
    const hook = new lambda.Alias(stack, 'Live', { aliasName: 'live', version: hookIn(stack).currentVersion });
    define({ hook });
    Template.fromStack(stack).hasResourceProperties(TEMPLATE, { PreProvisioningHook: { TargetArn: stack.resolve(hook.functionArn) as unknown } });
  });

  test('may be of another stack', () => {
    const hook = hookIn(new Stack(app, 'Hooks'));
    define({ hook });
    Template.fromStack(stack).resourceCountIs('AWS::Lambda::Permission', 1);
    expect(stack.dependencies).toContain(hook.stack);
  });

  test('may exist outside the app', () => {
    define({ hook: lambda.Function.fromFunctionArn(stack, 'Hook', 'arn:aws:lambda:eu-central-1:123456789012:function:hook') });
    Template.fromStack(stack).hasResourceProperties(TEMPLATE, { PreProvisioningHook: { TargetArn: 'arn:aws:lambda:eu-central-1:123456789012:function:hook' } });
  });

  test('of another account needs a permission from there', () => {
    const known = new Stack(app, 'Known', { env: ENV });
    define({ hook: lambda.Function.fromFunctionArn(known, 'Hook', 'arn:aws:lambda:eu-central-1:210987654321:function:hook') }, known);
    Template.fromStack(known).resourceCountIs('AWS::Lambda::Permission', 0);
  });
});

describe('a trusted user', () => {
  const CLAIM = (templateArn: unknown) => ({ Statement: [{ Action: 'iot:CreateProvisioningClaim', Effect: 'Allow', Resource: templateArn }] });

  test.each<[string, (scope: Stack) => iam.IGrantable, string]>([
    ['a role', (scope) => new iam.Role(scope, 'App', { assumedBy: new iam.AccountRootPrincipal() }), 'Roles'],
    ['a user', (scope) => new iam.User(scope, 'App'), 'Users'],
    ['a function', (scope) => hookIn(scope, 'App'), 'Roles'],
  ])('may be %s, and create claims for this template alone', (_, make, kind) => {
    const template = define();
    const grant = template.grants.createClaim(make(stack));

    grant.assertSuccess();
    Template.fromStack(stack).hasResourceProperties('AWS::IAM::Policy', { PolicyDocument: CLAIM(stack.resolve(template.templateArn)), [kind]: [{ Ref: Match.stringLikeRegexp('^App') }] });
  });

  test('cannot be a service, which has no policy', () => {
    expect(define().grants.createClaim(new iam.ServicePrincipal('lambda.amazonaws.com')).success).toBe(false);
  });

  test('may use a template from outside the app', () => {
    const template = ProvisioningTemplate.fromTemplateArn(stack, 'Imported', 'arn:aws:iot:eu-central-1:123456789012:provisioningtemplate/sensors');
    ProvisioningTemplateGrants.fromProvisioningTemplate(template).createClaim(new iam.User(stack, 'User'));
    Template.fromStack(stack).hasResourceProperties('AWS::IAM::Policy', { PolicyDocument: CLAIM('arn:aws:iot:eu-central-1:123456789012:provisioningtemplate/sensors') });
  });
});

describe('just-in-time provisioning', () => {
  const justInTime = (props: Partial<JustInTimeProvisioningTemplateProps> = {}) => new JustInTimeProvisioningTemplate(stack, 'Provisioning', {
    subjectFields: [SubjectField.COMMON_NAME, SubjectField.COUNTRY],
    thingName: `sensor-{${SubjectField.COMMON_NAME}}`,
    policies: [IotPolicy.fromPolicyName(stack, 'Policy', 'sensor')],
    ...props,
  });

  test('takes the parameters from the subject, and declares those in use only', () => {
    justInTime();
    const { Parameters, Resources } = body(stack);

    expect(Parameters).toEqual({ 'AWS::IoT::Certificate::Id': { Type: 'String' }, 'AWS::IoT::Certificate::CommonName': { Type: 'String' } });
    expect(Resources.thing!.Properties).toEqual({ ThingName: { 'Fn::Join': ['', ['sensor-', { Ref: 'AWS::IoT::Certificate::CommonName' }]] } });
    expect(Resources.certificate!.Properties).toEqual({ CertificateId: { Ref: 'AWS::IoT::Certificate::Id' }, Status: 'ACTIVE', ThingPrincipalType: 'EXCLUSIVE_THING' });
    Template.fromStack(stack).hasResourceProperties(TEMPLATE, { TemplateType: 'JITP', PreProvisioningHook: Match.absent() });
  });

  test.each(Object.values(SubjectField))('can use %s', (field) => {
    justInTime({ subjectFields: [field], thingName: '{AWS::IoT::Certificate::Id}', attributes: { field: `{${field}}` } });
    expect(Object.keys(body(stack).Parameters)).toEqual(['AWS::IoT::Certificate::Id', field]);
  });

  test('fails for a field that the CA does not put into certificates', () => {
    expect(() => justInTime({ attributes: { org: '{AWS::IoT::Certificate::Organization}' } })).toThrow(new Error(
      "'attributes.org' uses the parameter 'AWS::IoT::Certificate::Organization', which 'subjectFields' does not declare, so that devices would stay pending; "
      + 'there are: AWS::IoT::Certificate::CommonName, AWS::IoT::Certificate::Country, AWS::IoT::Certificate::Id (at Stack/Provisioning)',
    ));
  });

  test.each(['{AWS::IoT::Certificate::Country}', 'sensor'])('fails for the thing name %s, which many devices share', (thingName) => {
    expect(() => justInTime({ thingName })).toThrow(new Error(
      "'thingName' must contain a parameter that differs between devices, one of AWS::IoT::Certificate::CommonName, AWS::IoT::Certificate::SerialNumber, "
      + `AWS::IoT::Certificate::DistinguishedNameQualifier, AWS::IoT::Certificate::Id, got ${JSON.stringify(thingName)} (at Stack/Provisioning)`,
    ));
  });

  test('refuses a device whose thing exists, unless told otherwise', () => {
    justInTime({ overrideSettings: { attributePayload: OverrideSetting.DO_NOTHING, thingTypeName: OverrideSetting.DO_NOTHING, thingGroups: OverrideSetting.DO_NOTHING } });
    expect(body(stack).Resources.thing!.OverrideSettings).toEqual({ AttributePayload: 'DO_NOTHING', ThingTypeName: 'DO_NOTHING', ThingGroups: 'DO_NOTHING' });
  });
});

describe('an imported template', () => {
  test('has the ARN of the stack when it is known by name', () => {
    const template = ProvisioningTemplate.fromTemplateName(new Stack(app, 'Known', { env: ENV }), 'Template', 'sensors');
    expect(template.provisioningTemplateRef).toEqual({ templateName: 'sensors' });
    expect(template.stack.resolve(template.templateArn)).toEqual({
      'Fn::Join': ['', ['arn:', { Ref: 'AWS::Partition' }, ':iot:eu-central-1:123456789012:provisioningtemplate/sensors']],
    });
  });

  test('has the account and Region of its ARN', () => {
    const template = ProvisioningTemplate.fromTemplateArn(stack, 'Template', 'arn:aws-cn:iot:cn-north-1:210987654321:provisioningtemplate/sensors');
    expect(template.templateName).toBe('sensors');
    expect(template.env).toEqual({ account: '210987654321', region: 'cn-north-1' });
  });

  test('may be a token', () => {
    const template = ProvisioningTemplate.fromTemplateName(stack, 'Template', new CfnParameter(stack, 'Name').valueAsString);
    expect(stack.resolve(template.templateName)).toEqual({ Ref: 'Name' });
  });

  test('fails for a bad name and for the ARN of something else', () => {
    expect(() => ProvisioningTemplate.fromTemplateName(stack, 'Template', 'a b')).toThrow("'templateName' must consist of");
    expect(() => ProvisioningTemplate.fromTemplateArn(stack, 'Template', 'arn:aws:iot:eu-central-1:123456789012:policy/x')).toThrow("'templateArn' must look like");
  });
});
