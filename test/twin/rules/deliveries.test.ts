import { RuleDeliveries } from '../../../lib/twin/rules';
import { describeDelivery } from '../../../lib/twin/rules/deliveries';
import type { RuleDelivery } from '../../../lib/twin/rules';

const delivery = (payload: string): RuleDelivery => ({ time: 0, rule: 'r', topic: 't', action: 'Kinesis', fields: {}, payload, encoding: 'text', outcome: 'sent', performed: false, notes: [] });

test('the last thousand are kept, the newest last', () => {
  const deliveries = new RuleDeliveries();
  for (let index = 0; index < 1500; index++) {
    deliveries.add(delivery(String(index)), 2);
  }
  const kept = deliveries.all().map(({ payload }) => Number(payload));
  expect([kept.length, kept[0], kept.at(-1)]).toEqual([1000, 500, 1499]);
});

test('fewer are kept of large ones', () => {
  const deliveries = new RuleDeliveries();
  for (let index = 0; index < 40; index++) {
    deliveries.add(delivery('x'.repeat(1024 * 1024 - 1)), 0);
  }
  expect(deliveries.all()).toHaveLength(16);
});

test('who listens learns of those to come, until it stops', () => {
  const deliveries = new RuleDeliveries();
  const heard: string[] = [];
  deliveries.add(delivery('before'), 2);
  const stop = deliveries.listen(({ payload }) => heard.push(payload));
  deliveries.add(delivery('now'), 2);
  stop();
  deliveries.add(delivery('after'), 2);
  expect(heard).toEqual(['now']);
});

test('a line for a person has the beginnings of all that may be long', () => {
  const long = 'ü'.repeat(100_000);
  const one = { ...delivery(long), fields: { Key: long }, notes: [long] };
  expect(describeDelivery(one).length).toBeLessThan(1000);
  expect(describeDelivery({ ...one, outcome: 'failed', reason: long }).length).toBeLessThan(700);
});
