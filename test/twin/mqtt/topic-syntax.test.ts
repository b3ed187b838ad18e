import { hasWildcard, objectToFilter, objectToTopicName, parseFilter } from '../../../lib/twin/mqtt/topic-syntax';

describe('a topic name', () => {
  test.each([
    'a', '/', 'a//b', ' ', 'ä/€', '$aws/things/x/shadow/get', 'a/b/c/d/e/f/g/h', 'x'.repeat(256), 'é'.repeat(128),
    '$aws/rules/r/a/b/c/d/e/f/g/h', `$aws/rules/${'r'.repeat(128)}/${'x'.repeat(256)}`,
  ])('may be %s', (topic) => {
    expect(objectToTopicName(topic)).toBeUndefined();
  });

  test.each([
    ['', 'the topic is empty'],
    ['a/+', "a topic name takes no '+', '#' or null character"],
    ['a#b', "a topic name takes no '+', '#' or null character"],
    ['a\0', "a topic name takes no '+', '#' or null character"],
    ['a/b/c/d/e/f/g/h/i', 'it has more than 7 slashes'],
    ['x'.repeat(257), 'it is longer than 256 bytes'],
    [`${'é'.repeat(128)}x`, 'it is longer than 256 bytes'],
    ['$aws/rules/r/a/b/c/d/e/f/g/h/i', 'it has more than 7 slashes'],
    [`$aws/rules/${'r'.repeat(250)}/x`, 'it is longer than 256 bytes'],
    ['$aws/rules//a/b/c/d/e/f', 'it has more than 7 slashes'],
  ])('may not be %j: %s', (topic, reason) => {
    expect(objectToTopicName(topic)).toBe(reason);
  });
});

describe('a topic filter', () => {
  test.each([
    ['a/b', { filter: 'a/b' }],
    ['$share/g/a/+/#', { share: 'g', filter: 'a/+/#' }],
    ['$share/g//a', { share: 'g', filter: '/a' }],
    ['$share/g', { share: 'g', filter: '' }],
    ['$share//a', { share: '', filter: 'a' }],
    ['$shared/g/a', { filter: '$shared/g/a' }],
    ['a/$share/g/b', { filter: 'a/$share/g/b' }],
  ])('%s is taken apart', (requested, parsed) => {
    expect(parseFilter(requested)).toEqual(parsed);
  });

  test.each(['#', '+', '/', '+/+', 'a/#', '/#', '+/a/#', '$aws/#', 'a/b/c/d/e/f/g/#', '$share/g/#', `$share/${'g'.repeat(128)}/a/b/c/d/e/f/g/h`])('may be %s', (requested) => {
    expect(objectToFilter(parseFilter(requested))).toBeUndefined();
  });

  test.each([
    ['', 'the filter is empty or holds a null character'],
    ['a\0b', 'the filter is empty or holds a null character'],
    ['a#', "'+' must be a whole level and '#' the last one"],
    ['#/a', "'+' must be a whole level and '#' the last one"],
    ['a+/b', "'+' must be a whole level and '#' the last one"],
    ['a/b/c/d/e/f/g/h/#', 'it has more than 7 slashes'],
    ['x'.repeat(257), 'it is longer than 256 bytes'],
    ['$share/g', 'the filter is empty or holds a null character'],
    ['$share//a', "the name of a shared subscription has 1 to 128 characters without '/', '+' and '#'"],
    ['$share/+/a', "the name of a shared subscription has 1 to 128 characters without '/', '+' and '#'"],
    [`$share/${'g'.repeat(129)}/a`, "the name of a shared subscription has 1 to 128 characters without '/', '+' and '#'"],
    [`$share/g/${'x'.repeat(257)}`, 'the filter of a shared subscription is longer than 256 characters'],
    ['$aws/rules/r/a', 'basic ingest topics cannot be subscribed to'],
    ['$share/g/$aws/rules/r/a', 'basic ingest topics cannot be subscribed to'],
  ])('may not be %j: %s', (requested, reason) => {
    expect(objectToFilter(parseFilter(requested))).toBe(reason);
  });

  test.each([['a/b', false], ['a/+', true], ['#', true]])('%s has a wildcard: %s', (filter, has) => {
    expect(hasWildcard(filter)).toBe(has);
  });
});
