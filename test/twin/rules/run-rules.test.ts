import { ACCOUNT, ROLE, roleThatMay, roleWith, rule, RuleRunner } from './rule-runner';

const ARN = `arn:aws:iot:${ACCOUNT.region}:${ACCOUNT.accountId}:`;
const ANYTHING = roleThatMay(['*', '*']);
const sink = { Kinesis: { StreamName: 's', RoleArn: ROLE } };
const republish = (Topic: string, more: object = {}): object => ({ Republish: { Topic, RoleArn: ROLE, ...more } });
const refused = (runner: RuleRunner, reason: RegExp): Promise<unknown> => runner.journal.next('the refusal', (entry) => entry.event === 'refused' && reason.test(entry.reason));
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('payloads', () => {
  test('of what is no JSON, SELECT * gives the bytes and attributes are Undefined', async () => {
    const runner = RuleRunner.of({ ...ANYTHING, ...rule('all', "SELECT * FROM 'a'", [sink]), ...rule('one', "SELECT a AS a, topic() AS topic FROM 'a'", [sink]), ...rule('base64', "SELECT encode(*, 'base64') AS data FROM 'a'", [sink]) });
    runner.publish('a', Buffer.from('{"a":'));
    expect((await runner.next(({ rule: name }) => name === 'all')).payload).toBe('{"a":');
    expect((await runner.next(({ rule: name }) => name === 'one')).payload).toBe('{"topic":"a"}');
    expect((await runner.next(({ rule: name }) => name === 'base64')).payload).toBe(`{"data":"${Buffer.from('{"a":').toString('base64')}"}`);
  });

  test.each([
    ['Sqs', { QueueUrl: 'https://sqs.eu-west-1.amazonaws.com/111122223333/q' }, 'set UseBase64 for bytes'],
    ['DynamoDBv2', { PutItem: { TableName: 't' } }, 'the payload must be a JSON object'],
    ['StepFunctions', { StateMachineName: 'm' }, 'must be JSON'],
    ['OpenSearch', { Endpoint: 'https://search-a-aaaaaaaaaaaaaaaaaaaaaaaaaa.eu-west-1.es.amazonaws.com', Index: 'i', Type: 't', Id: '1' }, 'must be a JSON object'],
    ['Timestream', { DatabaseName: 'd', TableName: 't' }, 'at least one measure'],
    ['CloudwatchLogs', { LogGroupName: 'g', BatchMode: true }, 'an array of objects with a timestamp and a message'],
    ['CloudwatchMetric', { MetricNamespace: 'n', MetricName: 'm', MetricUnit: 'None', MetricValue: '${celsius}' }, "MetricValue must be a number, got ''"],
    ['CloudwatchAlarm', { AlarmName: 'a', StateReason: 'r', StateValue: '${topic()}' }, "StateValue must be OK, ALARM or INSUFFICIENT_DATA, got 'a'"],
    ['Sns', { TargetArn: 'arn:aws:sns:eu-west-1:111122223333:t', MessageFormat: 'JSON' }, 'an object with a text "default"'],
    ['Location', { TrackerName: 't', DeviceId: 'd', Latitude: 'north', Longitude: '1' }, "Latitude must be a number, got 'north'"],
    ['Http', { Url: 'https://example.com/${topic()}', ConfirmationUrl: 'https://example.com/b' }, 'the URL must begin with the one that is confirmed'],
    ['Salesforce', {}, 'the twin does not know the action Salesforce'],
    ['constructor', {}, 'the twin does not know the action constructor'],
  ])('that %s does not take fail the action', async (action, fields, reason) => {
    const runner = RuleRunner.of({ ...ANYTHING, ...rule('r', "SELECT * FROM 'a'", [{ [action]: { ...fields, RoleArn: ROLE } }]) });
    runner.publish('a', Buffer.from([0xff, 0xfe]));
    expect(await runner.next()).toMatchObject({ outcome: 'failed', reason: expect.stringContaining(reason) as string });
  });

  test.each([['Firehose', { DeliveryStreamName: 's' }, 500], ['IotEvents', { InputName: 'i' }, 10], ['IotAnalytics', { ChannelName: 'c' }, 100]])('%s takes batches of so many', async (action, fields, most) => {
    const runner = RuleRunner.of({ ...ANYTHING, ...rule('r', "SELECT * FROM 'a'", [{ [action]: { ...fields, BatchMode: true, RoleArn: ROLE } }]) });
    runner.publish('a', Array(most).fill(1));
    expect((await runner.next()).outcome).toBe('sent');
    runner.publish('a', Array(most + 1).fill(1));
    expect((await runner.next()).reason).toContain(`an array of at most ${most} elements, got ${most + 1}`);
  });
});

