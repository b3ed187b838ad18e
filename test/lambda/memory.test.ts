import { memory } from '../../lambda/custom-resource/memory';
import type { Call } from '../../lambda/custom-resource';
import { createCa, FakeAccount } from './fake-account';

const once: Call = (send) => send();

test('what is put is there until it is removed, and what else is in the account is not', async () => {
  const account = new FakeAccount(await createCa('Amazon'));
  const [one, other] = [memory(account.clients.ssm, '/stack/one'), memory(account.clients.ssm, '/stack/other')];
  await other.put(once, 'a', 0);
  for (const key of ['a', 'b', 'c']) {
    await one.put(once, key, { key });
  }
  await one.put(once, 'b', { key: 'again' });

  expect(await one.get(once, 'b')).toEqual({ key: 'again' });
  expect([...await one.all(once)]).toEqual([['a', { key: 'a' }], ['b', { key: 'again' }], ['c', { key: 'c' }]]);
  await one.remove(once, 'a');
  await one.remove(once, 'a');
  expect(await one.get(once, 'a')).toBeUndefined();
  expect(await other.get(once, 'a')).toBe(0);
});
