import { LIMITS, SAFETY } from '../../../lib/twin/limits';
import { Shadows } from '../../../lib/twin/shadows';
import { NO_STORAGE } from '../../../lib/twin/storage';
import type { Storage } from '../../../lib/twin/storage';
import { FakeClock } from '../support/fake-clock';

const START = 1_700_000_000;
const CLASSIC = { thingName: 'lamp' };
const NAMED = { thingName: 'lamp', shadowName: 'config' };

let clock: FakeClock;
let shadows: Shadows;

beforeEach(() => {
  clock = new FakeClock(START * 1000);
  shadows = new Shadows({ storage: NO_STORAGE, clock });
});

/** Update with a document, and give the answers as objects. */
function update(document: unknown, target: { thingName: string; shadowName?: string } = CLASSIC): { accepted: unknown; documents: unknown; delta: unknown } {
  const { accepted, documents, delta } = shadows.update(target, Buffer.from(typeof document === 'string' ? document : JSON.stringify(document)));
  return { accepted: JSON.parse(accepted), documents: JSON.parse(documents), delta: delta === undefined ? undefined : JSON.parse(delta) as unknown };
}

const at = (seconds: number): object => ({ timestamp: START + seconds });

describe('an update', () => {
  test('is answered with what was sent, its metadata and the version', () => {
    expect(update({ state: { desired: { color: 'red', gone: null }, reported: { modes: ['a', { b: 1 }] } }, clientToken: 't-1' }).accepted).toEqual({
      state: { desired: { color: 'red', gone: null }, reported: { modes: ['a', { b: 1 }] } },
      metadata: { desired: { color: at(0), gone: at(0) }, reported: { modes: [at(0), { b: at(0) }] } },
      version: 1,
      timestamp: START,
      clientToken: 't-1',
    });
  });

  test('changes the members it names and leaves the others, with their timestamps', () => {
    update({ state: { desired: { color: 'red', ring: { size: 1, speed: 2 } } } });
    clock.advance(5);
    update({ state: { desired: { color: 'red', ring: { speed: 3 } } } });
    expect(shadows.get('lamp')).toMatchObject({
      state: { desired: { color: 'red', ring: { size: 1, speed: 3 } } },
      metadata: { desired: { color: at(5), ring: { size: at(0), speed: at(5) } } },
      version: 2,
    });
  });

  test('replaces arrays whole, and a value of one type by one of another', () => {
    update({ state: { reported: { list: [1, 2, 3], deep: { a: 1 }, flat: 1 } } });
    update({ state: { reported: { list: [4], deep: 'now flat', flat: { now: 'deep' } } } });
    expect(shadows.get('lamp')).toMatchObject({
      state: { reported: { list: [4], deep: 'now flat', flat: { now: 'deep' } } },
      metadata: { reported: { list: [at(0)], deep: at(0), flat: { now: at(0) } } },
    });
  });

  test('removes with null: a member, what is empty then, and a section', () => {
    update({ state: { desired: { a: { b: { c: 1 } }, d: 1 }, reported: { a: 1 } } });
    update({ state: { desired: { a: { b: { c: null } } } } });
    expect(shadows.get('lamp')).toMatchObject({ state: { desired: { d: 1 } }, metadata: { desired: { d: at(0) } } });
    update({ state: { desired: null } });
    expect(shadows.get('lamp')).toEqual({ state: { reported: { a: 1 } }, metadata: { reported: { a: at(0) } }, version: 3, timestamp: START });
    update({ state: { reported: { a: null } } });
    expect(shadows.get('lamp')).toEqual({ state: {}, metadata: {}, version: 4, timestamp: START });
  });

  test('with the state null clears the shadow and does not delete it', () => {
    update({ state: { desired: { a: 1 }, reported: { a: 1 } } });
    expect(update({ state: null }).accepted).toEqual({ state: null, metadata: {}, version: 2, timestamp: START });
    expect(shadows.get('lamp')).toEqual({ state: {}, metadata: {}, version: 2, timestamp: START });
  });

  test('without members raises the version alone; an empty object in it adds and removes nothing', () => {
    update({ state: { desired: { ring: { size: 1 } } } });
    update({ state: {} });
    update({ state: { desired: { ring: {}, other: {} } } });
    expect(shadows.get('lamp')).toMatchObject({ state: { desired: { ring: { size: 1 } } }, version: 3 });
  });

  test('tells of the shadow before and after, without its delta', () => {
    expect(update({ state: { desired: { a: 1 } }, clientToken: 't' }).documents).toEqual({
      previous: null, current: { state: { desired: { a: 1 } }, metadata: { desired: { a: at(0) } }, version: 1 }, timestamp: START, clientToken: 't',
    });
    clock.advance(1);
    expect(update({ state: { reported: { a: 2 } } }).documents).toEqual({
      previous: { state: { desired: { a: 1 } }, metadata: { desired: { a: at(0) } }, version: 1 },
      current: { state: { desired: { a: 1 }, reported: { a: 2 } }, metadata: { desired: { a: at(0) }, reported: { a: at(1) } }, version: 2 },
      timestamp: START + 1,
    });
  });

  test('keeps numbers as they are written', () => {
    const numbers = '{"a":1.0,"b":12345678901234567890123,"c":-0,"d":1E+400,"e":0.1000}';
    const { accepted, delta } = shadows.update(CLASSIC, Buffer.from(`{"state":{"desired":${numbers}}}`));
    expect(accepted).toContain(numbers);
    expect(delta).toContain(numbers);
    expect(shadows.read(CLASSIC)).toContain(`"desired":${numbers}`);
  });

  test('takes any name for a member, and the last of two with one name', () => {
    update('{"state":{"desired":{"__proto__":{"admin":true},"constructor":1,"":2,"a\\"b\\u0000":3,"twice":1,"twice":2}}}');
    const { state: { desired } } = shadows.get('lamp') as { state: { desired: object } };
    expect(Object.entries(desired)).toEqual([['__proto__', { admin: true }], ['constructor', 1], ['', 2], ['a"b\0', 3], ['twice', 2]]);
    expect(({} as { admin?: boolean }).admin).toBeUndefined();
    expect(update('{"state":{"reported":{"__proto__":{"admin":true}}}}').delta).toMatchObject({ state: { constructor: 1 } });
  });

  test('drops a delta that is sent back, and top-level members that mean nothing', () => {
    expect(update({ state: { reported: { a: 1 }, delta: { a: 1 } }, metadata: { x: 1 }, other: [null] }).accepted).toMatchObject({ state: { reported: { a: 1 } } });
    expect(shadows.get('lamp')).toMatchObject({ state: { reported: { a: 1 } } });
  });
});

