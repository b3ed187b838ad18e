import 'aws-cdk-lib/testhelpers/jest-autoclean';
import * as cdk from 'aws-cdk-lib';
import * as iot from 'aws-cdk-lib/aws-iot';
import { readDeployment } from '../../lib/deployment';
import type { Deployment } from '../../lib/deployment';
import { IotAction, IotPolicy, IotResource } from '../../lib/access';
import { ManagedIotPolicy, ThingGroupMembership, ThingGroupPolicyAttachment, ThingTypeAssociation } from '../../lib/membership';
import { Thing, ThingGroup, ThingType } from '../../lib/registry';
import { ACCOUNT, readTemplate } from './in-memory';

const STATEMENTS = [{ actions: [IotAction.PUBLISH], resources: [IotResource.topic('dt/a')] }];

describe('what this library says with custom resources', () => {
  let deployment: Deployment;

  beforeAll(() => {
    const app = new cdk.App();
    const stack = new cdk.Stack(app, 'App');
    const things = ['pump-1', 'pump-2'].map((thingName) => new Thing(stack, thingName, { thingName }));
    const group = new ThingGroup(stack, 'Group');
    const managed = new ManagedIotPolicy(stack, 'Managed', { statements: STATEMENTS, policyName: 'managed' });
    new ThingGroupMembership(stack, 'Membership', { thingGroup: group, things });
    new ThingTypeAssociation(stack, 'Type', { thingType: new ThingType(stack, 'Pump', { thingTypeName: 'pump' }), things: [things[0]!] });
    new ThingGroupPolicyAttachment(stack, 'Attachment', { thingGroup: group, policies: [managed, new IotPolicy(stack, 'Own', { statements: STATEMENTS, policyName: 'own' })] });
    const certificate = new iot.CfnCertificate(stack, 'Certificate', { status: 'ACTIVE', certificateSigningRequest: 'csr' });
    new iot.CfnPolicyPrincipalAttachment(stack, 'OfCertificate', { policyName: managed.policyName, principal: certificate.attrArn });
    deployment = readDeployment(app.synth().directory, ACCOUNT);
  });

  test('things have groups and types', () => {
    const [group] = deployment.thingGroups;
    expect(deployment.things.map(({ name, groups, thingType }) => ({ name, groups, thingType }))).toEqual([
      { name: 'pump-1', groups: [group!.name], thingType: 'pump' },
      { name: 'pump-2', groups: [group!.name], thingType: undefined },
    ]);
  });

  test('groups have policies', () => {
    expect([...deployment.thingGroups[0]!.policies].sort()).toEqual(['managed', 'own']);
  });

  test('a managed policy is a policy, and tells that a handler makes it', () => {
    expect(deployment.policies.map(({ name, byCustomResource }) => ({ name, byCustomResource }))).toEqual([
      { name: 'own', byCustomResource: undefined }, { name: 'managed', byCustomResource: true },
    ]);
    expect(deployment.policies[1]).toMatchObject({
      arn: 'arn:aws:iot:eu-west-1:111122223333:policy/managed',
      document: { Statement: [{ Effect: 'Allow', Action: 'iot:Publish', Resource: 'arn:aws:iot:eu-west-1:111122223333:topic/dt/a' }] },
    });
    expect(deployment.certificates[0]!.policies).toEqual(['managed']);
    expect(deployment.external).toEqual([]);
  });
});

describe('a membership', () => {
  const THING = { Type: 'AWS::IoT::Thing', Properties: { ThingName: 'pump-1' } };
  const membership = (properties: object, more: object = {}) => ({ Type: 'Custom::IotThingGroupMembership', Properties: { ThingGroupName: 'g', ThingNames: ['pump-1'], ...properties }, ...more });

  test('that may not exist has a group that is unknown', () => {
    const { things } = readTemplate({
      Conditions: { Maybe: { 'Fn::Equals': [{ Ref: 'AWS::AccountId' }, '1'] } },
      Resources: { Thing: THING, Membership: membership({}, { Condition: 'Maybe' }) },
    });
    expect(things[0]!.groups).toEqual([{ parts: [{ unknown: 'App/Membership.g' }] }]);
  });

  test('of things that are unknown, or not declared, is told', () => {
    const { things, unknowns, external } = readTemplate({ Resources: {
      Thing: THING, Other: membership({ ThingNames: ['pump-9'] }), Unknown: membership({ ThingNames: { 'Fn::GetAtt': ['Other', 'Names'] } }),
    } });
    expect(things[0]!.groups).toBeUndefined();
    expect(external).toEqual([{ path: 'App/Other', what: "ThingNames 'pump-9'" }]);
    expect(unknowns).toContainEqual({ path: 'App/Unknown.ThingNames', reason: 'it is unknown what belongs to the group' });
  });
});

test('what is attached to a certificate that no resource declares is kept', () => {
  const id = 'b'.repeat(64);
  const Principal = `arn:aws:iot:eu-west-1:111122223333:cert/${id}`;
  const { otherCertificates } = readTemplate({ Resources: {
    Policy: { Type: 'AWS::IoT::PolicyPrincipalAttachment', Properties: { PolicyName: 'p', Principal } },
    Thing: { Type: 'AWS::IoT::ThingPrincipalAttachment', Properties: { ThingName: 't', Principal, ThingPrincipalType: 'EXCLUSIVE_THING' } },
    Odd: { Type: 'AWS::IoT::PolicyPrincipalAttachment', Properties: { PolicyName: 'p', Principal: 'none' } },
  } }, ACCOUNT);
  expect(otherCertificates).toEqual([{ id, paths: ['App/Policy', 'App/Thing'], policies: ['p'], things: [{ name: 't', exclusive: true }] }]);
});
