import { MqttJs } from '../support/mqttjs';
import { DEVICE_POLICY, DeviceTwin, functionArn, functionResources } from '../provisioning/device-twin';

function rule(Sql: string, Actions: readonly object[], more: object = {}): object {
  return { Type: 'AWS::IoT::TopicRule', Properties: { RuleName: 'a_rule', TopicRulePayload: { Sql, Actions, ...more } } };
}

const lambda = (name: string): object => ({ Lambda: { FunctionArn: functionArn(name) } });

let twin: DeviceTwin;
let device: MqttJs;

beforeAll(async () => {
  twin = await DeviceTwin.start({
    ...functionResources({
      checks: "async (event) => { if (event.value !== 7) { throw new Error('got ' + JSON.stringify(event)); } }",
      fails: "async () => { throw new Error('no luck'); }",
    }),
    Ingest: { ...rule("SELECT * FROM 'dt/+/ingest'", [lambda('checks')]), Properties: { RuleName: 'ingest', TopicRulePayload: { Sql: "SELECT * FROM 'dt/+/ingest'", Actions: [lambda('checks')] } } },
    Failing: { ...rule('', []), Properties: { RuleName: 'failing', TopicRulePayload: { Sql: "  select  *  from 'dt/failing'; ", Actions: [lambda('fails')] } } },
  });
  device = await MqttJs.connect(await twin.client('device', DEVICE_POLICY));
});

afterAll(() => twin.stop());

test('passes what is published on to a function', async () => {
  await device.publish('dt/one/ingest', JSON.stringify({ value: 7 }));
  expect((await twin.journal.next('the invocation', ({ event }) => event === 'invoked')).reason).toBe(`rule ingest: ${functionArn('checks')} was invoked`);
});

test('drops what is no JSON, and says so', async () => {
  await device.publish('dt/one/ingest', 'text');
  await twin.journal.next('the refusal', ({ reason }) => reason === "rule ingest: the message to 'dt/one/ingest' is dropped: it is no JSON");
});

test('tries a function three times', async () => {
  await device.publish('dt/failing', '{}');
  for (const attempt of [1, 2, 3]) {
    await twin.journal.next('the failure', ({ reason }) => reason.startsWith(`rule failing: ${functionArn('fails')} failed (attempt ${attempt})`) && reason.includes('no luck'));
    await new Promise((resolve) => setImmediate(resolve));
    twin.clock.advance(10);
  }
});
