import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readDeployment } from '../../../lib/deployment';
import type { Deployment } from '../../../lib/deployment';
import { AccessKeys, createAwsEndpoint } from '../../../lib/twin/aws';
import { systemClock } from '../../../lib/twin/clock';
import { Answers, CustomResourceRecords, CustomResources, Events } from '../../../lib/twin/cloudformation';
import type { Deployed } from '../../../lib/twin/cloudformation';
import { LambdaFunctions } from '../../../lib/twin/lambda';
import { StateFolder } from '../../../lib/twin/pki/state-folder';
import { NO_ROLES } from '../support/no-roles';

const folder = mkdtempSync(join(tmpdir(), 'custom-resources-'));
const log = join(folder, 'events.ndjson');
let state: string;
let server: Server;
let answers: Answers;
let functions: LambdaFunctions;
let engine: CustomResources;
let deployed: Deployment[];

/** A handler that writes down its event, and answers as its properties say. */
const HANDLER = `
  const { appendFileSync } = require('node:fs');
  exports.handler = async (event) => {
    appendFileSync(process.env.LOG, JSON.stringify(event) + '\\n');
    const { Throws, Slow, Fails, Silent, Name = 'a', Answer } = event.ResourceProperties;
    if (Throws && event.RequestType !== 'Delete') throw new Error('handler broke');
    if (Slow) await new Promise(() => setInterval(() => {}, 1e6));
    if (Silent) return;
    const { StackId, RequestId, LogicalResourceId } = event;
    const failed = Fails && event.RequestType !== 'Delete' && (event.RequestType !== 'Update' || Fails !== event.OldResourceProperties.Fails);
    const body = { Status: failed ? 'FAILED' : 'SUCCESS', Reason: failed ? 'it was\\ntold to' : '', PhysicalResourceId: 'id-' + Name, StackId, RequestId, LogicalResourceId, Data: { Upper: Name.toUpperCase(), Count: 3, List: ['x', 'y'] }, ...JSON.parse(Answer ?? '{}') };
    await fetch(event.ResponseURL, { method: 'PUT', body: JSON.stringify(body) });
  };`;

const FUNCTION = { Type: 'AWS::Lambda::Function', Properties: { FunctionName: 'handler', Runtime: 'nodejs24.x', Handler: 'index.handler', Timeout: 60, Code: { ZipFile: HANDLER }, Environment: { Variables: { LOG: log } } } };

function custom(properties: object = {}, more: object = {}): object {
  return { Type: 'Custom::Test', Properties: { ServiceToken: { 'Fn::GetAtt': 'Handler.Arn' }, ...properties }, ...more };
}

async function start(): Promise<void> {
  server?.close();
  functions?.stop();
  answers = new Answers();
  server = createAwsEndpoint({ services: [], openRoutes: [answers], keys: new AccessKeys(Date.now), guard: NO_ROLES, onFault: (reason) => { throw new Error(reason); } });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const stateFolder = StateFolder.create(state);
  functions = new LambdaFunctions({
    access: () => ({ endpoint, region: 'eu-west-1', credentials: new AccessKeys(Date.now).issue() }), folder: stateFolder, clock: systemClock, project: process.cwd(), log: () => undefined,
  });
  engine = new CustomResources(new Events(functions, answers, endpoint, systemClock), new CustomResourceRecords(stateFolder), functions);
}

/** Deploys resources, and tells what came of it and which events there were. */
async function deploy(resources: object): Promise<Deployed & { readonly events: string[]; readonly full: readonly Record<string, unknown>[] }> {
  rmSync(log, { force: true });
  writeFileSync(join(folder, 'App.json'), JSON.stringify({ Resources: { Handler: FUNCTION, ...resources } }));
  deployed = [];
  const outcome = await engine.apply({
    read: (knowledge) => readDeployment(join(folder, 'App.json'), { accountId: '123456789012', region: 'eu-west-1', ...knowledge }),
    deploy: (deployment) => void deployed.push(deployment),
  });
  const full = existsSync(log) ? readFileSync(log, 'utf8').trim().split('\n').map((line) => JSON.parse(line) as Record<string, unknown>) : [];
  return { ...outcome, full, events: full.map((event) => [event.RequestType, event.LogicalResourceId, event.PhysicalResourceId].filter((part) => part !== undefined).join(' ')) };
}

beforeEach(async () => {
  state = mkdtempSync(join(folder, 'state-'));
  await start();
});

afterAll(() => {
  functions.stop();
  server.close();
  rmSync(folder, { recursive: true });
});