describe('the delta', () => {
  test('is what is desired and not reported, with the metadata of what is desired', () => {
    update({ state: { desired: { color: 'red', ring: { size: 1, speed: 2 }, modes: [1, 2], same: 1 } } });
    clock.advance(1);
    const { delta } = update({ state: { reported: { color: 'green', ring: { size: 1, extra: 1 }, modes: [1], same: 1, other: 1 } }, clientToken: 't' });
    expect(delta).toEqual({
      state: { color: 'red', ring: { speed: 2 }, modes: [1, 2] },
      metadata: { color: at(0), ring: { speed: at(0) }, modes: [at(0), at(0)] },
      version: 2,
      timestamp: START + 1,
      clientToken: 't',
    });
    expect(shadows.get('lamp')).toMatchObject({ state: { delta: { color: 'red', ring: { speed: 2 }, modes: [1, 2] } } });
    expect(shadows.get('lamp')).not.toHaveProperty('metadata.delta');
  });

  test('is all that is desired where nothing is reported', () => {
    expect(update({ state: { desired: { a: { b: 1 } } } }).delta).toMatchObject({ state: { a: { b: 1 } } });
  });

  test('compares numbers by what they are worth', () => {
    expect(update('{"state":{"desired":{"a":1,"b":100,"c":0,"d":[1.50]},"reported":{"a":1.0,"b":1e2,"c":-0.0,"d":[15E-1]}}}').delta).toBeUndefined();
    expect(update('{"state":{"desired":{"a":9007199254740993},"reported":{"a":9007199254740992}}}').delta).toMatchObject({ state: { a: 9007199254740992 } });
  });

  test('is absent where all that is desired is reported, or nothing is desired', () => {
    expect(update({ state: { reported: { a: 1 } } }).delta).toBeUndefined();
    expect(update({ state: { desired: { a: 1 } } }).delta).toBeUndefined();
    expect(shadows.get('lamp')).not.toHaveProperty('state.delta');
  });
});

