import { App, Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import * as s3 from 'aws-cdk-lib/aws-s3';
import { IotPolicy } from '../../lib/access';
import { AllowList, JustInTimeRegistration, SubjectField, type JustInTimeRegistrationProps } from '../../lib/provisioning';
import { BillingGroup, ThingGroup, ThingType } from '../../lib/registry';
import { needed } from '../lambda/permissions';
import { Authority } from './authority';
import { deployed, isAllowed, statements } from './deployed';

const ARN = 'arn:aws:iot:eu-west-1:111122223333';

let stack: Stack;
beforeEach(() => {
  stack = new Stack(new App(), 'Stack');
});
const define = (props: Partial<JustInTimeRegistrationProps> = {}) => new JustInTimeRegistration(stack, 'Registration', {
  certificateAuthority: new Authority(stack, 'Ca'),
  thingName: 'sensor-{AWS::IoT::Certificate::CommonName}',
  policies: [IotPolicy.fromPolicyName(stack, 'Policy', 'sensor')],
  ...props,
});
const everything = (): Partial<JustInTimeRegistrationProps> => ({
  attributes: { maker: '{AWS::IoT::Certificate::Organization}' },
  thingType: ThingType.fromThingTypeName(stack, 'Type', 'sensor'),
  thingGroups: [ThingGroup.fromThingGroupName(stack, 'Group', 'indoor')],
  billingGroup: BillingGroup.fromBillingGroupName(stack, 'Billing', 'research'),
  allowList: new AllowList(stack, 'List', { serialNumbers: ['1'] }),
  revocationList: { bucket: s3.Bucket.fromBucketName(stack, 'Bucket', 'lists'), key: 'ca.crl' },
});

function variables(): Record<string, string> {
  const [resource] = Object.values(Template.fromStack(stack).findResources('AWS::Lambda::Function'));
  return (deployed(resource!.Properties.Environment) as { Variables: Record<string, string> }).Variables;
}

test('events of exactly this CA reach the function, which the rule may call', () => {
  define();
  const template = Template.fromStack(stack);
  const [[id, rule]] = Object.entries(template.findResources('AWS::IoT::TopicRule')) as [[string, { Properties: Record<string, { Sql: string }>; DependsOn: string[] }]];

  expect(rule.Properties.TopicRulePayload!.Sql).toBe("SELECT * FROM '$aws/events/certificates/registered/abc'");
  expect(rule.DependsOn).toEqual([expect.stringContaining('RulePermission')]);
  const [permission] = Object.values(template.findResources('AWS::Lambda::Permission'));
  expect(deployed(permission!.Properties)).toMatchObject({
    Principal: 'iot.amazonaws.com', SourceAccount: '111122223333', SourceArn: `${ARN}:rule/${String(rule.Properties.RuleName)}`,
  });
  expect(id).toContain('Rule');
});

test('the function is told what a device becomes', () => {
  define();
  expect(variables()).toEqual({
    SERIAL_NUMBERS: '[]',
    SETTINGS: JSON.stringify({
      caCertificateId: 'abc', thingName: 'sensor-{AWS::IoT::Certificate::CommonName}', attributes: {}, thingGroupNames: [], policyNames: ['sensor'],
      serialNumberParameter: 'AWS::IoT::Certificate::CommonName', acceptsRenewals: false,
    }),
  });
});

test('the function is told everything', () => {
  define({ ...everything(), acceptRenewals: true });
  expect(JSON.parse(variables().SETTINGS!)).toMatchObject({
    attributes: { maker: '{AWS::IoT::Certificate::Organization}' }, thingTypeName: 'sensor', thingGroupNames: ['indoor'], billingGroupName: 'research', acceptsRenewals: true,
    revocationList: { bucket: 'lists', key: 'ca.crl', acceptsStale: false },
  });
  expect(variables()).toMatchObject({ SERIAL_NUMBERS: '["1"]', ALLOW_LIST_TABLE: expect.stringContaining('ref-List') });
});

test('an error action is passed on', () => {
  define({ errorAction: { republish: { topic: 'errors', roleArn: 'arn:aws:iam::111122223333:role/r' } } });
  Template.fromStack(stack).hasResourceProperties('AWS::IoT::TopicRule', { TopicRulePayload: { ErrorAction: { Republish: { Topic: 'errors' } } } });
});

test('the function may do what registering takes, and nothing else', () => {
  define(everything());
  const granted = statements(stack);
  const decide = (action: string, resource: string) => isAllowed(granted, `iot:${action}`, `${ARN}:${resource}`);

  const taken: readonly (readonly [string, string])[] = [
    ['DescribeCACertificate', 'cacert/abc'], ['DescribeCertificate', 'cert/1'], ['UpdateCertificate', 'cert/1'], ['CreateThing', 'thing/sensor-1'], ['CreateThing', 'billinggroup/research'],
    ['ListThingPrincipals', 'thing/sensor-1'], ['AttachThingPrincipal', 'cert/1'], ['AttachPolicy', 'cert/1'], ['AddThingToThingGroup', 'thinggroup/indoor'], ['AddThingToThingGroup', 'thing/sensor-1'],
  ];
  for (const [action, resource] of taken) {
    expect({ action, resource, isAllowed: decide(action, resource) }).toEqual({ action, resource, isAllowed: true });
  }
  const denied: readonly (readonly [string, string])[] = [
    ['DescribeCACertificate', 'cacert/other'], ['UpdateCACertificate', 'cacert/abc'], ['CreateThing', 'thing/pump-1'], ['AttachThingPrincipal', 'thing/pump-1'], ['AddThingToThingGroup', 'thinggroup/admins'],
    ['AttachPolicy', 'policy/admin'], ['AttachPolicy', 'thinggroup/indoor'], ['DeleteCertificate', 'cert/1'], ['DeleteThing', 'thing/sensor-1'], ['CreatePolicy', 'policy/sensor'], ['DetachPolicy', 'cert/1'], ['RegisterThing', '*'],
  ];
  for (const [action, resource] of denied) {
    expect({ action, resource, isAllowed: decide(action, resource) }).toEqual({ action, resource, isAllowed: false });
  }
  const actions = new Set(granted.flatMap(({ Action }) => Action));
  expect(needed('register-device').filter((action) => !actions.has(action))).toEqual(['iot:GetObject']);
  expect(granted.flatMap(({ Action }) => Action).filter((action) => !action.startsWith('iot:')).sort()).toEqual(['dynamodb:GetItem', 'dynamodb:UpdateItem', 'logs:CreateLogStream', 'logs:PutLogEvents', 's3:GetObject']);
  expect(granted.find(({ Action }) => Action === 's3:GetObject')?.Resource).toBe('arn:aws:s3:::lists/ca.crl');
});

test('the function has a log of its own and time to finish', () => {
  define();
  Template.fromStack(stack).hasResourceProperties('AWS::Lambda::Function', { Timeout: 60, LoggingConfig: Match.anyValue() });
});

describe('fails', () => {
  test.each<[string, Partial<JustInTimeRegistrationProps>, string]>([
    ['for a field that there is not', { thingName: '{SerialNumber}' }, "'thingName' uses the parameter 'SerialNumber', which is no field of a subject; there are: "],
    ['for a name that does not tell devices apart', { thingName: 'sensor-{AWS::IoT::Certificate::Organization}' }, "'thingName' must contain a parameter that differs between devices, one of "],
    ['without policies', { policies: [] }, "'policies' must have 1 to 10 entries, got 0"],
  ])('%s', (_, props, message) => {
    expect(() => define(props)).toThrow(message);
  });

  test('for a name that the allow list does not vouch for', () => {
    expect(() => define({ allowList: new AllowList(stack, 'List'), serialNumberField: SubjectField.SERIAL_NUMBER })).toThrow(new Error(
      "'thingName' must contain {AWS::IoT::Certificate::SerialNumber}, which the allow list is looked up with, got \"sensor-{AWS::IoT::Certificate::CommonName}\" (at Stack/Registration)",
    ));
  });
});
