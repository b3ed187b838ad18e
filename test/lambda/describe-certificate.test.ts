import { createHandler } from '../../lambda/describe-certificate';
import { createCa, FakeAccount, type FakeCa } from './fake-account';
import { FakeStack } from './stack';

const ID = 'ab'.repeat(32);

let amazon: FakeCa;
let account: FakeAccount;
let stack: FakeStack;

beforeAll(async () => {
  amazon = await createCa('Amazon');
});

beforeEach(() => {
  account = new FakeAccount(amazon);
  account.certificates.set(ID, { pem: amazon.pem, created: 0, status: 'ACTIVE', things: new Set(), policies: new Set() });
  stack = new FakeStack(createHandler, account.clients.iot);
});

test('the text of a certificate is looked up', async () => {
  expect(await stack.deploy({ CertificateId: ID })).toMatchObject({ Status: 'SUCCESS', Data: { CertificatePem: amazon.pem } });
});

test.each(['ThrottlingException', 'ResourceNotFoundException', 'TimeoutError'])('the look-up survives a passing %s', async (error) => {
  account.failAt(0, { error });

  expect(await stack.deploy({ CertificateId: ID })).toMatchObject({ Status: 'SUCCESS', Data: { CertificatePem: amazon.pem } });
});

test('a certificate that is not there is named', async () => {
  account.certificates.clear();

  expect(await stack.deploy({ CertificateId: ID })).toMatchObject({
    Status: 'FAILED',
    Reason: `cannot look up certificate "${ID}": ResourceNotFoundException: Certificate ${ID} not found; it must exist in the account and Region of the stack before this resource does`,
  });
});

test('nothing is done when it is removed', async () => {
  await stack.deploy({ CertificateId: ID });
  const { length } = account.requests;
  await stack.destroy();

  expect(account.requests).toHaveLength(length);
});
