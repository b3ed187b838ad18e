import * as fc from 'fast-check';
import { Channel, Shadow } from '../../lib';
import { createAuthorizer } from '../../lib/policy';
import { appPublish, appShadow, appSubscribe, isLevel, type DeviceScope } from '../../lib/topics/app-side';
import { TopicError } from '../../lib/topics/errors';
import type { TopicPermissions } from '../../lib/topics/topic-space';
import { matchesFilter } from '../../lib/twin/mqtt/topic-syntax';
import { ACCOUNT } from '../access/device';
import { NAMES, SITES, concreteTopic, spaces, thing } from './arbitraries';

const TELEMETRY = Channel.fromDevice('dt/{type}/{thing}/telemetry');
const COMMANDS = Channel.toDevice('cmd/{thing}/+');
const CHAT = Channel.bidirectional('chat/{thing}/#');
const ALERTS = Channel.broadcast('alerts/{attribute:site}');
const BULK = Channel.basicIngest('Bulk', 'dt/{thing}');

describe('publishing', () => {
  test.each([
    [COMMANDS, {}, 'cmd/*/*'],
    [COMMANDS, { thing: 'a' }, 'cmd/a/*'],
    [CHAT, { thing: 'a' }, 'chat/a/*'],
    [ALERTS, {}, 'alerts/*'],
    [ALERTS, { attributes: { site: 'berlin' } }, 'alerts/berlin'],
    [COMMANDS, { thing: '${cognito-identity.amazonaws.com:sub}' }, 'cmd/${cognito-identity.amazonaws.com:sub}/*'],
    [COMMANDS, { thing: '${aws:PrincipalTag/device}' }, 'cmd/${aws:PrincipalTag/device}/*'],
    [COMMANDS, { thing: '${Token[Thing.12]}' }, 'cmd/${Token[Thing.12]}/*'],
  ])('on %j for %j is on one topic', (channel, scope, topic) => {
    expect(appPublish(channel, scope)).toEqual({ publish: [topic], retain: [], subscribe: [], receive: [] });
  });

  test('retains only if asked to', () => {
    expect(appPublish(COMMANDS, { thing: 'a' }, { retain: true })).toMatchObject({ publish: ['cmd/a/*'], retain: ['cmd/a/*'] });
  });

  test.each([TELEMETRY, BULK])('fails where devices publish: $pattern', (channel) => {
    expect(() => appPublish(channel)).toThrow(new TopicError(
      `topic '${channel.pattern}' is published on by devices alone; use Channel.toDevice, broadcast or bidirectional`,
    ));
  });
});

describe('subscribing', () => {
  test.each([
    [TELEMETRY, {}, 'dt/+/+/telemetry', 'dt/*/*/telemetry'],
    [TELEMETRY, { thingType: 'meter' }, 'dt/meter/+/telemetry', 'dt/meter/*/telemetry'],
    [TELEMETRY, { thing: 'a', thingType: 'meter' }, 'dt/meter/a/telemetry', 'dt/meter/a/telemetry'],
    [CHAT, { thing: 'a', attributes: { site: 'berlin' } }, 'chat/a/#', 'chat/a/*'],
    [ALERTS, { attributes: { site: 'berlin' } }, 'alerts/berlin', 'alerts/berlin'],
  ])('to %j for %j is one filter', (channel, scope, filter, topic) => {
    expect(appSubscribe(channel, scope)).toEqual({ publish: [], retain: [], subscribe: [filter], receive: [topic] });
  });

  test('fails where one device listens', () => {
    expect(() => appSubscribe(COMMANDS)).toThrow(new TopicError("topic 'cmd/{thing}/+' is for one device to listen to; use Channel.fromDevice or bidirectional"));
  });

  test('fails for basic ingest', () => {
    expect(() => appSubscribe(BULK)).toThrow(new TopicError(
      "topic '$aws/rules/Bulk/dt/{thing}' goes past the message broker, so that nobody can subscribe to it; use Channel.fromDevice",
    ));
  });
});