describe('a version', () => {
  test('that is the one of the shadow is let through', () => {
    update({ state: { desired: { a: 1 } }, version: 1 });
    expect(update({ state: { desired: { a: 2 } }, version: 1 }).accepted).toMatchObject({ version: 2 });
  });

  test('that is another one is a conflict, and nothing changes', () => {
    update({ state: { desired: { a: 1 } } });
    expect(() => update({ state: { desired: { a: 2 } }, version: 2 })).toThrow(expect.objectContaining({ code: 409, message: 'Version conflict' }) as Error);
    expect(shadows.get('lamp')).toMatchObject({ state: { desired: { a: 1 } }, version: 1 });
  });

  test('above 1 is invalid for a shadow that is not there', () => {
    expect(() => update({ state: {}, version: 7 })).toThrow(expect.objectContaining({ code: 400, message: 'Invalid version' }) as Error);
  });

  test('goes on for 48 hours after the shadow was deleted, and then begins anew', () => {
    update({ state: {} });
    update({ state: {} });
    expect(JSON.parse(shadows.delete(CLASSIC, 't'))).toEqual({ version: 2, timestamp: START, clientToken: 't' });
    clock.advance(47 * 3600);
    expect(update({ state: { desired: { a: 1 } } }).accepted).toMatchObject({ version: 4 });
    shadows.delete(CLASSIC);
    clock.advance(48 * 3600);
    expect(update({ state: { desired: { a: 1 } } }).accepted).toMatchObject({ version: 1 });
  });

  test('from before the shadow was deleted is a conflict, as deleting raises it', () => {
    update({ state: {} });
    shadows.delete(CLASSIC);
    expect(() => update({ state: {}, version: 1 })).toThrow(expect.objectContaining({ code: 409, message: 'Version conflict' }) as Error);
    expect(update({ state: {}, version: 2 }).accepted).toMatchObject({ version: 3 });
  });
});

describe('an update fails', () => {
  const nested = (depth: number): string => `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`;

  test.each<[string, string | Buffer, number, string]>([
    ['for no JSON', 'hello', 400, 'Invalid JSON'],
    ['for nothing', '', 400, 'Invalid JSON'],
    ['for half a document', '{"state":{"desired":{"a":1}', 400, 'Invalid JSON'],
    ['for bytes that are no UTF-8', Buffer.from([0x7b, 0xff, 0xfe]), 415, 'Unsupported documented encoding; supported encoding is UTF-8'],
    ['without a state', '{"desired":{"a":1}}', 400, 'Missing required node: state'],
    ['for JSON that is no object', '[{"state":{}}]', 400, 'Missing required node: state'],
    ['for null', 'null', 400, 'Missing required node: state'],
    ['for a state that is no object', '{"state":1}', 400, 'State node must be an object'],
    ['for a state that is a list', '{"state":[]}', 400, 'State node must be an object'],
    ['for a desired state that is no object', '{"state":{"desired":[1]}}', 400, 'Desired node must be an object'],
    ['for a reported state that is no object', '{"state":{"reported":"on"}}', 400, 'Reported node must be an object'],
    ['for another member of the state', '{"state":{"desire":{}}}', 400, 'State contains an invalid node'],
    ['for __proto__ in the state', '{"state":{"__proto__":{}}}', 400, 'State contains an invalid node'],
    ['for null in a list', '{"state":{"desired":{"a":[1,[null]]}}}', 400, 'State contains an invalid node'],
    ['for a version that is text', '{"state":{},"version":"1"}', 400, 'Invalid version'],
    ['for a version with a fraction', '{"state":{},"version":1.5}', 400, 'Invalid version'],
    ['for a version below zero', '{"state":{},"version":-1}', 400, 'Invalid version'],
    ['for a huge version', '{"state":{},"version":1e300}', 400, 'Invalid version'],
    ['for a token of 65 bytes', `{"state":{},"clientToken":"${'é'.repeat(32)}x"}`, 400, 'Invalid clientToken'],
    ['for a token that is no text', '{"state":{},"clientToken":{"a":1}}', 400, 'Invalid clientToken'],
    ['for seven levels', `{"state":{"desired":${nested(7)}}}`, 400, 'JSON contains too many levels of nesting; maximum is 6'],
    ['for seven levels of lists', `{"state":{"desired":{"a":${'['.repeat(6)}1${']'.repeat(6)}}}}`, 400, 'JSON contains too many levels of nesting; maximum is 6'],
    ['for as many levels as a message can have', `{"state":{"desired":{"a":${'['.repeat(60_000)}${']'.repeat(60_000)}}}}`, 400, 'JSON contains too many levels of nesting; maximum is 6'],
  ])('%s', (_, payload, code, message) => {
    expect(() => shadows.update(CLASSIC, Buffer.from(payload))).toThrow(expect.objectContaining({ code, message }) as Error);
    expect(shadows.get('lamp')).toBeUndefined();
  });

  test('for more than 8 KB of desired and reported state together, as it would be after the update', () => {
    const rest = LIMITS.shadowBytes - '{"a":""}'.length - '{"b":""}'.length;
    update({ state: { desired: { a: 'é'.repeat(rest / 2 - 50) }, reported: { b: 'x'.repeat(100) } } });
    expect(() => update({ state: { reported: { b: 'x'.repeat(101) } } })).toThrow(expect.objectContaining({ code: 413, message: 'The payload exceeds the maximum size allowed' }) as Error);
    expect(shadows.get('lamp')).toMatchObject({ state: { reported: { b: 'x'.repeat(100) } }, version: 1 });
    update({ state: { desired: { a: null }, reported: { b: 'x'.repeat(101) } } });
  });

  test('not for six levels, a token of 64 bytes or members that are null', () => {
    update(`{"state":{"desired":${nested(6)}},"clientToken":"${'é'.repeat(32)}"}`);
    expect(update({ state: {}, version: null, clientToken: null }).accepted).toEqual({ state: {}, metadata: {}, version: 2, timestamp: START });
  });
});

