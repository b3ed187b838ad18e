import { randomBytes, randomUUID } from 'node:crypto';
import { Account, Store } from '../../../lib/twin/account';
import { FakeClock } from '../support/fake-clock';

/** An account that lasts as long as a test. */
export function newAccount(clock = new FakeClock()): Account {
  const random = { uuid: () => randomUUID(), hex: (digits: number) => randomBytes(Math.ceil(digits / 2)).toString('hex').slice(0, digits) };
  return new Account(new Store(), { partition: 'aws', region: 'us-east-1', accountId: '123456789012' }, clock, random);
}

/** A policy that fits into any template. */
export function addPolicy(account: Account, policyName = 'device'): void {
  account.createPolicy({
    policyName,
    policyDocument: JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: 'iot:Connect', Resource: 'arn:aws:iot:us-east-1:123456789012:client/*' }] }),
  });
}
