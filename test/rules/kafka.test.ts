import { App, Stack } from 'aws-cdk-lib';
import * as kms from 'aws-cdk-lib/aws-kms';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import { KafkaAuthentication, RuleAction, TopicRule, VpcRuleDestination } from '../../lib/rules';
import { allows } from '../../lib/twin/iam/decide';
import { asDeployed, roleOf, ruleIn } from './deployed';

let stack: Stack;
beforeEach(() => {
  stack = new Stack(new App(), 'Stack');
});
const rendered = (authentication: KafkaAuthentication) => {
  const destination = VpcRuleDestination.fromTopicRuleDestinationArn(stack, 'Kafka', 'arn:aws:iot:eu-west-1:111122223333:ruledestination/vpc/a');
  const action = RuleAction.toKafka(destination, { topic: 'telemetry', bootstrapServers: ['b-1:9094'], authentication });
  new TopicRule(stack, 'Rule', { sql: "SELECT * FROM 'a'", actions: [action], loseFailedMessages: true });
  return ruleIn(stack).TopicRulePayload.Actions[0] as { Kafka: { ClientProperties: Record<string, unknown> } };
};

test('a Kafka cluster is shown a certificate from secrets that the role may read, with their keys', () => {
  const keyArn = 'arn:aws:kms:eu-west-1:111122223333:key/k';
  const encryptionKey = kms.Key.fromKeyArn(stack, 'Key', keyArn);
  const [storeArn, passwordsArn] = ['store', 'passwords'].map((name) => `arn:aws:secretsmanager:eu-west-1:111122223333:secret:${name}-abcdef`);
  const [keyStore, passwords] = [storeArn, passwordsArn].map((secretCompleteArn) => secretsmanager.Secret.fromSecretAttributes(stack, secretCompleteArn!, { secretCompleteArn: secretCompleteArn!, encryptionKey }));
  const action = rendered(KafkaAuthentication.mutualTls({ keyStore: keyStore!, passwords: passwords! }));
  const role = roleOf(stack, { RoleArn: action.Kafka.ClientProperties['ssl.keystore'] })!;
  expect(asDeployed(action.Kafka.ClientProperties)).toMatchObject({
    'security.protocol': 'SSL',
    'ssl.keystore': expect.stringMatching(new RegExp(`^\\$\\{get_secret\\('${storeArn}', 'SecretBinary', 'arn:.*'\\)\\}$`)) as string,
    'ssl.keystore.password': expect.stringContaining(`'${passwordsArn}', 'SecretString', 'keystorePassword'`) as string,
    'ssl.key.password': expect.stringContaining(`'${passwordsArn}', 'SecretString', 'keyPassword'`) as string,
  });
  const may = (call: string, resource: string | undefined) => allows(role.policies, { action: call, resource: resource!, values: {} });
  expect([storeArn, passwordsArn, `${storeArn}x`].map((arn) => may('secretsmanager:GetSecretValue', arn))).toEqual([true, true, false]);
  expect(['kms:Decrypt', 'kms:Encrypt'].map((call) => may(call, keyArn))).toEqual([true, false]);
});

test('a Kafka cluster is shown a password as SASL/PLAIN', () => {
  const secret = secretsmanager.Secret.fromSecretNameV2(stack, 'Login', 'kafka');
  const { 'sasl.plain.password': password, ...rest } = rendered(KafkaAuthentication.plain(secret)).Kafka.ClientProperties;
  expect(rest).toMatchObject({ 'security.protocol': 'SASL_SSL', 'sasl.mechanism': 'PLAIN' });
  expect(JSON.stringify(password)).toContain("'SecretString', 'password', '");
});
