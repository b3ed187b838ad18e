import 'aws-cdk-lib/testhelpers/jest-autoclean';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  AttachPolicyCommand,
  CreateKeysAndCertificateCommand,
  DescribeThingCommand,
  DetachPolicyCommand,
  GetPolicyCommand,
  IoTClient,
  ListAttachedPoliciesCommand,
  ListCertificatesCommand,
  ListThingsInThingGroupCommand,
} from '@aws-sdk/client-iot';
import { App, CfnResource, CustomResource, Duration, Stack } from 'aws-cdk-lib';
import * as dynamodb from 'aws-cdk-lib/aws-dynamodb';
import * as iot from 'aws-cdk-lib/aws-iot';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import { IotAction, IotPolicy, IotResource } from '../../../lib/access';
import { IotEndpoint } from '../../../lib/account';
import { DeviceFleet } from '../../../lib/fleet';
import { IotPolicyRemoval, ManagedIotPolicy, ThingGroupMembership, ThingGroupPolicyAttachment, ThingTypeAssociation } from '../../../lib/membership';
import { Thing, ThingGroup, ThingType } from '../../../lib/registry';
import { startTwin } from '../../../lib/twin';
import type { Twin } from '../../../lib/twin';

const folder = mkdtempSync(join(tmpdir(), 'twin-custom-'));
const outdir = join(folder, 'cdk.out');
const stateDirectory = join(folder, 'state');
const NAMES = { policyName: 'managed', thingGroupName: 'pumps' };
let twin: Twin | undefined;

interface Fleet {
  readonly things?: readonly string[];
  readonly topic?: string;
  readonly hasPolicy?: boolean;
  readonly more?: (stack: Stack) => void;
}

/** An app with every way in which this library makes up for CloudFormation. */
function synthesize({ things = ['pump-1', 'pump-2'], topic = 'dt/a', hasPolicy = true, more }: Fleet = {}): void {
  const app = new App({ outdir });
  const stack = new Stack(app, 'Fleet');
  const all = things.map((thingName) => new Thing(stack, thingName, { thingName }));
  const group = new ThingGroup(stack, 'Group', { thingGroupName: NAMES.thingGroupName });
  new ThingGroupMembership(stack, 'Membership', { thingGroup: group, things: all });
  new ThingTypeAssociation(stack, 'Typing', { thingType: new ThingType(stack, 'Type', { thingTypeName: 'pump' }), things: all });
  const own = new IotPolicy(stack, 'Own', { statements: [{ actions: [IotAction.CONNECT], resources: [IotResource.client('pump-*')] }], policyName: 'own' });
  const managed = hasPolicy ? [new ManagedIotPolicy(stack, 'Managed', {
    policyName: NAMES.policyName, statements: [{ actions: [IotAction.PUBLISH], resources: [IotResource.topic(topic)] }], onRemoval: IotPolicyRemoval.DETACH_THEN_DELETE,
  })] : [];
  new ThingGroupPolicyAttachment(stack, 'Attachment', { thingGroup: group, policies: [own, ...managed] });
  new iot.CfnThing(stack, 'Named', { thingName: 'named', attributePayload: { attributes: { endpoint: IotEndpoint.of(stack).dataAddress } } });
  more?.(stack);
  app.synth();
}

async function start(): Promise<IoTClient> {
  await twin?.stop();
  twin = await startTwin({ assembly: outdir, stateDirectory });
  const { endpointUrl, region, ...credentials } = twin.aws;
  return new IoTClient({ endpoint: endpointUrl, region, credentials });
}

afterEach(async () => {
  await twin?.stop();
  twin = undefined;
  rmSync(stateDirectory, { recursive: true, force: true });
});

afterAll(() => rmSync(folder, { recursive: true }));

async function documentOf(client: IoTClient): Promise<string> {
  return (await client.send(new GetPolicyCommand({ policyName: NAMES.policyName }))).policyDocument!;
}

test('the custom resources of an assembly run when the twin starts, and once', async () => {
  synthesize();
  for (let round = 0; round < 2; round++) {
    const client = await start();
    expect(twin!.warnings).toEqual([]);
    expect((await client.send(new ListThingsInThingGroupCommand({ thingGroupName: NAMES.thingGroupName }))).things).toEqual(['pump-1', 'pump-2']);
    await expect(client.send(new DescribeThingCommand({ thingName: 'pump-1' }))).resolves.toMatchObject({ thingTypeName: 'pump' });
    const { policies } = await client.send(new ListAttachedPoliciesCommand({ target: `arn:aws:iot:us-east-1:123456789012:thinggroup/${NAMES.thingGroupName}` }));
    expect(policies!.map(({ policyName }) => policyName).sort()).toEqual(['managed', 'own']);
    await expect(client.send(new GetPolicyCommand({ policyName: NAMES.policyName }))).resolves.toMatchObject({ defaultVersionId: '1' });
    // What waits for a custom resource gets what it gave.
    const { attributes } = await client.send(new DescribeThingCommand({ thingName: 'named' }));
    expect(attributes!.endpoint).toMatch(/^localhost:\d+$/);
  }
});

test('a reload follows what has changed, takes away what is gone, and leaves the rest', async () => {
  synthesize();
  const client = await start();
  synthesize({ things: ['pump-1', 'pump-3'], topic: 'dt/b' });
  const { changes, warnings } = await twin!.reload();
  expect(warnings).toEqual([]);
  expect(changes.filter((change) => !/^\w+ Fleet\/(CdkIotWarden|.*Permissions)/.test(change)).sort()).toEqual([
    'added Fleet/pump-3/Resource', 'removed Fleet/pump-2/Resource', 'updated Fleet/Managed/Default/Resource/Default', 'updated Fleet/Membership/Default/Resource/Default', 'updated Fleet/Typing/Default/Resource/Default',
  ]);
  expect((await client.send(new ListThingsInThingGroupCommand({ thingGroupName: NAMES.thingGroupName }))).things!.sort()).toEqual(['pump-1', 'pump-3']);
  expect(await documentOf(client)).toContain('dt/b');

  synthesize({ things: ['pump-1', 'pump-3'], hasPolicy: false });
  expect((await twin!.reload()).changes).toContain('deleted Fleet/Managed/Default/Resource/Default');
  await expect(documentOf(client)).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
  expect((await twin!.reload()).changes).toEqual([]);
});

