import { Channel, JobAccess, PayloadFormat, PlaceholderValues, Shadow, ShadowAccess, StreamAccess, TopicSpace, type TopicSpaceProps } from '../../lib';

const SENSOR_1 = PlaceholderValues.ofThing('sensor-1', { thingType: 'sensor', attributes: { site: 'berlin' } });

describe('permissions', () => {
  test('are none by default', () => {
    expect(new TopicSpace().permissions(SENSOR_1)).toEqual({ publish: [], retain: [], subscribe: [], receive: [] });
  });

  test('follow the direction of a channel', () => {
    const space = new TopicSpace({
      topics: {
        telemetry: Channel.fromDevice('dt/{thing}/telemetry'),
        status: Channel.fromDevice('status/{thing}', { retain: true }),
        commands: Channel.toDevice('cmd/{thing}/+'),
        chat: Channel.bidirectional('chat/{thing}/#', { retain: true }),
        alerts: Channel.broadcast('alerts/{type}/{attribute:site}'),
        bulk: Channel.basicIngest('Bulk', 'dt/{thing}'),
      },
    });

    expect(space.permissions(SENSOR_1)).toEqual({
      publish: ['$aws/rules/Bulk/dt/sensor-1', 'chat/sensor-1/*', 'dt/sensor-1/telemetry', 'status/sensor-1'],
      retain: ['chat/sensor-1/*', 'status/sensor-1'],
      subscribe: ['alerts/sensor/berlin', 'chat/sensor-1/#', 'cmd/sensor-1/+'],
      receive: ['alerts/sensor/berlin', 'chat/sensor-1/*', 'cmd/sensor-1/*'],
    });
    expect(space.channelNames).toEqual(['telemetry', 'status', 'commands', 'chat', 'alerts', 'bulk']);
    expect(space.attributes).toEqual(['site']);
    expect(space.usesThingType).toBe(true);
  });

  const site = new TopicSpace({ topics: { alerts: Channel.broadcast('alerts/{type}/{attribute:site}') } });

  test('can be written with policy variables', () => {
    expect(site.permissions(PlaceholderValues.policyVariables()).receive).toEqual([
      'alerts/${iot:Connection.Thing.ThingTypeName}/${iot:Connection.Thing.Attributes[site]}',
    ]);
  });

  test('can be written for any thing', () => {
    const { subscribe, receive } = site.permissions(PlaceholderValues.anyThing());
    expect({ subscribe, receive }).toEqual({ subscribe: ['alerts/+/+'], receive: ['alerts/*/*'] });
  });

  test('leave out topics whose placeholders have no value', () => {
    expect(site.permissions(PlaceholderValues.ofThing('sensor-1')).receive).toEqual([]);
    expect(site.permissions(PlaceholderValues.ofThing('sensor-1', { thingType: 'sensor' })).receive).toEqual([]);
  });
});

describe('shadows', () => {
  const permissions = (...shadows: Shadow[]) => new TopicSpace({ shadows }).permissions(SENSOR_1);
  const S = '$aws/things/sensor-1/shadow';

  test('are read and written by default', () => {
    expect(permissions(Shadow.classic())).toEqual({
      publish: [`${S}/get`, `${S}/update`],
      retain: [],
      subscribe: [`${S}/get/*`, `${S}/update/*`, `${S}/update/delta`, `${S}/update/documents`],
      receive: ['get/accepted', 'get/rejected', 'update/accepted', 'update/delta', 'update/documents', 'update/rejected'].map((t) => `${S}/${t}`),
    });
  });

  test('can be read only', () => {
    expect(permissions(Shadow.named('config', { access: ShadowAccess.READ }))).toEqual({
      publish: [`${S}/name/config/get`],
      retain: [],
      subscribe: [`${S}/name/config/get/*`, `${S}/name/config/update/delta`, `${S}/name/config/update/documents`],
      receive: ['get/accepted', 'get/rejected', 'update/delta', 'update/documents'].map((t) => `${S}/name/config/${t}`),
    });
  });

  test('can be deleted when the device may', () => {
    expect(permissions(Shadow.classic({ access: ShadowAccess.READ_WRITE_DELETE })).publish).toEqual(['delete', 'get', 'update'].map((t) => `${S}/${t}`));
  });

  test.each(['', 'a/b', 'a+', '#', 'x'.repeat(65)])('fail for the name %j', (name) => {
    expect(() => Shadow.named(name)).toThrow(new Error(`'shadowName' must have 1 to 64 letters, digits and $:_-, got '${name}'`));
  });
});

