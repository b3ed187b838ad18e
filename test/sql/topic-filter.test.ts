import fc from 'fast-check';
import { topicFilterMatches, topicFiltersOverlap } from '../../lib/sql';

test.each([
  ['a/b', 'a/b', true],
  ['a/+', 'a/b', true],
  ['a/+', 'a', false],
  ['a/+', 'a/b/c', false],
  ['a/+', 'a/', true],
  ['a/#', 'a', true],
  ['a/#', 'a/b/c', true],
  ['a/#', 'b', false],
  ['#', 'a/b', true],
  ['+/+', '/a', true],
  ['#', '$aws/things', false],
  ['+/things', '$aws/things', false],
  ['$aws/#', '$aws/things/a', true],
  ['$aws/things/+/shadow/update', '$aws/things/a/shadow/update', true],
])('%s matches %s: %s', (filter, topic, matches) => {
  expect(topicFilterMatches(filter, topic)).toBe(matches);
});

const level = fc.constantFrom('a', 'b', '$x', '');
const topics = fc.array(level, { minLength: 1, maxLength: 3 }).map((levels) => levels.join('/'));
const filters = fc.tuple(fc.array(fc.oneof(level, fc.constant('+')), { minLength: 1, maxLength: 3 }), fc.boolean())
  .map(([levels, all]) => [...levels, ...all ? ['#'] : []].join('/'));

test('filters overlap as soon as one topic matches both', () => {
  let both = 0;
  fc.assert(fc.property(filters, filters, topics, (left, right, topic) => {
    if (topicFilterMatches(left, topic) && topicFilterMatches(right, topic)) {
      both++;
      expect(topicFiltersOverlap(left, right)).toBe(true);
    }
  }), { numRuns: 2000 });
  expect(both).toBeGreaterThan(20);
});

test.each([['a/b', 'a/c'], ['a/+', 'a'], ['a/+', 'a/b/c'], ['#', '$aws/a'], ['a/#', 'b/#']])('%s and %s share no topic', (left, right) => {
  expect(topicFiltersOverlap(left, right)).toBe(false);
});