test('what is not there cannot be got or deleted', () => {
  const missing = (name: string): Error => expect.objectContaining({ code: 404, message: `No shadow exists with name: '${name}'` }) as Error;
  expect(() => shadows.read(CLASSIC)).toThrow(missing('lamp'));
  expect(() => shadows.delete(NAMED)).toThrow(missing('config'));
  expect(shadows.get('lamp', 'config')).toBeUndefined();
});

test('the shadows of a thing have nothing to do with each other', () => {
  update({ state: { desired: { a: 1 } } });
  update({ state: { desired: { a: 2 } } }, NAMED);
  update({ state: {} }, { thingName: 'lamp2', shadowName: 'config' });
  shadows.delete(CLASSIC);
  expect(shadows.get('lamp', 'config')).toMatchObject({ state: { desired: { a: 2 } }, version: 1 });
  expect([...shadows.list()]).toEqual([{ ...NAMED, version: 1 }, { thingName: 'lamp2', shadowName: 'config', version: 1 }]);
});

test('named shadows are listed by name, a page at a time, without the classic one', () => {
  for (const shadowName of ['c', 'a', 'd', 'b']) {
    update({ state: {} }, { thingName: 'lamp', shadowName });
  }
  update({ state: {} });
  update({ state: {} }, { thingName: 'lam', shadowName: 'other' });
  const first = shadows.listNamed('lamp', 3) as { nextToken: string };
  expect(first).toEqual({ results: ['a', 'b', 'c'], nextToken: expect.any(String) as string, timestamp: START });
  expect(shadows.listNamed('lamp', 3, first.nextToken)).toEqual({ results: ['d'], timestamp: START });
  expect(shadows.listNamed('nobody')).toEqual({ results: [], timestamp: START });
  expect(() => shadows.listNamed('lamp', 0)).toThrow('pageSize must be from 1 to 100');
  expect(() => shadows.listNamed('lamp', 101)).toThrow('pageSize must be from 1 to 100');
});