test('shadow and rule names may be tokens', () => {
  const token = '${Token[TOKEN.123]}';
  const { publish } = new TopicSpace({
    shadows: [Shadow.named(token)],
    topics: { bulk: Channel.basicIngest(`Bulk_${token}`, 'dt/{thing}') },
  }).permissions(SENSOR_1);
  expect(publish).toEqual([
    `$aws/rules/Bulk_${token}/dt/sensor-1`, `$aws/things/sensor-1/shadow/name/${token}/get`, `$aws/things/sensor-1/shadow/name/${token}/update`,
  ]);
});

describe('jobs', () => {
  const J = '$aws/things/sensor-1/jobs';
  const permissions = (jobs: JobAccess) => new TopicSpace({ jobs }).permissions(SENSOR_1);

  test('can be read', () => {
    expect(permissions(JobAccess.READ)).toEqual({
      publish: [`${J}/*/get`, `${J}/get`],
      retain: [],
      subscribe: [`${J}/*/get/*`, `${J}/get/*`, `${J}/notify`, `${J}/notify-next`],
      receive: ['*/get/accepted', '*/get/rejected', 'get/accepted', 'get/rejected', 'notify', 'notify-next'].map((t) => `${J}/${t}`),
    });
  });

  test('can be executed', () => {
    expect(permissions(JobAccess.EXECUTE).publish).toEqual([`${J}/*/get`, `${J}/*/update`, `${J}/get`, `${J}/start-next`]);
  });
});

describe('streams, metrics and tunnels', () => {
  const T = '$aws/things/${iot:Connection.Thing.ThingName}';
  const permissions = (props: TopicSpaceProps) => new TopicSpace(props).permissions(PlaceholderValues.policyVariables());

  test('are closed unless declared', () => {
    const space = new TopicSpace({ streams: [], defenderMetrics: [], tunnels: false });
    expect(space.permissions(PlaceholderValues.policyVariables())).toEqual({ publish: [], retain: [], subscribe: [], receive: [] });
    expect([space.streams, space.defenderMetrics, space.tunnels]).toEqual([[], [], false]);
  });

  test('take the formats that devices use', () => {
    expect(permissions({ streams: [StreamAccess.named('fw', { payloadFormats: [PayloadFormat.CBOR, PayloadFormat.CBOR] })] })).toEqual({
      publish: [`${T}/streams/fw/describe/cbor`, `${T}/streams/fw/get/cbor`],
      retain: [],
      subscribe: ['data', 'description', 'rejected'].map((answer) => `${T}/streams/fw/${answer}/cbor`),
      receive: ['data', 'description', 'rejected'].map((answer) => `${T}/streams/fw/${answer}/cbor`),
    });
    expect(permissions({ defenderMetrics: [PayloadFormat.CBOR] }).publish).toEqual([`${T}/defender/metrics/cbor`]);
  });

  test('fail for what AWS IoT would not take', () => {
    for (const streamId of ['', 'a/b', '*', '+', 'a:b', 'x'.repeat(129)]) {
      expect(() => StreamAccess.named(streamId)).toThrow(`'streamId' must have 1 to 128 letters, digits, '_' and '-', got '${streamId}'`);
    }
    expect(() => StreamAccess.any({ payloadFormats: [] })).toThrow("'payloadFormats' must have at least one; leave it out for all");
    expect(() => new TopicSpace({ streams: [StreamAccess.any(), StreamAccess.any()] })).toThrow("'streams.*' is declared twice");
  });

  test('take the id of a stream that only the deployment knows', () => {
    expect(permissions({ streams: [StreamAccess.named('${Token[TOKEN.7]}')] }).publish[0]).toBe(`${T}/streams/\${Token[TOKEN.7]}/describe/*`);
  });
});

