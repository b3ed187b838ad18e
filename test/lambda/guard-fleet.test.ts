import { createHandler } from '../../lambda/guard-fleet';
import { certificateArn } from './fake-iot';
import { awsError, type Fault } from './faulty-client';
import { serialize } from './serialize';
import { FakeStack } from './stack';

const fleet = {
  FleetName: 'Stack/Sensors', PolicyNames: ['p'], ThingGroupNames: ['g'], ThingTypeNames: ['t'],
  OwnCertificates: [certificateArn('own')], OwnThings: ['own'], OnDeletion: 'fail-if-devices-remain',
};

/** Who has a policy, who is in a group and of a type, and the things of certificates; lists have pages of two. */
class FakeDevices {
  public targets = new Map([['p', [certificateArn('own')]]]);
  public inGroup = new Map([['g', ['own']]]);
  public ofType = new Map([['t', ['own']]]);
  public readonly commands: object[] = [];
  public readonly faults = new Map<number, Fault>();
  public readonly client = { send: (command: object) => this.receive(command) } as never;

  private async receive(command: object): Promise<unknown> {
    await Promise.resolve();
    const fault = [...this.faults].find(([from, { count = 1 }]) => this.commands.length >= from && this.commands.length < from + count)?.[1];
    this.commands.push(command);
    if (fault) {
      throw awsError(fault.error);
    }
    const { input } = command as { input: Record<string, string | undefined> };
    switch (command.constructor.name) {
      case 'ListTargetsForPolicyCommand': {
        const { items, next } = page(this.targets.get(input.policyName!), input.marker);
        return { targets: items, nextMarker: next };
      }
      case 'ListThingsInThingGroupCommand': {
        const { items, next } = page(this.inGroup.get(input.thingGroupName!), input.nextToken);
        return { things: items, nextToken: next };
      }
      case 'ListThingsCommand': {
        const { items, next } = page(this.ofType.get(input.thingTypeName!), input.nextToken);
        return { things: items.map((thingName) => ({ thingName })), nextToken: next };
      }
      case 'ListPrincipalThingsCommand':
        return { things: input.principal!.endsWith('/2') ? [] : [`thing-${input.principal!.split('/')[1]}`] };
      default:
        throw new Error(`the fake does not know ${command.constructor.name}`);
    }
  }
}

function page(items: readonly string[] | undefined, from = '0') {
  if (items === undefined) {
    throw awsError('ResourceNotFoundException');
  }
  const end = Number(from) + 2;
  return { items: items.slice(Number(from), end), next: end < items.length ? String(end) : undefined };
}

let devices: FakeDevices;
let stack: FakeStack;
beforeEach(async () => {
  devices = new FakeDevices();
  stack = new FakeStack(createHandler, devices.client);
  await stack.deploy(fleet);
});
const provision = (count: number) => {
  const names = Array.from({ length: count }, (_, index) => String(index + 1));
  devices.targets.get('p')!.push(...names.map(certificateArn));
  devices.inGroup.get('g')!.push(...names.map((name) => `thing-${name}`));
};

test('a fleet is created and updated without a request', async () => {
  expect(await stack.deploy({ ...fleet, PolicyNames: ['p', 'q'] })).toMatchObject({ Status: 'SUCCESS' });
  expect(devices.commands).toEqual([]);
});

test('a fleet with the devices of its stack alone can be deleted', async () => {
  expect(await stack.destroy()).toMatchObject({ Status: 'SUCCESS' });
  expect(await serialize(devices.commands)).toEqual(['POST /policy-targets/p', 'GET /thing-groups/g/things', 'GET /things {"thingTypeName":"t"}']);
});

test('a fleet with other devices cannot be deleted, and says which', async () => {
  provision(5);
  expect(await stack.destroy()).toMatchObject({
    Status: 'FAILED',
    Reason: 'the fleet "Stack/Sensors" has devices that this stack has not made: '
      + `5 with the policy "p", such as thing-1, ${certificateArn('2')}, thing-3; 5 in the thing group "g", such as thing-1, thing-2, thing-3. `
      + "Nothing of the fleet has been deleted yet; remove these devices or move them, and delete again, or deploy the fleet with 'onDeletion' RETAIN_POLICIES before",
  });
});

test('a large fleet is not counted to its end', async () => {
  provision(5000);
  expect((await stack.destroy()).Reason).toContain('more than 1000 with the policy "p"');
  expect(devices.commands.length).toBeLessThan(1100);
});

test('a fleet whose policies stay can be deleted, and the log says which devices there are', async () => {
  provision(1);
  await stack.deploy({ ...fleet, OnDeletion: 'retain-policies' });
  expect(await stack.destroy()).toMatchObject({ Status: 'SUCCESS' });
  expect(stack.system.lines.join()).toContain('has devices that this stack has not made: 1 with the policy \\"p\\", such as thing-1');
});

test('what is gone is no obstacle', async () => {
  [devices.targets, devices.inGroup, devices.ofType] = [new Map(), new Map(), new Map()];
  expect(await stack.destroy()).toMatchObject({ Status: 'SUCCESS' });
});

test.each<Fault>([{ error: 'ThrottlingException' }, { error: 'TimeoutError' }, { error: 'AccessDeniedException', count: Infinity }])('a fault of any request, $error, lets nothing slip', async (fault) => {
  provision(2);
  for (let number = 0; number < 7; number++) {
    devices.faults.clear();
    devices.faults.set(devices.commands.length + number, fault);
    const answer = await stack.send(stack.remove(fleet, 'id'));
    expect(answer.Status).toBe('FAILED');
    expect(answer.Reason).toMatch(/^the fleet "Stack\/Sensors" has devices|^cannot tell whether the fleet "Stack\/Sensors" has devices that this stack has not made: AccessDenied/);
  }
});