describe('what the twin itself allows', () => {
  afterEach(() => jest.restoreAllMocks());

  const full = expect.objectContaining({ code: 500, message: expect.stringMatching(/^Internal service failure: the twin keeps no more than /) as string }) as Error;

  test('is so many shadows; those that are there still change', () => {
    jest.replaceProperty(SAFETY, 'shadows', 2 as typeof SAFETY.shadows);
    update({ state: {} });
    update({ state: {} }, NAMED);
    expect(() => update({ state: {} }, { thingName: 'third' })).toThrow(full);
    update({ state: {} });
    shadows.delete(NAMED);
    update({ state: {} }, { thingName: 'third' });
  });

  test('is so many characters of all documents together', () => {
    jest.replaceProperty(SAFETY, 'shadowCharacters', 300);
    update({ state: { reported: { a: 'x'.repeat(100) } } });
    expect(() => update({ state: { reported: { a: 'x'.repeat(300) } } })).toThrow(full);
    expect(() => update({ state: { reported: { a: 'x'.repeat(100) } } }, NAMED)).toThrow(full);
    shadows.delete(CLASSIC);
    update({ state: { reported: { a: 'x'.repeat(100) } } }, NAMED);
  });

  const fullThing = expect.objectContaining({ code: 500, message: expect.stringMatching(/^Internal service failure: the twin keeps no more than .* for a thing$/) as string }) as Error;
  const named = (shadowName: string, thingName = 'lamp') => ({ thingName, shadowName });

  test('is so many named shadows of one thing; other things still get theirs', () => {
    jest.replaceProperty(SAFETY, 'namedShadowsPerThing', 2 as typeof SAFETY.namedShadowsPerThing);
    ['a', 'b'].forEach((name) => update({ state: {} }, named(name)));
    expect(() => update({ state: {} }, named('c'))).toThrow(fullThing);
    update({ state: {} }, named('a'));
    update({ state: {} });
    update({ state: {} }, named('c', 'other'));
    shadows.delete(named('b'));
    update({ state: {} }, named('c'));
    expect(shadows.listNamed('lamp')).toMatchObject({ results: ['a', 'c'] });
  });

  test('is so many characters of the named shadows of one thing; they may always shrink', () => {
    const sized = (length: number) => ({ state: { reported: { a: 'x'.repeat(length) } } });
    update(sized(200), named('a'));
    jest.replaceProperty(SAFETY, 'namedShadowCharactersPerThing', 200);
    update(sized(190), named('a'));
    expect(() => update(sized(191), named('a'))).toThrow(fullThing);
    expect(() => update(sized(1), named('b'))).toThrow(fullThing);
    update(sized(100));
    update(sized(20), named('b', 'other'));
    shadows.delete(named('a'));
    update(sized(1), named('b'));
  });

  test('is to remember the versions of so many deleted shadows of one thing, and those of others all the same', () => {
    jest.replaceProperty(SAFETY, 'namedShadowsPerThing', 2 as typeof SAFETY.namedShadowsPerThing);
    for (const target of [named('a', 'other'), named('a'), named('b'), named('c')]) {
      update({ state: {} }, target);
      shadows.delete(target);
    }
    expect(update({ state: {} }, named('a')).accepted).toMatchObject({ version: 1 });
    expect(update({ state: {} }, named('b')).accepted).toMatchObject({ version: 3 });
    expect(update({ state: {} }, named('a', 'other')).accepted).toMatchObject({ version: 3 });
  });

  test('is to remember the versions of so many deleted shadows; the oldest are forgotten', () => {
    jest.replaceProperty(SAFETY, 'shadows', 2 as typeof SAFETY.shadows);
    for (const thingName of ['a', 'b', 'c']) {
      update({ state: {} }, { thingName });
      shadows.delete({ thingName });
    }
    expect(update({ state: {} }, { thingName: 'a' }).accepted).toMatchObject({ version: 1 });
    expect(update({ state: {} }, { thingName: 'c' }).accepted).toMatchObject({ version: 3 });
  });
});

describe('with a storage', () => {
  /** A storage in memory, which outlasts the shadows. */
  function memory(): Storage {
    const tables = new Map<string, Map<string, Buffer>>();
    const table = (name: string): Map<string, Buffer> => tables.get(name) ?? tables.set(name, new Map()).get(name)!;
    return {
      ...NO_STORAGE,
      load: (name) => [...table(name)].map(([key, value]) => ({ key, value })),
      put: (name, key, value) => void table(name).set(key, Buffer.from(value)),
      remove: (name, key) => void table(name).delete(key),
    };
  }

  test('shadows and the versions of deleted ones are there again', () => {
    const storage = memory();
    shadows = new Shadows({ storage, clock });
    update('{"state":{"desired":{"a":1.0},"reported":{"version":"x"}}}');
    update({ state: {} }, NAMED);
    update({ state: {} }, NAMED);
    shadows.delete(NAMED);
    const before = shadows.read(CLASSIC);
    shadows = new Shadows({ storage, clock });
    expect(shadows.read(CLASSIC)).toBe(before);
    expect([...shadows.list()]).toEqual([{ ...CLASSIC, version: 1 }]);
    expect(update({ state: {} }, NAMED).accepted).toMatchObject({ version: 4 });
    clock.advance(1);
    shadows.delete(NAMED);
    clock.advance(48 * 3600);
    update({ state: {} }, { thingName: 'other' });
    expect([...storage.load('deletedShadows')]).toEqual([]);
  });
});
