import fc from 'fast-check';
import { SubscriptionTree } from '../../../lib/twin/mqtt/subscription-tree';

/** The rules of topic filters, level by level and as slowly as can be. */
function matches(filter: string, topic: string): boolean {
  const wanted = filter.split('/');
  const levels = topic.split('/');
  if (topic.startsWith('$') && (wanted[0] === '#' || wanted[0] === '+')) {
    return false;
  }
  const isOpen = wanted.at(-1) === '#';
  const fixed = isOpen ? wanted.slice(0, -1) : wanted;
  // Unlike in the standard, '#' stands for one level at least.
  return (isOpen ? levels.length > fixed.length : levels.length === fixed.length)
    && fixed.every((level, index) => level === '+' || level === levels[index]);
}

const level = fc.constantFrom('a', 'b', '', '$x');
const topics = fc.array(level, { minLength: 1, maxLength: 4 }).map((levels) => levels.join('/')).filter((topic) => topic !== '');
const filters = fc.tuple(fc.array(fc.oneof(level, fc.constant('+')), { minLength: 0, maxLength: 3 }), fc.constantFrom('a', '+', '#', '$x'))
  .map(([levels, last]) => [...levels, last].join('/'));
const clients = fc.constantFrom('one', 'two', 'three');
const shares = fc.constantFrom(undefined, undefined, 'g', 'h');
const steps = fc.array(fc.record({ isRemoval: fc.boolean(), filter: filters, share: shares, client: clients }), { maxLength: 30 });

describe('a tree of subscriptions', () => {
  test('finds what a list of filters finds, whatever is added, replaced and removed', () => {
    fc.assert(fc.property(steps, fc.array(topics, { minLength: 1, maxLength: 5 }), (todo, asked) => {
      const tree = new SubscriptionTree<string>();
      const list = new Map<string, { filter: string; share?: string; client: string }>();
      for (const { isRemoval, filter, share, client } of todo) {
        const key = JSON.stringify([filter, share, client]);
        if (isRemoval) {
          tree.remove(filter, share, client);
          list.delete(key);
        } else {
          tree.add(filter, share, client, key);
          list.set(key, { filter, ...(share === undefined ? {} : { share }), client });
        }
        // Asking in between fills the memory of matches.
        tree.match(asked[0]!);
      }
      for (const topic of asked) {
        const found = tree.match(topic);
        const expected = [...list].filter(([, { filter }]) => matches(filter, topic));
        expect([...found.subscribers].sort()).toEqual(expected.filter(([, { share }]) => share === undefined).map(([key]) => key).sort());
        expect(found.shares.flatMap((share) => share.inTurn()).sort()).toEqual(expected.filter(([, { share }]) => share !== undefined).map(([key]) => key).sort());
      }
    }), { numRuns: 500 });
  });

  test('finds for what is ingested only those who name its rule', () => {
    const tree = new SubscriptionTree<string>();
    ['$aws/#', '$aws/+/r/a', '$aws/rules/r/#', '$aws/rules/+/a', '#'].forEach((filter) => tree.add(filter, undefined, filter, filter));
    expect(tree.match('$aws/rules/r/a').subscribers).toEqual(['$aws/rules/r/#', '$aws/rules/+/a']);
    expect(tree.match('$aws/events/r/a').subscribers).toEqual(['$aws/#', '$aws/+/r/a']);
  });

  test('is empty when everything was removed', () => {
    fc.assert(fc.property(fc.array(fc.record({ filter: filters, share: shares, client: clients }), { maxLength: 20 }), (subscriptions) => {
      const tree = new SubscriptionTree<string>();
      subscriptions.forEach(({ filter, share, client }) => tree.add(filter, share, client, 'x'));
      subscriptions.forEach(({ filter, share, client }) => tree.remove(filter, share, client));
      expect(tree).toEqual(new SubscriptionTree<string>());
    }));
  });

  test('asks the members of a share in turn', () => {
    const tree = new SubscriptionTree<string>();
    ['one', 'two', 'three'].forEach((client) => tree.add('a', 'g', client, client));
    const [share] = tree.match('a').shares;
    expect([share!.inTurn(), share!.inTurn(), share!.inTurn(), share!.inTurn()].map(([first]) => first)).toEqual(['one', 'two', 'three', 'one']);
    expect(share!.inTurn()).toEqual(['two', 'three', 'one']);
  });

  test('takes very many subscribers of one filter', () => {
    const tree = new SubscriptionTree<number>();
    for (let client = 0; client < 200_000; client++) {
      tree.add('a', undefined, String(client), client);
    }
    expect(tree.match('a').subscribers).toHaveLength(200_000);
  });

  test('remembers only so much', () => {
    const tree = new SubscriptionTree<number>();
    for (let client = 0; client < 1000; client++) {
      tree.add('#', undefined, String(client), client);
    }
    for (let topic = 0; topic < 5000; topic++) {
      expect(tree.match(`t/${topic}`).subscribers).toHaveLength(1000);
    }
    const remembered = Object.values(tree as object).find((value): value is Map<string, object> => value instanceof Map);
    expect(remembered!.size).toBeLessThan(1000);
  });
});
