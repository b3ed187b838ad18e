import { appendFileSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { TwinError } from '../../../lib/twin';
import { Account, Lookup, Store, systemRandom } from '../../../lib/twin/account';
import { StateFolder } from '../../../lib/twin/pki/state-folder';
import { selfSigned } from '../support/certificates';
import { FakeClock } from '../support/fake-clock';
import { temporaryFolder } from '../support/test-twin';

const SCOPE = { partition: 'aws', region: 'us-east-1', accountId: '123456789012' };
const base = temporaryFolder();
let folder: StateFolder;
let file: string;
let count = 0;

beforeEach(() => {
  folder = StateFolder.create(join(base, `state-${count++}`));
  file = join(folder.path, 'account.ndjson');
});

function accountOf(store: Store): Account {
  return new Account(store, SCOPE, new FakeClock(), systemRandom);
}

/** What another process, or the next one, finds. */
function things(): string[] {
  return [...Store.peek(folder).all('things')].map(({ thingName }) => thingName);
}

describe('a store with a folder', () => {
  test('gives back what was put, changed and removed', () => {
    const store = Store.open(folder);
    const account = accountOf(store);
    account.createThing({ thingName: 'a', attributePayload: { attributes: { site: 'oslo' } } });
    account.createThing({ thingName: 'b' });
    account.createThingType({ thingTypeName: 'Sensor' });
    account.updateThing({ thingName: 'a', thingTypeName: 'Sensor' });
    account.updateThing({ thingName: 'a', removeThingType: true });
    account.deleteThing({ thingName: 'b' });
    const before = [...store.all('things')];
    store.close();
    const after = [...Store.open(folder).all('things')];
    // JSON knows no undefined.
    expect(after).toEqual(before);
    expect(Object.keys(after[0]!)).not.toContain('thingTypeName');
  });

  test('is for its owner alone', () => {
    accountOf(Store.open(folder)).createThing({ thingName: 'a' });
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  test('loses only the change that a crash cut off, and goes on after it', () => {
    const account = accountOf(Store.open(folder));
    account.createThing({ thingName: 'a' });
    account.createThing({ thingName: 'b' });
    truncateSync(file, statSync(file).size - 5);
    expect(things()).toEqual(['a']);
    accountOf(Store.open(folder)).createThing({ thingName: 'c' });
    expect(things()).toEqual(['a', 'c']);
  });

  test('fails for a damaged line before the last, and says which', () => {
    accountOf(Store.open(folder)).createThing({ thingName: 'a' });
    appendFileSync(file, 'damaged\n{"table":"things","key":"a"}\n');
    const before = readFileSync(file, 'utf8');
    expect(() => Store.open(folder)).toThrow(new TwinError(`${file}: line 2 is damaged; remove that line, or the file to start with an empty account`));
    expect(readFileSync(file, 'utf8')).toBe(before);
  });

  test('writes a change of one field without the others', async () => {
    const account = accountOf(Store.open(folder));
    const { certificatePem } = await selfSigned('EC', 'device');
    const { certificateId } = account.addIssuedCertificate({ certificatePem, status: 'INACTIVE' });
    const size = statSync(file).size;
    account.updateCertificate({ certificateId, newStatus: 'ACTIVE' });
    expect(statSync(file).size - size).toBeLessThan(250);
  });

  test('starts with one line for each record', () => {
    const store = Store.open(folder);
    const account = accountOf(store);
    account.createThing({ thingName: 'a' });
    account.updateThing({ thingName: 'a', attributePayload: { attributes: { x: '1' } } });
    account.updateThing({ thingName: 'a', attributePayload: { attributes: { x: '2' } } });
    store.close();
    Store.open(folder).close();
    expect(readFileSync(file, 'utf8').trim().split('\n')).toHaveLength(1);
  });

  test('takes names such as __proto__ for names', () => {
    writeFileSync(file, '{"table":"things","key":"__proto__","put":{"thingName":"__proto__","groups":[],"attributes":{}}}\n');
    expect(things()).toEqual(['__proto__']);
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
