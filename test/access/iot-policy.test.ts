import { App, CfnParameter, RemovalPolicy, Stack, Tags } from 'aws-cdk-lib';
import { Annotations, Match, Template } from 'aws-cdk-lib/assertions';
import * as iot from 'aws-cdk-lib/aws-iot';
import { DeviceCertificate, IotAction, IotPolicy, IotPolicyEffect, IotResource } from '../../lib';
import type { IotPolicyStatement } from '../../lib';
import { Device, policyDocuments } from './device';

let stack: Stack;
beforeEach(() => {
  stack = new Stack(new App(), 'Stack');
});

const CONNECT: IotPolicyStatement = { actions: [IotAction.CONNECT], resources: [IotResource.client('${iot:Connection.Thing.ThingName}')] };
const define = (...statements: IotPolicyStatement[]) => new IotPolicy(stack, 'Policy', { statements });

describe('a policy', () => {
  test('has a generated name, and ARNs of its own account and Region in every partition', () => {
    define(CONNECT);

    Template.fromStack(stack).hasResource('AWS::IoT::Policy', {
      Properties: {
        PolicyName: Match.absent(),
        PolicyDocument: {
          Version: '2012-10-17',
          Statement: [{
            Effect: 'Allow',
            Action: 'iot:Connect',
            Resource: {
              'Fn::Join': ['', [
                'arn:', { Ref: 'AWS::Partition' }, ':iot:', { Ref: 'AWS::Region' }, ':', { Ref: 'AWS::AccountId' },
                ':client/${iot:Connection.Thing.ThingName}',
              ]],
            },
          }],
        },
      },
      DeletionPolicy: Match.absent(),
    });
  });

  test('is never written with Fn::Sub, which would read its variables', () => {
    define(CONNECT);
    expect(JSON.stringify(Template.fromStack(stack).toJSON())).not.toContain('Fn::Sub');
  });

  test('can have a name', () => {
    new IotPolicy(stack, 'Policy', { policyName: 'Sensors_1+=,.@-', statements: [CONNECT] });
    Template.fromStack(stack).hasResourceProperties('AWS::IoT::Policy', { PolicyName: 'Sensors_1+=,.@-' });
  });

  test.each([
    ['a b', `'policyName' must consist of letters, digits and _+=,.@-, got "a b" (at Stack/Policy)`],
    ['a/b', `'policyName' must consist of letters, digits and _+=,.@-, got "a/b" (at Stack/Policy)`],
    ['x'.repeat(129), "'policyName' must be at most 128 characters long, got 129 (at Stack/Policy)"],
  ])('fails for the name %s', (policyName, message) => {
    expect(() => new IotPolicy(stack, 'Policy', { policyName, statements: [CONNECT] })).toThrow(new Error(message));
    expect(stack.node.tryFindChild('Policy')?.node.children).toEqual([]);
  });

  test('accepts a token as its name', () => {
    new IotPolicy(stack, 'Policy', { policyName: new CfnParameter(stack, 'Name').valueAsString, statements: [CONNECT] });
    Template.fromStack(stack).hasResourceProperties('AWS::IoT::Policy', { PolicyName: { Ref: 'Name' } });
  });

  test('can be kept', () => {
    new IotPolicy(stack, 'Policy', { statements: [CONNECT], removalPolicy: RemovalPolicy.RETAIN });
    Template.fromStack(stack).hasResource('AWS::IoT::Policy', { DeletionPolicy: 'Retain', UpdateReplacePolicy: 'Retain' });
  });

  test('can be tagged', () => {
    Tags.of(define(CONNECT)).add('team', 'sensors');
    Template.fromStack(stack).hasResourceProperties('AWS::IoT::Policy', { Tags: [{ Key: 'team', Value: 'sensors' }] });
  });

  test('is the same for any order of statements, actions, resources and conditions', () => {
    const topics = (...names: string[]) => names.map((name) => IotResource.topic(name));
    const conditions = { Bool: { 'iot:Connection.Thing.IsAttached': ['true'] }, StringLike: { 'iot:ClientId': ['b*', 'a*'], 'aws:SourceIp': ['*'] } };
    const reordered = { StringLike: { 'aws:SourceIp': ['*'], 'iot:ClientId': ['a*', 'b*'] }, Bool: conditions.Bool };
    new IotPolicy(stack, 'One', { statements: [CONNECT, { actions: [IotAction.RECEIVE, IotAction.PUBLISH], resources: topics('b', 'a'), conditions }] });
    new IotPolicy(stack, 'Two', { statements: [{ actions: [IotAction.PUBLISH, IotAction.RECEIVE], resources: topics('a', 'b'), conditions: reordered }, CONNECT] });

    const [one, two] = policyDocuments(stack);
    expect(JSON.stringify(one)).toBe(JSON.stringify(two));
  });

  test('can be attached to a certificate', () => {
    DeviceCertificate.fromCertificateId(stack, 'Certificate', 'a'.repeat(64)).attachPolicy(define(CONNECT));
    Template.fromStack(stack).hasResourceProperties('AWS::IoT::PolicyPrincipalAttachment', {
      PolicyName: { Ref: Match.stringLikeRegexp('^Policy') },
    });
  });

  test('can be used from another stack', () => {
    const other = new Stack(stack.node.root, 'Other');
    const policy = define(CONNECT);
    DeviceCertificate.fromCertificateId(other, 'Certificate', 'a'.repeat(64)).attachPolicy(policy);
    Template.fromStack(other).hasResourceProperties('AWS::IoT::PolicyPrincipalAttachment', {
      PolicyName: { 'Fn::ImportValue': Match.stringLikeRegexp('Stack:ExportsOutputRefPolicy') },
    });
  });

  test('matches its snapshot', () => {
    define(CONNECT, { actions: [IotAction.PUBLISH], resources: [IotResource.topic('dt/x')], effect: IotPolicyEffect.DENY });
    expect(Template.fromStack(stack).toJSON().Resources).toMatchSnapshot();
  });
});