describe('a scope', () => {
  test.each([
    [ALERTS, { thing: 'a' }, '{thing}'],
    [COMMANDS, { thingType: 'meter' }, '{type}'],
    [COMMANDS, { attributes: { site: 'berlin' } }, '{attribute:site}'],
  ])('fails where the topic %j cannot be narrowed by %j', (channel, scope, placeholder) => {
    expect(() => appPublish(channel, scope)).toThrow(new TopicError(
      `topic '${channel.pattern}' has no ${placeholder}, so that it cannot be narrowed by it; put it into the topic, or leave it out of the scope`,
    ));
  });

  test('of one thing fails without all that the topic depends on', () => {
    const both = [TELEMETRY, Channel.fromDevice('dt/{thing}/{type}/telemetry')];
    for (const channel of both) {
      expect(() => appSubscribe(channel, { thing: 'a' })).toThrow(new TopicError(
        `topic '${channel.pattern}' cannot be narrowed by {thing} alone, as policies take the {type} in it for any number of levels; say its value in the scope too`,
      ));
    }
  });

  test.each(['x/+/{attribute:site}/#', 'x/{type}/{attribute:site}'])('of many things fails behind a wildcard: %s', (pattern) => {
    expect(() => appPublish(Channel.broadcast(pattern), { attributes: { site: 'a' } })).toThrow(/cannot be narrowed by \{attribute:site\} alone, as policies take the (\+|\{type\}) in it/);
  });

  test('of one thing takes the wildcards of a channel, of which devices are kept apart', () => {
    expect(appPublish(Channel.toDevice('x/+/{thing}'), { thing: 'a' }).publish).toEqual(['x/*/a']);
  });

  test.each([
    [{ thing: 'a/b' }, 'thing'],
    [{ thing: '' }, 'thing'],
    [{ thing: '+' }, 'thing'],
    [{ thing: '*' }, 'thing'],
    [{ thing: '${iot:ClientId}' }, 'thing'],
    [{ thing: '${aws:PrincipalTag/a}${aws:PrincipalTag/b}' }, 'thing'],
    [{ thing: 'a', thingType: '#' }, 'thingType'],
    [{ thing: 'a', attributes: { site: 'x'.repeat(129) } }, 'attributes.site'],
  ])('fails for %j', (scope, name) => {
    expect(() => appSubscribe(CHAT, scope)).toThrow(`'${name}' must be one level of a topic, 1 to 128 characters without / + # * ? $ { }, got `);
  });
});

describe('shadows', () => {
  const S = '$aws/things/a/shadow';

  test('are read by request, and changes are heard', () => {
    expect(appShadow(Shadow.classic(), 'read', { thing: 'a' })).toEqual({
      publish: [`${S}/get`],
      retain: [],
      subscribe: [`${S}/get/*`, `${S}/update/delta`, `${S}/update/documents`],
      receive: ['get/accepted', 'get/rejected', 'update/delta', 'update/documents'].map((topic) => `${S}/${topic}`),
    });
  });

  test.each(['update', 'delete'] as const)('can be allowed to %s and nothing else', (use) => {
    expect(appShadow(Shadow.named('config'), use)).toEqual({
      publish: [`$aws/things/*/shadow/name/config/${use}`],
      retain: [],
      subscribe: [`$aws/things/+/shadow/name/config/${use}/*`],
      receive: ['accepted', 'rejected'].map((answer) => `$aws/things/*/shadow/name/config/${use}/${answer}`),
    });
  });

  test('fail for a type, which their topics do not tell', () => {
    expect(() => appShadow(Shadow.classic(), 'read', { thingType: 'meter' })).toThrow("topic '$aws/things/{thing}/shadow/get' has no {type}");
  });
});

test.each(['sensor-1', 'Grüße 1', 'x'.repeat(128)])('%j is a level', (value) => {
  expect(isLevel(value)).toBe(true);
});

test.each(['', 'x'.repeat(129), '\ud800', 'a\n', 'a\u0000', 'a\u0085', ...[...'/+#*?${}'].map((character) => `a${character}b`)])('%j is no level', (value) => {
  expect(isLevel(value)).toBe(false);
});

/** What a client with these permissions may do. */
function client({ publish, retain, subscribe, receive }: TopicPermissions) {
  const allow = (Action: string, type: string, names: readonly string[]) => (names.length === 0 ? [] : [{
    Effect: 'Allow', Action, Resource: names.map((name) => `arn:aws:iot:${ACCOUNT.region}:${ACCOUNT.accountId}:${type}/${name}`),
  }]);
  const Statement = [
    ...allow('iot:Publish', 'topic', publish), ...allow('iot:RetainPublish', 'topic', retain),
    ...allow('iot:Subscribe', 'topicfilter', subscribe), ...allow('iot:Receive', 'topic', receive),
  ];
  const policies = Statement.length === 0 ? [] : [{ Version: '2012-10-17', Statement }];
  const authorizer = createAuthorizer({ account: ACCOUNT, principal: { kind: 'custom', isAuthenticated: true }, policies });
  return (action: string, resource: string) => authorizer.decide({ action, resource }).decision === 'allow';
}

