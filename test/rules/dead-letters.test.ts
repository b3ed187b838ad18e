import { App, Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import * as actions from 'aws-cdk-lib/aws-cloudwatch-actions';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import * as sns from 'aws-cdk-lib/aws-sns';
import * as sqs from 'aws-cdk-lib/aws-sqs';
import { RuleAction, TopicRule, type TopicRuleProps } from '../../lib/rules';

const ALARM = 'AWS::CloudWatch::Alarm';
const env = { account: '111122223333', region: 'eu-west-1' };

let app: App;
let rules: Stack;
let others: Stack;
beforeEach(() => {
  app = new App();
  rules = new Stack(app, 'Rules', { env });
  others = new Stack(app, 'Others', { env });
});
const define = (id: string, props: Partial<TopicRuleProps>) => (
  new TopicRule(rules, id, { sql: "SELECT * FROM 'dt/+/telemetry'", actions: [RuleAction.republish('alerts/heat')], ...props })
);

describe('a queue of another stack', () => {
  test('has one alarm in the stack of its rules, which may tell what is there', () => {
    const deadLetterQueue = new sqs.Queue(others, 'Failed');
    const alarmActions = [new actions.SnsAction(new sns.Topic(rules, 'Oncall'))];
    const [one, other] = ['One', 'Other'].map((id) => define(id, { deadLetterQueue, alarmActions }));
    expect(one!.deadLetterAlarm).toBe(other!.deadLetterAlarm);
    expect(() => app.synth()).not.toThrow();
    Template.fromStack(rules).resourceCountIs(ALARM, 1);
    Template.fromStack(others).resourceCountIs(ALARM, 0);
  });

  test('has another alarm than the next queue', () => {
    ['One', 'Other'].forEach((id) => define(id, { deadLetterQueue: new sqs.Queue(others, id) }));
    Template.fromStack(rules).resourceCountIs(ALARM, 2);
  });
});

test('an alarm tells everybody once, however many rules say so', () => {
  const deadLetterQueue = new sqs.Queue(rules, 'Failed');
  const oncall = new sns.Topic(rules, 'Oncall');
  const handler = lambda.Function.fromFunctionArn(rules, 'Handler', 'arn:aws:lambda:eu-west-1:111122223333:function:handler');
  ['One', 'Other'].forEach((id) => define(id, { deadLetterQueue, alarmActions: [new actions.SnsAction(oncall), new actions.LambdaAction(handler)] }));
  Template.fromStack(rules).hasResourceProperties(ALARM, { AlarmActions: [{ Ref: Match.stringLikeRegexp('^Oncall') }, handler.functionArn] });
});

describe('a queue of another account', () => {
  const queue = () => sqs.Queue.fromQueueArn(rules, 'Failed', 'arn:aws:sqs:eu-west-1:999999999999:failed');

  test('has no alarm here, where nobody counts its messages', () => {
    expect(define('Rule', { deadLetterQueue: queue() }).deadLetterAlarm).toBeUndefined();
    Template.fromStack(rules).resourceCountIs(ALARM, 0);
  });

  test('fails with somebody to tell', () => {
    expect(() => define('Rule', { deadLetterQueue: queue(), alarmActions: [] })).toThrow(
      new Error("'alarmActions' must be left out for a queue of another account, 999999999999, which has the alarm on it (at Rules/Rule)"),
    );
  });
});
