import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { App, Aspects, Stack } from 'aws-cdk-lib';
import { Annotations, Match } from 'aws-cdk-lib/assertions';
import { AwsSolutionsChecks } from 'cdk-nag';
import { TopicRule } from '../../lib/rules';
import { ACCOUNT } from '../access/device';
import { rulesIn } from './deployed';
import { EVERY_ACTION } from './every-action';

process.env.CDK_VALIDATION = 'true';

const ACTIONS_OF_A_RULE = 10;

/** A stack in which every action is in some rule. */
function define(app: App): Stack {
  const stack = new Stack(app, 'Everything', { env: { account: ACCOUNT.accountId, region: ACCOUNT.region } });
  const actions = Object.values(EVERY_ACTION).map((make) => make(stack).action);
  for (let first = 0; first < actions.length; first += ACTIONS_OF_A_RULE) {
    new TopicRule(stack, `Rule${first}`, { sql: "SELECT * FROM 'dt/+/+/telemetry'", actions: actions.slice(first, first + ACTIONS_OF_A_RULE) });
  }
  return stack;
}

const strictApp = () => new App({ context: { '@aws-cdk/core:validateAgainstDefaultRules': true } });

/** What CloudFormation says about services that AWS is ending, whatever a template does with them. */
const ENDING = ['AWS::Timestream::Table', 'IotEvents'];

test('a stack with all actions passes CloudFormation validation without errors or warnings, but for services that AWS is ending', () => {
  const app = strictApp();
  const stack = define(app);
  expect(rulesIn(stack).flatMap(({ TopicRulePayload }) => TopicRulePayload.Actions)).toHaveLength(Object.keys(EVERY_ACTION).length);
  const report = JSON.parse(readFileSync(join(app.synth().directory, 'validation-report.json'), 'utf8')) as { pluginReports: { violations: { description: string; ruleMetadata: { category: string } }[] }[] };
  const violations = report.pluginReports.flatMap((plugin) => plugin.violations);
  expect(violations.filter(({ description, ruleMetadata }) => ruleMetadata.category !== 'Deprecation' || !ENDING.some((name) => description.includes(name)))).toEqual([]);
});

test('a stack with all actions passes cdk-nag AwsSolutions, with a reason for everything that is acknowledged', () => {
  const app = strictApp();
  Aspects.of(app).add(new AwsSolutionsChecks());
  const annotations = Annotations.fromStack(define(app));
  const finding = Match.stringLikeRegexp('AwsSolutions-');
  expect([...annotations.findError('*', finding), ...annotations.findWarning('*', finding)].map(({ id, entry }) => `${id}: ${String(entry.data)}`)).toEqual([]);
});
