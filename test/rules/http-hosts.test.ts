import { App, Stack } from 'aws-cdk-lib';
import { Annotations, Match } from 'aws-cdk-lib/assertions';
import { HttpRuleDestination, RuleAction, TopicRule } from '../../lib/rules';

let stack: Stack;
beforeEach(() => {
  stack = new Stack(new App(), 'Stack');
});
const define = (action: RuleAction) => new TopicRule(stack, 'Rule', { sql: "SELECT * FROM 'dt/+/telemetry'", actions: [action], loseFailedMessages: true });
const refused = (action: RuleAction, message: string) => expect(() => define(action)).toThrow(message);

describe('a URL whose host a message could choose', () => {
  const to = (confirmationUrl: string, url: string) => RuleAction.toHttp(url, { destination: new HttpRuleDestination(stack, 'Endpoint', { confirmationUrl }) });

  test.each(['https://a.com${rest}', 'https://${topic(2)}.a.com/', 'https://a.com:8443${rest}'])('is refused: %s', (url) => {
    refused(to('https://a.com', url), "'url' must have a / after its host and before the first template, or a message chooses another host");
  });

  test.each(['https://a.com.example.org/x', 'https://a.com.example.org/${topic(2)}', 'https://a.com:8443/'])('is refused where it only begins like the confirmed one: %s', (url) => {
    refused(to('https://a.com', url), '\'url\' must begin with the confirmation URL of its destination, "https://a.com"');
  });

  test.each(['https://a.com', 'https://a.com/${topic(2)}', 'https://a.com?thing=${topic(2)}'])('is none of %s', (url) => {
    define(to('https://a.com', url));
    Annotations.fromStack(stack).hasNoWarning('*', Match.anyValue());
  });

  test('may have a path that a device chooses, with a warning', () => {
    define(to('https://a.com/', 'https://a.com/${device}'));
    Annotations.fromStack(stack).hasWarning('/Stack/Rule/Http', Match.stringLikeRegexp("'url' is what a device says in its payload"));
  });
});
