import { App, CfnParameter, Duration, Lazy, PhysicalName, Stack, Tags } from 'aws-cdk-lib';
import { Annotations, Match, Template } from 'aws-cdk-lib/assertions';
import * as actions from 'aws-cdk-lib/aws-cloudwatch-actions';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as kms from 'aws-cdk-lib/aws-kms';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import * as sns from 'aws-cdk-lib/aws-sns';
import * as sqs from 'aws-cdk-lib/aws-sqs';
import { DeviceFleet } from '../../lib/fleet';
import { RuleAction, TopicRule, TopicRuleMetric, type RuleAlarmOptions, type TopicRuleProps } from '../../lib/rules';
import { Channel, TopicSpace } from '../../lib/topics';
import { allows } from '../../lib/twin/iam/decide';
import { asDeployed, roleOf, ruleIn, rulesIn } from './deployed';

const RULE = 'AWS::IoT::TopicRule';
const SQL = "SELECT * FROM 'dt/+/telemetry'";

let app: App;
let stack: Stack;
beforeEach(() => {
  app = new App();
  stack = new Stack(app, 'Stack');
});
const republish = () => RuleAction.republish('alerts/heat');
const define = (props: Partial<TopicRuleProps> = {}) => new TopicRule(stack, 'Rule', { sql: SQL, actions: [republish()], ...props });
const queueIn = (scope: Stack, id = 'Queue', props: sqs.QueueProps = {}) => new sqs.Queue(scope, id, props);

describe('a rule with nothing but a statement and an action', () => {
  test('runs in the version of the language that AWS recommends', () => {
    define();
    Template.fromStack(stack).hasResourceProperties(RULE, {
      RuleName: 'Stack_Rule_F6E31DD0',
      TopicRulePayload: { Sql: SQL, AwsIotSqlVersion: '2016-03-23', RuleDisabled: false, Description: Match.absent(), Actions: [{ Republish: { Topic: 'alerts/heat' } }] },
    });
  });

  test('keeps messages whose actions fail in an encrypted queue for 14 days, and raises an alarm', () => {
    const rule = define();
    const template = Template.fromStack(stack);
    template.hasResourceProperties('AWS::SQS::Queue', { SqsManagedSseEnabled: true, MessageRetentionPeriod: 1209600 });
    template.hasResourceProperties('AWS::SQS::QueuePolicy', { PolicyDocument: { Statement: [{ Effect: 'Deny', Condition: { Bool: { 'aws:SecureTransport': 'false' } } }] } });
    template.hasResourceProperties('AWS::CloudWatch::Alarm', {
      MetricName: 'ApproximateNumberOfMessagesVisible', Threshold: 1, EvaluationPeriods: 1, TreatMissingData: 'notBreaching',
      ComparisonOperator: 'GreaterThanOrEqualToThreshold', AlarmActions: Match.absent(),
    });
    expect(ruleIn(stack).TopicRulePayload.ErrorAction).toMatchObject({ Sqs: { QueueUrl: stack.resolve(rule.deadLetterQueue!.queueUrl) as unknown } });
    expect(rule.deadLetterAlarm).toBeDefined();
  });

  test('may send to that queue, and do nothing else there', () => {
    const rule = define();
    const { policies } = roleOf(stack, ruleIn(stack).TopicRulePayload.ErrorAction!)!;
    const resource = asDeployed(stack.resolve(rule.deadLetterQueue!.queueArn)) as string;
    expect(['SendMessage', 'ReceiveMessage', 'DeleteMessage', 'PurgeQueue'].filter((call) => allows(policies, { action: `sqs:${call}`, resource, values: {} }))).toEqual(['SendMessage']);
  });

  test('matches its snapshot', () => {
    define();
    expect(Template.fromStack(stack).toJSON().Resources).toMatchSnapshot();
  });
});

