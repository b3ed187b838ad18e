import { deflateRawSync } from 'node:zlib';
import type { Handle, Iot, ResourceEvent, System } from '../../lambda/custom-resource';
import * as assignThingType from '../../lambda/assign-thing-type';
import * as attachGroupPolicies from '../../lambda/attach-group-policies';
import * as configureEndpointTls from '../../lambda/configure-endpoint-tls';
import * as configureEvents from '../../lambda/configure-events';
import * as configureIndexing from '../../lambda/configure-indexing';
import * as configureLogging from '../../lambda/configure-logging';
import * as describeEndpoint from '../../lambda/describe-endpoint';
import * as detachIdentities from '../../lambda/detach-identities';
import * as joinBillingGroup from '../../lambda/join-billing-group';
import * as joinThingGroup from '../../lambda/join-thing-group';
import * as managePolicy from '../../lambda/manage-policy';
import * as setDefaultAuthorizer from '../../lambda/set-default-authorizer';
import { certificateArn, FakeIot, groupArn, policyArn } from './fake-iot';
import type { Fault } from './faulty-client';
import { serialize } from './serialize';
import { FakeStack } from './stack';

type Values = { readonly [name: string]: unknown };

interface Scenario {
  readonly name: string;
  readonly createHandler: (iot: Iot, system: System) => Handle;
  readonly arrange: (iot: FakeIot) => void;
  /** What the resource is created with. */
  readonly first: Values;
  /** What it is updated to. */
  readonly second: Values;
}

const remembered = (setting: unknown): string => `before/${deflateRawSync(JSON.stringify(setting)).toString('base64url')}`;
const setting = (wanted: Values, before: Values): Values => ({
  Step: 'apply', Wanted: JSON.stringify(wanted), Before: remembered(before), OnRemoval: 'restore', Overwrite: 'false',
});
const OFF = { thingIndexingMode: 'OFF', thingConnectivityIndexingMode: 'OFF', deviceDefenderIndexingMode: 'OFF', namedShadowIndexingMode: 'OFF', thingGroupIndexingMode: 'OFF' };
const ENDPOINT_TLS = Object.fromEntries(new FakeIot().endpointTls);
const policy = (name: string, document: unknown): Values => ({
  PolicyName: name, PolicyArn: policyArn(name), PolicyDocument: JSON.stringify(document), Owner: 'Fleet/Resource', OnRemoval: 'detach-then-delete',
});

