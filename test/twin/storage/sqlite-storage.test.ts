import { mkdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import sqlite from 'node-sqlite3-wasm';
import { StateFolder, TwinError } from '../../../lib/twin';
import { writeWhole } from '../../../lib/twin/pki/state-folder';
import { SqliteStorage } from '../../../lib/twin/storage';
import type { Storage } from '../../../lib/twin/storage';
import { temporaryFolder } from '../support/test-twin';

const base = temporaryFolder();
let folder: StateFolder;
let file: string;
let count = 0;

beforeEach(() => {
  folder = StateFolder.create(join(base, `state-${count++}`));
  file = folder.file('twin.db');
});

/** What a table holds, as a storage that is opened anew finds it. */
async function kept(table: string): Promise<[string, string][]> {
  const storage = await SqliteStorage.open(folder);
  const rows = rowsOf(storage, table);
  storage.close();
  return rows;
}

function rowsOf(storage: Storage, table: string): [string, string][] {
  return [...storage.load(table)].map(({ key, value }) => [key, value.toString()]);
}

/** A storage of which nothing is closed, as that of a process which was killed. */
async function killed(...steps: ((storage: Storage) => void)[]): Promise<void> {
  const storage = await SqliteStorage.open(folder);
  rowsOf(storage, 'a');
  steps.forEach((step) => step(storage));
}

test('gives back what was put and not removed, in the order in which keys came', async () => {
  const storage = await SqliteStorage.open(folder);
  for (const key of ['c', 'a', 'b']) {
    storage.put('a', key, `${key}1`);
  }
  storage.commit();
  storage.put('a', 'd', 'd1');
  storage.put('a', 'c', 'c2');
  storage.remove('a', 'a');
  storage.remove('a', 'nothing');
  storage.commit();
  storage.remove('a', 'b');
  storage.put('a', 'b', 'again');
  storage.put('other', 'a', new Uint8Array());
  storage.close();
  expect(await kept('a')).toEqual([['c', 'c2'], ['d', 'd1'], ['b', 'again']]);
  expect(await kept('other')).toEqual([['a', '']]);
});

describe('the file under a running storage', () => {
  const lost = (): string => `${file}: was removed or replaced while the twin uses it, so that nothing more is kept; stop the twin, and start it again.`;

  test.each<[string, () => void]>([
    ['removed', () => rmSync(file)],
    ['replaced by another', () => writeWhole(file, '')],
    ['replaced by a copy of before', () => writeWhole(file, before)],
    ['written over', () => writeFileSync(file, before)],
  ])('keeps nothing more once it is %s', async (_, lose) => {
    const storage = await SqliteStorage.open(folder);
    storage.put('a', 'x', '1');
    storage.commit();
    lose();
    storage.commit();
    storage.put('a', 'y', '2');
    expect(() => storage.commit()).toThrow(new TwinError(lost()));
    expect(() => storage.close()).toThrow(new TwinError(lost()));
  });

  test.each<[string, () => void]>([
    ['has another number', () => writeWhole(file, readFileSync(file))],
    ['was touched', () => utimesSync(file, 1, 1)],
  ])('is known by its mark when it %s, as some file systems do not keep numbers and times', async (_, disturb) => {
    const storage = await SqliteStorage.open(folder);
    for (const key of ['x', 'y']) {
      storage.put('a', key, '1');
      disturb();
      expect(() => storage.commit()).not.toThrow();
    }
    storage.close();
  });

  let before: Buffer;
  beforeEach(async () => {
    const storage = await SqliteStorage.open(folder);
    storage.put('a', 'old', '1');
    storage.close();
    before = readFileSync(file);
  });
});

test('what was committed outlasts a process that is killed, and nothing else', async () => {
  await killed(
    (storage) => storage.put('a', 'x', '1'),
    (storage) => storage.commit(),
    (storage) => storage.put('a', 'y', '2'),
  );
  expect(statSync(`${file}.lock`).isDirectory()).toBe(true);
  expect(await kept('a')).toEqual([['x', '1']]);
});

test('is for its owner alone', async () => {
  await killed((storage) => storage.put('a', 'x', '1'), (storage) => storage.commit());
  for (const name of [file, `${file}-wal`]) {
    expect([name, statSync(name).mode & 0o777]).toEqual([name, 0o600]);
  }
  expect(statSync(`${file}-wal`).size).toBeGreaterThan(0);
});

test('takes all bytes, and names of keys with any characters', async () => {
  const value = Buffer.from(Array.from({ length: 70_000 }, (_, index) => index % 256));
  const keys = ['', "'; DROP TABLE a; --", 'ключ', '\u{1f600}/"', '__proto__'];
  await killed((storage) => keys.forEach((key) => storage.put('a', key, value)), (storage) => storage.commit());
  const storage = await SqliteStorage.open(folder);
  expect([...storage.load('a')].map(({ key }) => key)).toEqual(keys);
  expect([...storage.load('a')].every((row) => row.value.equals(value))).toBe(true);
  storage.close();
});

test('what comes and goes between two commits writes nothing', async () => {
  const waiting: number[] = [];
  const storage = await SqliteStorage.open(folder, () => waiting.push(1));
  storage.put('a', 'x', '1');
  expect(waiting).toHaveLength(1);
  storage.commit();
  const size = statSync(`${file}-wal`).size;
  storage.put('a', 'y', '2');
  storage.remove('a', 'y');
  storage.remove('a', 'z');
  storage.commit();
  storage.commit();
  expect(statSync(`${file}-wal`).size).toBe(size);
  expect(waiting).toHaveLength(2);
  storage.close();
});

describe('fails in one line', () => {
  const failure = async (): Promise<string> => {
    const error = await SqliteStorage.open(folder).then((storage) => rowsOf(storage, 'a')).then(() => undefined, (thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(TwinError);
    expect((error as Error).message).not.toContain('\n');
    return (error as Error).message;
  };

  test('for a file that is damaged, which stays as it is', async () => {
    writeFileSync(file, 'damaged '.repeat(1000));
    expect(await failure()).toBe(`${file}: cannot be used (file is not a database); if it is damaged, remove it to start with an empty account, or choose another folder with --state`);
    expect(readFileSync(file, 'utf8')).toBe('damaged '.repeat(1000));
  });

  test('for a file with a damaged page', async () => {
    const storage = await SqliteStorage.open(folder);
    for (let i = 0; i < 500; i++) {
      storage.put('a', String(i), 'x'.repeat(1000));
    }
    storage.close();
    const bytes = readFileSync(file);
    bytes.fill(0xff, 4096);
    writeFileSync(file, bytes);
    expect(await failure()).toMatch(/twin\.db: cannot be used \(database disk image is malformed\); if it is damaged, remove it/);
  });

  test('for a file of a newer version', async () => {
    const database = new sqlite.Database(file);
    database.exec('PRAGMA user_version = 2');
    database.close();
    expect(await failure()).toBe(`${file}: a newer version of iot-warden wrote it; use that one, or another folder with --state`);
  });

  test('for a folder in its place', async () => {
    mkdirSync(file);
    expect(await failure()).toContain(`${file}: cannot be used (`);
  });
});
