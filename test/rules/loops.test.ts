import { App, Stack } from 'aws-cdk-lib';
import { Annotations, Match } from 'aws-cdk-lib/assertions';
import { RuleAction, TopicRule } from '../../lib/rules';

let stack: Stack;
beforeEach(() => {
  stack = new Stack(new App(), 'Stack');
});
const define = (topic: string, from = 'dt/+/telemetry') => new TopicRule(stack, 'Rule', { sql: `SELECT * FROM '${from}'`, actions: [RuleAction.republish(topic)], loseFailedMessages: true });

describe('republishing', () => {
  test('fails for a topic that the rule listens to', () => {
    expect(() => define('dt/all/telemetry')).toThrow(new Error(
      '\'topic\' must not be one that the rule listens to, "dt/+/telemetry": it would republish its own messages without end, got "dt/all/telemetry" (at Stack/Rule/Republish)',
    ));
  });

  test.each(['dt/${topic(2)}/telemetry', '${target}', 'dt/${rest}', 'dt/x-${topic(2)}/telemetry'])('warns of %s, which may become one', (topic) => {
    define(topic);
    Annotations.fromStack(stack).hasWarning('/Stack/Rule/Republish', Match.stringLikeRegexp('may become a topic that the rule listens to'));
  });

  test.each(['alerts/${topic(2)}', 'dt/${topic(2)}/alerts', '$$aws/things/${topic(2)}/shadow/update'])('is fine to %s', (topic) => {
    define(topic);
    Annotations.fromStack(stack).hasNoWarning('*', Match.anyValue());
  });
});

describe('asking a shadow', () => {
  test.each([
    ['$$aws/things/pump/shadow/update', '$aws/things/+/shadow/update/accepted'],
    ['$$aws/things/${topic(3)}/shadow/update', '$aws/things/+/shadow/update/documents'],
    ['$$aws/things/${topic(3)}/shadow/name/config/update', '$aws/things/+/shadow/name/+/update/accepted'],
    ['$$aws/things/${topic(3)}/shadow/get', '$aws/things/#'],
  ])('by %s is warned of where the rule hears the answer on %s', (topic, from) => {
    define(topic, from);
    Annotations.fromStack(stack).hasWarning('/Stack/Rule/Republish', Match.stringLikeRegexp('without end'));
  });

  test.each([
    ['$$aws/things/${topic(3)}/shadow/update', '$aws/things/+/shadow/update/delta'],
    ['$$aws/things/${topic(3)}/shadow/name/history/update', '$aws/things/+/shadow/name/config/update/accepted'],
    ['$$aws/things/${topic(3)}/shadow/name/config/update', '$aws/things/+/shadow/update/accepted'],
  ])('by %s is fine where the rule listens to %s', (topic, from) => {
    define(topic, from);
    Annotations.fromStack(stack).hasNoWarning('*', Match.anyValue());
  });
});