describe('republishing', () => {
  test('takes headers, with the fields of the message in them', async () => {
    const Headers = { ContentType: 'application/json', CorrelationData: '${encode(topic(), "base64")}', ResponseTopic: 'r/${topic()}', PayloadFormatIndicator: 'UTF8_DATA', MessageExpiry: '10', UserProperties: [{ Key: 'k', Value: '${v}' }, { Key: 'k', Value: '2' }] };
    const runner = RuleRunner.of({ ...ANYTHING, ...rule('r', "SELECT * FROM 'a'", [republish('b', { Qos: 1, Headers })]) });
    const heard = runner.hear('b');
    runner.publish('a', { v: 1 });
    expect(await heard.next('the message')).toMatchObject({
      qos: 1,
      properties: { contentType: 'application/json', correlationData: Buffer.from('a'), responseTopic: 'r/a', payloadFormatIndicator: true, userProperties: { k: ['1', '2'] } },
      expiresAt: runner.clock.now() + 10_000,
    });
  });

  test('reaches shadows, and no topic on which AWS IoT alone publishes', async () => {
    const runner = RuleRunner.of({ ...ANYTHING, ...rule('r', "SELECT * FROM 'a'", [republish('$$aws/things/t/shadow/${what}')]) });
    const heard = runner.hear('$aws/things/t/shadow/#');
    runner.publish('a', { what: 'update' });
    expect((await heard.next('the request')).topic).toBe('$aws/things/t/shadow/update');
    runner.publish('a', { what: 'update/accepted' });
    await refused(runner, /^rule r: Republish .* failed: AWS IoT alone publishes to this reserved topic$/);
    expect(heard.take()).toEqual([]);
  });

  test.each([['a/#', /takes no '\+'/], ['', /the topic is empty/], ['x'.repeat(300), /longer than 256 bytes/]])('does not take a topic %s that a message chooses', async (topic, reason) => {
    const runner = RuleRunner.of({ ...ANYTHING, ...rule('r', "SELECT * FROM 'a'", [republish('${to}')]) });
    runner.publish('a', { to: topic });
    expect((await runner.next()).reason).toMatch(reason);
  });

  test('of two rules to each other ends when it comes round', async () => {
    const runner = RuleRunner.of({ ...ANYTHING, ...rule('there', "SELECT * FROM 'a'", [republish('b')]), ...rule('back', "SELECT * FROM 'b'", [republish('a')]) });
    runner.publish('a', {});
    await refused(runner, /^rule there: the message to 'a' is dropped: it comes from this rule, by way of there, back; AWS IoT would go on for ever$/);
    expect(runner.deliveries.all()).toHaveLength(2);
  });

  test('by rules that all hear what all republish ends, however many there are', async () => {
    const rules = Array.from({ length: 30 }, (_, index) => rule(`r${index}`, "SELECT * FROM 'a/#'", [republish('a/again')]));
    const runner = RuleRunner.of(Object.assign({ ...ANYTHING }, ...rules) as object);
    const heard = runner.hear('a/again');
    runner.publish('a/first', {});
    await refused(runner, /rules have passed on 1000 messages that came of one; AWS IoT would go on, and the rest is dropped too$/);
    await turn();
    expect(heard.take()).toHaveLength(1000);
    runner.publish('a/second', {});
    await turn();
    expect(heard.take()).toHaveLength(1000);
  });

  test('takes keys of headers as messages choose them', async () => {
    const runner = RuleRunner.of({ ...ANYTHING, ...rule('r', "SELECT * FROM 'a'", [{ Republish: { Topic: 'b', RoleArn: ROLE, Headers: { UserProperties: [{ Key: '${k}', Value: 'v' }] } } }]) });
    const heard = runner.hear('b');
    for (const k of ['__proto__', 'constructor']) {
      runner.publish('a', { k });
      expect(Object.entries((await heard.next('the message')).properties!.userProperties!)).toEqual([[k, ['v']]]);
    }
  });

  test('of what is too large fails', async () => {
    const runner = RuleRunner.of({ ...ANYTHING, ...rule('r', "SELECT *, concat(v, v) AS w FROM 'a'", [republish('b')]) });
    runner.publish('a', { v: 'x'.repeat(60_000) });
    expect((await runner.next()).reason).toBe('the payload is larger than 131072 bytes');
  });
});