test('a custom resource is made with what CloudFormation would send', async () => {
  const { full, problems, changes } = await deploy({ One: custom({ Name: 'a', Number: 5, Flag: true, Nested: { List: [1, { A: false }] } }) });
  expect(full).toEqual([{
    RequestType: 'Create',
    ServiceToken: 'arn:aws:lambda:eu-west-1:123456789012:function:handler',
    ResponseURL: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+\/cloudformation\/[\w-]{32}$/) as string,
    StackId: expect.stringMatching(/^arn:aws:cloudformation:eu-west-1:123456789012:stack\/App\/[0-9a-f-]{36}$/) as string,
    RequestId: expect.stringMatching(/^[0-9a-f-]{36}$/) as string,
    LogicalResourceId: 'One',
    ResourceType: 'Custom::Test',
    ResourceProperties: { ServiceToken: 'arn:aws:lambda:eu-west-1:123456789012:function:handler', Name: 'a', Number: '5', Flag: 'true', Nested: { List: ['1', { A: 'false' }] } },
  }]);
  expect([problems, changes]).toEqual([[], ['created App/One']]);
  expect(statSync(join(state, 'custom-resources.json')).mode & 0o777).toBe(0o600);
});

test('nothing is done again for what has not changed, also after a restart', async () => {
  const resources = { One: custom({ Name: 'a' }), Two: custom({ Name: { 'Fn::GetAtt': 'One.Upper' } }) };
  await deploy(resources);
  await start();
  const { events, changes, deployment } = await deploy(resources);
  expect([events, changes, deployed.length]).toEqual([[], [], 1]);
  expect(deployment.resources.find(({ logicalId }) => logicalId === 'Two')).toMatchObject({ physicalId: 'id-A', properties: { Name: 'A' } });
});

test('one that changed is updated, and what depends on it follows', async () => {
  const resources = (name: string) => ({ Two: custom({ Name: { 'Fn::Sub': '${One.Upper}-${One.Count}' } }), One: custom({ Name: name }), Other: custom({ Name: 'o' }) });
  await deploy(resources('a'));
  const { full, events } = await deploy(resources('b'));
  expect(events).toEqual(['Update One id-a', 'Update Two id-A-3', 'Delete Two id-A-3', 'Delete One id-a']);
  expect(full[0]).toMatchObject({ ResourceProperties: { Name: 'b' }, OldResourceProperties: { Name: 'a' } });
  expect(full[1]).toMatchObject({ ResourceProperties: { Name: 'B-3' }, OldResourceProperties: { Name: 'A-3' } });
});

test('one that stays the same thing is not replaced', async () => {
  await deploy({ One: custom({ Name: 'a', Note: '1' }) });
  expect((await deploy({ One: custom({ Name: 'a', Note: '2' }) })).events).toEqual(['Update One id-a']);
});

test('one that left the template is taken away, with its function as it was, unless it is to be retained', async () => {
  await deploy({ One: custom({ Name: 'a' }), Two: custom({ Name: 'b' }, { DependsOn: 'One' }), Kept: custom({ Name: 'k' }, { DeletionPolicy: 'Retain' }) });
  await start();
  const { events, changes } = await deploy({ Handler: { Type: 'AWS::SNS::Topic' } });
  expect(events).toEqual(['Delete Two id-b', 'Delete One id-a']);
  expect([...changes].sort()).toEqual(['deleted App/One', 'deleted App/Two', 'kept App/Kept, as its DeletionPolicy says']);
  expect((await deploy({})).events).toEqual([]);
});

describe('the order', () => {
  test('follows DependsOn, also through resources of other types', async () => {
    const { events } = await deploy({
      Third: custom({}, { DependsOn: ['Between'] }),
      Between: { Type: 'AWS::IoT::Thing', Properties: { ThingName: { 'Fn::GetAtt': 'Second.Upper' } } },
      Second: custom({ Name: 'b' }, { DependsOn: 'First' }),
      First: custom({ Name: 'f' }),
    });
    expect(events).toEqual(['Create First', 'Create Second', 'Create Third']);
    // What is native is deployed before the handlers that need it, with all that is known by then.
    expect(deployed.at(-2)!.things[0]!.name).toBe('B');
  });

  test('lets resources wait for what a managed policy is, although its name is known', async () => {
    const { events } = await deploy({
      Attachment: custom({ Name: { Ref: 'Policy' } }),
      Policy: { ...custom({ PolicyName: 'id-a', PolicyDocument: '{}' }), Type: 'Custom::IotPolicy' },
    });
    expect(events).toEqual(['Create Policy', 'Create Attachment']);
  });

  test('runs what does not depend on each other at once', async () => {
    const many = Object.fromEntries(Array.from({ length: 20 }, (_, index) => [`One${index}`, custom({ Name: String(index) })]));
    expect((await deploy(many)).events).toHaveLength(20);
  });
});

