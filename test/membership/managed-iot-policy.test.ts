import { App, Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { IotAction, IotResource, type IotPolicyStatement } from '../../lib/access';
import { DeviceCertificate } from '../../lib/certificates';
import { IotPolicyRemoval, ManagedIotPolicy } from '../../lib/membership';
import { granted, needed } from '../lambda/permissions';

const ENV = { account: '123456789012', region: 'eu-central-1' };
const ARN = 'arn:aws:iot:eu-central-1:123456789012';
const STATEMENTS: IotPolicyStatement[] = [{ actions: [IotAction.CONNECT], resources: [IotResource.client('${iot:Connection.Thing.ThingName}')] }];

let stack: Stack;

beforeEach(() => {
  stack = new Stack(new App(), 'Stack', { env: ENV });
});

test('a managed policy has a name that lasts, and stays when it is removed', () => {
  new ManagedIotPolicy(stack, 'Policy', { statements: STATEMENTS });

  Template.fromStack(stack).hasResourceProperties('Custom::IotPolicy', {
    PolicyName: Match.stringLikeRegexp('^StackPolicy'),
    PolicyDocument: {
      'Fn::Join': ['', [
        '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"iot:Connect","Resource":"arn:', { Ref: 'AWS::Partition' },
        ':iot:eu-central-1:123456789012:client/${iot:Connection.Thing.ThingName}"}]}',
      ]],
    },
    Owner: Match.stringLikeRegexp('^Stack/'),
    OnRemoval: 'retain',
  });
});

test('a managed policy is attached to a certificate after it is there', () => {
  const policy = new ManagedIotPolicy(stack, 'Policy', { statements: STATEMENTS, policyName: 'p' });
  DeviceCertificate.fromCertificateId(stack, 'Certificate', 'ab'.repeat(32)).attachPolicy(policy);

  Template.fromStack(stack).hasResourceProperties('AWS::IoT::PolicyPrincipalAttachment', { PolicyName: { Ref: Match.stringLikeRegexp('^Policy') } });
  expect(stack.resolve(policy.policyRef.policyArn)).toEqual({ 'Fn::GetAtt': [Match.anyValue() && expect.stringMatching(/^Policy/), 'PolicyArn'] });
});

describe('the function', () => {
  const CREATE = [
    'iot:CreatePolicy', 'iot:CreatePolicyVersion', 'iot:DeletePolicyVersion', 'iot:GetPolicyVersion', 'iot:ListPolicyVersions', 'iot:ListTagsForResource',
    'iot:SetDefaultPolicyVersion', 'iot:TagResource',
  ];

  test.each([
    [IotPolicyRemoval.RETAIN, CREATE],
    [IotPolicyRemoval.FAIL_IF_ATTACHED, [...CREATE, 'iot:DeletePolicy', 'iot:ListTargetsForPolicy']],
    [IotPolicyRemoval.DETACH_THEN_DELETE, [...CREATE, 'iot:DeletePolicy', 'iot:ListTargetsForPolicy', 'iot:DetachPolicy']],
  ])('may do what %s needs, with this policy', (onRemoval, actions) => {
    new ManagedIotPolicy(stack, 'Policy', { statements: STATEMENTS, policyName: 'p', onRemoval });

    const grants = granted(stack);
    expect([...grants.keys()].sort()).toEqual([...actions].sort());
    for (const [action, resources] of grants) {
      expect(resources).toEqual(action === 'iot:DetachPolicy' ? [`${ARN}:cert/*`, `${ARN}:thinggroup/*`] : [`${ARN}:policy/p`]);
    }
  });

  test('may do all that its code does, and tag what it creates', () => {
    new ManagedIotPolicy(stack, 'Policy', { statements: STATEMENTS, onRemoval: IotPolicyRemoval.DETACH_THEN_DELETE });

    expect([...granted(stack).keys()].sort()).toEqual([...needed('manage-policy', 'custom-resource/policy-targets.ts'), 'iot:TagResource'].sort());
  });
});

test('fails for statements that make no policy', () => {
  expect(() => new ManagedIotPolicy(stack, 'Policy', { statements: [] })).toThrow("'statements' do not make a policy: ");
  const resources = Array.from({ length: 100 }, (_, index) => IotResource.topic(`a-topic-that-is-quite-long/${index}`));
  expect(() => new ManagedIotPolicy(stack, 'Long', { statements: [{ actions: [IotAction.PUBLISH], resources }] })).toThrow(/'statements' may take \d+ characters, a policy has 2048/);
  expect(() => new ManagedIotPolicy(stack, 'Name', { statements: STATEMENTS, policyName: 'a b' })).toThrow("'policyName' must consist of letters, digits and _+=,.@-");
});
