import * as fc from 'fast-check';
import { Channel, TopicSpace } from '../../lib';
import { TopicError } from '../../lib/topics/errors';

// Things are called like levels, and like beginnings of each other, on purpose.
export const NAMES = ['a', 'ab', 'sensor-1', 'sensor-10', 'config'];
export const SITES = ['a', 'sensor-1', 'north', 'north/a', '#', 'config/sensor-1'];
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
export const spaces = fc.array(channel, { minLength: 1, maxLength: 3 }).map((channels) => {
  try {
    return { channels, space: new TopicSpace({ topics: Object.fromEntries(channels.map((made, index) => [`c${index}`, made])) }) };
  } catch (error) {
    expect(error).toBeInstanceOf(TopicError);
    return undefined;
  }
}).filter((made) => made !== undefined);

export const thing = (thingName: fc.Arbitrary<string>, site: fc.Arbitrary<string>) => fc.record({ thingName, thingType: fc.constantFrom('a', 'meter'), site });

/** A topic of a channel for a thing: whole levels for `+`, one or two for `#`. */
export function concreteTopic(made: Channel, { thingName, thingType, site }: { thingName: string; thingType: string; site: string }, free: readonly string[]): string {
  return filterOf(made, thingName, thingType, site).replace(/\+/g, () => free[0]!).replace(/#$/, free.join('/'));
}

export function filterOf(made: Channel, thingName: string, thingType: string, site: string): string {
  return made.pattern.replaceAll('{thing}', thingName).replaceAll('{type}', thingType).replaceAll('{attribute:site}', site);
}
