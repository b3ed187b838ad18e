import { createHandler } from '../../lambda/detach-identities';
import { certificateArn, FakeIot } from './fake-iot';
import { FakeStack } from './stack';

const PROPERTIES = { PolicyNames: ['p', 'q'], OnRemoval: 'detach-then-delete' };

let iot: FakeIot;
let stack: FakeStack;

beforeEach(() => {
  iot = new FakeIot();
  ['p', 'q', 'r'].forEach((name) => ['1', '2', '3'].reduce((targets, id) => targets.add(`eu-central-1:${id}`), iot.addPolicy(name).targets));
  stack = new FakeStack(createHandler, iot.client);
});

const end = (properties: Readonly<Record<string, unknown>> = PROPERTIES) => stack.send(stack.remove(properties, stack.physicalResourceId));

test('policies that leave are detached from all identities and deleted, although it takes AWS IoT a while to notice', async () => {
  await stack.deploy(PROPERTIES);
  iot.lag('detached:p', 5);

  expect(await end()).toMatchObject({ Status: 'SUCCESS' });
  expect([...iot.policies.keys()]).toEqual(['r']);
  expect(iot.policies.get('r')!.targets.size).toBe(3);
});

test('policies that are kept stay as they are', async () => {
  const retained = { ...PROPERTIES, OnRemoval: 'retain' };
  await stack.deploy(PROPERTIES);
  await stack.deploy(retained);
  expect(await end(retained)).toMatchObject({ Status: 'SUCCESS' });
  expect(iot.policies.get('p')!.targets.size).toBe(3);
});

test('a policy that something else has attached to a certificate is not deleted, and the user is told', async () => {
  await stack.deploy(PROPERTIES);
  iot.policies.get('q')!.targets.add(certificateArn('1'));

  expect(await end()).toMatchObject({ Status: 'FAILED', Reason: expect.stringMatching(/^cannot detach policy "q" from identities: DeleteConflictException: /) });
  expect([...iot.policies.get('q')!.targets]).toEqual([certificateArn('1')]);
});