describe('basic ingest', () => {
  test('runs the rule that is named, whatever it listens to, and no other', async () => {
    const runner = RuleRunner.of({ ...ANYTHING, ...rule('named', "SELECT topic() AS topic FROM 'a'", [sink]), ...rule('other', "SELECT * FROM '#'", [sink]) });
    runner.publish('$aws/rules/named/dt/x', {});
    expect(await runner.next()).toMatchObject({ rule: 'named', payload: '{"topic":"dt/x"}' });
    await turn();
    expect(runner.deliveries.all()).toHaveLength(1);
  });

  test('needs no topic after the name of the rule', async () => {
    const runner = RuleRunner.of({ ...ANYTHING, ...rule('named', "SELECT *, topic() AS topic, topic(2) AS second FROM 'a'", [sink]) });
    runner.publish('$aws/rules/named', { v: 1 });
    expect(await runner.next()).toMatchObject({ rule: 'named', payload: '{"v":1,"topic":""}' });
  });

  test('says when there is no such rule', async () => {
    const runner = RuleRunner.of({ ...ANYTHING, ...rule('named', "SELECT * FROM 'a'", [sink]) });
    runner.publish('$aws/rules/another/dt/x', {});
    await refused(runner, /^the message to '\$aws\/rules\/another\/dt\/x' goes nowhere: RuleNotFound: no rule 'another' runs here$/);
  });
});

