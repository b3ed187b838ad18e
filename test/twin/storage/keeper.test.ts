import { TwinError } from '../../../lib/twin';
import { Keeper } from '../../../lib/twin/storage';
import { FakeClock } from '../support/fake-clock';
import { MemoryStorage } from '../support/memory-storage';

/** A disk that can be full. */
class Disk extends MemoryStorage {
  public isFull = false;
  public attempts = 0;
  public isClosed = false;

  public override commit(): void {
    this.attempts += 1;
    if (this.isFull) {
      throw new TwinError('twin.db: cannot be written to.');
    }
  }

  public override close(): void {
    this.isClosed = true;
    this.commit();
  }
}

let clock: FakeClock;
let disk: Disk;
let notes: string[];
let keeper: Keeper;

beforeEach(() => {
  clock = new FakeClock();
  disk = new Disk();
  notes = [];
  keeper = new Keeper(disk, clock, { note: (_, event, reason) => void notes.push(`${event}: ${reason}`) });
});

test('commits whenever it is asked', () => {
  expect([keeper.isKept(), keeper.isKept()]).toEqual([true, true]);
  expect(disk.attempts).toBe(2);
  expect(clock.pending).toBe(0);
});

test('commits by itself once the events at hand are handled', () => {
  const soon: (() => void)[] = [];
  clock.soon = (callback) => void soon.push(callback);
  keeper.soon();
  expect(disk.attempts).toBe(0);
  soon.forEach((callback) => callback());
  expect(disk.attempts).toBe(1);
});

test('says once that the disk is full and once that it is not, and tries again in between without being asked', () => {
  disk.isFull = true;
  expect([keeper.isKept(), keeper.isKept(), keeper.isKept()]).toEqual([false, false, false]);
  expect(disk.attempts).toBe(1);
  clock.advance(1);
  expect(disk.attempts).toBe(5);
  expect(keeper.isKept()).toBe(false);
  disk.isFull = false;
  expect(keeper.isKept()).toBe(false);
  clock.advance(1);
  expect(keeper.isKept()).toBe(true);
  expect(notes).toEqual(['log: twin.db: cannot be written to. Until then nobody is answered', 'log: the state is on disk again']);
  expect(clock.pending).toBe(0);
});

test('closes the storage when it stops, also while the disk is full', () => {
  disk.isFull = true;
  expect(keeper.isKept()).toBe(false);
  keeper.stop();
  expect(disk.isClosed).toBe(true);
  expect(clock.pending).toBe(0);
  expect(notes.at(-1)).toBe('log: twin.db: cannot be written to. What was not acknowledged is lost');
});
