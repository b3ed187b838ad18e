import { App, CfnParameter, Stack } from 'aws-cdk-lib';
import { Annotations, Match, Template } from 'aws-cdk-lib/assertions';
import { RuleAction, TopicRule, type TopicRuleProps } from '../../lib/rules';
import { Channel, TopicSpace } from '../../lib/topics';

let stack: Stack;
let site: string;
beforeEach(() => {
  stack = new Stack(new App(), 'Stack');
  site = new CfnParameter(stack, 'Site').valueAsString;
});
const define = (sql: string, action = RuleAction.republish('alerts/heat'), props: Partial<TopicRuleProps> = {}) => (
  new TopicRule(stack, 'Rule', { sql, actions: [action], loseFailedMessages: true, ...props })
);

describe('a statement with a token in a text is read', () => {
  test.each<[string, () => string, RegExp]>([
    ['a mistake', () => `SELECT *, '${site}' AS site FROMM 'dt/+'`, /^'sql' cannot be read: 1:/],
    ['an unknown function', () => `SELECT uppper("${site}") FROM 'dt/+'`, /^'sql' cannot be read: 1:8: .*upper/],
    ['a topic filter that is none', () => `SELECT * FROM '${site}/#/a'`, /^'sql' cannot be read: 1:\d+: # stands alone/],
  ])('and fails for %s', (_, sql, message) => {
    expect(() => define(sql())).toThrow(message);
  });

  test('and may listen to what only the deployment knows', () => {
    const topicSpace = new TopicSpace({ topics: { telemetry: Channel.fromDevice('dt/{thing}/telemetry') } });
    expect(() => define(`SELECT * FROM 'dt/${site}/telemetry'`, undefined, { topicSpace })).not.toThrow();
  });

  test('and may not listen to what no channel feeds', () => {
    const topicSpace = new TopicSpace({ topics: { telemetry: Channel.fromDevice('dt/{thing}/telemetry') } });
    expect(() => define(`SELECT * FROM 'raw/${site}/telemetry'`, undefined, { topicSpace })).toThrow(/^'sql' would never run: no channel feeds/);
  });

  test('and warned of where it may republish to itself', () => {
    define(`SELECT * FROM '${site}/heat'`);
    Annotations.fromStack(stack).hasWarning('/Stack/Rule/Republish', Match.stringLikeRegexp('may become a topic that the rule listens to'));
  });
});

test('a statement with a token out of quotes is not read', () => {
  define(`SELECT ${site} FROM 'dt/+'`);
  Template.fromStack(stack).hasResourceProperties('AWS::IoT::TopicRule', { TopicRulePayload: { Sql: Match.objectLike({ 'Fn::Join': Match.anyValue() }) } });
});

describe('a template beside a token is read', () => {
  test('and fails for an unknown function', () => {
    expect(() => define("SELECT * FROM 'dt/+'", RuleAction.republish(`${site}/\${toppic(2)}`))).toThrow(/^'topic' cannot be read: 1:\d+: .*topic/);
  });

  test('and warned of where the payload names what is written', () => {
    define("SELECT * FROM 'dt/+'", RuleAction.republish(`${site}/\${device}`));
    Annotations.fromStack(stack).hasWarning('/Stack/Rule/Republish', Match.stringLikeRegexp("'topic' is what a device says"));
  });

  test('unless the token is in the expression, out of quotes', () => {
    expect(() => define("SELECT * FROM 'dt/+'", RuleAction.republish(`a/\${topic(${site})}`))).not.toThrow();
  });
});