describe('ruleName', () => {
  test('is the name, in the trust of each role as well', () => {
    define({ ruleName: 'Ingest' });
    const template = Template.fromStack(stack);
    template.hasResourceProperties(RULE, { RuleName: 'Ingest' });
    const roles = template.findResources('AWS::IAM::Role');
    expect(Object.values(roles).map((role) => JSON.stringify(role).includes(':rule/Ingest'))).toEqual([true, true]);
  });

  test.each(['my-rule', 'a b', '', 'a.b'])('fails for %j', (ruleName) => {
    expect(() => define({ ruleName })).toThrow(new Error(`'ruleName' must consist of letters, digits and underscores, got ${JSON.stringify(ruleName)} (at Stack/Rule)`));
    expect(stack.node.findChild('Rule').node.children).toEqual([]);
  });

  test('has at most 128 characters', () => {
    expect(() => define({ ruleName: 'a'.repeat(128) })).not.toThrow();
    expect(() => new TopicRule(stack, 'Long', { ruleName: 'a'.repeat(129), sql: SQL })).toThrow("'ruleName' must be at most 128 characters long, got 129 (at Stack/Long)");
  });

  test('is one that AWS IoT takes by default, however deep the rule is', () => {
    const deep = Array.from({ length: 20 }, (_, n) => `Level-${n}.Of the-Tree`).reduce((scope, id) => new Stack(scope, id), stack);
    new TopicRule(deep, 'My-Rule', { sql: SQL, actions: [republish()] });
    expect(ruleIn(deep).RuleName).toMatch(/^[a-zA-Z0-9_]{1,128}$/);
  });

  test('may be a token', () => {
    define({ ruleName: new CfnParameter(stack, 'Name').valueAsString });
    Template.fromStack(stack).hasResourceProperties(RULE, { RuleName: { Ref: 'Name' } });
  });

  test('may be generated for other stacks to know', () => {
    const rule = define({ ruleName: PhysicalName.GENERATE_IF_NEEDED });
    expect(ruleIn(stack).RuleName).toBe('Stack_Rule_F6E31DD0');
    expect(stack.resolve(rule.topicRuleName)).toEqual({ Ref: expect.stringMatching(/^Rule/) as string });
  });
});