describe('a failure is told in one line, and the rest goes on', () => {
  const AFTER = { After: custom({ Name: { 'Fn::GetAtt': 'Bad.Upper' } }), Beside: custom({ Name: 'beside' }) };

  test.each([
    ['a handler that says so', { Fails: 'yes' }, 'it was told to'],
    ['a handler that throws', { Throws: 'yes' }, 'function handler: Error: handler broke'],
    ['a handler that is slow', { Slow: 'yes', ServiceTimeout: 1 }, 'function handler: Sandbox.Timedout: Task timed out after 1.00 seconds'],
    ['a handler that gives no answer', { Silent: 'yes' }, 'its handler ended without an answer to CloudFormation'],
    ['an answer to something else', { Answer: '{"RequestId":"other"}' }, 'the answer of its handler has another RequestId than the event'],
    ['an answer without an id', { Answer: '{"PhysicalResourceId":""}' }, 'the answer of its handler has no PhysicalResourceId, or one that is too long'],
    ['an answer that is too long', { Answer: `{"Data":{"A":"${'x'.repeat(5000)}"}}` }, expect.stringMatching(/^App\/Bad: the answer of its handler has \d+ bytes, CloudFormation takes 4096$/) as string],
  ])('%s', async (_, properties, reason) => {
    const { problems, events } = await deploy({ Bad: custom(properties), ...AFTER });
    expect(problems).toEqual([
      typeof reason === 'string' ? `App/Bad: ${reason}` : reason,
      'App/After: it is left out: it needs App/Bad.Upper, which is not known',
    ]);
    expect(events).toContain('Create Beside');
    expect(events).not.toContain('Create After');
  });

  test('what could not be made is taken away, and tried again', async () => {
    expect((await deploy({ Bad: custom({ Fails: 'yes' }) })).events).toEqual(['Create Bad', 'Delete Bad id-a']);
    expect((await deploy({ Bad: custom({ Fails: 'yes' }) })).events).toEqual(['Create Bad', 'Delete Bad id-a']);
    expect((await deploy({ Bad: custom({}) })).events).toEqual(['Create Bad']);
  });

  test('what could not be changed is changed back, and stays known', async () => {
    await deploy({ Bad: custom({ Name: 'a' }) });
    const { events, full, deployment } = await deploy({ Bad: custom({ Name: 'a', Fails: 'yes' }), After: custom({ Name: { Ref: 'Bad' } }) });
    expect(events).toEqual(['Update Bad id-a', 'Update Bad id-a']);
    expect(full[1]).toMatchObject({ ResourceProperties: { Name: 'a' }, OldResourceProperties: { Fails: 'yes' } });
    expect(deployment.resources.find(({ logicalId }) => logicalId === 'Bad')!.physicalId).toBe('id-a');
  });

  test.each([
    ['a function of another language', { Handler: { ...FUNCTION, Properties: { ...FUNCTION.Properties, Runtime: 'python3.13' } }, One: custom() }, "App/One: function handler: Twin.FunctionUnavailable: its runtime is 'python3.13'; the twin runs functions for Node.js only"],
    ['a function elsewhere', { One: { Type: 'Custom::Test', Properties: { ServiceToken: 'arn:aws:lambda:eu-west-1:123456789012:function:other' } } }, 'App/One: it is left out: its ServiceToken names no function of the assembly'],
    ['a helper of the CDK for logs', { One: { ...custom(), Type: 'Custom::LogRetention' } }, 'App/One: it is left out: the twin keeps no logs'],
    ['a circle', { One: custom({}, { DependsOn: 'Two' }), Two: custom({}, { DependsOn: 'One' }) }, 'App/One: it is left out: what it depends on is left out, or depends on it'],
  ])('%s', async (_, resources, problem) => {
    const { problems, events } = await deploy(resources);
    expect(problems[0]).toBe(problem);
    expect(events).toEqual([]);
  });
});

describe('the helper that AWS gives to inline code', () => {
  const RESPOND = `
    const https = require('https'), url = require('url');
    exports.handler = (event, context) => {
      const body = JSON.stringify({ Status: 'SUCCESS', PhysicalResourceId: 'x', StackId: event.StackId, RequestId: event.RequestId, LogicalResourceId: event.LogicalResourceId });
      const parsed = url.parse(event.ResponseURL);
      const request = https.request({ hostname: parsed.hostname, port: 443, path: parsed.path, method: 'PUT', headers: { 'content-type': '', 'content-length': body.length } }, () => context.done());
      request.write(body);
      request.end();
    };`;

  test('answers over HTTPS, whatever the URL says, and is heard', async () => {
    const { problems, changes } = await deploy({ Handler: { ...FUNCTION, Properties: { ...FUNCTION.Properties, Code: { ZipFile: RESPOND } } }, One: custom() });
    expect([problems, changes]).toEqual([[], ['created App/One']]);
  });
});

test('an answer is taken once, and from nobody who does not know the URL', async () => {
  const { path, answer } = answers.open({ StackId: 's', RequestId: 'r', LogicalResourceId: 'l' });
  const put = (to: string) => answers.handle({ method: 'PUT', url: to, path: to, query: new URLSearchParams(), headers: {}, body: Buffer.from('{}') });
  expect(put('/cloudformation/guessed')).toEqual({ status: 403 });
  expect(put(path)).toEqual({ status: 200 });
  expect(put(path)).toEqual({ status: 403 });
  await expect(answer).resolves.toMatchObject({ Status: 'FAILED' });
});
