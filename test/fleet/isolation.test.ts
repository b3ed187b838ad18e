import * as fc from 'fast-check';
import { Channel, TopicSpace } from '../../lib';
import { deviceStatements } from '../../lib/access/device-statements';
import { renderDocument } from '../../lib/access/document';
import { packStatements } from '../../lib/access/packing';
import { TopicError } from '../../lib/topics/errors';
import { ACCOUNT, Device } from '../access/device';

// Things are called like levels, and like beginnings of each other, on purpose.
const NAMES = ['a', 'ab', 'sensor-1', 'sensor-10', 'config'];
const SITES = ['a', 'sensor-1', 'north', 'north/a', '#', 'config/sensor-1'];
const level = fc.constantFrom('{thing}', '{thing}', '{thing}', '{type}', '{attribute:site}', '+', ...NAMES);

const channel = fc.record({
  kind: fc.constantFrom('fromDevice', 'toDevice', 'bidirectional', 'broadcast'),
  levels: fc.array(level, { minLength: 1, maxLength: 4 }),
  rest: fc.boolean(),
  retain: fc.boolean(),
}).map(({ kind, levels, rest, retain }) => {
  const pattern = [...levels, ...rest ? ['#'] : []].join('/');
  try {
    return kind === 'fromDevice' ? Channel.fromDevice(pattern, { retain })
      : kind === 'bidirectional' ? Channel.bidirectional(pattern, { retain })
        : kind === 'toDevice' ? Channel.toDevice(pattern) : Channel.broadcast(pattern);
  } catch (error) {
    expect(error).toBeInstanceOf(TopicError);
    return undefined;
  }
}).filter((made) => made !== undefined);

/** Channels that a topic space takes together. */
const spaces = fc.array(channel, { minLength: 1, maxLength: 3 }).map((channels) => {
  try {
    return { channels, space: new TopicSpace({ topics: Object.fromEntries(channels.map((made, index) => [`c${index}`, made])) }) };
  } catch (error) {
    expect(error).toBeInstanceOf(TopicError);
    return undefined;
  }
}).filter((made) => made !== undefined);

const thing = (thingName: fc.Arbitrary<string>, site: fc.Arbitrary<string>) => fc.record({ thingName, thingType: fc.constantFrom('a', 'meter'), site });

/** A topic of a channel for a thing: whole levels for `+`, one or two for `#`. */
function concreteTopic(made: Channel, { thingName, thingType, site }: { thingName: string; thingType: string; site: string }, free: readonly string[]): string {
  return filterOf(made, thingName, thingType, site).replace(/\+/g, () => free[0]!).replace(/#$/, free.join('/'));
}

function filterOf(made: Channel, thingName: string, thingType: string, site: string): string {
  return made.pattern.replaceAll('{thing}', thingName).replaceAll('{type}', thingType).replaceAll('{attribute:site}', site);
}

function device(space: TopicSpace, { thingName, thingType, site }: { thingName: string; thingType: string; site: string }): Device {
  const writer = {
    arn: (type: string, name: string) => `arn:${ACCOUNT.partition}:iot:${ACCOUNT.region}:${ACCOUNT.accountId}:${type}/${name}`,
    text: (text: string) => text,
  };
  const documents = packStatements(deviceStatements(space)).map((statements) => renderDocument(statements, writer));
  return new Device(documents, { thingName, thingType, thingAttributes: { site } });
}

const ACTIONS = ['iot:Publish', 'iot:RetainPublish', 'iot:Subscribe', 'iot:Receive'];
const GRANTED: Record<string, { topic: string[]; filter: string[] }> = {
  'from-device': { topic: ['iot:Publish'], filter: [] },
  'to-device': { topic: ['iot:Receive'], filter: ['iot:Subscribe'] },
  broadcast: { topic: ['iot:Receive'], filter: ['iot:Subscribe'] },
  bidirectional: { topic: ['iot:Publish', 'iot:Receive'], filter: ['iot:Subscribe'] },
};

const pairs = fc.tuple(
  spaces,
  thing(fc.constantFrom(...NAMES), fc.constantFrom(...SITES)),
  // What belongs to another thing is only well defined where its own attributes are.
  thing(fc.constantFrom(...NAMES), fc.constantFrom(...SITES.filter((site) => !/[/#]/.test(site)))),
  fc.array(fc.constantFrom(...NAMES, 'x'), { minLength: 1, maxLength: 2 }),
).filter(([, a, b]) => a.thingName !== b.thingName);

test('no device of any fleet can use a topic of another, or connect as it', () => {
  fc.assert(fc.property(pairs, ([{ channels, space }, a, b, free]) => {
    const intruder = device(space, a);
    expect(intruder.decide('iot:Connect', b.thingName)).toBe('deny');
    for (const made of channels.filter(({ direction }) => direction !== 'broadcast')) {
      expect(intruder.allowed(ACTIONS, concreteTopic(made, b, free))).toEqual([]);
      expect(intruder.allowed(ACTIONS, filterOf(made, b.thingName, b.thingType, b.site))).toEqual([]);
    }
    for (const made of channels.filter(({ direction }) => direction === 'broadcast')) {
      expect(intruder.allowed(['iot:Publish', 'iot:RetainPublish'], concreteTopic(made, b, free))).toEqual([]);
    }
  }), { numRuns: 200 });
});

test('every device of any fleet can use its own topics', () => {
  fc.assert(fc.property(pairs, ([{ channels, space }, , own, free]) => {
    const self = device(space, own);
    expect(self.decide('iot:Connect', own.thingName)).toBe('allow');
    for (const made of channels) {
      const { topic, filter } = GRANTED[made.direction]!;
      const retained = made.retain ? ['iot:RetainPublish'] : [];
      for (const action of [...topic, ...retained]) {
        expect(self.decide(action, concreteTopic(made, own, free))).toBe('allow');
      }
      for (const action of filter) {
        expect(self.decide(action, filterOf(made, own.thingName, own.thingType, own.site))).toBe('allow');
      }
    }
  }), { numRuns: 200 });
});
