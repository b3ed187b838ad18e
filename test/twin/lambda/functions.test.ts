import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readDeployment } from '../../../lib/deployment';
import { systemClock } from '../../../lib/twin/clock';
import { FunctionError, functionsOf, LambdaFunctions } from '../../../lib/twin/lambda';
import { StateFolder } from '../../../lib/twin/pki/state-folder';

const folder = mkdtempSync(join(tmpdir(), 'lambda-test-'));
const lines: string[] = [];
let functions: LambdaFunctions;

/** The template of functions: their code as text, or as files of an asset. */
interface FunctionOptions {
  readonly code?: string;
  readonly files?: { readonly [name: string]: string };
  readonly handler?: string;
  readonly runtime?: string;
  readonly timeout?: number;
  readonly environment?: { readonly [name: string]: unknown };
  readonly assetPath?: string;
}

function serve(options: { readonly [name: string]: FunctionOptions }): void {
  const resources = Object.entries(options).map(([name, one]) => {
    Object.entries(one.files ?? {}).forEach(([file, content]) => {
      mkdirSync(join(folder, `asset.${name}`, file, '..'), { recursive: true });
      writeFileSync(join(folder, `asset.${name}`, file), content);
    });
    return [name, {
      Type: 'AWS::Lambda::Function',
      Properties: {
        FunctionName: name,
        Runtime: one.runtime ?? 'nodejs24.x',
        Handler: one.handler ?? 'index.handler',
        Timeout: one.timeout ?? 60,
        Code: one.code === undefined ? { S3Bucket: 'assets', S3Key: `${name}.zip` } : { ZipFile: one.code },
        ...one.environment && { Environment: { Variables: one.environment } },
      },
      Metadata: one.code === undefined ? { 'aws:asset:path': one.assetPath ?? `asset.${name}` } : {},
    }];
  });
  writeFileSync(join(folder, 'App.json'), JSON.stringify({ Resources: Object.fromEntries(resources) as object }));
  functions.replace(functionsOf(readDeployment(join(folder, 'App.json'), { accountId: '123456789012', region: 'eu-west-1' })));
}

function invoke(name: string, payload: unknown = {}, timeoutMs = 60_000): Promise<unknown> {
  return functions.invoke(name, payload, { timeoutMs });
}

beforeAll(() => {
  process.env.AWS_PROFILE = 'of-the-user';
});

beforeEach(() => {
  lines.length = 0;
  functions = new LambdaFunctions({
    access: () => ({ endpoint: 'http://127.0.0.1:1', region: 'eu-west-1', credentials: { accessKeyId: 'ASIAX', secretAccessKey: 'secret', sessionToken: 'token' } }),
    folder: StateFolder.create(join(folder, 'state')),
    clock: systemClock,
    project: process.cwd(),
    log: (name, line) => lines.push(`${name}: ${line}`),
  });
});

afterEach(() => functions.stop());

afterAll(() => {
  delete process.env.AWS_PROFILE;
  rmSync(folder, { recursive: true });
});

describe('a handler answers', () => {
  test('with a promise, and is told who it is', async () => {
    serve({ Echo: { code: 'exports.handler = async (event, context) => ({ event, name: context.functionName, arn: context.invokedFunctionArn, hasTime: context.getRemainingTimeInMillis() > 1000 });' } });

    const expected = { event: { a: 1 }, name: 'Echo', arn: 'arn:aws:lambda:eu-west-1:123456789012:function:Echo', hasTime: true };
    await expect(invoke('Echo', { a: 1 })).resolves.toEqual(expected);
    await expect(invoke('arn:aws:lambda:eu-west-1:123456789012:function:Echo:live', { a: 1 })).resolves.toEqual(expected);
  });

  test('through the callback, later', async () => {
    serve({ Callback: { code: 'exports.handler = (event, context, callback) => { setImmediate(() => callback(null, "called back")); };' } });
    await expect(invoke('Callback')).resolves.toBe('called back');
  });

  test('through the context, as cfn-response does, and more than once', async () => {
    serve({ Done: { code: 'exports.handler = (event, context) => { setTimeout(() => context.done(), 1); };' } });
    await expect(invoke('Done')).resolves.toBeNull();
    await expect(invoke('Done')).resolves.toBeNull();
  });

  test('with nothing, when it has nothing left to do', async () => {
    serve({ Nothing: { code: 'exports.handler = () => {};' } });
    await expect(invoke('Nothing')).resolves.toBeNull();
    await expect(invoke('Nothing')).resolves.toBeNull();
  });

  test('from a folder, with another file and export, and as an ES module', async () => {
    serve({
      Deep: { files: { 'src/app.js': 'exports.on = { event: async () => "deep" };' }, handler: 'src/app.on.event' },
      Module: { files: { 'index.mjs': 'import { KMSClient } from "@aws-sdk/client-kms"; export const handler = async () => KMSClient.name;' } },
    });
    await expect(Promise.all([invoke('Deep'), invoke('Module')])).resolves.toEqual(['deep', 'KMSClient']);
  });
});

