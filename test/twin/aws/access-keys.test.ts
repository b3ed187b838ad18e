import { AccessKeys } from '../../../lib/twin/aws/access-keys';

const HOUR_MS = 3_600_000;

test('credentials are told from expired ones, and those from unknown ones, for half a day', () => {
  let now = 0;
  const keys = new AccessKeys(() => now);
  const { accessKeyId } = keys.issue(HOUR_MS);
  const state = (): unknown => {
    keys.issue(now + HOUR_MS);
    const found = keys.find(accessKeyId);
    return found && keys.hasExpired(found);
  };
  expect([0, 1, 12, 13, 14].map((hours) => {
    now = hours * HOUR_MS;
    return state();
  })).toEqual([false, true, true, undefined, undefined]);
});

test('however many are asked for, they take neither the memory nor the time of the twin, nor the credentials of who runs it', () => {
  const keys = new AccessKeys(() => 0);
  const [operator, first] = [keys.issue(), keys.issue(HOUR_MS)];
  let last = first;
  for (let count = 0; count < 100_000; count++) {
    last = keys.issue(HOUR_MS);
  }
  expect([operator, first, last].map(({ accessKeyId }) => keys.find(accessKeyId) !== undefined)).toEqual([true, false, true]);
});
