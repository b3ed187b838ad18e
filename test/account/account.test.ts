import { App, Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as iot from 'aws-cdk-lib/aws-iot';
import type { Construct } from 'constructs';
import {
  AccountSettingRemoval, DefaultAuthorizer, EventConfigurations, FleetIndexing, IndexedField, IotEndpoint, IotEventType, IotLogging, IotLogLevel,
} from '../../lib/account';
import { granted, needed } from '../lambda/permissions';

const ENV = { account: '123456789012', region: 'eu-central-1' };
const ARN = 'arn:aws:iot:eu-central-1:123456789012';

let app: App;
let stack: Stack;

beforeEach(() => {
  app = new App();
  stack = new Stack(app, 'Stack', { env: ENV });
});

const authorizer = (scope: Construct) => new iot.CfnAuthorizer(scope, 'Authorizer', { authorizerFunctionArn: 'arn:aws:lambda:eu-central-1:123456789012:function:f' });

/** What the custom resource of a setting wants. */
function wanted(type: string): unknown {
  const [resource] = Object.values(Template.fromStack(stack).findResources(`Custom::${type}`));
  return JSON.parse((resource!.Properties as { Wanted: string }).Wanted);
}

const DEFINE: { readonly [name: string]: { readonly define: (scope: Construct, id: string) => unknown; readonly type: string; readonly handler: string; readonly onRemoval: string } } = {
  IotLogging: { define: (scope, id) => new IotLogging(scope, id), type: 'IotLogging', handler: 'configure-logging', onRemoval: 'retain' },
  FleetIndexing: { define: (scope, id) => new FleetIndexing(scope, id), type: 'IotFleetIndexing', handler: 'configure-indexing', onRemoval: 'retain' },
  EventConfigurations: {
    define: (scope, id) => new EventConfigurations(scope, id, { events: [IotEventType.THING] }), type: 'IotEventConfigurations', handler: 'configure-events', onRemoval: 'retain',
  },
  DefaultAuthorizer: {
    define: (scope, id) => new DefaultAuthorizer(scope, id, { authorizer: Stack.of(scope).node.tryFindChild('Authorizer') as iot.CfnAuthorizer | undefined ?? authorizer(Stack.of(scope)) }),
    type: 'IotDefaultAuthorizer',
    handler: 'set-default-authorizer',
    onRemoval: 'restore',
  },
};

describe.each(Object.entries(DEFINE))('%s', (name, { define, type, handler, onRemoval }) => {
  test('remembers what it finds, and applies what it wants', () => {
    define(stack, 'Setting');

    const template = Template.fromStack(stack);
    template.hasResourceProperties(`Custom::${type}Before`, { Step: 'remember' });
    template.hasResourceProperties(`Custom::${type}`, { Step: 'apply', Before: { Ref: Match.stringLikeRegexp('Before') }, OnRemoval: onRemoval, Overwrite: 'false' });
    template.resourceCountIs('AWS::Lambda::Function', 1);
  });

  test('may do what its code does', () => {
    define(stack, 'Setting');

    expect([...granted(stack).keys()].filter((action) => action !== 'iam:PassRole').sort()).toEqual(needed(handler));
  });

  test('is declared once in an account and Region', () => {
    define(stack, 'One');

    expect(() => define(new Stack(app, 'Other', { env: ENV }), 'Two')).toThrow(
      "an account has this setting once in each Region, and Stack/One sets it already; declare it once, or give the stacks an 'env' that tells them apart (at Other/Two)",
    );
    expect(() => define(new Stack(app, 'Anywhere'), 'Two')).toThrow('an account has this setting once in each Region');
  });

  test('is declared again in another Region', () => {
    define(stack, 'One');

    expect(() => define(new Stack(app, 'Far', { env: { ...ENV, region: 'us-east-1' } }), 'Two')).not.toThrow();
  });

  test(`passes for a setting beside others (${name})`, () => {
    for (const [other, { define: defineOther }] of Object.entries(DEFINE)) {
      defineOther(stack, other);
    }

    Template.fromStack(stack).resourceCountIs('AWS::Lambda::Function', 4);
  });
});

describe('logging', () => {
  test('is at the level of warnings, with a role that may write this log alone', () => {
    new IotLogging(stack, 'Logging');

    const template = Template.fromStack(stack);
    template.hasResource('AWS::IAM::Role', {
      Properties: {
        AssumeRolePolicyDocument: {
          Statement: [{ Effect: 'Allow', Action: 'sts:AssumeRole', Principal: { Service: 'iot.amazonaws.com' }, Condition: { StringEquals: { 'aws:SourceAccount': '123456789012' } } }],
        },
      },
      DeletionPolicy: 'Retain',
    });
    template.hasResource('AWS::IAM::Policy', {
      Properties: {
        PolicyDocument: {
          Statement: [{ Resource: { 'Fn::Join': ['', ['arn:', { Ref: 'AWS::Partition' }, ':logs:eu-central-1:123456789012:log-group:AWSIotLogsV2:*']] } }],
        },
      },
      DeletionPolicy: 'Retain',
    });
    template.hasResource('Custom::IotLogging', {
      Properties: { Wanted: { 'Fn::Join': ['', ['{"roleArn":"', { 'Fn::GetAtt': [Match.stringLikeRegexp('^LoggingRole'), 'Arn'] }, '","defaultLogLevel":"WARN","disableAllLogs":false}']] } },
      DependsOn: Match.arrayWith([Match.stringLikeRegexp('^LoggingWriteLog')]),
    });
  });

  test('passes its own role and no other', () => {
    new IotLogging(stack, 'Logging');

    expect(granted(stack).get('iam:PassRole')).toEqual(['<LoggingRole.Arn>']);
    Template.fromStack(stack).hasResourceProperties('AWS::IAM::Policy', {
      PolicyDocument: { Statement: Match.arrayWith([Match.objectLike({ Action: 'iam:PassRole', Condition: { StringEquals: { 'iam:PassedToService': 'iot.amazonaws.com' } } })]) },
    });
  });

  test('can be put back, for which it may pass the former role', () => {
    new IotLogging(stack, 'Logging', { onRemoval: AccountSettingRemoval.RESTORE, logLevel: IotLogLevel.INFO });

    expect(granted(stack).get('iam:PassRole')).toEqual(['<LoggingRole.Arn>', 'arn:aws:iam::123456789012:role/*']);
    Template.fromStack(stack).hasResource('AWS::IAM::Role', { Properties: { Description: Match.anyValue() }, DeletionPolicy: Match.absent() });
  });

  test('can use a role of the caller', () => {
    const role = iam.Role.fromRoleArn(stack, 'Role', 'arn:aws:iam::123456789012:role/own');
    new IotLogging(stack, 'Logging', { role });

    expect(wanted('IotLogging')).toMatchObject({ roleArn: 'arn:aws:iam::123456789012:role/own' });
    Template.fromStack(stack).resourceCountIs('AWS::IAM::Role', 1);
  });
});

describe('fleet indexing', () => {
  test('indexes the registry by default', () => {
    new FleetIndexing(stack, 'Indexing');

    expect(wanted('IotFleetIndexing')).toEqual({ thingIndexingMode: 'REGISTRY' });
  });

  test('indexes what it is told to', () => {
    new FleetIndexing(stack, 'Indexing', {
      shadows: true,
      namedShadows: ['config'],
      connectivity: true,
      violations: true,
      thingGroups: true,
      customFields: [IndexedField.ofNumber('attributes.version'), IndexedField.ofString('attributes.site'), IndexedField.ofBoolean('attributes.on')],
    });

    expect(wanted('IotFleetIndexing')).toEqual({
      thingIndexingMode: 'REGISTRY_AND_SHADOW',
      namedShadowIndexingMode: 'ON',
      thingConnectivityIndexingMode: 'STATUS',
      deviceDefenderIndexingMode: 'VIOLATIONS',
      thingGroupIndexingMode: 'ON',
      'shadow/config': true,
      'thingField/attributes.version': 'Number',
      'thingField/attributes.site': 'String',
      'thingField/attributes.on': 'Boolean',
    });
  });

  test('fails for a field without a name', () => {
    expect(() => new FleetIndexing(stack, 'Indexing', { customFields: [IndexedField.ofString('')] })).toThrow('\'customFields\' must consist of one or more characters, got "" (at Stack/Indexing)');
  });
});

describe('events', () => {
  test('are switched on', () => {
    new EventConfigurations(stack, 'Events', { events: [IotEventType.THING_GROUP, IotEventType.JOB, IotEventType.JOB] });

    expect(wanted('IotEventConfigurations')).toEqual({ JOB: true, THING_GROUP: true });
  });

  test('fail for none', () => {
    expect(() => new EventConfigurations(stack, 'Events', { events: [] })).toThrow("'events' must have at least one entry, got none (at Stack/Events)");
  });
});

describe('the default authorizer', () => {
  test('is the only one that the function may set', () => {
    new DefaultAuthorizer(stack, 'Default', { authorizer: authorizer(stack) });

    expect(granted(stack)).toEqual(new Map([
      ['iot:DescribeDefaultAuthorizer', ['*']],
      ['iot:ClearDefaultAuthorizer', ['*']],
      ['iot:SetDefaultAuthorizer', [`${ARN}:authorizer/<Authorizer>`]],
    ]));
  });

  test('can overwrite another, which it may then put back', () => {
    new DefaultAuthorizer(stack, 'Default', { authorizer: authorizer(stack), overwrite: true });

    Template.fromStack(stack).hasResourceProperties('Custom::IotDefaultAuthorizer', { Overwrite: 'true' });
    expect(granted(stack).get('iot:SetDefaultAuthorizer')).toEqual([`${ARN}:authorizer/*`]);
  });

  test('fails for one that is not active', () => {
    const inactive = authorizer(stack);
    inactive.status = 'INACTIVE';

    expect(() => new DefaultAuthorizer(stack, 'Default', { authorizer: inactive })).toThrow(
      new Error("'authorizer' must be an authorizer that is ACTIVE, got Stack/Authorizer, whose 'status' is INACTIVE; make it ACTIVE or choose another (at Stack/Default)"),
    );
  });
});

describe('the endpoint', () => {
  test('is looked up once for a stack', () => {
    const [one, two] = [IotEndpoint.of(stack), IotEndpoint.of(stack)];

    expect(one).toBe(two);
    expect(IotEndpoint.of(new Stack(app, 'Other'))).not.toBe(one);
    Template.fromStack(stack).resourceCountIs('Custom::IotEndpoint', 1);
    expect(stack.resolve([one.dataAddress, one.credentialProviderAddress])).toEqual([
      { 'Fn::GetAtt': [expect.stringMatching(/^CdkIotWardenEndpoint/), 'DataAddress'] },
      { 'Fn::GetAtt': [expect.stringMatching(/^CdkIotWardenEndpoint/), 'CredentialProviderAddress'] },
    ]);
    expect(granted(stack)).toEqual(new Map([['iot:DescribeEndpoint', ['*']]]));
    expect(needed('describe-endpoint')).toEqual(['iot:DescribeEndpoint']);
  });
});