const SCENARIOS: readonly Scenario[] = [
  {
    name: 'join-thing-group',
    createHandler: joinThingGroup.createHandler,
    arrange: (iot) => {
      iot.addThings('a', 'b', 'c').addGroups('g', 'h', 'x1', 'x2', 'x3');
      // Three groups are two pages.
      ['x1', 'x2', 'x3'].forEach((group) => iot.things.get('a')?.groups.add(group));
    },
    first: { ThingGroupName: 'g', ThingNames: ['a', 'b'] },
    second: { ThingGroupName: 'h', ThingNames: ['b', 'c'] },
  },
  {
    name: 'assign-thing-type',
    createHandler: assignThingType.createHandler,
    arrange: (iot) => {
      iot.addThings('a', 'b', 'c');
      iot.thingTypes.set('s', { deprecated: false }).set('t', { deprecated: false });
    },
    first: { ThingTypeName: 's', ThingNames: ['a', 'b'] },
    second: { ThingTypeName: 't', ThingNames: ['b', 'c'] },
  },
  {
    name: 'join-billing-group',
    createHandler: joinBillingGroup.createHandler,
    arrange: (iot) => {
      iot.addThings('a', 'b', 'c');
      iot.billingGroups.add('s').add('t');
    },
    first: { BillingGroupName: 's', ThingNames: ['a', 'b'] },
    second: { BillingGroupName: 't', ThingNames: ['b', 'c'] },
  },
  {
    name: 'attach-group-policies',
    createHandler: attachGroupPolicies.createHandler,
    arrange: (iot) => {
      iot.addGroups('g', 'h');
      ['p', 'q', 'r'].forEach((name) => iot.addPolicy(name));
    },
    first: { ThingGroupArn: groupArn('g'), PolicyNames: ['p', 'q'] },
    second: { ThingGroupArn: groupArn('g'), PolicyNames: ['q', 'r'] },
  },
  {
    name: 'attach-group-policies to another group',
    createHandler: attachGroupPolicies.createHandler,
    arrange: (iot) => {
      iot.addGroups('g', 'h');
      ['p', 'q'].forEach((name) => iot.addPolicy(name));
    },
    first: { ThingGroupArn: groupArn('g'), PolicyNames: ['p'] },
    second: { ThingGroupArn: groupArn('h'), PolicyNames: ['p', 'q'] },
  },
  {
    name: 'manage-policy',
    createHandler: managePolicy.createHandler,
    arrange: () => {},
    first: policy('p', { Statement: 1 }),
    second: policy('p', { Statement: 2 }),
  },
  {
    name: 'manage-policy with another name',
    createHandler: managePolicy.createHandler,
    arrange: () => {},
    first: policy('p', { Statement: 1 }),
    second: policy('q', { Statement: 2 }),
  },
  {
    name: 'configure-logging',
    createHandler: configureLogging.createHandler,
    arrange: (iot) => {
      iot.logging = { roleArn: 'old', defaultLogLevel: 'ERROR', disableAllLogs: false };
    },
    first: setting({ roleArn: 'own', defaultLogLevel: 'WARN', disableAllLogs: false }, { roleArn: 'old', defaultLogLevel: 'ERROR', disableAllLogs: false }),
    second: setting({ roleArn: 'own', defaultLogLevel: 'INFO', disableAllLogs: false }, { roleArn: 'old', defaultLogLevel: 'ERROR', disableAllLogs: false }),
  },
  {
    name: 'configure-indexing',
    createHandler: configureIndexing.createHandler,
    arrange: () => {},
    first: setting({ thingIndexingMode: 'REGISTRY', 'thingField/attributes.size': 'Number' }, OFF),
    second: setting({ thingIndexingMode: 'REGISTRY_AND_SHADOW', namedShadowIndexingMode: 'ON', 'shadow/config': true }, OFF),
  },
  {
    name: 'configure-events',
    createHandler: configureEvents.createHandler,
    arrange: () => {},
    first: setting({ THING: true }, { THING: false, THING_GROUP: false, JOB: false }),
    second: setting({ THING_GROUP: true }, { THING: false, THING_GROUP: false, JOB: false }),
  },
  {
    name: 'configure-endpoint-tls',
    createHandler: configureEndpointTls.createHandler,
    arrange: () => {},
    first: setting({ 'iot:Data-ATS': 'new', 'iot:Jobs': 'new' }, ENDPOINT_TLS),
    second: setting({ 'iot:Data-ATS': 'newer', 'iot:CredentialProvider': 'new' }, ENDPOINT_TLS),
  },
  {
    name: 'set-default-authorizer',
    createHandler: setDefaultAuthorizer.createHandler,
    arrange: (iot) => {
      iot.authorizers.add('one').add('two');
    },
    first: setting({ authorizerName: 'one' }, {}),
    second: setting({ authorizerName: 'two' }, {}),
  },
  {
    name: 'detach-identities',
    createHandler: detachIdentities.createHandler,
    arrange: (iot) => {
      for (const { targets } of ['p', 'q', 'r'].map((name) => iot.addPolicy(name))) {
        ['1', '2', '3'].forEach((id) => targets.add(`eu-central-1:${id}`));
      }
    },
    first: { PolicyNames: ['p', 'q'], OnRemoval: 'detach-then-delete' },
    second: { PolicyNames: ['q', 'r'], OnRemoval: 'detach-then-delete' },
  },
  {
    name: 'describe-endpoint',
    createHandler: describeEndpoint.createHandler,
    arrange: () => {},
    first: {},
    second: { Again: 'true' },
  },
];

/** What can happen once to a request. */
const PASSING: readonly Fault[] = [
  { error: 'ThrottlingException' },
  { error: 'LimitExceededException' },
  { error: 'ServiceUnavailableException' },
  { error: 'AccessDeniedException' },
  { error: 'TimeoutError' },
  { error: 'TimeoutError', isDone: true },
  { error: 'InternalFailureException', isDone: true },
];

/** What can stop the work for good, wherever it is. */
const LASTING: readonly Fault[] = [
  { error: 'AccessDeniedException', count: Infinity },
  { error: 'ThrottlingException', count: Infinity },
  { error: 'MalformedPolicyException' },
  { error: 'InvalidRequestException', count: 200 },
];