const NOTHING: TopicPermissions = { publish: [], retain: [], subscribe: [], receive: [] };

function permissions(make: () => TopicPermissions): TopicPermissions {
  try {
    return make();
  } catch (error) {
    expect(error).toBeInstanceOf(TopicError);
    return NOTHING;
  }
}

const plainThing = thing(fc.constantFrom(...NAMES), fc.constantFrom(...SITES.filter(isLevel)));
const free = fc.array(fc.constantFrom(...NAMES, 'x'), { minLength: 1, maxLength: 2 });
type Known = 'thing' | 'thingType' | 'site';
const known: fc.Arbitrary<Known[]> = fc.subarray(['thing', 'thingType', 'site']);

function scopeOf({ thingName, thingType, site }: { thingName: string; thingType: string; site: string }, parts: readonly Known[]): DeviceScope {
  return {
    ...parts.includes('thing') && { thing: thingName },
    ...parts.includes('thingType') && { thingType },
    ...parts.includes('site') && { attributes: { site } },
  };
}

test('an app never does what only a device does', () => {
  fc.assert(fc.property(spaces, plainThing, known, ({ channels }, device, parts) => {
    for (const channel of channels) {
      const { publish, retain } = permissions(() => appPublish(channel, scopeOf(device, parts), { retain: true }));
      const { subscribe, receive } = permissions(() => appSubscribe(channel, scopeOf(device, parts)));
      expect(channel.direction === 'from-device' ? [...publish, ...retain] : []).toEqual([]);
      expect(channel.direction === 'to-device' ? [...subscribe, ...receive] : []).toEqual([]);
    }
  }), { numRuns: 200 });
});

test('an app reaches the devices of its scope, in the one filter that it subscribes to', () => {
  fc.assert(fc.property(spaces, plainThing, known, free, ({ channels }, device, parts, levels) => {
    for (const channel of channels) {
      const topic = concreteTopic(channel, device, levels);
      const { publish } = permissions(() => appPublish(channel, scopeOf(device, parts)));
      const heard = permissions(() => appSubscribe(channel, scopeOf(device, parts)));
      expect(publish.length === 0 || client({ ...NOTHING, publish })('iot:Publish', topic)).toBe(true);
      for (const filter of heard.subscribe) {
        expect(client(heard)('iot:Subscribe', filter)).toBe(true);
        expect(client(heard)('iot:Receive', topic)).toBe(true);
        expect(matchesFilter(topic, filter)).toBe(true);
      }
    }
  }), { numRuns: 200 });
});

test('without a scope, an app reaches every device', () => {
  fc.assert(fc.property(spaces, ({ channels }) => {
    for (const channel of channels) {
      expect([channel.direction !== 'from-device', channel.direction !== 'to-device']).toEqual([
        permissions(() => appPublish(channel)).publish.length === 1, permissions(() => appSubscribe(channel)).subscribe.length === 1,
      ]);
    }
  }));
});

test('with one thing as its scope, an app reaches nothing of another, on any channel', () => {
  const pairs = fc.tuple(plainThing, plainThing).filter(([a, b]) => a.thingName !== b.thingName);
  fc.assert(fc.property(spaces, pairs, known, free, ({ channels }, [a, b], parts, levels) => {
    const scope = scopeOf(a, ['thing', ...parts]);
    const others = channels.filter(({ direction }) => direction !== 'broadcast').map((channel) => concreteTopic(channel, b, levels));
    for (const channel of channels) {
      const all = [permissions(() => appPublish(channel, scope, { retain: true })), permissions(() => appSubscribe(channel, scope))];
      for (const topic of others) {
        expect(all.some((some) => ['iot:Publish', 'iot:RetainPublish', 'iot:Receive', 'iot:Subscribe'].some((action) => client(some)(action, topic)))).toBe(false);
        expect(all.some(({ subscribe }) => subscribe.some((filter) => matchesFilter(topic, filter)))).toBe(false);
      }
    }
  }), { numRuns: 300 });
});
