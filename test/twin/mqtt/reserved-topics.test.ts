import { isReservedTopic, objectToReservedTopic } from '../../../lib/twin/mqtt/reserved-topics';
import { matchesFilter } from '../../../lib/twin/mqtt/topic-syntax';

describe('reserved topics', () => {
  test.each([
    '$aws/certificates/create/json', '$aws/certificates/create-from-csr/cbor', '$aws/provisioning-templates/a/provision/json',
  ])('clients may ask on %s', (topic) => {
    expect(isReservedTopic(topic)).toBe(true);
    expect(objectToReservedTopic(topic)).toBeUndefined();
  });

  test.each([
    '$aws/events/presence/connected/a', '$aws/certificates/create/json/accepted', '$aws/certificates/create/xml', '$aws/provisioning-templates/a/provision/json/rejected',
    '$aws/provisioning-templates/a/b/provision/json',
  ])('fails for %s', (topic) => {
    expect(objectToReservedTopic(topic)).toBe('AWS IoT alone publishes to this reserved topic');
  });

  test.each(['dt/a', '$aws/things/a/shadow/update', '$aws/rules/r/a', 'aws/events/a'])('%s is none of these', (topic) => {
    expect(isReservedTopic(topic)).toBe(false);
  });
});

test.each([
  ['a/b', 'a/b', true],
  ['a/b', 'a/+', true],
  ['a/b/c', 'a/#', true],
  ['a', 'a/#', false],
  ['a/b', 'a', false],
  ['a', 'a/b', false],
  ['a/b/c', 'a/+', false],
  ['$aws/a', '#', false],
  ['$aws/a', '+/a', false],
  ['$aws/a', '$aws/#', true],
  ['a/', 'a/+', true],
])('whether %s matches %s: %s', (topic, filter, expected) => {
  expect(matchesFilter(topic, filter)).toBe(expected);
});