describe('sql', () => {
  test.each([
    ['SELEC * FROM \'a\'', /^'sql' cannot be read: 1:1: /],
    ['SELECT uppper(name) FROM \'a\'', /^'sql' cannot be read: 1:8: .*uppper.*upper/],
    ['SELECT * FROM \'a/#/b\'', /^'sql' cannot be read: 1:\d+: .*#/],
    ['SELECT *\nFROM \'a\' WHERE celsius >', /^'sql' cannot be read: 2:\d+: /],
  ])('fails for %j with the place and what to do', (sql, message) => {
    expect(() => define({ sql })).toThrow(message);
    expect(() => new TopicRule(stack, 'Again', { sql })).toThrow(/\(at Stack\/Again\)$/);
  });

  test('may be a token, which nobody reads', () => {
    define({ sql: Lazy.string({ produce: () => 'anything' }) });
    Template.fromStack(stack).hasResourceProperties(RULE, { TopicRulePayload: { Sql: 'anything' } });
  });

  test('may do without FROM, for basic ingest', () => {
    expect(() => define({ sql: 'SELECT *' })).not.toThrow();
  });

  test('may name roles, which are ready before the rule with their policies', () => {
    const role = new iam.Role(stack, 'Shadows', { assumedBy: new iam.ServicePrincipal('iot.amazonaws.com') });
    role.addToPolicy(new iam.PolicyStatement({ actions: ['iot:GetThingShadow'], resources: ['*'] }));
    define({ sql: `SELECT get_thing_shadow(topic(2), '${role.roleArn}') AS shadow FROM 'dt/+/telemetry'`, sqlRoles: [role] });
    Template.fromStack(stack).hasResource(RULE, { DependsOn: Match.arrayWith([Match.stringLikeRegexp('^ShadowsDefaultPolicy'), Match.stringLikeRegexp('^Shadows[0-9A-F]{8}$')]) });
  });

  test('may call functions, which let this rule in', () => {
    const handler = lambda.Function.fromFunctionArn(stack, 'Handler', 'arn:aws:lambda:eu-west-1:111122223333:function:enrich');
    define({ ruleName: 'Ingest', sqlFunctions: [handler] });
    const template = Template.fromStack(stack);
    template.hasResourceProperties('AWS::Lambda::Permission', { Action: 'lambda:InvokeFunction', FunctionName: handler.functionArn, Principal: 'iot.amazonaws.com', SourceAccount: { Ref: 'AWS::AccountId' } });
    template.hasResource(RULE, { DependsOn: Match.arrayWith([Match.stringLikeRegexp('^RuleSqlFunctionsPermission1')]) });
  });
});

describe('topicSpace', () => {
  const topicSpace = new TopicSpace({ topics: {
    telemetry: Channel.fromDevice('dt/{thing}/telemetry'), commands: Channel.toDevice('cmd/{thing}/+'), raw: Channel.basicIngest('Raw', 'raw/{thing}'),
  } });

  test.each(['dt/+/telemetry', 'dt/sensor-1/telemetry', 'dt/#', '#', '+/+/telemetry', 'cmd/+/reboot', '$aws/events/presence/connected/+'])('lets a rule listen to %s', (filter) => {
    expect(() => define({ sql: `SELECT * FROM '${filter}'`, topicSpace, actions: [RuleAction.toSqs(queueIn(stack))] })).not.toThrow();
  });

  test.each(['dt/+/telemtry', 'dt/+', 'dt/+/telemetry/more', 'raw/+', 'cmd'])('fails for %s, which nothing feeds', (filter) => {
    expect(() => define({ sql: `SELECT * FROM '${filter}'`, topicSpace })).toThrow(new Error(
      `'sql' would never run: no channel feeds "${filter}", expected a topic filter that meets one of: dt/+/telemetry, cmd/+/+ (at Stack/Rule)`,
    ));
  });
});

describe('actions', () => {
  test('are at most 10', () => {
    const rule = define({ actions: Array.from({ length: 10 }, republish) });
    expect(() => rule.addAction(republish())).toThrow(new Error('a rule must have at most 10 actions; define another for the same topics (at Stack/Rule)'));
    expect(ruleIn(stack).TopicRulePayload.Actions).toHaveLength(10);
  });

  test('are at least one when the app is synthesized', () => {
    new TopicRule(stack, 'Rule', { sql: SQL });
    expect(() => app.synth()).toThrow("the rule must have at least one action; give it 'actions' or call addAction");
  });

  test('may be added, each with a role named after it', () => {
    const rule = define();
    rule.addAction(RuleAction.toSqs(queueIn(stack)));
    rule.addAction(republish());
    expect(ruleIn(stack).TopicRulePayload.Actions.map((action) => Object.keys(action)[0])).toEqual(['Republish', 'Sqs', 'Republish']);
    expect(Object.keys(Template.fromStack(stack).findResources('AWS::IAM::Role')).map((id) => id.slice(0, -8))).toEqual(['RuleErrorActionRole', 'RuleRepublishRole', 'RuleSqsRole', 'RuleRepublish2Role']);
  });
});

describe('the error action', () => {
  test('may be another', () => {
    const rule = define({ errorAction: RuleAction.republish('errors/rules') });
    expect(ruleIn(stack).TopicRulePayload.ErrorAction).toMatchObject({ Republish: { Topic: 'errors/rules' } });
    Template.fromStack(stack).resourceCountIs('AWS::SQS::Queue', 0);
    expect([rule.deadLetterQueue, rule.deadLetterAlarm]).toEqual([undefined, undefined]);
  });

  test('may use a queue of your own, with its key', () => {
    const encryptionMasterKey = new kms.Key(stack, 'Key');
    const queue = queueIn(stack, 'Failed', { encryptionMasterKey });
    expect(define({ deadLetterQueue: queue }).deadLetterQueue).toBe(queue);
    Template.fromStack(stack).resourceCountIs('AWS::SQS::Queue', 1);
    const { policies } = roleOf(stack, ruleIn(stack).TopicRulePayload.ErrorAction!)!;
    const resource = asDeployed(stack.resolve(encryptionMasterKey.keyArn)) as string;
    expect(['GenerateDataKey', 'Decrypt', 'Encrypt', 'ScheduleKeyDeletion'].filter((call) => allows(policies, { action: `kms:${call}`, resource, values: {} }))).toEqual(['GenerateDataKey', 'Decrypt']);
  });

  test('is one queue with one alarm for rules that share it', () => {
    const { deadLetterQueue, deadLetterAlarm } = define();
    expect(new TopicRule(stack, 'Second', { sql: SQL, actions: [republish()], deadLetterQueue: deadLetterQueue! }).deadLetterAlarm).toBe(deadLetterAlarm);
    const template = Template.fromStack(stack);
    template.resourceCountIs('AWS::SQS::Queue', 1);
    template.resourceCountIs('AWS::CloudWatch::Alarm', 1);
  });

  test('may be none, by a name that says what is given up', () => {
    define({ loseFailedMessages: true });
    expect(ruleIn(stack).TopicRulePayload.ErrorAction).toBeUndefined();
    Template.fromStack(stack).resourceCountIs('AWS::CloudWatch::Alarm', 0);
  });

  test('tells who is to know of it', () => {
    const topic = new sns.Topic(stack, 'Oncall');
    define({ alarmActions: [new actions.SnsAction(topic)] });
    Template.fromStack(stack).hasResourceProperties('AWS::CloudWatch::Alarm', { AlarmActions: [stack.resolve(topic.topicArn)] });
  });

  test.each<[string, () => Partial<TopicRuleProps>, string]>([
    ['two of them', () => ({ errorAction: republish(), loseFailedMessages: true }), "at most one must be given of 'errorAction', 'deadLetterQueue' and 'loseFailedMessages'"],
    ['a queue and another action', () => ({ errorAction: republish(), deadLetterQueue: queueIn(stack) }), "at most one must be given of 'errorAction', 'deadLetterQueue' and 'loseFailedMessages'"],
    ['an alarm for nothing', () => ({ loseFailedMessages: true, alarmActions: [] }), "'alarmActions' are for dead letters, which the rule has none of; leave them out"],
    ['one that gathers messages', () => ({ errorAction: RuleAction.toHttp('https://example.com/', { batching: {} }) }), "'errorAction' must not gather messages; leave out its 'batching'"],
  ])('fails for %s', (_, props, message) => {
    expect(() => define(props())).toThrow(new Error(`${message} (at Stack/Rule)`));
  });
});

test('a rule may be disabled and described, and has tags', () => {
  const rule = define({ enabled: false, description: 'Counts heat' });
  Tags.of(rule).add('team', 'plant');
  Template.fromStack(stack).hasResourceProperties(RULE, { TopicRulePayload: { RuleDisabled: true, Description: 'Counts heat' }, Tags: [{ Key: 'team', Value: 'plant' }] });
});

describe('a rule that exists outside the app', () => {
  test('is known by its name', () => {
    const rule = TopicRule.fromTopicRuleName(stack, 'Import', 'Ingest');
    expect(rule.topicRuleRef).toEqual({ ruleName: 'Ingest', topicRuleArn: rule.topicRuleArn });
    expect(asDeployed(stack.resolve(rule.topicRuleArn))).toBe('arn:aws:iot:eu-west-1:111122223333:rule/Ingest');
    expect(() => TopicRule.fromTopicRuleName(stack, 'Bad', 'a-b')).toThrow("'topicRuleName' must consist of letters, digits and underscores");
  });

  test('is known by its ARN, with its account and Region', () => {
    const rule = TopicRule.fromTopicRuleArn(stack, 'Import', 'arn:aws-cn:iot:cn-north-1:999999999999:rule/Ingest');
    expect(rule).toMatchObject({ topicRuleName: 'Ingest', env: { account: '999999999999', region: 'cn-north-1' } });
    expect(() => TopicRule.fromTopicRuleArn(stack, 'Bad', 'arn:aws:iot:eu-west-1:999999999999:policy/Ingest')).toThrow("'topicRuleArn' must look like");
  });

  test('has the topic of basic ingest, and metrics', () => {
    const rule = TopicRule.fromTopicRuleName(stack, 'Import', 'Ingest');
    expect(rule.basicIngestTopic('dt/sensor-1')).toBe('$aws/rules/Ingest/dt/sensor-1');
    expect(rule.metric(TopicRuleMetric.PARSE_ERROR)).toMatchObject({ namespace: 'AWS/IoT', metricName: 'ParseError', dimensions: { RuleName: 'Ingest' }, statistic: 'Sum' });
    expect(rule.metric(TopicRuleMetric.TOPIC_MATCH, { statistic: 'Average' }).statistic).toBe('Average');
    expect(rule.metricFailures().expression).toBe("SUM(SEARCH('{AWS/IoT,ActionType,RuleName} MetricName=\"Failure\" RuleName=\"Ingest\"', 'Sum'))");
    expect(rule.metricSuccesses({ label: 'Sent' })).toMatchObject({ label: 'Sent', expression: expect.stringContaining('MetricName="Success"') as string });
  });
});

test('a metric can be alarmed on', () => {
  define({ ruleName: 'Ingest' }).metric(TopicRuleMetric.MESSAGE_THROTTLED).createAlarm(stack, 'Throttled', { threshold: 1, evaluationPeriods: 1 });
  Template.fromStack(stack).hasResourceProperties('AWS::CloudWatch::Alarm', { MetricName: 'RuleMessageThrottled', Namespace: 'AWS/IoT', Dimensions: [{ Name: 'RuleName' }] });
});

test.each([
  ['metricTopicMatches', 'TopicMatch'], ['metricParseErrors', 'ParseError'], ['metricThrottledMessages', 'RuleMessageThrottled'], ['metricNotFound', 'RuleNotFound'],
] as const)('%s is %s of the rule', (method, metricName) => {
  const rule = TopicRule.fromTopicRuleName(stack, 'Import', 'Ingest');
  expect(rule[method]({ period: Duration.minutes(1) })).toMatchObject({ namespace: 'AWS/IoT', metricName, dimensions: { RuleName: 'Ingest' }, statistic: 'Sum', period: Duration.minutes(1) });
});

test.each([['metricErrorActionFailures', 'ErrorActionFailure'], ['metricErrorActionSuccesses', 'ErrorActionSuccess']] as const)('%s sums up %s', (method, metricName) => {
  const { expression } = TopicRule.fromTopicRuleName(stack, 'Import', 'Ingest')[method]();
  expect(expression).toBe(`SUM(SEARCH('{AWS/IoT,ActionType,RuleName} MetricName="${metricName}" RuleName="Ingest"', 'Sum'))`);
});

describe('an alarm', () => {
  test.each([['alarmOnFailures', 'Failure'], ['alarmOnErrorActionFailures', 'ErrorActionFailure']] as const)('%s is for the first %s of any action', (method, metricName) => {
    define({ ruleName: 'Ingest', loseFailedMessages: true })[method]('Alarm');
    Template.fromStack(stack).hasResourceProperties('AWS::CloudWatch::Alarm', {
      Threshold: 1, EvaluationPeriods: 1, ComparisonOperator: 'GreaterThanOrEqualToThreshold', TreatMissingData: 'notBreaching', AlarmActions: Match.absent(),
      Metrics: [{
        Expression: { 'Fn::Join': ['', [`SELECT SUM(${metricName}) FROM SCHEMA("AWS/IoT", ActionType,RuleName) WHERE RuleName = '`, { Ref: Match.stringLikeRegexp('^Rule') }, "'"]] },
        Label: metricName, Period: 300, ReturnData: true, Id: 'expr_1',
      }],
    });
    Annotations.fromStack(stack).hasNoWarning('*', Match.anyValue());
  });

  test('can have another threshold, and tell somebody', () => {
    const topic = new sns.Topic(stack, 'Oncall');
    define().alarmOnFailures('Alarm', { threshold: 10, period: Duration.minutes(1), evaluationPeriods: 3, alarmActions: [new actions.SnsAction(topic)] });
    Template.fromStack(stack).hasResourceProperties('AWS::CloudWatch::Alarm', {
      Threshold: 10, EvaluationPeriods: 3, AlarmActions: [stack.resolve(topic.topicArn)], Metrics: [Match.objectLike({ Period: 60 })],
    });
  });

  test('can be for a rule that exists, where it is', () => {
    TopicRule.fromTopicRuleName(stack, 'Import', 'Ingest').alarmOnFailures('Alarm');
    Template.fromStack(stack).resourceCountIs('AWS::CloudWatch::Alarm', 1);
    const here = new Stack(new App(), 'Here', { env: { account: '111122223333', region: 'eu-west-1' } });
    const foreign = TopicRule.fromTopicRuleArn(here, 'Foreign', 'arn:aws:iot:us-east-1:111122223333:rule/Ingest');
    expect(() => foreign.alarmOnFailures('Alarm')).toThrow("'rule' must be in the Region of the stack, eu-west-1, got one in us-east-1 (at Here/Foreign)");
  });

  test.each<[RuleAlarmOptions, string]>([
    [{ threshold: 0 }, "'threshold' must be more than 0, got 0"],
    [{ period: Duration.seconds(90) }, "'period' must be whole minutes, got 1 minute 30 seconds"],
    [{ period: Duration.seconds(0) }, "'period' must be whole minutes, got 0 seconds"],
    [{ period: Duration.hours(1), evaluationPeriods: 4 }, "'period' must be 3 hours at most with all 'evaluationPeriods', got 4 of 1 hour"],
  ])('fails for %j', (options, message) => {
    expect(() => define().alarmOnFailures('Alarm', options)).toThrow(`${message} (at Stack/Rule)`);
  });
});

describe('a rule of a channel', () => {
  const fleetIn = () => new DeviceFleet(stack, 'Sensors', { topics: {
    telemetry: Channel.fromDevice('dt/{thing}/telemetry'), news: Channel.broadcast('news/{attribute:site}'), raw: Channel.basicIngest('Raw', 'raw/{thing}'),
  } });

  test('listens to its topics', () => {
    const rule = fleetIn().channel('telemetry').addRule('Ingest', RuleAction.toSqs(queueIn(stack)));
    expect(rule.node.path).toBe('Stack/Sensors/Rules/Ingest');
    expect(ruleIn(stack).TopicRulePayload.Sql).toBe("SELECT * FROM 'dt/+/telemetry'");
  });

  test('selects what it is told', () => {
    fleetIn().channel('telemetry').addRule('Ingest', republish(), {
      ruleName: 'Hot', set: '@limit = 30', select: '*, topic(2) AS thing', where: 'celsius > @limit', moreActions: [RuleAction.toSqs(queueIn(stack))],
    });
    expect(ruleIn(stack)).toMatchObject({ RuleName: 'Hot', TopicRulePayload: { Sql: "SET @limit = 30 SELECT *, topic(2) AS thing FROM 'dt/+/telemetry' WHERE celsius > @limit" } });
    expect(ruleIn(stack).TopicRulePayload.Actions).toHaveLength(2);
  });

  test('fails with the place in the whole statement', () => {
    expect(() => fleetIn().channel('telemetry').addRule('Ingest', republish(), { where: 'celsius >' })).toThrow(/^'sql' cannot be read: 1:\d+: .* \(at Stack\/Sensors\/Rules\/Ingest\)$/);
  });

  test('has the name that basic ingest sends to, and no other way in', () => {
    const raw = fleetIn().channel('raw');
    expect(() => raw.addRule('Other', republish(), { ruleName: 'Other' })).toThrow(new Error(
      '\'ruleName\' must be "Raw", to which the channel sends its messages, got "Other"; leave it out (at Stack/Sensors/Rules)',
    ));
    raw.addRule('Raw', republish(), { where: 'celsius > 30' });
    expect(ruleIn(stack)).toMatchObject({ RuleName: 'Raw', TopicRulePayload: { Sql: 'SELECT * WHERE celsius > 30' } });
  });

  test('knows which level of the topic the thing is', () => {
    const fleet = fleetIn();
    expect(['telemetry', 'news', 'raw'].map((name) => fleet.channel(name).thingExpression)).toEqual(['topic(2)', undefined, 'topic(2)']);
  });

  test('fails for a topic that a statement cannot name', () => {
    const fleet = new DeviceFleet(stack, 'Odd', { topics: { odd: Channel.fromDevice("it's/{thing}") } });
    expect(() => fleet.channel('odd').addRule('Ingest', republish())).toThrow("a topic with ' cannot be in a statement, got \"it's/+\"; rename the level");
  });
});

test('permissions follow the partition', () => {
  const china = new Stack(new App(), 'China', { env: { account: '111122223333', region: 'cn-north-1' } });
  new TopicRule(china, 'Rule', { ruleName: 'Ingest', sql: SQL, actions: [republish()] });
  expect(rulesIn(china)).toHaveLength(1);
  expect(JSON.stringify(Template.fromStack(china).toJSON())).not.toContain('arn:aws:');
});
