import 'aws-cdk-lib/testhelpers/jest-autoclean';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as cdk from 'aws-cdk-lib';
import * as iot from 'aws-cdk-lib/aws-iot';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import * as sqs from 'aws-cdk-lib/aws-sqs';
import { assetPath, readDeployment } from '../../lib/deployment';
import type { Deployment, Resource } from '../../lib/deployment';

const folder = mkdtempSync(join(tmpdir(), 'iot-warden-'));
const outdir = join(folder, 'cdk.out');
let deployment: Deployment;

beforeAll(() => {
  mkdirSync(join(folder, 'code'));
  writeFileSync(join(folder, 'code', 'index.js'), 'exports.handler = () => undefined;');
  synthesize();
  deployment = readDeployment(outdir, { region: 'eu-west-1' });
});

afterAll(() => rmSync(folder, { recursive: true }));

/** Two stacks with references between them, a nested stack, and a stage in an environment of its own. */
function synthesize(): void {
  const app = new cdk.App({ outdir });

  const registry = new cdk.Stack(app, 'Registry');
  const thing = new iot.CfnThing(registry, 'Sensor');
  const certificate = new iot.CfnCertificate(registry, 'Certificate', { status: 'ACTIVE', certificateSigningRequest: 'csr' });

  const access = new cdk.Stack(app, 'Access', { stackName: 'sensor-access' });
  const isProd = new cdk.CfnCondition(access, 'IsProd', { expression: cdk.Fn.conditionEquals(access.account, '111122223333') });
  const prefixes = new cdk.CfnMapping(access, 'Prefixes', { mapping: { 'eu-west-1': { prefix: 'dt/eu' } } });
  const policy = new iot.CfnPolicy(access, 'Policy', {
    policyDocument: {
      Version: '2012-10-17',
      Statement: [{
        Effect: 'Allow',
        Action: 'iot:Publish',
        Resource: access.formatArn({ service: 'iot', resource: 'topic', resourceName: `${prefixes.findInMap(cdk.Aws.REGION, 'prefix')}/${thing.ref}` }),
      }],
    },
  });
  new iot.CfnPolicyPrincipalAttachment(access, 'Attachment', { policyName: policy.ref, principal: certificate.attrArn });
  new iot.CfnThingPrincipalAttachment(access, 'ThingAttachment', { thingName: cdk.Fn.select(1, cdk.Fn.split('/', thing.attrArn)), principal: certificate.attrArn });
  new iot.CfnThing(access, 'ProdOnly').cfnOptions.condition = isProd;

  const queue = new sqs.Queue(registry, 'Queue');
  const nested = new cdk.NestedStack(registry, 'Nested');
  const inner = new iot.CfnThing(nested, 'Inner', { attributePayload: { attributes: { queue: queue.queueArn } } });
  new iot.CfnThing(registry, 'Outer', { thingName: `outer-of-${inner.ref}` });
  new lambda.Function(registry, 'Hook', {
    code: lambda.Code.fromAsset(join(folder, 'code')), handler: 'index.handler', runtime: lambda.Runtime.NODEJS_20_X,
  });

  new cdk.Stack(app, 'Empty');
  const stage = new cdk.Stage(app, 'Prod', { env: { account: '999988887777', region: 'us-east-1' } });
  new iot.CfnThing(new cdk.Stack(stage, 'Fleet'), 'Device');
  app.synth();
}

function at(path: string): Resource {
  const resource = deployment.resources.find((candidate) => candidate.path === path);
  if (resource === undefined) {
    throw new Error(`no ${path} in ${deployment.resources.map((candidate) => candidate.path).join(', ')}`);
  }
  return resource;
}

test('every stack is read, with those of stages and nested ones', () => {
  expect(deployment.stacks.map(({ path, name }) => [path, name])).toEqual([
    ['Registry', 'Registry'],
    ['Access', 'sensor-access'],
    ['Empty', 'Empty'],
    ['Prod/Fleet', 'Prod-Fleet'],
    [expect.stringMatching(/^Registry\/NestedNestedStack/), expect.stringMatching(/^Registry-NestedNestedStack\w+-[A-Z0-9]{12}$/)],
  ]);
});