type Phase = 'Create' | 'Update' | 'Delete';

interface Run {
  readonly iot: FakeIot;
  readonly stack: FakeStack;
  readonly event: ResourceEvent;
}

/** A stack that is ready for the phase, and the event of it. */
async function reach({ createHandler, arrange, first, second }: Scenario, phase: Phase): Promise<Run> {
  const iot = new FakeIot();
  arrange(iot);
  const stack = new FakeStack(createHandler, iot.client);
  if (phase === 'Create') {
    return { iot, stack, event: stack.create(first) };
  }
  expect(await stack.deploy(first)).toMatchObject({ Status: 'SUCCESS' });
  if (phase === 'Update') {
    return { iot, stack, event: stack.update(second, first) };
  }
  if (iot.policies.get('p')?.targets.size === 0) {
    ['1', '2', '3'].forEach((id) => iot.policies.get('p')?.targets.add(certificateArn(id)));
  }
  return { iot, stack, event: stack.remove(first, stack.physicalResourceId) };
}

const PHASES: readonly Phase[] = ['Create', 'Update', 'Delete'];
const CASES = SCENARIOS.flatMap((scenario) => PHASES.map((phase) => ({ scenario, phase, title: `${scenario.name} ${phase}` })));

describe.each(CASES)('$title', ({ scenario, phase }) => {
  const requests: string[] = [];
  let wanted: unknown;
  let offset = 0;

  beforeAll(async () => {
    const { iot, stack, event } = await reach(scenario, phase);
    offset = iot.requests.length;
    expect(await stack.send(event)).toMatchObject({ Status: 'SUCCESS' });
    requests.push(...iot.requests.slice(offset));
    wanted = iot.snapshot();
  });

  test('survives every passing fault of every request', async () => {
    for (const fault of PASSING) {
      for (const index of requests.keys()) {
        const { iot, stack, event } = await reach(scenario, phase);
        iot.failAt(offset + index, fault);

        expect({ fault, index, ...await stack.send(event) }).toMatchObject({ Status: 'SUCCESS' });
        expect({ fault, index, state: iot.snapshot() }).toEqual({ fault, index, state: wanted });
      }
    }
  });

  test('leaves nothing behind when it cannot be done, and is done when it is tried again', async () => {
    for (const fault of LASTING) {
      for (const index of requests.keys()) {
        const { iot, stack, event } = await reach(scenario, phase);
        const before = iot.snapshot();
        // Taking back is possible unless everything is out of order.
        iot.failAt(offset + index, fault);

        const answer = await stack.send(event);
        if (answer.Status === 'FAILED') {
          expect(answer.Reason).toMatch(/^cannot .+: |^ran out of time/);
          iot.heal();
          if (phase === 'Create') {
            // CloudFormation deletes what it could not create.
            expect(await stack.send(stack.remove(scenario.first, answer.PhysicalResourceId))).toMatchObject({ Status: 'SUCCESS' });
            expect({ fault, index, state: iot.snapshot() }).toEqual({ fault, index, state: before });
          }
          expect({ fault, index, ...await stack.send(event) }).toMatchObject({ Status: 'SUCCESS' });
        }
        expect({ fault, index, state: iot.snapshot() }).toEqual({ fault, index, state: wanted });
      }
    }
  });

  test('can be repeated', async () => {
    const { iot, stack, event } = await reach(scenario, phase);

    const answers = [await stack.send(event), await stack.send(event)];
    expect(answers[1]).toEqual(answers[0] && { ...answers[0] });
    expect(iot.snapshot()).toEqual(wanted);
  });

  test('sends requests that the SDK can write', async () => {
    const { iot, stack, event } = await reach(scenario, phase);
    await stack.send(event);

    expect(await serialize(iot.commands.slice(offset))).toMatchSnapshot();
  });

  test('logs one line with the outcome, and no secrets', async () => {
    const { stack, event } = await reach(scenario, phase);
    stack.system.lines.length = 0;
    await stack.send(event);

    const lines = stack.system.lines.map((line) => JSON.parse(line) as object);
    expect(lines.filter((line) => 'resourceType' in line)).toEqual([expect.objectContaining({ level: 'INFO', message: `${phase} SUCCESS`, logicalResourceId: 'Resource' })]);
    expect(stack.system.lines.join()).not.toMatch(/Signature|Statement/);
  });
});
