import { Account, Lookup, Store, systemRandom } from '../../../lib/twin/account';
import { FakeClock } from '../support/fake-clock';
import { MemoryStorage } from '../support/memory-storage';

const SCOPE = { partition: 'aws', region: 'us-east-1', accountId: '123456789012' };

function accountOf(store: Store): Account {
  return new Account(store, SCOPE, new FakeClock(), systemRandom);
}

describe('a store with storage', () => {
  test('gives back what was put, changed and removed', () => {
    const storage = new MemoryStorage();
    const store = new Store(storage);
    const account = accountOf(store);
    account.createThing({ thingName: 'a', attributePayload: { attributes: { site: 'oslo' } } });
    account.createThing({ thingName: 'b' });
    account.createThingType({ thingTypeName: 'Sensor' });
    account.updateThing({ thingName: 'a', thingTypeName: 'Sensor' });
    account.updateThing({ thingName: 'a', removeThingType: true });
    account.deleteThing({ thingName: 'b' });
    const before = [...store.all('things')];
    const after = [...new Store(storage).all('things')];
    // JSON knows no undefined.
    expect(after).toEqual(before);
    expect(Object.keys(after[0]!)).not.toContain('thingTypeName');
  });

  test('takes names such as __proto__, and with a slash, for names', () => {
    const storage = new MemoryStorage();
    const store = new Store(storage);
    for (const thingName of ['__proto__', 'a/b']) {
      store.put('things', thingName, { thingName, thingId: '', attributes: {}, groups: [], version: 1, creationDate: 0 });
    }
    expect([...new Store(storage).entries('things')].map(([key]) => key)).toEqual(['__proto__', 'a/b']);
    expect(({} as { thingName?: string }).thingName).toBeUndefined();
  });
});

describe('a lookup', () => {
  test('follows every change, also of records from before', () => {
    const store = new Store();
    const account = accountOf(store);
    account.createThing({ thingName: 'a', attributePayload: { attributes: { site: 'oslo' } } });
    const bySite = new Lookup(store, 'things', ({ attributes }) => (typeof attributes.site === 'string' ? [attributes.site] : []));
    account.createThing({ thingName: 'b', attributePayload: { attributes: { site: 'oslo' } } });
    expect([...bySite.keysOf('oslo')]).toEqual(['a', 'b']);
    account.updateThing({ thingName: 'a', attributePayload: { attributes: { site: 'bergen' } } });
    account.deleteThing({ thingName: 'b' });
    expect([...bySite.keysOf('oslo')]).toEqual([]);
    expect(bySite.of('bergen')).toEqual([store.get('things', 'a')]);
  });
});