test('a reload says which tables it made anew, and of those whose key stays nothing', async () => {
  const table = (partitionKey: string, isOnDemand = false) => (stack: Stack) => new dynamodb.CfnTable(stack, 'Table', {
    tableName: 'serials',
    keySchema: [{ attributeName: partitionKey, keyType: 'HASH' }],
    attributeDefinitions: [{ attributeName: partitionKey, attributeType: 'S' }],
    billingMode: isOnDemand ? 'PAY_PER_REQUEST' : 'PROVISIONED',
  });
  synthesize({ more: table('serial') });
  await start();
  synthesize({ more: table('serial', true) });
  expect((await twin!.reload()).warnings).toEqual([]);
  synthesize({ more: table('id') });
  expect((await twin!.reload()).warnings).toEqual(["DynamoDB table 'serials': its key is another, which makes it another table: what it held is gone"]);
  expect((await twin!.reload()).warnings).toEqual([]);
});

test('a reload that fails leaves what was served', async () => {
  synthesize();
  const client = await start();
  rmSync(join(outdir, 'manifest.json'));
  await expect(twin!.reload()).rejects.toThrow("has no 'manifest.json'");
  expect(await documentOf(client)).toContain('dt/a');
});

test('a handler that fails is one warning, and the twin serves the rest', async () => {
  synthesize({ more: (stack) => {
    const broken = new lambda.Function(stack, 'Broken', { runtime: lambda.Runtime.NODEJS_24_X, handler: 'index.handler', code: lambda.Code.fromInline('exports.handler = async () => { throw new Error("broken"); };') });
    const resource = new CustomResource(stack, 'Failing', { serviceToken: broken.functionArn, serviceTimeout: Duration.seconds(10) });
    new CfnResource(stack, 'Waiting', { type: 'AWS::IoT::Thing', properties: { ThingName: resource.getAttString('Name') } });
    const python = new lambda.Function(stack, 'Python', { runtime: lambda.Runtime.PYTHON_3_13, handler: 'index.handler', code: lambda.Code.fromInline('x') });
    new CustomResource(stack, 'Other', { serviceToken: python.functionArn });
  } });
  await start();
  // The two run at once.
  expect([...twin!.warnings].sort()).toEqual([
    expect.stringMatching(/^Fleet\/Failing\/Default: function Fleet-Broken\w+-\w+: Error: broken$/),
    expect.stringMatching(/^Fleet\/Other\/Default: function Fleet-Python\w+-\w+: Twin.FunctionUnavailable: its runtime is 'python3.13'; the twin runs functions for Node.js only$/),
    expect.stringMatching(/^Fleet\/Waiting: its name <unknown: Fleet\/Failing.Name> is not known offline, so it is left out$/),
  ]);
  expect(twin!.deployment.things).toHaveLength(4);
});

test('what a handler objects for stays, until it does so no more', async () => {
  const empty = (stack: Stack): void => void new Thing(stack, 'Other', { thingName: 'other' });
  const fleet = (stack: Stack): void => {
    empty(stack);
    new DeviceFleet(stack, 'Sensors').addClaimProvisioning('Claim', { templateName: 'claim', acceptAnyDevice: true });
  };
  const app = (define: (stack: Stack) => void): void => {
    const made = new App({ outdir });
    define(new Stack(made, 'Fleet'));
    made.synth();
  };
  app(fleet);
  const iotClient = await start();
  const [policyName] = twin!.deployment.policies.map(({ name }) => String(name));
  const { certificatePem } = await iotClient.send(new CreateKeysAndCertificateCommand({ setAsActive: true }));
  const { certificates } = await iotClient.send(new ListCertificatesCommand({}));
  const target = certificates![0]!.certificateArn!;
  await iotClient.send(new AttachPolicyCommand({ policyName, target }));
  expect(certificatePem).toContain('CERTIFICATE');

  app(empty);
  const { warnings } = await twin!.reload();
  expect(warnings).toContainEqual(expect.stringMatching(/Sensors\/Guard.*could not be taken away.*has devices that this stack has not made: 1 with the policy/));
  await expect(iotClient.send(new GetPolicyCommand({ policyName }))).resolves.toMatchObject({ policyName });

  await iotClient.send(new DetachPolicyCommand({ policyName, target }));
  expect((await twin!.reload()).warnings).toEqual([]);
  await expect(iotClient.send(new GetPolicyCommand({ policyName }))).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
});

test('runs no functions if it is told so, and says what that leaves open', async () => {
  synthesize();
  twin = await startTwin({ assembly: outdir, stateDirectory, runFunctions: false });
  const { endpointUrl, region, ...credentials } = twin.aws;
  const iotClient = new IoTClient({ endpoint: endpointUrl, region, credentials });

  await expect(iotClient.send(new GetPolicyCommand({ policyName: NAMES.policyName }))).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
  await expect(iotClient.send(new DescribeThingCommand({ thingName: 'pump-1' }))).resolves.toMatchObject({ thingName: 'pump-1' });
  expect(twin.warnings).toContainEqual(expect.stringMatching(/Membership.*the twin was told to run no functions$/));
});