describe('a topic space', () => {
  test('returns its channels by name', () => {
    const telemetry = Channel.fromDevice('dt/{thing}');
    const space = new TopicSpace({ topics: { telemetry } });

    expect(space.channel('telemetry')).toBe(telemetry);
    expect(() => space.channel('toString')).toThrow("there is no channel 'toString', expected one of: telemetry");
    expect(() => new TopicSpace().channel('x')).toThrow("there is no channel 'x', expected one of: (none declared)");
  });

  test('fails for a shadow that is declared twice', () => {
    expect(() => new TopicSpace({ shadows: [Shadow.named('a'), Shadow.named('a', { access: ShadowAccess.READ })] })).toThrow(
      "'shadows.a' is declared twice; declare it once, with the widest access that devices need",
    );
  });

  const fix = 'put different fixed levels before any placeholder or wildcard';
  test.each([
    [
      'a thing can be called like a level',
      { all: Channel.fromDevice('dt/{thing}/+'), config: Channel.toDevice('dt/config/{thing}') },
      `'topics.all' and 'topics.config' overlap: things 'config' and 'thing-b' could both use 'dt/config/thing-b'; ${fix}`,
    ],
    [
      'a wildcard crosses levels up to the name of another thing',
      { all: Channel.fromDevice('dt/+/{thing}/#') },
      `'topics.all' overlaps with itself: things 'thing-a' and 'thing-b' could both use 'dt/x/thing-b/thing-a/x'; ${fix}`,
    ],
    [
      'a broadcast shows what devices say',
      { telemetry: Channel.fromDevice('dt/{thing}/telemetry'), all: Channel.broadcast('dt/#') },
      `'topics.telemetry' and 'topics.all' overlap: things 'thing-a' and 'thing-b' could both use 'dt/thing-a/telemetry'; ${fix}`,
    ],
    [
      'a device could write a broadcast',
      { alerts: Channel.broadcast('alerts/{attribute:site}'), own: Channel.fromDevice('alerts/{thing}') },
      `'topics.alerts' and 'topics.own' overlap: things 'thing-a' and 'thing-b' could both use 'alerts/thing-b'; ${fix}`,
    ],
    [
      'two names meet at different levels',
      { a: Channel.fromDevice('x/{thing}/{type}'), b: Channel.toDevice('x/{type}/{thing}') },
      `'topics.a' and 'topics.b' overlap: things 'thing-a' and 'thing-b' could both use 'x/thing-a/thing-b'; ${fix}`,
    ],
  ])('fails where %s', (_, topics, message) => {
    expect(() => new TopicSpace({ topics })).toThrow(new Error(message));
  });

  test.each([
    ['the same level holds the name', { a: Channel.fromDevice('dt/{thing}/+'), b: Channel.toDevice('dt/{thing}/+') }],
    ['the first levels differ', { a: Channel.fromDevice('dt/{thing}/#'), b: Channel.toDevice('cmd/{thing}/#') }],
    ['no thing can be called like the level', { a: Channel.fromDevice('dt/{thing}/x'), b: Channel.toDevice('dt/a b/{thing}') }],
    ['a wildcard is held on both sides', { a: Channel.fromDevice('dt/+/{thing}/telemetry') }],
    ['broadcasts overlap each other', { a: Channel.broadcast('alerts/#'), b: Channel.broadcast('alerts/fire') }],
    ['both names would have to be the same', { a: Channel.fromDevice('dt/{thing}/x/x'), b: Channel.toDevice('dt/x/{thing}/{thing}') }],
  ])('accepts channels where %s', (_, topics) => {
    expect(new TopicSpace({ topics }).channelNames).toEqual(Object.keys(topics));
  });

  const [stage, site] = ['${Token[TOKEN.1]}', '${Token[TOKEN.2]}'];
  test.each([
    ['the name of a thing', `dt/${stage}/{thing}`, 'dt/{thing}/config', `dt/${stage}/config`],
    ['part of the name of a thing', `dt/x-${stage}/{thing}`, 'dt/{thing}/config', `dt/x-${stage}/config`],
    ['a fixed level', `${stage}/{thing}/x`, 'dt/y/{thing}', `${stage}/y/x`],
    ['a level with the same start', `dt-${stage}/{thing}/x`, 'dt-a/y/{thing}', `dt-${stage}/y/x`],
    ['another token', `${stage}/{thing}/x`, `${site}/y/{thing}`, `${stage}/y/x`],
  ])('fails where a token may be %s', (_, a, b, topic) => {
    expect(() => new TopicSpace({ topics: { a: Channel.fromDevice(a), b: Channel.fromDevice(b) } })).toThrow(`could both use '${topic}'`);
  });

  test.each([
    ['with itself', { a: Channel.fromDevice(`${stage}/{thing}/${site}/+`) }],
    ['where the name is on the same level', { a: Channel.fromDevice(`dt/${stage}/{thing}`), b: Channel.fromDevice('dt/config/{thing}') }],
    ['under the same token', { a: Channel.fromDevice(`${stage}/up/{thing}/#`), b: Channel.toDevice(`${stage}/down/{thing}/#`) }],
    ['with another start', { a: Channel.fromDevice(`dt-${stage}/{thing}`), b: Channel.broadcast(`alerts-${stage}/all`), c: Channel.broadcast('dt/all') }],
    ['with another end', { a: Channel.fromDevice(`${stage}-dt/{thing}`), b: Channel.broadcast(`${stage}-alerts/all`) }],
    ['with a character that no name of a thing has', { a: Channel.fromDevice(`dt/${stage} x/{thing}`), b: Channel.toDevice('dt/{thing}/x') }],
  ])('accepts a token %s', (_, topics) => {
    expect(new TopicSpace({ topics }).channelNames).toEqual(Object.keys(topics));
  });
});