test('resources have construct paths', () => {
  expect(deployment.things.map(({ path }) => path)).toEqual([
    'Registry/Sensor', 'Registry/Outer', 'Access/ProdOnly', 'Prod/Fleet/Device', 'Registry/Nested/Inner',
  ]);
});

test('options win over the environment of a stack, which wins over unknown', () => {
  expect(at('Prod/Fleet/Device').arn).toBe(`arn:aws:iot:eu-west-1:999988887777:thing/${String(at('Prod/Fleet/Device').physicalId)}`);
  expect(deployment.account).toEqual({ region: 'eu-west-1', partition: 'aws', accountId: { parts: [{ unknown: 'account.accountId' }] } });
  expect(deployment.unknowns).toContainEqual({ path: 'account.accountId', reason: 'the stacks differ' });
});

test('references between stacks are followed', () => {
  const [certificate] = deployment.certificates;

  expect(certificate).toMatchObject({
    path: 'Registry/Certificate',
    policies: [at('Access/Policy').physicalId],
    things: [{ name: at('Registry/Sensor').physicalId, exclusive: false }],
  });
  expect(deployment.external).toEqual([]);
  expect(deployment.policies[0]?.document).toMatchObject({
    Statement: [{ Resource: { parts: ['arn:aws:iot:eu-west-1:', { unknown: 'AWS::AccountId' }, `:topic/dt/eu/${String(at('Registry/Sensor').physicalId)}`] } }],
  });
});

test('references into and out of a nested stack are followed', () => {
  expect(at('Registry/Outer').physicalId).toBe(`outer-of-${String(at('Registry/Nested/Inner').physicalId)}`);
  expect(deployment.things.find(({ path }) => path === 'Registry/Nested/Inner')?.attributes).toEqual({ queue: at('Registry/Queue/Resource').arn });
});

test('a resource whose condition asks for the account may exist', () => {
  expect(at('Access/ProdOnly').condition).toBe('unknown');
  expect(readDeployment(outdir, { accountId: '111122223333' }).things.find(({ logicalId }) => logicalId === 'ProdOnly')).toMatchObject({ condition: undefined });
  expect(readDeployment(outdir, { accountId: '444455556666' }).things.map(({ logicalId }) => logicalId)).not.toContain('ProdOnly');
});

test('the code of a function is found', () => {
  expect(assetPath(deployment, at('Registry/Hook/Resource'))).toMatch(/cdk\.out\/asset\.[0-9a-f]{64}$/);
  expect(assetPath(deployment, at('Registry/Sensor'))).toBeUndefined();
});

test('one template of the assembly can be read by itself', () => {
  const alone = readDeployment(join(outdir, 'Registry.template.json'));

  expect(alone.things.map(({ path }) => path)).toEqual(['Registry/Sensor', 'Registry/Outer', expect.stringMatching(/^Registry\/NestedNestedStack\w+\/Inner$/)]);
  expect(assetPath(alone, alone.resources.find(({ type }) => type === 'AWS::Lambda::Function')!)).toMatch(/cdk\.out\/asset\.[0-9a-f]{64}$/);
});

test('the outputs of a stack are told where they are known', () => {
  const app = new cdk.App({ outdir: join(folder, 'outputs.out') });
  const stack = new cdk.Stack(app, 'Stack', { stackName: 'stack-name' });
  const thing = new iot.CfnThing(stack, 'Thing', { thingName: 'sensor' });
  new cdk.CfnOutput(stack, 'Name', { value: thing.ref });
  new cdk.CfnOutput(stack, 'InAccount', { value: thing.attrArn });
  new iot.CfnThing(new cdk.Stack(app, 'Without'), 'Thing');
  app.synth();

  expect(readDeployment(join(folder, 'outputs.out')).outputs).toEqual({ 'stack-name': { Name: 'sensor' } });
  expect(readDeployment(join(folder, 'outputs.out'), { accountId: '111122223333', region: 'eu-west-1' }).outputs).toEqual({
    'stack-name': { Name: 'sensor', InAccount: 'arn:aws:iot:eu-west-1:111122223333:thing/sensor' },
  });
});