describe('an imported policy', () => {
  test('has the ARN of the stack when it is known by name', () => {
    const policy = IotPolicy.fromPolicyName(stack, 'Policy', 'Sensors');
    expect(policy.policyName).toBe('Sensors');
    expect(stack.resolve(policy.policyRef.policyArn)).toEqual({
      'Fn::Join': ['', ['arn:', { Ref: 'AWS::Partition' }, ':iot:', { Ref: 'AWS::Region' }, ':', { Ref: 'AWS::AccountId' }, ':policy/Sensors']],
    });
  });

  test('has the account and Region of its ARN', () => {
    const policy = IotPolicy.fromPolicyArn(stack, 'Policy', 'arn:aws:iot:eu-west-1:111122223333:policy/Sensors');
    expect(policy.policyName).toBe('Sensors');
    expect(policy.env).toEqual({ account: '111122223333', region: 'eu-west-1' });
  });

  test('fails for a bad name and for the ARN of something else', () => {
    expect(() => IotPolicy.fromPolicyName(stack, 'Policy', 'a b')).toThrow(`'policyName' must consist of letters, digits and _+=,.@-, got "a b" (at Stack)`);
    expect(() => IotPolicy.fromPolicyArn(stack, 'Policy', 'arn:aws:iot:eu-west-1:111122223333:cert/x')).toThrow("'policyArn' must look like");
  });
});

