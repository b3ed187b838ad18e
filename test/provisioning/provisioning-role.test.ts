import { App, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { IotPolicy } from '../../lib/access';
import { createAuthorizer } from '../../lib/policy';
import { OverrideSetting, TrustedUserProvisioningTemplate, type FleetProvisioningTemplateProps } from '../../lib/provisioning';
import { BillingGroup, ThingGroup, ThingType } from '../../lib/registry';
import { role } from './deployed';
import { hookIn } from './hook';

const ARN = 'arn:aws:iot:eu-west-1:111122223333';

let stack: Stack;
beforeEach(() => {
  stack = new Stack(new App(), 'Stack');
});
const define = (props: Partial<FleetProvisioningTemplateProps> = {}) => new TrustedUserProvisioningTemplate(stack, 'Provisioning', {
  templateName: 'sensors',
  parameters: { SerialNumber: {} },
  thingName: 'sensor-{SerialNumber}',
  policies: [IotPolicy.fromPolicyName(stack, 'Policy', 'sensor')],
  ...props,
});
const everything = (): FleetProvisioningTemplateProps => ({
  parameters: { SerialNumber: {} },
  thingName: 'sensor-{SerialNumber}',
  policies: [IotPolicy.fromPolicyName(stack, 'A', 'a'), IotPolicy.fromPolicyName(stack, 'B', 'b')],
  thingType: ThingType.fromThingTypeName(stack, 'Type', 'sensor'),
  thingGroups: [ThingGroup.fromThingGroupName(stack, 'Group', 'indoor')],
  billingGroup: BillingGroup.fromBillingGroupName(stack, 'Billing', 'research'),
  // The hook's function has a role of its own.
  hook: hookIn(new Stack(stack.node.root, 'Apart')),
  overrideSettings: { attributePayload: OverrideSetting.REPLACE, thingTypeName: OverrideSetting.REPLACE, thingGroups: OverrideSetting.REPLACE },
});

test('the role is for this template alone', () => {
  define();
  expect(Template.fromStack(stack).findResources('AWS::IAM::Policy')).toEqual({});
  expect(role(stack).trust).toMatchObject({
    Statement: [{
      Action: 'sts:AssumeRole',
      Effect: 'Allow',
      Principal: { Service: 'iot.amazonaws.com' },
      Condition: { StringEquals: { 'aws:SourceAccount': '111122223333' }, ArnLike: { 'aws:SourceArn': `${ARN}:provisioningtemplate/sensors` } },
    }],
  });
});

test('a plain template takes certificates, things of its pattern and its policy', () => {
  define();
  expect(role(stack).policy.Statement).toEqual([
    { Effect: 'Allow', Action: ['iot:DescribeCertificate', 'iot:ListPrincipalThings', 'iot:UpdateCertificate'], Resource: `${ARN}:cert/*` },
    { Effect: 'Allow', Action: ['iot:ListAttachedPolicies', 'iot:ListPrincipalPolicies'], Resource: '*' },
    { Effect: 'Allow', Action: ['iot:AttachThingPrincipal', 'iot:DetachThingPrincipal'], Resource: [`${ARN}:cert/*`, `${ARN}:thing/sensor-*`] },
    { Effect: 'Allow', Action: ['iot:CreateThing', 'iot:DescribeThing', 'iot:ListThingPrincipals'], Resource: `${ARN}:thing/sensor-*` },
    { Effect: 'Allow', Action: ['iot:AttachPolicy', 'iot:DetachPolicy'], Resource: [`${ARN}:cert/*`, `${ARN}:policy/sensor`] },
    { Effect: 'Allow', Action: ['iot:GetPolicy', 'iot:ListTargetsForPolicy'], Resource: `${ARN}:policy/sensor` },
  ]);
});

test.each<[string, (stack: Stack) => Partial<FleetProvisioningTemplateProps>, Record<string, string[]>]>([
  ['a thing type', (scope) => ({ thingType: ThingType.fromThingTypeName(scope, 'Type', 'sensor') }), { DescribeThingType: ['thingtype/sensor'] }],
  ['thing groups', (scope) => ({ thingGroups: [ThingGroup.fromThingGroupName(scope, 'Group', 'indoor')] }), {
    DescribeThingGroup: ['thinggroup/indoor'],
    AddThingToThingGroup: ['thing/sensor-*', 'thinggroup/indoor'],
    UpdateThingGroupsForThing: ['thing/sensor-*', 'thinggroup/indoor'],
    ListThingGroupsForThing: ['thing/sensor-*', 'thinggroup/indoor'],
  }],
  ['a billing group', (scope) => ({ billingGroup: BillingGroup.fromBillingGroupName(scope, 'Billing', 'research') }), {
    CreateThing: ['thing/sensor-*', 'thing/sensor-*', 'billinggroup/research'],
    AddThingToBillingGroup: ['thing/sensor-*', 'billinggroup/research'],
    DescribeBillingGroup: ['billinggroup/research'],
  }],
  ['attributes that replace others', (scope) => ({ hook: hookIn(scope), overrideSettings: { attributePayload: OverrideSetting.REPLACE } }), { UpdateThing: ['thing/sensor-*'] }],
  ['attributes that are merged', (scope) => ({ hook: hookIn(scope), overrideSettings: { attributePayload: OverrideSetting.MERGE } }), { UpdateThing: ['thing/sensor-*'] }],
  ['a thing type that replaces another', (scope) => ({ hook: hookIn(scope), overrideSettings: { thingTypeName: OverrideSetting.REPLACE } }), { UpdateThing: ['thing/sensor-*'] }],
  ['groups that replace others', (scope) => ({ hook: hookIn(scope), overrideSettings: { thingGroups: OverrideSetting.REPLACE } }), {
    RemoveThingFromThingGroup: ['thing/sensor-*', 'thinggroup/*'],
    UpdateThingGroupsForThing: ['thing/sensor-*', 'thinggroup/*'],
  }],
  ['settings that leave things alone', (scope) => ({ hook: hookIn(scope), overrideSettings: { attributePayload: OverrideSetting.DO_NOTHING, thingTypeName: OverrideSetting.DO_NOTHING, thingGroups: OverrideSetting.DO_NOTHING } }), {}],
])('%s adds what it takes, and nothing else', (_, props, added) => {
  const plain = new Stack(new App(), 'Plain');
  new TrustedUserProvisioningTemplate(plain, 'T', { parameters: { A: {} }, thingName: '{A}', policies: [IotPolicy.fromPolicyName(plain, 'P', 'p')] });
  define(props(new Stack(stack.node.root, 'Apart')));

  const actionsOf = (scope: Stack) => new Set(role(scope).policy.Statement.flatMap((statement) => statement.Action));
  const more = [...actionsOf(stack)].filter((action) => !actionsOf(plain).has(action));
  expect(more.sort()).toEqual(Object.keys(added).map((action) => `iot:${action}`).filter((action) => action !== 'iot:CreateThing').sort());
  for (const [action, resources] of Object.entries(added)) {
    expect(role(stack).resourcesOf(`iot:${action}`)).toEqual(resources.map((resource) => `${ARN}:${resource}`));
  }
});

describe('what a role never may', () => {
  const decide = (action: string) => createAuthorizer({
    account: { partition: 'aws', region: 'eu-west-1', accountId: '111122223333' },
    principal: { kind: 'cognito-unauth' },
    policies: [],
    iamPolicies: [role(stack).policy],
  }).decide({ action, resource: '*' }).decision;

  beforeEach(() => {
    define(everything());
  });

  test.each([
    'iot:CreatePolicy', 'iot:CreatePolicyVersion', 'iot:SetDefaultPolicyVersion', 'iot:DeletePolicy', 'iot:AttachPrincipalPolicy',
    'iot:CreateKeysAndCertificate', 'iot:CreateCertificateFromCsr', 'iot:RegisterCertificate', 'iot:RegisterCertificateWithoutCA', 'iot:DeleteCertificate',
    'iot:DeleteThing', 'iot:CreateThingGroup', 'iot:CreateThingType', 'iot:RegisterThing', 'iot:UpdateProvisioningTemplate', 'iot:CreateProvisioningClaim',
    'iot:UpdateThingShadow', 'iot:Publish', 'iot:Connect', 'iot:AssumeRoleWithCertificate', 'iam:PassRole', 'sts:AssumeRole', 's3:GetObject',
  ])('%s', (action) => {
    expect(decide(action)).toBe('deny');
  });

  test('while it may list policies', () => {
    expect(decide('iot:ListAttachedPolicies')).not.toBe('deny');
  });
});

test('a name that is all parameters gives the role all things', () => {
  define({ thingName: '{SerialNumber}' });
  expect(role(stack).resourcesOf('iot:CreateThing')).toEqual([`${ARN}:thing/*`]);
});

test('the role is given to the template, with its permissions inside', () => {
  const template = define();
  Template.fromStack(stack).hasResourceProperties('AWS::IoT::ProvisioningTemplate', { ProvisioningRoleArn: stack.resolve(template.provisioningRole.roleArn) as unknown });
});