describe('failures', () => {
  test('of several actions go to the error action in one message', async () => {
    const runner = RuleRunner.of({ ...roleThatMay(['kinesis:PutRecord', 'arn:aws:kinesis:*:*:stream/errors']), ...rule('r', "SELECT * FROM 'a'", [sink, republish('b')], { ErrorAction: { Kinesis: { StreamName: 'errors', RoleArn: ROLE } } }) });
    runner.publish('a', {}, { publisher: undefined });
    const told = JSON.parse((await runner.next(({ isErrorAction }) => isErrorAction === true)).payload) as { readonly failures: readonly object[]; readonly clientId: string };
    expect(told.clientId).toBe('N/A');
    expect(told.failures).toEqual([
      { failedAction: 'KinesisAction', failedResource: 's', errorMessage: `the role ${ROLE} does not allow kinesis:PutRecord on arn:aws:kinesis:eu-west-1:111122223333:stream/s. Message arrived on: a, Action: kinesis` },
      { failedAction: 'RepublishAction', failedResource: 'b', errorMessage: `the role ${ROLE} does not allow iot:Publish on ${ARN}topic/b. Message arrived on: a, Action: republish` },
    ]);
  });

  test('of the error action itself is told once', async () => {
    const runner = RuleRunner.of({ ...roleThatMay(['s3:GetObject', '*']), ...rule('r', "SELECT * FROM 'a'", [sink], { ErrorAction: sink }) });
    runner.publish('a', {});
    await runner.next(({ isErrorAction }) => isErrorAction === true);
    await turn();
    expect(runner.deliveries.all().map(({ outcome, isErrorAction = false }) => [outcome, isErrorAction])).toEqual([['failed', false], ['failed', true]]);
  });

  test('of one action leave the others alone', async () => {
    const runner = RuleRunner.of({ ...roleThatMay(['iot:Publish', '*']), ...rule('r', "SELECT * FROM 'a'", [sink, republish('b')]) });
    const heard = runner.hear('b');
    runner.publish('a', { v: 1 });
    expect((await heard.next('the message')).payload.toString()).toBe('{"v":1}');
  });

  test('are a role that the assembly does not have, a role that only AWS knows, and a policy that does not tell', async () => {
    const condition = { StringEquals: { 'aws:SourceVpc': 'vpc-1' } };
    const runner = RuleRunner.of({
      ...roleThatMay(['kinesis:PutRecord', '*', condition]),
      ...rule('foreign', "SELECT * FROM 'a'", [{ Kinesis: { StreamName: 's', RoleArn: `${ROLE}s` } }]),
      ...rule('imported', "SELECT * FROM 'a'", [{ Kinesis: { StreamName: 's', RoleArn: { 'Fn::ImportValue': 'role' } } }]),
      ...rule('doubtful', "SELECT * FROM 'a'", [sink]),
    });
    runner.publish('a', {});
    await turn();
    expect(Object.fromEntries(runner.deliveries.all().map(({ rule: name, reason }) => [name, reason]))).toEqual({
      foreign: `the assembly declares no role ${ROLE}s, so that nobody can tell what it allows`,
      imported: 'its role is known to AWS alone; declare it in the assembly',
      doubtful: `the role ${ROLE} has policies that do not tell offline whether it allows kinesis:PutRecord on arn:aws:kinesis:eu-west-1:111122223333:stream/s`,
    });
  });

  test('a target that only AWS knows is shown, if the role allows the call on anything', async () => {
    const imported = { Kinesis: { StreamName: { 'Fn::ImportValue': 'stream' }, RoleArn: ROLE } };
    const runner = RuleRunner.of({ ...ANYTHING, ...rule('r', "SELECT * FROM 'a'", [imported]) });
    runner.publish('a', {});
    expect(await runner.next()).toMatchObject({
      outcome: 'sent', performed: false, notes: ['only AWS knows on what it needs kinesis:PutRecord, and whether the role allows it there', 'only AWS knows where it goes'],
    });
  });

  test('a role that AWS IoT may not assume performs nothing, whatever it allows', async () => {
    const runner = RuleRunner.of({
      Role: { Type: 'AWS::IAM::Role', Properties: { RoleName: 'acts', Policies: [{ PolicyName: 'p', PolicyDocument: { Version: '2012-10-17', Statement: { Effect: 'Allow', Action: '*', Resource: '*' } } }] } },
      ...rule('r', "SELECT * FROM 'a'", [{ Kinesis: { StreamName: 's', RoleArn: ROLE } }]),
    });
    runner.publish('a', {});
    expect(await runner.next()).toMatchObject({ outcome: 'failed', reason: `the role ${ROLE} does not let iot.amazonaws.com assume it for this rule` });
  });

  test('a target that only AWS knows is refused where the role denies the call on everything', async () => {
    const imported = { Kinesis: { StreamName: { 'Fn::ImportValue': 'stream' }, RoleArn: ROLE } };
    const outcome = async (statement: object): Promise<string | undefined> => {
      const statements = [{ Effect: 'Allow', Action: '*', Resource: '*' }, { Effect: 'Deny', ...statement }];
      const runner = RuleRunner.of({ Role: roleWith('acts', statements), ...rule('r', "SELECT * FROM 'a'", [imported]) });
      runner.publish('a', {});
      return (await runner.next()).reason;
    };
    expect(await outcome({ Action: 'kinesis:Put*', Resource: '*' })).toBe(`the role ${ROLE} does not allow kinesis:PutRecord on anything`);
    expect(await outcome({ Action: 'kinesis:Put*', Resource: 'arn:aws:kinesis:*:*:stream/other' })).toBeUndefined();
    expect(await outcome({ Action: 'kinesis:Put*', Resource: '*', Condition: { StringEquals: { 'aws:SourceVpc': 'vpc-1' } } })).toBeUndefined();
    expect(await outcome({ NotAction: 'kinesis:Put*', Resource: '*' })).toBeUndefined();
  });

  test('a name that messages choose is checked against the role each time', async () => {
    const runner = RuleRunner.of({ ...roleThatMay(['s3:PutObject', 'arn:aws:s3:::b/dt/*']), ...rule('r', "SELECT * FROM 'a'", [{ S3: { BucketName: 'b', Key: '${key}', RoleArn: ROLE } }]) });
    runner.publish('a', { key: 'dt/1' });
    expect((await runner.next()).outcome).toBe('sent');
    runner.publish('a', { key: 'other/1' });
    expect((await runner.next()).reason).toContain('does not allow s3:PutObject on arn:aws:s3:::b/other/1');
  });
});

describe('a domain of the assembly', () => {
  test('is known by its endpoint, which only AWS knows', async () => {
    const action = { OpenSearch: { Endpoint: { 'Fn::Join': ['', ['https://', { 'Fn::GetAtt': ['Domain', 'DomainEndpoint'] }]] }, Index: 'i', Type: '_doc', Id: '${topic()}', RoleArn: ROLE } };
    const runner = RuleRunner.of({ ...roleThatMay(['es:ESHttpPut', 'arn:aws:es:*:*:domain/plant/i/*']), Domain: { Type: 'AWS::OpenSearchService::Domain', Properties: { DomainName: 'plant' } }, ...rule('r', "SELECT * FROM 'a'", [action]) });
    runner.publish('a', {});
    expect(await runner.next()).toMatchObject({ outcome: 'sent', notes: [] });
  });
});