describe('resources', () => {
  test('are written as the ARN that their action is checked against', () => {
    const roleAlias = new iot.CfnRoleAlias(stack, 'RoleAlias', { roleArn: 'arn:aws:iam::111122223333:role/r', roleAlias: 'cameras' });
    define(
      { actions: [IotAction.CONNECT], resources: [IotResource.client('c')] },
      { actions: [IotAction.SUBSCRIBE], resources: [IotResource.topicFilter('f/+')] },
      { actions: [IotAction.GET_THING_SHADOW], resources: [IotResource.thing('t'), IotResource.namedShadow('t', 's')] },
      { actions: [IotAction.ASSUME_ROLE_WITH_CERTIFICATE], resources: [IotResource.roleAlias(roleAlias)] },
      { actions: [IotAction.LIST_RETAINED_MESSAGES], resources: [IotResource.any()] },
    );
    const device = new Device(policyDocuments(stack), { thingName: 'c' });

    expect([
      device.decide('iot:Connect', 'c'),
      device.decide('iot:Subscribe', 'f/+'),
      device.decide('iot:GetThingShadow', 't'),
      device.decide('iot:GetThingShadow', 't/s'),
      device.decide('iot:ListRetainedMessages', '*'),
    ]).toEqual(Array(5).fill('allow'));
    expect(JSON.stringify(policyDocuments(stack))).toContain(':rolealias/ref-RoleAlias');
  });
});

