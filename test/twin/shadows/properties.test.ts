import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { Shadows } from '../../../lib/twin/shadows';
import { Numeral, isEqual, readJson, writeJson } from '../../../lib/twin/shadows/json';
import { NO_STORAGE } from '../../../lib/twin/storage';
import { FakeClock } from '../support/fake-clock';

const START = 1_700_000_000;

type Plain = null | boolean | number | string | Plain[] | { [name: string]: Plain };
type Section = { [name: string]: Plain };

const name = fc.constantFrom('a', 'b', 'c', '__proto__');
const scalar = fc.oneof(fc.integer({ min: 0, max: 2 }), fc.boolean(), fc.constantFrom('', 'x'));
const object = (member: fc.Arbitrary<Plain>): fc.Arbitrary<Section> => fc.array(fc.tuple(name, member), { maxLength: 3 }).map((members) => Object.fromEntries(members));
const { member } = fc.letrec<{ member: Plain; item: Plain }>((tie) => ({
  member: fc.oneof({ depthSize: 'small', maxDepth: 3 }, scalar, fc.constant(null), object(tie('member')), fc.array(tie('item'), { maxLength: 2 })),
  item: fc.oneof({ depthSize: 'small', maxDepth: 2 }, scalar, object(tie('item'))),
}));
const section = object(member);
const request = fc.record({ desired: fc.oneof({ arbitrary: section, weight: 5 }, { arbitrary: fc.constant(null), weight: 1 }), reported: section }, { requiredKeys: [] });

/** The slow and direct model of a section: the values at the ends of its paths, and when they were written. */
type Leaves = Map<string, { readonly value: Plain; readonly seconds: number }>;

const isObject = (value: Plain | undefined): value is Section => typeof value === 'object' && value !== null && !Array.isArray(value);

function write(leaves: Leaves, path: readonly string[], value: Plain, seconds: number): void {
  const key = path.join('/');
  for (const other of [...leaves.keys()]) {
    // What is written ends whatever was a value above it; a value ends whatever was below it, too.
    if (key.startsWith(`${other}/`) || other === key || (!isObject(value) && other.startsWith(`${key}/`))) {
      leaves.delete(other);
    }
  }
  if (isObject(value)) {
    Object.entries(value).forEach(([next, inner]) => write(leaves, [...path, next], inner, seconds));
  } else if (value !== null) {
    leaves.set(key, { value, seconds });
  }
}

function leavesOf(value: Plain | undefined, path: readonly string[] = []): [string, Plain][] {
  return isObject(value) ? Object.entries(value).flatMap(([next, inner]) => leavesOf(inner, [...path, next])) : value === undefined ? [] : [[path.join('/'), value]];
}

function stamped(value: Plain, seconds: number): Plain {
  return Array.isArray(value) ? value.map((item) => stamped(item, seconds))
    : isObject(value) ? Object.fromEntries(Object.entries(value).map(([next, inner]) => [next, stamped(inner, seconds)])) : { timestamp: seconds };
}

function at(value: Plain | undefined, path: string): Plain | undefined {
  return path.split('/').reduce<Plain | undefined>((inner, next) => (isObject(inner) ? inner[next] : undefined), value);
}

const sorted = (leaves: Iterable<readonly [string, Plain]>): unknown => Object.fromEntries([...leaves].map(([path, value]) => [`/${path}`, value]));

