import { App, CfnParameter, Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import * as cognito from 'aws-cdk-lib/aws-cognito';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as kms from 'aws-cdk-lib/aws-kms';
import * as sns from 'aws-cdk-lib/aws-sns';
import { AttachService, CognitoAccess, IotAction, IotResource, LoginProvider, SocialLogin, type AttachServiceProps } from '../../../lib/access';
import { grants } from '../../lambda/permissions';

const ARN = 'arn:aws:iot:eu-west-1:111122223333';
const NO_DEVICES = [`${ARN}:cert/*`, `${ARN}:thinggroup/*`];

let stack: Stack;
let access: CognitoAccess;

beforeEach(() => {
  stack = new Stack(new App(), 'Stack', { env: { account: '111122223333', region: 'eu-west-1' } });
  const userPool = new cognito.UserPool(stack, 'Users');
  access = new CognitoAccess(stack, 'Access', { providers: [LoginProvider.userPool(userPool, userPool.addClient('App'))] });
});

const create = (props: Partial<AttachServiceProps> = {}) => new AttachService(stack, 'Attach', { access, ...props });
const template = () => Template.fromStack(stack);
const granted = (role: string) => Object.fromEntries([...grants(stack, role)].filter(([action]) => !action.startsWith('logs:')));
const ref = (id: string) => ({ Ref: Match.stringLikeRegexp(`^${id}`) });
const arn = (id: string) => ({ 'Fn::GetAtt': [Match.stringLikeRegexp(`^${id}`), 'Arn'] });

describe('the API', () => {
  test('has two routes, which take signed requests only', () => {
    create();

    template().resourceCountIs('AWS::ApiGatewayV2::Route', 2);
    for (const RouteKey of ['POST /attachment', 'DELETE /attachment']) {
      template().hasResourceProperties('AWS::ApiGatewayV2::Route', { RouteKey, AuthorizationType: 'AWS_IAM' });
    }
    template().hasResourceProperties('AWS::ApiGatewayV2::Integration', { PayloadFormatVersion: '2.0', IntegrationUri: arn('AttachAttachingFunction') });
  });

  test('answers few calls at once, and writes down who has called', () => {
    create();

    template().hasResourceProperties('AWS::ApiGatewayV2::Stage', {
      StageName: '$default',
      AutoDeploy: true,
      DefaultRouteSettings: { ThrottlingRateLimit: 10, ThrottlingBurstLimit: 20 },
      AccessLogSettings: { DestinationArn: arn('AttachAccessLog'), Format: Match.stringLikeRegexp('"cognitoIdentityId":"\\$context.identity.cognitoIdentityId"') },
    });
  });

  test('answers as many calls as it is told', () => {
    create({ rateLimit: 2, burstLimit: 3, reservedConcurrentExecutions: 4 });

    template().hasResourceProperties('AWS::ApiGatewayV2::Stage', { DefaultRouteSettings: { ThrottlingRateLimit: 2, ThrottlingBurstLimit: 3 } });
    template().hasResourceProperties('AWS::Lambda::Function', { ReservedConcurrentExecutions: 4, Description: Match.stringLikeRegexp('^Attaches') });
  });

  test('is for no web page', () => {
    create();
    template().hasResourceProperties('AWS::ApiGatewayV2::Api', { CorsConfiguration: Match.absent() });
  });

  test('is for web pages that are named', () => {
    create({ allowedOrigins: ['https://app.example.com', 'http://localhost:5173'] });
    template().hasResourceProperties('AWS::ApiGatewayV2::Api', {
      CorsConfiguration: { AllowOrigins: ['https://app.example.com', 'http://localhost:5173'], AllowMethods: ['POST', 'DELETE'], AllowHeaders: Match.arrayWith(['authorization', 'x-amz-security-token']) },
    });
  });

  test.each(['*', 'https://*.example.com', 'http://app.example.com', 'https://app.example.com/', 'app.example.com'])('fails for the origin %s', (origin) => {
    expect(() => create({ allowedOrigins: [origin] })).toThrow(`'allowedOrigins' must be like "https://app.example.com", without wildcard or path, got "${origin}"`);
  });

  test('is for web pages that the deployment names', () => {
    create({ allowedOrigins: new CfnParameter(stack, 'Origins', { type: 'CommaDelimitedList' }).valueAsList });
    new AttachService(stack, 'Other', { access, allowedOrigins: [new CfnParameter(stack, 'Origin').valueAsString] });
    for (const AllowOrigins of [{ Ref: 'Origins' }, [{ Ref: 'Origin' }]]) {
      template().hasResourceProperties('AWS::ApiGatewayV2::Api', { CorsConfiguration: { AllowOrigins } });
    }
  });

  test.each<[Partial<AttachServiceProps>, string]>([
    [{ rateLimit: 0 }, "'rateLimit' must be more than 0, got 0"],
    [{ burstLimit: -1 }, "'burstLimit' must be a whole number and more than 0, got -1"],
    [{ burstLimit: 1.5 }, "'burstLimit' must be a whole number and more than 0, got 1.5"],
  ])('fails for %j', (props, message) => {
    expect(() => create(props)).toThrow(message);
  });

  test('may be called by users, on these routes, and not by guests', () => {
    const guests = access.allowGuestsWithoutLogin();
    create();

    const route = (method: string) => `arn:aws:execute-api:eu-west-1:111122223333:<AttachApi>/$default/${method}/attachment`;
    template().hasResourceProperties('AWS::IAM::Policy', { PolicyName: Match.stringLikeRegexp('^AttachCalls'), Roles: [ref('AccessAuthenticatedRole')] });
    expect(granted('AttachCalls')).toEqual({ 'execute-api:Invoke': [route('DELETE'), route('POST')] });
    expect(granted('AccessGuestsRole')).toEqual({ 'iot:Connect': [`${ARN}:client/${guests.clientIdPattern}`] });
  });
});

describe('the function that attaches', () => {
  test('is told the policies and the identity pool, whatever is granted later', () => {
    create();
    access._addIotStatements([{ actions: [IotAction.PUBLISH], resources: Array.from({ length: 20 }, (_, index) => IotResource.topic(`${'x'.repeat(100)}/${index}`)) }]);

    template().hasResourceProperties('AWS::Lambda::Function', {
      Environment: {
        Variables: {
          IDENTITY_POOL_ID: ref('Access'),
          POLICY_NAMES: { 'Fn::Join': ['', ['["', ref('AccessPoliciesPolicy'), '","', ref('AccessPoliciesPolicy2'), '"]']] },
          TABLE_NAME: ref('AttachRecords'),
        },
      },
    });
  });

  test('may attach to identities, and to no device', () => {
    create();
    expect(granted('AttachAttachingRole')).toEqual({
      'cognito-identity:DescribeIdentity': ['*'],
      'iot:AttachPolicy': ['*'],
      'iot:DetachPolicy': ['*'],
      'Deny iot:AttachPolicy': NO_DEVICES,
      'Deny iot:DetachPolicy': NO_DEVICES,
      'dynamodb:PutItem': ['<AttachRecordsTable.Arn>'],
      'dynamodb:DeleteItem': ['<AttachRecordsTable.Arn>'],
    });
  });

  test('goes before the policies are detached', () => {
    create();
    const functions = template().findResources('AWS::Lambda::Function', { Properties: { Description: Match.stringLikeRegexp('^(Attaches|Takes)') } });
    expect(Object.keys(functions)).toHaveLength(2);
    for (const { DependsOn: dependencies } of Object.values(functions) as { DependsOn: string[] }[]) {
      expect(dependencies).toContainEqual(expect.stringMatching(/^AccessPoliciesDetachment/));
    }
  });
});

describe('the records', () => {
  test('are encrypted, can be restored, and cost nothing while nobody calls', () => {
    create();

    template().hasResource('AWS::DynamoDB::Table', {
      Properties: {
        KeySchema: [{ AttributeName: 'identityId', KeyType: 'HASH' }],
        BillingMode: 'PAY_PER_REQUEST',
        PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
        SSESpecification: { SSEEnabled: true },
      },
      DeletionPolicy: 'Delete',
    });
  });

  test('have a key of their own, and stay, when told', () => {
    create({ encryptionKey: new kms.Key(stack, 'Key'), removalPolicy: RemovalPolicy.RETAIN });

    template().hasResource('AWS::DynamoDB::Table', { Properties: { SSESpecification: { KMSMasterKeyId: arn('Key') } }, DeletionPolicy: 'Retain' });
    expect(granted('AttachAttachingRole')['kms:Decrypt']).toEqual(['<Key.Arn>']);
  });
});

describe('the sweep', () => {
  test('runs once a day', () => {
    create();
    template().hasResourceProperties('AWS::Events::Rule', { ScheduleExpression: 'rate(1 day)', Targets: [{ Arn: arn('AttachSweepSweepingFunction'), Input: '{"sweep":true}' }] });
    template().resourceCountIs('AWS::CloudWatch::Alarm', 0);
  });

  test('runs as often as it is told, but not all the time', () => {
    create({ sweepInterval: Duration.hours(1) });
    template().hasResourceProperties('AWS::Events::Rule', { ScheduleExpression: 'rate(1 hour)' });
    expect(() => new AttachService(stack, 'Often', { access, sweepInterval: Duration.minutes(59) })).toThrow("'sweepInterval' must be at least 1 hour, got 59 minutes");
  });

  test('runs as often as the deployment says', () => {
    create({ sweepInterval: Duration.minutes(new CfnParameter(stack, 'Minutes', { type: 'Number' }).valueAsNumber) });
    template().hasResourceProperties('AWS::Events::Rule', { ScheduleExpression: { 'Fn::Join': ['', ['rate(', { Ref: 'Minutes' }, ' minutes)']] } });
  });

  test('raises an alarm when it fails, where somebody wants to know', () => {
    create({ sweepAlarmActions: [new SnsAction(new sns.Topic(stack, 'Topic'))] });
    template().hasResourceProperties('AWS::CloudWatch::Alarm', {
      MetricName: 'Errors', Threshold: 1, ComparisonOperator: cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD, AlarmActions: [ref('Topic')],
    });
  });

  test('may detach from identities, ask about them and delete them', () => {
    create();
    expect(granted('AttachSweepSweepingRole')).toEqual({
      'iot:DetachPolicy': ['*'],
      'Deny iot:DetachPolicy': NO_DEVICES,
      'iot:ListTargetsForPolicy': ['<AccessPoliciesPolicy.Arn>'],
      'cognito-identity:DescribeIdentity': ['*'],
      'cognito-identity:DeleteIdentities': ['*'],
      'cognito-idp:ListUsers': ['<Users.Arn>'],
      ...Object.fromEntries(['DeleteItem', 'GetItem', 'PutItem', 'Scan'].map((action) => [`dynamodb:${action}`, ['<AttachRecordsTable.Arn>']])),
      'dynamodb:Query': ['<AttachRecordsTable.Arn>/index/ByUser'],
    });
  });

  test('asks no user pool where there is none', () => {
    access = new CognitoAccess(stack, 'Social', { providers: [LoginProvider.social(SocialLogin.GOOGLE, 'app')] });
    create();
    expect(granted('AttachSweepSweepingRole')['cognito-idp:ListUsers']).toBeUndefined();
  });

  test('can be told by an administrator whom to detach', () => {
    const administrator = new iam.Role(stack, 'Administrator', { assumedBy: new iam.AccountRootPrincipal() });
    create().grantRevoke(administrator);
    expect(granted('Administrator')['lambda:InvokeFunction']).toEqual(['<AttachSweepSweepingFunction.Arn>', '<AttachSweepSweepingFunction.Arn>:*']);
  });
});

test('the service must be in the Region of the users', () => {
  const there = new Stack(stack.node.root, 'There', { env: { account: '111122223333', region: 'us-east-1' } });
  expect(() => new AttachService(there, 'Attach', { access })).toThrow("'access' must be in the Region of the stack, us-east-1, got one in eu-west-1 (at There/Attach)");
});

test('the service may be in another stack than the users', () => {
  const other = new Stack(stack.node.root, 'Other', { env: { account: '111122223333', region: 'eu-west-1' } });
  new AttachService(other, 'Attach', { access });

  Template.fromStack(other).resourceCountIs('AWS::ApiGatewayV2::Api', 1);
  expect([other, stack].map(({ dependencies }) => dependencies.map(({ stackName }) => stackName))).toEqual([['Stack'], []]);
});

test('apps call at the URL of the API', () => {
  expect(stack.resolve(create().url)).toEqual({ 'Fn::GetAtt': [expect.stringMatching(/^AttachApi/), 'ApiEndpoint'] });
});