describe('functions of SQL', () => {
  const asks = (expression: string): object => rule('r', `SELECT ${expression} AS value FROM 'a'`, [sink]);
  const may = roleThatMay(['kinesis:PutRecord', '*'], ['iot:GetThingShadow', [`${ARN}thing/pump`, `${ARN}thing/pump/config`] as never]);
  const shadow = (thing: string, name?: string): object | undefined => (thing === 'pump' ? { state: { desired: { of: name ?? 'classic' } } } : undefined);

  test.each([
    ["get_thing_shadow('pump', ROLE)", { state: { desired: { of: 'classic' } } }],
    ["get_thing_shadow('pump', 'config', ROLE).state.desired.of", 'config'],
  ])('%s reads a shadow', async (expression, value) => {
    const runner = RuleRunner.of({ ...may, ...asks(expression.replace('ROLE', `'${ROLE}'`)) }, { shadow });
    runner.publish('a', {});
    expect(JSON.parse((await runner.next()).payload)).toEqual({ value });
  });

  test('a shadow that the role may not read is Undefined, and so it is said', async () => {
    const runner = RuleRunner.of({ ...may, ...asks(`get_thing_shadow('other', '${ROLE}')`) }, { shadow });
    runner.publish('a', {});
    expect((await runner.next()).payload).toBe('{}');
    await runner.journal.next('the reason', ({ reason }) => reason === `rule r: get_thing_shadow() failed: the role ${ROLE} does not allow iot:GetThingShadow on ${ARN}thing/other`);
  });

  test('in the field of an action, what is Undefined is no text, and so the delivery says', async () => {
    const runner = RuleRunner.of({ ...ANYTHING, ...rule('r', "SELECT * FROM 'a'", [{ Kinesis: { StreamName: 's', PartitionKey: `k\${machinelearning_predict('m', '${ROLE}', *)}`, RoleArn: ROLE } }]) });
    runner.publish('a', {});
    expect(await runner.next()).toMatchObject({ outcome: 'sent', fields: { PartitionKey: 'k' }, notes: ["'s' is not in this assembly", 'machinelearning_predict() has nothing to ask here'] });
  });

  test('in the field of an action, a secret is asked for and not read', async () => {
    const field = (secretId: string): object => rule('r', "SELECT * FROM 'a'", [{ Kinesis: { StreamName: 's', PartitionKey: `\${get_secret('${secretId}', 'SecretString', '${ROLE}')}`, RoleArn: ROLE } }]);
    const secretsmanager = ['secretsmanager:GetSecretValue', 'secretsmanager:DescribeSecret'];
    for (const secretId of ['login', 'arn:aws:secretsmanager:eu-west-1:111122223333:secret:login-AbCdEf']) {
      const runner = RuleRunner.of({ ...roleThatMay(['kinesis:PutRecord', '*'], [secretsmanager, 'arn:aws:secretsmanager:*:*:secret:login-*']), ...field(secretId) });
      runner.publish('a', {});
      expect((await runner.next()).fields.PartitionKey).toBe('(secret)');
      const without = RuleRunner.of({ ...roleThatMay(['kinesis:PutRecord', '*']), ...field(secretId) });
      without.publish('a', {});
      expect((await without.next()).reason).toMatch(/^get_secret\(\) failed: the role .* does not allow secretsmanager:GetSecretValue on /);
    }
  });

  test('a secret that is passed on to another function is not in the reason for which that fails', async () => {
    const standIns = { call: (_: string, { headers }: { readonly headers: Readonly<Record<string, string>> }) => Promise.resolve({ status: 200, headers: {}, body: JSON.stringify(headers['x-amz-target'] === 'secretsmanager.GetSecretValue' ? { SecretString: 'open sesame' } : { ARN: 'arn' }) }) };
    const runner = RuleRunner.of({ ...ANYTHING, ...asks(`get_thing_shadow(get_secret('login', 'SecretString', '${ROLE}'), '${ROLE}')`) }, { standIns, shadow: (name) => { throw new Error(`no shadow of ${name}`); } });
    runner.publish('a', {});
    await runner.journal.next('the reason', ({ reason }) => reason === 'rule r: get_thing_shadow() failed: why is not shown, as the statement reads a secret');
  });

  test('a function that the rule may invoke answers', async () => {
    const FUNCTION = `arn:aws:lambda:eu-west-1:111122223333:function:f`;
    const permission = { Type: 'AWS::Lambda::Permission', Properties: { FunctionName: FUNCTION, Action: 'lambda:InvokeFunction', Principal: 'iot.amazonaws.com', SourceArn: `${ARN}rule/r` } };
    const functions = { invoke: (arn: string, input: unknown) => Promise.resolve({ arn, input }) };
    const runner = RuleRunner.of({ ...ANYTHING, Permission: permission, ...asks(`aws_lambda('${FUNCTION}', {"a": b})`) }, { functions });
    runner.publish('a', { b: 1 });
    expect(JSON.parse((await runner.next()).payload)).toEqual({ value: { arn: FUNCTION, input: { a: 1 } } });
    const without = RuleRunner.of({ ...ANYTHING, ...asks(`aws_lambda('${FUNCTION}', {"a": b})`) }, { functions });
    without.publish('a', { b: 1 });
    expect((await without.next()).payload).toBe('{}');
  });

  test('what the twin has nothing for is Undefined, and so it is said', async () => {
    const runner = RuleRunner.of({ ...ANYTHING, ...rule('r', "SELECT decode(encode(*, 'base64'), 'proto', 'b', 'k', 'f', 'm') AS value FROM 'a'", [sink]) });
    runner.publish('a', {});
    expect((await runner.next()).payload).toBe('{}');
    await runner.journal.next('the reason', ({ reason }) => reason === 'rule r: decode() has nothing to ask here');
  });
});