test('after any updates, a shadow is what the model says, and so are its metadata, its delta and its version', () => {
  fc.assert(fc.property(fc.array(request, { minLength: 1, maxLength: 6 }), (requests) => {
    const clock = new FakeClock(START * 1000);
    const shadows = new Shadows({ storage: NO_STORAGE, clock });
    const model = { desired: new Map() as Leaves, reported: new Map() as Leaves };
    requests.forEach((state, index) => {
      clock.advance(1);
      const seconds = START + index + 1;
      const { accepted, delta } = shadows.update({ thingName: 't' }, Buffer.from(JSON.stringify({ state })));
      for (const key of ['desired', 'reported'] as const) {
        const sent = state[key];
        if (sent === null) {
          model[key].clear();
        } else if (sent !== undefined) {
          Object.entries(sent).forEach(([next, value]) => write(model[key], [next], value, seconds));
        }
      }
      const got = shadows.get('t') as { state: Section; metadata: Section; version: number };
      for (const key of ['desired', 'reported'] as const) {
        expect(sorted(leavesOf(got.state[key]))).toEqual(sorted([...model[key]].map(([path, { value }]) => [path, value])));
        for (const [path, leaf] of model[key]) {
          expect(at(got.metadata[key], path)).toEqual(stamped(leaf.value, leaf.seconds));
        }
        expect(key in got.state).toBe(model[key].size > 0);
        expect(key in got.metadata).toBe(model[key].size > 0);
      }
      const wanting = [...model.desired].filter(([path, { value }]) => !isDeepStrictEqual(value, model.reported.get(path)?.value));
      expect(delta === undefined).toBe(wanting.length === 0);
      const { state: deltaState, metadata } = delta === undefined ? {} as { state?: Section; metadata?: Section } : JSON.parse(delta) as { state: Section; metadata: Section };
      expect(sorted(leavesOf(deltaState))).toEqual(sorted(wanting.map(([path, { value }]) => [path, value])));
      expect(deltaState).toEqual(got.state.delta);
      wanting.forEach(([path, { value, seconds: then }]) => expect(at(metadata, path)).toEqual(stamped(value, then)));
      expect(got.version).toBe(index + 1);
      expect(JSON.parse(accepted)).toEqual({ state, metadata: stamped(state as Section, seconds), version: index + 1, timestamp: seconds });
    });
  }), { numRuns: 200 });
});

test('reporting what the delta says ends it', () => {
  fc.assert(fc.property(section, section, (desired, reported) => {
    const shadows = new Shadows({ storage: NO_STORAGE, clock: new FakeClock(START * 1000) });
    const { delta } = shadows.update({ thingName: 't' }, Buffer.from(JSON.stringify({ state: { desired, reported } })));
    fc.pre(delta !== undefined);
    const { state } = JSON.parse(delta) as { state: Section };
    expect(shadows.update({ thingName: 't' }, Buffer.from(JSON.stringify({ state: { reported: state } }))).delta).toBeUndefined();
  }));
});

test('numbers with many zeros within are compared at once', () => {
  const digits = `1${'0'.repeat(130_000)}1`;
  const start = performance.now();
  expect(isEqual(new Numeral(digits), new Numeral(`${digits}.0`))).toBe(true);
  expect(isEqual(new Numeral(digits), new Numeral(`${digits}0`))).toBe(false);
  expect(performance.now() - start).toBeLessThan(1000);
});

test('JSON is read and written as JSON.parse understands it, however it is spaced', () => {
  fc.assert(fc.property(fc.json({ maxDepth: 8 }), fc.constantFrom(0, '\t', ' \r\n '), (text, space) => {
    const value = JSON.parse(text) as unknown;
    const written = writeJson(readJson(JSON.stringify(value, null, space))!);
    expect(JSON.parse(written)).toEqual(value);
    // Numbers are spelled as JSON.stringify does in both.
    expect(JSON.stringify(JSON.parse(written))).toBe(JSON.stringify(value));
  }));
});

test('whatever is sent, the answer is a document or an error in AWS\'s words', () => {
  const shadows = new Shadows({ storage: NO_STORAGE, clock: new FakeClock(START * 1000) });
  const payload = fc.oneof(
    fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes)),
    fc.json().map((text) => Buffer.from(text)),
    fc.record({ state: fc.oneof(fc.jsonValue(), fc.record({ desired: fc.jsonValue(), reported: fc.jsonValue() }, { requiredKeys: [] })), version: fc.jsonValue(), clientToken: fc.jsonValue() }, { requiredKeys: [] })
      .map((document) => Buffer.from(JSON.stringify(document))),
  );
  fc.assert(fc.property(payload, (sent) => {
    try {
      JSON.parse(shadows.update({ thingName: 't' }, sent).accepted);
    } catch (error) {
      expect(error).toMatchObject({ code: expect.any(Number) as number });
    }
  }), { numRuns: 1000 });
});
