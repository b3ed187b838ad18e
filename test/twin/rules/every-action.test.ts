import { App, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { TopicRule } from '../../../lib/rules';
import { EVERY_ACTION } from '../../rules/every-action';
import { ACCOUNT, deploymentOf, RuleRunner } from './rule-runner';

const TOPIC = 'dt/oven/sensor-1/telemetry';
const READING = { celsius: 40, time: 1_700_000_000, position: { lat: 52.5, long: 13.4 }, default: 'hot' };

/** What an action takes that is not an object. */
const PAYLOADS: { readonly [name: string]: unknown } = { CloudWatchLogs: [{ timestamp: 1, message: 'hot' }] };

/** What the twin says it cannot tell; the targets of all of these are outside of the stack. */
const NOTES: { readonly [name: string]: readonly string[] } = {
  Http: ['only AWS knows on what it needs execute-api:Invoke, and whether the role allows it there'],
  Timestream: ['only AWS knows on what it needs timestream:WriteRecords, and whether the role allows it there', 'only AWS knows where it goes'],
  ...Object.fromEntries(['Lambda', 'Republish', 'RepublishToShadow', 'CloudWatchMetric', 'Kafka', 'OpenSearch', 'IotSiteWise', 'InfluxDb'].map((name) => [name, []])),
  OpenSearch: ['only AWS knows on what it needs es:ESHttpPut, and whether the role allows it there'],
};

interface Template1 {
  readonly Resources: Record<string, { readonly Type: string; readonly Properties: object }>;
}

function templateOf(name: string): Template1 {
  const stack = new Stack(new App(), 'Stack', { env: { account: ACCOUNT.accountId, region: ACCOUNT.region } });
  new TopicRule(stack, 'Rule', { ruleName: 'acts', sql: "SELECT * FROM 'dt/+/+/telemetry'", actions: [EVERY_ACTION[name]!(stack).action] });
  return Template.fromStack(stack).toJSON() as Template1;
}

/** What lets AWS IoT do anything for the rule, but for the error action. */
function withoutPermission({ Resources }: Template1): object {
  return Object.fromEntries(Object.entries(Resources).filter(([id, { Type }]) => !(Type === 'AWS::Lambda::Permission' || (Type === 'AWS::IAM::Policy' && !id.includes('ErrorAction')))));
}

describe.each(Object.keys(EVERY_ACTION))('the action %s', (name) => {
  const template = templateOf(name);
  const payload = PAYLOADS[name] ?? READING;

  test('is sent with its fields filled in, under its role', async () => {
    const runner = RuleRunner.of(template.Resources);
    runner.publish(TOPIC, payload);
    const { rendered } = EVERY_ACTION[name]!(new Stack()) as { rendered: Record<string, object> };
    const [kind, fields] = Object.entries(rendered)[0]!;
    const delivery = await runner.next();
    expect(delivery).toMatchObject({ rule: 'acts', topic: TOPIC, action: kind, outcome: 'sent', payload: JSON.stringify(payload), encoding: 'text' });
    expect(Object.keys(delivery.fields)).toEqual(expect.arrayContaining(Object.keys(fields)));
    expect(JSON.stringify(delivery.fields)).not.toContain('${');
    expect(delivery.roleArn === undefined).toBe(name === 'Lambda' || name === 'Kafka');
    expect(delivery.notes).toEqual(NOTES[name] ?? [expect.stringMatching(/^'.+' is not in this assembly$/)]);
    expect(delivery.performed).toBe(/^(Lambda|Republish.*)$/.test(name));
  });

  test('fails without its permission, and the error action is told', async () => {
    const runner = RuleRunner.of(withoutPermission(template));
    runner.publish(TOPIC, payload);
    const failed = await runner.next();
    expect(failed).toMatchObject({ outcome: 'failed', performed: false, reason: expect.stringMatching(/does not allow|no permission/) as string });
    const told = await runner.next();
    expect(told).toMatchObject({ action: 'Sqs', isErrorAction: true, outcome: 'sent', notes: [] });
    expect(JSON.parse(told.payload)).toEqual({
      ruleName: 'acts',
      topic: TOPIC,
      cloudwatchTraceId: expect.stringMatching(/^[0-9a-f-]{36}$/) as string,
      clientId: 'device',
      base64OriginalPayload: Buffer.from(JSON.stringify(payload)).toString('base64'),
      failures: [{ failedAction: `${failed.action}Action`, failedResource: expect.stringMatching(/./) as string, errorMessage: expect.stringContaining(`${failed.reason!}. Message arrived on: ${TOPIC}, Action: `) as string }],
    });
  });
});

test('the fields of an action are those of the message', async () => {
  const runner = RuleRunner.of(templateOf('Location').Resources);
  runner.publish(TOPIC, READING);
  expect((await runner.next()).fields).toEqual({ TrackerName: 'vans', DeviceId: 'sensor-1', Latitude: '52.5', Longitude: '13.4', Timestamp: { Value: '1700000000', Unit: 'SECONDS' } });
});

test('the passwords of a Kafka client are not shown', async () => {
  const runner = RuleRunner.of(templateOf('Kafka').Resources);
  runner.publish(TOPIC, READING);
  expect((await runner.next()).fields.ClientProperties).toMatchObject({ 'sasl.scram.username': '(secret)', 'sasl.scram.password': '(secret)' });
});

test('what a role of the template allows on one resource it does not allow on another', async () => {
  const { Resources } = templateOf('Kinesis');
  const other = JSON.parse(JSON.stringify(Resources).replaceAll('"StreamName":"telemetry"', '"StreamName":"other"')) as object;
  const runner = new RuleRunner(deploymentOf(other));
  runner.publish(TOPIC, READING);
  expect((await runner.next()).reason).toMatch(/^the role .* does not allow kinesis:PutRecord on arn:aws:kinesis:eu-west-1:111122223333:stream\/other$/);
});