test('a process is kept warm, and starts anew when the function changes', async () => {
  const counting = 'let count = 0; exports.handler = async () => ++count;';
  serve({ Count: { code: counting } });
  await expect(invoke('Count')).resolves.toBe(1);
  await expect(invoke('Count')).resolves.toBe(2);
  serve({ Count: { code: counting } });
  await expect(invoke('Count')).resolves.toBe(3);
  serve({ Count: { code: counting, environment: { A: 'b' } } });
  await expect(invoke('Count')).resolves.toBe(1);
});

test('invocations at once run in processes of their own, and a queue', async () => {
  serve({ Slow: { code: 'exports.handler = async ({ n }) => { await new Promise((done) => setTimeout(done, 20)); return n; };' } });
  const numbers = Array.from({ length: 12 }, (_, n) => n);
  await expect(Promise.all(numbers.map((n) => invoke('Slow', { n })))).resolves.toEqual(numbers);
});

describe('the environment', () => {
  test('has what AWS Lambda sets and the function declares, and nothing of the user', async () => {
    serve({ Env: { code: 'exports.handler = async () => process.env;', environment: { TABLE: { 'Fn::Sub': '${AWS::Region}-table' }, AWS_ACCESS_KEY_ID: 'AKIDFROMTEMPLATE', LATER: { 'Fn::GetAtt': 'Missing.Arn' } } } });

    const environment = await invoke('Env') as Record<string, string>;
    expect(environment).toMatchObject({
      TABLE: 'eu-west-1-table', AWS_REGION: 'eu-west-1', AWS_LAMBDA_FUNCTION_NAME: 'Env', AWS_ACCESS_KEY_ID: 'ASIAX', AWS_ENDPOINT_URL: 'http://127.0.0.1:1', AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
    });
    expect(environment).not.toHaveProperty('AWS_PROFILE');
    expect(environment).not.toHaveProperty('HOME');
    expect(environment).not.toHaveProperty('LATER');
    expect(lines).toEqual(["Env: the environment variable 'LATER' is left out: only AWS knows its value"]);
  });
});

describe('an error', () => {
  test('is what the handler threw', async () => {
    serve({ Throws: { code: 'exports.handler = async () => { throw new RangeError("too far"); };' } });
    const error = await invoke('Throws').catch((thrown: unknown) => thrown) as FunctionError;
    expect(error).toBeInstanceOf(FunctionError);
    expect(error).toMatchObject({ errorType: 'RangeError', errorMessage: 'too far', message: 'function Throws: RangeError: too far' });
    expect(error.trace[0]).toBe('RangeError: too far');
  });

  test.each([
    ['code that does not load', { code: 'throw new Error("at load");' }, 'Error: at load'],
    ['a handler that is not there', { code: 'exports.other = 1;' }, 'Runtime.HandlerNotFound: index does not export the handler "handler"'],
    ['a handler outside of its code', { code: '', handler: '../../outside.handler' }, 'Runtime.MalformedHandlerName: the handler "../../outside.handler" must look like "file.export"'],
    ['a process that ends', { code: 'exports.handler = async () => process.exit(3);' }, 'Runtime.ExitError: the process ended with exit code 3 before it answered'],
    ['an error that nobody catches', { code: 'exports.handler = async () => { setImmediate(() => { throw new Error("stray"); }); await new Promise(() => {}); };' }, 'Runtime.UncaughtException: stray'],
    ['another language', { code: '', runtime: 'python3.13' }, "Twin.FunctionUnavailable: its runtime is 'python3.13'; the twin runs functions for Node.js only"],
    ['more environment than AWS allows', { code: '', environment: { HUGE: 'x'.repeat(5000) } }, 'Twin.FunctionUnavailable: its environment variables take 5004 bytes; AWS Lambda allows 4096'],
    ['code outside of the assembly', { assetPath: '../../etc' }, 'Twin.FunctionUnavailable: its code is not in the assembly; use Code.fromAsset or Code.fromInline'],
  ] as [string, FunctionOptions, string][])('tells of %s', async (_, options, message) => {
    serve({ Bad: options });
    await expect(invoke('Bad')).rejects.toThrow(`function Bad: ${message}`);
  });

  test('tells of a function that is not in the assembly', async () => {
    await expect(invoke('Other')).rejects.toThrow('function Other: Twin.FunctionUnavailable: it is not in the assembly; name a function that the assembly declares');
  });

  test('of a slow handler ends its process, and the next invocation has another', async () => {
    serve({ Slow: { code: 'exports.handler = async ({ forever }) => (forever ? new Promise(() => setInterval(() => {}, 1e6)) : process.pid);' } });
    const first = await invoke('Slow');
    await expect(invoke('Slow', { forever: true }, 50)).rejects.toThrow('function Slow: Sandbox.Timedout: Task timed out after 0.05 seconds');
    await expect(invoke('Slow')).resolves.not.toBe(first);
  });
});

test('what a function prints is told, within bounds', async () => {
  serve({ Prints: { code: 'exports.handler = async () => { console.log("one\\ntwo"); console.error("x".repeat(10_000)); for (let i = 0; i < 100; i++) { console.log("y".repeat(4000)); } };' } });
  await invoke('Prints');
  while (lines.length < 10) {
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect(lines.slice(0, 2)).toEqual(['Prints: one', 'Prints: two']);
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThan(5000);
});
