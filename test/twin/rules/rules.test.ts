import { roleWith } from './rule-runner';
import { MqttJs } from '../support/mqttjs';
import { DEVICE_POLICY, DeviceTwin, functionArn, functionResources } from '../provisioning/device-twin';

const lambda = (name: string): object => ({ Lambda: { FunctionArn: functionArn(name) } });

let twin: DeviceTwin;
let device: MqttJs;

const ROLE = 'arn:aws:iam::123456789012:role/republishes';
const OWN = { Name: 'republishes' };

/** A rule by its name, and what lets it invoke functions. */
function named(RuleName: string, Sql: string, Actions: readonly object[], more: object = {}, functions: readonly string[] = []): object {
  return {
    [RuleName]: { Type: 'AWS::IoT::TopicRule', Properties: { RuleName, TopicRulePayload: { Sql, AwsIotSqlVersion: '2016-03-23', Actions, ...more } } },
    ...Object.fromEntries(functions.map((name) => [`${RuleName}${name}`, {
      Type: 'AWS::Lambda::Permission',
      Properties: { FunctionName: functionArn(name), Action: 'lambda:InvokeFunction', Principal: 'iot.amazonaws.com', SourceArn: ARN.replace(':lambda:', ':iot:').replace(/function:.*/, `rule/${RuleName}`) },
    }])),
  };
}

const ARN = functionArn('checks');
const republish = (Topic: string, Qos = 1): object => ({ Republish: { Topic, RoleArn: ROLE, Qos } });

beforeAll(async () => {
  twin = await DeviceTwin.start({
    ...functionResources({
      checks: "async (event) => { if (event.value !== 7) { throw new Error('got ' + JSON.stringify(event)); } }",
      fails: "async () => { throw new Error('no luck'); }",
    }),
    Role: roleWith(OWN.Name, [
      { Effect: 'Allow', Action: 'iot:Publish', Resource: ARN.replace(':lambda:', ':iot:').replace(/function:.*/, 'topic/out/*') }, { Effect: 'Allow', Action: 'kinesis:PutRecord', Resource: '*' },
    ]),
    ...named('ingest', "SELECT * FROM 'dt/+/ingest'", [lambda('checks')], {}, ['checks']),
    ...named('failing', "  select  *  from 'dt/failing' ", [lambda('fails')], { ErrorAction: republish('out/errors') }, ['fails']),
    ...named('forgotten', "SELECT * FROM 'dt/forgotten'", [lambda('checks')]),
    ...named('hot', "SELECT celsius * 9 / 5 + 32 AS fahrenheit, topic(2) AS sensor FROM 'dt/+/climate' WHERE celsius > 30", [republish('out/hot/${topic(2)}'), { Kinesis: { StreamName: 's', PartitionKey: '${topic(2)}', RoleArn: ROLE } }]),
    ...named('outside', "SELECT * FROM 'dt/outside'", [republish('elsewhere')]),
    ...named('loop', "SELECT * FROM 'out/loop'", [republish('out/loop')]),
  });
  device = await MqttJs.connect(await twin.client('device', DEVICE_POLICY));
  await device.subscribe('out/errors');
});

afterAll(() => twin.stop());

test('passes what is published on to a function', async () => {
  await device.publish('dt/one/ingest', JSON.stringify({ value: 7 }));
  expect((await twin.journal.next('the invocation', ({ event }) => event === 'invoked')).reason).toBe(`rule ingest: Lambda {"FunctionArn":"${functionArn('checks')}"} gets {"value":7}`);
});

test('drops what is no JSON, and says so', async () => {
  await device.publish('dt/one/ingest', 'text');
  await twin.journal.next('the refusal', ({ reason }) => reason === `rule ingest: Lambda {"FunctionArn":"${functionArn('checks')}"} failed: its payload of 4 bytes is no JSON`);
});

test('tries a function three times', async () => {
  await device.publish('dt/failing', '{}');
  for (const wait of [1, 5]) {
    await twin.journal.next('the failure', ({ reason }) => reason.startsWith(`rule failing: ${functionArn('fails')} failed and is tried again in ${wait} s:`) && reason.includes('no luck'));
    await new Promise((resolve) => setImmediate(resolve));
    twin.clock.advance(wait);
  }
  await twin.journal.next('the last failure', ({ reason }) => reason.startsWith('rule failing: Lambda') && reason.includes('failed: after 3 attempts: ') && reason.includes('no luck'));
});

test('tells the error action what failed', async () => {
  const told = await device.message('out/errors');
  expect(JSON.parse(told.payload.toString())).toMatchObject({
    ruleName: 'failing', topic: 'dt/failing', clientId: 'device', base64OriginalPayload: Buffer.from('{}').toString('base64'),
    failures: [{ failedAction: 'LambdaAction', failedResource: functionArn('fails'), errorMessage: expect.stringContaining('no luck') }],
  });
});

test('does not invoke a function that AWS IoT may not, and says so', async () => {
  await device.publish('dt/forgotten', '{"value":7}');
  await twin.journal.next('the refusal', ({ event, reason }) => event === 'refused' && /^rule forgotten: Lambda .* failed: no AWS::Lambda::Permission/.test(reason));
});

test('what a statement makes of a message is republished with the role of the action, and shown for other services', async () => {
  await device.subscribe('out/#');
  await device.publish('dt/cellar/climate', '{"celsius":20}');
  await device.publish('dt/roof/climate', '{"celsius":35}');
  const message = await device.message('out/hot/roof');
  expect([JSON.parse(message.payload.toString()), message.qos]).toEqual([{ fahrenheit: 95, sensor: 'roof' }, 1]);
  await twin.journal.next('what is shown', ({ event, reason }) => event === 'invoked' && reason === `rule hot: Kinesis {"StreamName":"s","PartitionKey":"roof"} would get {"fahrenheit":95,"sensor":"roof"} with the role ${ROLE} ('s' is not in this assembly)`);
});

test('a role that does not allow it republishes nothing', async () => {
  await device.publish('dt/outside', '{}');
  await twin.journal.next('the refusal', ({ event, reason }) => event === 'refused' && reason === `rule outside: Republish {"Topic":"elsewhere","Qos":1} failed: the role ${ROLE} does not allow iot:Publish on arn:aws:iot:us-east-1:123456789012:topic/elsewhere`);
});

test('a rule that republishes to itself is cut', async () => {
  await device.publish('out/loop', '{}');
  await twin.journal.next('the cut', ({ event, reason }) => event === 'refused' && /^rule loop: the message to 'out\/loop' is dropped: it comes from this rule/.test(reason));
});
