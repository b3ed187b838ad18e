import { createHandler } from '../../lambda/manage-policy';
import { certificateArn, FakeIot, policyArn } from './fake-iot';
import { FakeStack } from './stack';

let iot: FakeIot;
let stack: FakeStack;

beforeEach(() => {
  iot = new FakeIot();
  stack = new FakeStack(createHandler, iot.client);
});

const deploy = (statement: unknown, removal = 'fail-if-attached', name = 'p') => stack.deploy({
  PolicyName: name, PolicyArn: policyArn(name), PolicyDocument: JSON.stringify({ Statement: statement }), Owner: 'Fleet/Resource', OnRemoval: removal,
});

describe('versions', () => {
  test('are pruned by number, however many there have been, and never switched back', async () => {
    for (let statement = 1; statement <= 12; statement++) {
      expect(await deploy(statement)).toMatchObject({ Status: 'SUCCESS', PhysicalResourceId: 'p' });
      const policy = iot.policies.get('p')!;
      expect(policy.versions.get(policy.defaultVersion)).toBe(JSON.stringify({ Statement: statement }));
    }

    expect([...iot.policies.get('p')!.versions.keys()]).toEqual(['8', '9', '10', '11', '12']);
    expect(iot.requests).not.toContain('SetDefaultPolicyVersion');
  });

  test('are used again after a rollback', async () => {
    await deploy(1);
    await deploy(2);
    await deploy(1);

    expect(iot.policies.get('p')).toMatchObject({ defaultVersion: '1', lastVersion: 2 });
  });

  test('stay as they are for the same document in another spelling', async () => {
    await deploy(1);
    iot.policies.get('p')!.versions.set('1', '{ "Statement" : 1 }');
    await deploy(1);

    expect(iot.policies.get('p')!.lastVersion).toBe(1);
  });

  test('that somebody else has added meanwhile are pruned as well', async () => {
    await deploy(1);
    const policy = iot.policies.get('p')!;
    [2, 3, 4, 5].forEach((version) => policy.versions.set(String(version), `{"Statement":"${version}"}`));
    policy.lastVersion = 5;
    await deploy(9);

    expect([...policy.versions.keys()]).toEqual(['1', '3', '4', '5', '6']);
    expect(policy.defaultVersion).toBe('6');
  });
});

describe('creating', () => {
  test('fails for a policy that belongs to something else', async () => {
    iot.addPolicy('p', '{"Statement":"theirs"}', [{ Key: 'a', Value: 'b' }, { Key: 'c', Value: 'd' }, { Key: 'cdk-iot-warden:owner', Value: 'Other/Resource' }]);

    const answer = await deploy(1);
    expect(answer).toMatchObject({ Status: 'FAILED', Reason: 'policy "p" exists already and belongs to something else; choose another name, or delete it' });
    await stack.send(stack.remove({}, answer.PhysicalResourceId));
    expect(iot.policies.get('p')!.versions.get('1')).toBe('{"Statement":"theirs"}');
  });

  test('takes up a policy that was kept', async () => {
    await deploy(1, 'retain');
    await stack.destroy();
    expect(iot.policies.has('p')).toBe(true);
    await deploy(2, 'retain');

    expect(iot.policies.get('p')!.versions.get('2')).toBe('{"Statement":2}');
  });
});

describe('removing', () => {
  const attach = (...ids: string[]) => ids.forEach((id) => iot.policies.get('p')!.targets.add(certificateArn(id)));

  test('keeps the policy, attachments and all', async () => {
    await deploy(1, 'retain');
    attach('1');
    await stack.destroy();

    expect(iot.policies.get('p')!.targets.size).toBe(1);
  });

  test('fails while something is attached, and names it', async () => {
    await deploy(1);
    attach('1', '2', '3', '4');

    expect(await stack.destroy()).toMatchObject({
      Status: 'FAILED',
      Reason: `policy "p" is attached to ${certificateArn('1')}, ${certificateArn('2')}, ${certificateArn('3')} and others; detach it there, or choose to retain it`,
    });
    expect(iot.policies.get('p')!.targets.size).toBe(4);
  });

  test('detaches all when told to, and waits until AWS IoT has noticed', async () => {
    await deploy(1, 'detach-then-delete');
    await deploy(2, 'detach-then-delete');
    attach('1', '2', '3', '4', '5');
    iot.lag('detached:p', 4);

    expect(await stack.destroy()).toMatchObject({ Status: 'SUCCESS' });
    expect(iot.policies.has('p')).toBe(false);
  });

  test('detaches nothing when it may not detach all', async () => {
    await deploy(1, 'detach-then-delete');
    attach('1');
    iot.policies.get('p')!.targets.add('eu-central-1:6d3b1f5e-0000-4000-8000-000000000000');

    expect(await stack.destroy()).toMatchObject({
      Status: 'FAILED',
      Reason: 'policy "p" is attached to 1 Cognito identities, which this function may not detach; detach it there, or choose to retain it',
    });
    expect(iot.policies.get('p')!.targets.size).toBe(2);
  });

  test('leaves a policy that somebody else has made under the name', async () => {
    await deploy(1, 'detach-then-delete');
    iot.policies.delete('p');
    iot.addPolicy('p');
    await stack.destroy();

    expect(iot.policies.has('p')).toBe(true);
  });

  test('of a replaced policy comes after the new one is there', async () => {
    await deploy(1);
    expect(await deploy(1, 'fail-if-attached', 'q')).toMatchObject({ PhysicalResourceId: 'q' });

    expect([...iot.policies.keys()]).toEqual(['q']);
  });
});