describe('floods and faults', () => {
  test('a rule that hears everything drops what is too much for it, and says so in two lines', async () => {
    let go = (): void => undefined;
    const held = new Promise<void>((resolve) => {
      go = resolve;
    });
    const FUNCTION = 'arn:aws:lambda:eu-west-1:111122223333:function:f';
    const runner = RuleRunner.of({ ...ANYTHING, ...rule('r', "SELECT * FROM '#'", [{ Lambda: { FunctionArn: FUNCTION } }]) }, { functions: { invoke: () => held }, objectToInvoke: () => undefined });
    for (let index = 0; index < 1500; index++) {
      runner.publish(`t/${index}`, {});
    }
    await refused(runner, /^rule r: the message to 't\/1000' is dropped: 1000 others are being passed on, and as long as that is so, others are dropped too$/);
    go();
    await refused(runner, /^rule r: 500 messages were dropped$/);
    await turn();
    expect(runner.deliveries.all()).toHaveLength(1000);
    runner.publish('t/more', {});
    await runner.next(({ topic }) => topic === 't/more');
  });

  test('an action that throws fails, and the rule goes on', async () => {
    const runner = RuleRunner.of({ ...ANYTHING, ...rule('r', "SELECT * FROM 'a'", [{ DynamoDBv2: { PutItem: { TableName: '${v}' }, RoleArn: ROLE } }]) }, { standIns: { call: () => Promise.reject(new Error('a mistake')) } });
    runner.publish('a', { v: 1 });
    expect((await runner.next()).reason).toBe('a mistake');
    runner.publish('a', { v: 1 });
    expect((await runner.next()).reason).toBe('a mistake');
  });

  test('a fault of the twin with one message is told, and the rule goes on', async () => {
    const runner = RuleRunner.of({ ...ANYTHING, ...rule('r', "SELECT newuuid() AS id FROM 'a'", [sink]) });
    runner.clock.now = () => {
      throw new Error('no time');
    };
    const told: string[] = [];
    const journal = { note: (_: object, __: string, reason: string) => void told.push(reason) };
    const other = RuleRunner.of({ ...ANYTHING, ...rule('r', "SELECT timestamp() AS at FROM 'a'", [sink]) }, { clock: runner.clock, journal: journal as never });
    other.publish('a', {});
    other.publish('a', {});
    await turn();
    expect(told).toEqual(Array(2).fill("rule r: the message to 'a' is dropped: the twin could not handle it: no time"));
  });

  test('what ended hears nothing', async () => {
    const runner = RuleRunner.of({ ...ANYTHING, ...rule('r', "SELECT * FROM 'a'", [sink]) });
    runner.end();
    runner.publish('a', {});
    runner.publish('$aws/rules/r/a', {});
    await turn();
    expect(runner.deliveries.all()).toEqual([]);
  });
});