describe('statements', () => {
  const topic = [IotResource.topic('dt/x')];

  test('may have a denial, conditions and actions of AWS IoT Greengrass', () => {
    define(
      { actions: [IotAction.PUBLISH], resources: topic, conditions: { Bool: { 'iot:Connection.Thing.IsAttached': ['true'] } } },
      { actions: [IotAction.RECEIVE], otherActions: ['greengrass:Discover'], resources: [IotResource.any()], effect: IotPolicyEffect.DENY },
    );
    expect(policyDocuments(stack)).toMatchObject([{
      Statement: [
        { Effect: 'Allow', Action: 'iot:Publish', Condition: { Bool: { 'iot:Connection.Thing.IsAttached': ['true'] } } },
        { Effect: 'Deny', Action: ['iot:Receive', 'greengrass:Discover'], Resource: '*' },
      ],
    }]);
    Annotations.fromStack(stack).hasNoWarning('*', Match.anyValue());
  });

  test.each<[string, IotPolicyStatement[], string]>([
    ['there are none', [], "Statement: the list of statements is empty; add at least one"],
    ['there is no action', [{ actions: [], resources: topic }], 'Statement[0].Action: the list is empty; name at least one, or leave the statement out'],
    ['there is no resource', [CONNECT, { actions: [IotAction.PUBLISH], resources: [] }],
      'Statement[1].Resource: the list is empty; name at least one, or leave the statement out'],
    ['an action is of another service', [{ actions: [], otherActions: ['s3:GetObject'], resources: topic }],
      "Statement[0].Action: 's3:GetObject' is not an AWS IoT action; AWS IoT policies take iot:…, iotjobsdata:…, greengrass:…"],
    ['an operator does not exist', [{ ...CONNECT, conditions: { StringIs: { 'iot:ClientId': ['a'] } } }],
      "Statement[0].Condition.StringIs.iot:ClientId: unknown condition operator 'StringIs'"],
    ['Subscribe is given a topic', [{ actions: [IotAction.SUBSCRIBE], resources: topic }],
      "Statement[0].Resource: iot:Subscribe is checked against 'topicfilter', but none of the resources is that; use IotResource.topicFilter"],
    ['one of two actions has no resource', [{ actions: [IotAction.CONNECT, IotAction.PUBLISH], resources: [IotResource.client('c')] }],
      "Statement[0].Resource: iot:Publish is checked against 'topic', but none of the resources is that; use IotResource.topic"],
    ['an action without resources is given one', [{ actions: [IotAction.LIST_RETAINED_MESSAGES], resources: topic }],
      'Statement[0].Resource: iot:ListRetainedMessages is checked against no resource of its own, but none of the resources is that; use IotResource.any'],
    ['a name is an ARN', [{ actions: [IotAction.PUBLISH], resources: [IotResource.topic('arn:aws:iot:eu-west-1:111122223333:topic/dt/x')] }],
      "Statement[0].Resource: 'arn:aws:iot:eu-west-1:111122223333:topic/dt/x' is an ARN where a name is expected; pass only what follows the type in it"],
  ])('fail where %s', (_, statements, message) => {
    expect(() => define(...statements)).toThrow(`'statements' do not make a policy: ${message}`);
    expect(stack.node.tryFindChild('Policy')?.node.children).toEqual([]);
  });

  test.each<[string, IotPolicyStatement, string]>([
    ['an action is unknown', { actions: [], otherActions: ['iot:Pubish'], resources: topic }, "Statement[0].Action: 'iot:Pubish' is not an action that AWS IoT policies grant"],
    ['a variable is unknown', { actions: [IotAction.PUBLISH], resources: [IotResource.topic('${iot:Thing.ThingName}')] },
      'is not a variable of AWS IoT'],
    ['a permission on topics has MQTT wildcards', { actions: [IotAction.RECEIVE], resources: [IotResource.topic('a/+')] },
      "Statement[0].Resource: '+' and '#' are plain characters in a policy and no topic name has them, so that 'a/+' allows nothing"],
    ['a placeholder of channels is left', { actions: [IotAction.PUBLISH], resources: [IotResource.topic('dt/{thing}')] },
      "Statement[0].Resource: 'dt/{thing}' has a placeholder of channels, which is plain text in a policy"],
    ['a denial has MQTT wildcards', { actions: [IotAction.SUBSCRIBE], resources: [IotResource.topicFilter('a/#')], effect: IotPolicyEffect.DENY },
      "Statement[0].Resource: '+' and '#' are plain characters in a policy, so that 'a/#' denies that text and nothing else"],
  ])('warn where %s', (_, statement, message) => {
    define(statement);
    Annotations.fromStack(stack).hasWarning('/Stack/Policy', Match.stringLikeRegexp(message.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')));
  });

  test('may contain tokens', () => {
    const stage = new CfnParameter(stack, 'Stage').valueAsString;
    define({ actions: [IotAction.PUBLISH], resources: [IotResource.topic(`${stage}/#`)], conditions: { StringEquals: { 'iot:ClientId': [stage] } } });
    expect(policyDocuments(stack)).toMatchObject([{
      Statement: [{ Resource: 'arn:aws:iot:eu-west-1:111122223333:topic/ref-Stage/#', Condition: { StringEquals: { 'iot:ClientId': [{}] } } }],
    }]);
  });
});

describe('the size of a document', () => {
  const statement = (characters: number): IotPolicyStatement => ({ actions: [IotAction.PUBLISH], resources: [IotResource.topic('x'.repeat(characters))] });
  // {"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"iot:Publish","Resource":"arn:aws-us-gov:iot:ap-southeast-1:123456789012:topic/"}]}
  const FRAME = 147;

  test('is counted with the longest partition and Region', () => {
    expect(() => define(statement(2048 - FRAME))).not.toThrow();
    expect(() => new IotPolicy(stack, 'Large', { statements: [statement(2049 - FRAME)] })).toThrow(new Error(
      "'statements' may take 2049 characters, a policy has 2048; use IotPolicy.split, or shorten names and conditions (at Stack/Large)",
    ));
  });

  test('counts white space out', () => {
    expect(() => define({ actions: [IotAction.PUBLISH], resources: [IotResource.topic(' '.repeat(4000))] })).not.toThrow();
  });

  test('counts a token as the longest name', () => {
    const token = new CfnParameter(stack, 'Stage').valueAsString;
    const padded = (characters: number) => [{ actions: [IotAction.PUBLISH], resources: [IotResource.topic(token + 'x'.repeat(characters))] }];
    expect(() => define(...padded(2048 - FRAME - 128))).not.toThrow();
    expect(() => new IotPolicy(stack, 'Large', { statements: padded(2049 - FRAME - 128) })).toThrow("'statements' may take 2049 characters");
  });
});
