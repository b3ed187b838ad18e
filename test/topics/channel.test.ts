import { Channel, ChannelDirection } from '../../lib';

describe('a channel from the device', () => {
  const channel = Channel.fromDevice('dt/sensors/{thing}/telemetry');

  test('keeps the pattern and does not retain by default', () => {
    expect(channel).toMatchObject({ pattern: 'dt/sensors/{thing}/telemetry', direction: ChannelDirection.FROM_DEVICE, retain: false });
  });

  test('retains when asked to', () => {
    expect(Channel.fromDevice('dt/{thing}', { retain: true }).retain).toBe(true);
  });

  test('fails without {thing}', () => {
    expect(() => Channel.fromDevice('dt/telemetry')).toThrow(
      "topic 'dt/telemetry' lacks {thing}, so every device could use it; add {thing} as a level, or use Channel.broadcast",
    );
  });
});

describe('other directions', () => {
  test('a channel to the device needs {thing}', () => {
    expect(Channel.toDevice('cmd/{thing}/+').direction).toBe(ChannelDirection.TO_DEVICE);
    expect(() => Channel.toDevice('cmd/+')).toThrow("topic 'cmd/+' lacks {thing}");
  });

  test('a bidirectional channel needs {thing} and may retain', () => {
    expect(Channel.bidirectional('state/{thing}', { retain: true })).toMatchObject({ direction: ChannelDirection.BIDIRECTIONAL, retain: true });
    expect(() => Channel.bidirectional('state')).toThrow("topic 'state' lacks {thing}");
  });

  test('a broadcast refuses {thing}', () => {
    expect(Channel.broadcast('alerts/{attribute:site}/#').direction).toBe(ChannelDirection.BROADCAST);
    expect(() => Channel.broadcast('alerts/{thing}')).toThrow(
      "topic 'alerts/{thing}' contains {thing}, so it reaches one device; use Channel.toDevice",
    );
  });

  test('basic ingest puts the rule in front, beyond the limit of slashes', () => {
    const channel = Channel.basicIngest('Ingest_1', 'a/b/c/d/e/f/g/{thing}');
    expect(channel).toMatchObject({ pattern: '$aws/rules/Ingest_1/a/b/c/d/e/f/g/{thing}', direction: ChannelDirection.FROM_DEVICE, retain: false });
  });

  test('basic ingest fails for a bad rule name', () => {
    expect(() => Channel.basicIngest('my-rule', 'dt/{thing}')).toThrow(
      "'ruleName' must have 1 to 128 letters, digits and underscores, got 'my-rule'",
    );
  });
});

describe('the topic filter for all devices', () => {
  test.each([
    ['dt/sensors/{thing}/telemetry', 'dt/sensors/+/telemetry'],
    ['{type}/{attribute:site}/{thing}/#', '+/+/+/#'],
    ['cmd/{thing}/+', 'cmd/+/+'],
  ])('of %s is %s', (pattern, topicFilter) => {
    expect(Channel.toDevice(pattern).topicFilter).toBe(topicFilter);
  });
});

describe('a pattern', () => {
  test.each([
    '{thing}',
    'a/{thing}/{thing}',
    '{thing}/{type}/{attribute:a_b.c,d@e:f-1}',
    'a/b/c/d/e/f/{thing}/#',
    'with space/ünïcode/{thing}',
    'price/in$/{thing}',
    `${'x'.repeat(256 - '/{thing}'.length)}/{thing}`,
  ])('accepts %s', (pattern) => {
    expect(Channel.toDevice(pattern).pattern).toBe(pattern);
  });

  const wholeLevel = 'but a placeholder must be a level of its own; put slashes around it';
  const placeholder = 'expected {thing}, {type} or {attribute:NAME} where NAME has letters, digits and _.,@:-';
  test.each([
    ['', 'has an empty level; write no slash at its start or end and no two in a row'],
    ['/a/{thing}', 'has an empty level; write no slash at its start or end and no two in a row'],
    ['a/{thing}/', 'has an empty level; write no slash at its start or end and no two in a row'],
    ['a//{thing}', 'has an empty level; write no slash at its start or end and no two in a row'],
    ['a/b/c/d/e/f/g/h/{thing}', 'has 8 slashes, AWS IoT allows 7; use fewer levels'],
    [`${'x'.repeat(249)}/{thing}`, 'has 257 bytes, AWS IoT allows 256; shorten it'],
    [`${'ü'.repeat(125)}/{thing}`, 'has 258 bytes, AWS IoT allows 256; shorten it'],
    ['$aws/things/{thing}/shadow/get', "is reserved, topics must not start with '$'; use 'shadows', 'jobs', 'streams', 'defenderMetrics', 'tunnels' or Channel.basicIngest"],
    ['$share/group/dt/{thing}', "is reserved, topics must not start with '$'; use 'shadows', 'jobs', 'streams', 'defenderMetrics', 'tunnels' or Channel.basicIngest"],
    ['a/\u0000/{thing}', 'contains a control character; remove it'],
    ['a\n/{thing}', 'contains a control character; remove it'],
    ['a/*/{thing}', "contains '*' or '?', which only policies read as wildcards; write '+' for one level or '#' for the rest"],
    ['a?/{thing}', "contains '*' or '?', which only policies read as wildcards; write '+' for one level or '#' for the rest"],
    ['a/b+/{thing}', "has 'b+' for a level, but '+' and '#' stand for whole levels; give them a level of their own"],
    ['a/{thing}/x#', "has 'x#' for a level, but '+' and '#' stand for whole levels; give them a level of their own"],
    ['+/{thing}', "starts with '+', which a policy reads as every topic, reserved ones included; start with a fixed level"],
    ['#', "starts with '#', which a policy reads as every topic, reserved ones included; start with a fixed level"],
    ['a/#/{thing}', "has '#' before its end, where it stands for nothing; write '+' or move it to the end"],
    ['dt/x{thing}', `has 'x{thing}' for a level, ${wholeLevel}`],
    ['dt/{thing}x', `has '{thing}x' for a level, ${wholeLevel}`],
    ['dt/{thing}-{type}', `has '{thing}-{type}' for a level, ${wholeLevel}`],
    ['dt/{name}', `has '{name}' for a level, ${placeholder}`],
    ['dt/{attribute:}', `has '{attribute:}' for a level, ${placeholder}`],
    ['dt/{attribute:a/b}/{thing}', "has '/' in the name of an attribute, where it would end the level; use an attribute without '/' in its name"],
    ['dt/{attribute:a b}', `has '{attribute:a b}' for a level, ${placeholder}`],
    ['dt/${iot:ClientId}', `has '\${iot:ClientId}' for a level, ${placeholder}`],
  ])('fails for %j', (pattern, problem) => {
    expect(() => Channel.fromDevice(pattern)).toThrow(new Error(`topic '${pattern}' ${problem}`));
  });
});
