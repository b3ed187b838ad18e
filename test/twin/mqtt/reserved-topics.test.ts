import { objectToReservedTopic } from '../../../lib/twin/mqtt/reserved-topics';
import { matchesFilter } from '../../../lib/twin/mqtt/topic-syntax';

describe('reserved topics', () => {
  test.each([
    '$aws/certificates/create/json', '$aws/certificates/create-from-csr/cbor', '$aws/provisioning-templates/a/provision/json',
    '$aws/things/a/jobs/get', '$aws/things/a/jobs/start-next', '$aws/things/a/jobs/j/get', '$aws/things/a/jobs/j/update',
    '$aws/things/a/defender/metrics/cbor', '$aws/things/a/streams/s/describe/json',
  ])('MQTT clients alone may ask on %s', (topic) => {
    expect(objectToReservedTopic(topic)).toBeUndefined();
    expect(objectToReservedTopic(topic, false)).toBe('what is asked on this reserved topic is answered over MQTT alone');
  });

  test.each([
    '$aws/things/a/shadow/get', '$aws/things/a/shadow/update', '$aws/things/a/shadow/delete', '$aws/things/a/shadow/name/s/update',
    'dt/a', '$aws/rules/r/a', 'aws/events/a', '$aws/things/a/other',
  ])('anybody may publish to %s', (topic) => {
    expect(objectToReservedTopic(topic)).toBeUndefined();
    expect(objectToReservedTopic(topic, false)).toBeUndefined();
  });

  test.each([
    '$aws/events/presence/connected/a', '$aws/certificates/create/json/accepted', '$aws/certificates/create/xml', '$aws/provisioning-templates/a/provision/json/rejected',
    '$aws/provisioning-templates/a/b/provision/json', '$aws/things/a/shadow/update/accepted', '$aws/things/a/shadow/update/delta', '$aws/things/a/shadow/name/s/get/rejected',
    '$aws/things/a/jobs/notify', '$aws/things/a/jobs/notify-next', '$aws/things/a/jobs/j/update/accepted', '$aws/things/a/tunnels/notify',
    '$aws/things/a/defender/metrics/json/accepted', '$aws/things/a/streams/s/data/json',
  ])('nobody may publish to %s', (topic) => {
    expect(objectToReservedTopic(topic)).toBe('AWS IoT alone publishes to this reserved topic');
    expect(objectToReservedTopic(topic, false)).toBe('AWS IoT alone publishes to this reserved topic');
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
