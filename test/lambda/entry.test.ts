import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { customResource, failure, handle, RequestError, type Handle, type Lifecycle, type Task } from '../../lambda/custom-resource';
import { put } from '../../lambda/custom-resource/answer';
import { awsError } from './faulty-client';
import { FakeStack, FakeSystem } from './stack';

const nothing: Lifecycle<undefined> = {
  read: () => undefined,
  create: async () => {},
  update: async () => {},
  remove: async () => {},
};

function stackOf(lifecycle: Partial<Lifecycle<undefined>>): FakeStack {
  return new FakeStack((_, system) => handle({ ...nothing, ...lifecycle }, system), { send: () => Promise.reject(new Error('unused')) });
}

describe('the answer', () => {
  test('has an id that every try of a create gives, and that an update keeps', async () => {
    const stack = stackOf({});
    const event = stack.create({});

    const answers = [await stack.send(event), await stack.send({ ...event, RequestId: 'another' })];
    expect(answers.map((answer) => answer.PhysicalResourceId)).toEqual(['Fleet/Resource', 'Fleet/Resource']);
    await stack.deploy({});
    expect(await stack.deploy({ changed: 'true' })).toMatchObject({ Status: 'SUCCESS', PhysicalResourceId: 'Fleet/Resource' });
  });

  test('says why and what to do', async () => {
    const stack = stackOf({ create: () => Promise.reject(new RequestError('do this')) });

    expect(await stack.deploy({})).toMatchObject({ Status: 'FAILED', Reason: 'do this' });
    expect(JSON.parse(stack.system.lines[0]!)).toMatchObject({ level: 'ERROR', message: 'Create FAILED', reason: 'do this' });
  });

  test('of a failed create names an id that a delete does nothing for', async () => {
    const removed = jest.fn();
    const stack = stackOf({
      create: () => Promise.reject(awsError('InvalidRequestException')),
      remove: async () => {
        await Promise.resolve();
        removed();
      },
    });

    const { PhysicalResourceId: id } = await stack.deploy({});
    expect(id).toBe('never-created/InvalidRequestException/request-0');
    expect(await stack.send(stack.remove({}, id))).toMatchObject({ Status: 'SUCCESS', PhysicalResourceId: id });
    expect(removed).not.toHaveBeenCalled();
  });

  test('of a create that ran out of time names an id that a delete cleans up', async () => {
    const removed = jest.fn();
    const stack = stackOf({
      create: ({ call }: Task) => call(() => Promise.reject(awsError('ThrottlingException'))),
      remove: async () => {
        await Promise.resolve();
        removed();
      },
    });

    const answer = await stack.send(stack.create({}), 150_000);
    expect(answer).toMatchObject({
      Status: 'FAILED',
      PhysicalResourceId: 'Fleet/Resource',
      Reason: 'ran out of time: deploy again to go on where this stopped, or divide the resource into smaller ones; the last answer of AWS was ThrottlingException: a message of ThrottlingException',
    });
    await stack.send(stack.remove({}, answer.PhysicalResourceId));
    expect(removed).toHaveBeenCalledTimes(1);
  });

  test('fails for attributes that CloudFormation would refuse', async () => {
    const stack = stackOf({ create: async () => Promise.resolve({ Long: 'x'.repeat(5000) }) });

    expect(await stack.deploy({})).toMatchObject({ Status: 'FAILED', Reason: 'the attributes of the resource take more than the 4096 bytes that CloudFormation allows' });
  });

  test('cuts what AWS says, and not what to do about it', async () => {
    const stack = stackOf({ create: () => Promise.reject(failure('make it', awsError('AccessDeniedException', 'x'.repeat(9000)))) });

    const { Reason: reason } = await stack.deploy({});
    expect(reason).toMatch(/^cannot make it: AccessDeniedException: x+…; the role of the function/);
    expect(reason).toMatch(/denies it$/);
  });

  test('cuts a reason that is too long', async () => {
    const stack = stackOf({ create: () => Promise.reject(new RequestError('x'.repeat(9000))) });

    const answer = await stack.deploy({});
    expect(JSON.stringify(answer).length).toBeLessThan(4096);
  });
});

describe('answering CloudFormation', () => {
  const done: Handle = async () => Promise.resolve({ physicalResourceId: 'id' });
  const context = { getRemainingTimeInMillis: () => 900_000 };
  const event = new FakeStack(() => done, { send: () => Promise.reject(new Error('unused')) }).create({ Secret: 'hidden' });

  test('is tried again, with pauses', async () => {
    const system = new FakeSystem();
    const send = jest.fn().mockRejectedValueOnce(new TypeError('fetch failed')).mockRejectedValueOnce(awsError('TimeoutError')).mockResolvedValue(undefined);
    await customResource(done, system, send)(event, context);

    expect(send).toHaveBeenCalledTimes(3);
    expect(system.time).toBeGreaterThan(1000);
  });

  test('fails in the end, so that AWS Lambda tries the event again, and tells no secret', async () => {
    const system = new FakeSystem();
    const entry = customResource(done, system, (url) => Promise.reject(new Error(`no ${url}`)));

    await expect(entry(event, context)).rejects.toThrow('could not answer CloudFormation after 6 attempts, the last one failed with Error');
    expect(system.lines.join()).not.toMatch(/Signature|hidden/);
  });
});

test('the answer is put as the signed URL wants it: without a content type, with a length', async () => {
  const requests: unknown[] = [];
  const statuses = [503, 200];
  const server = createServer((request, response) => {
    const { method, url, headers } = request;
    request.on('data', (chunk: Buffer) => requests.push([method, url, headers['content-type'], headers['content-length'], chunk.toString()]));
    request.on('end', () => {
      response.writeHead(statuses.shift()!).end();
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/key?signature=1`;
    await expect(put(url, new TextEncoder().encode('{}'))).rejects.toThrow('CloudFormation answered 503');
    await put(url, new TextEncoder().encode('{}'));
    expect(requests).toEqual(Array(2).fill(['PUT', '/key?signature=1', undefined, '2', '{}']));
  } finally {
    server.closeAllConnections();
    server.close();
  }
});

describe('calling AWS', () => {
  test('waits longer from time to time, and not in step with others', async () => {
    const system = new FakeSystem();
    const pauses: number[] = [];
    system.sleep = async (milliseconds) => {
      await Promise.resolve();
      pauses.push(milliseconds);
      system.time += milliseconds;
    };
    const handler = handle({ ...nothing, create: ({ call }: Task) => call(() => Promise.reject(awsError('ServiceUnavailableException'))) }, system);

    await expect(handler(stackOf({}).create({}))).rejects.toThrow('ServiceUnavailableException');
    expect(pauses.slice(0, 8)).toEqual([300, 600, 1200, 2400, 4800, 7500, 7500, 7500]);
    expect(system.time).toBeLessThanOrEqual(120_000);
  });

  test.each([
    ['a code of the network', Object.assign(new Error('socket'), { code: 'ECONNRESET' })],
    ['an answer with a status above 500', Object.assign(new Error('502'), { $metadata: { httpStatusCode: 502 } })],
  ])('goes on after %s', async (_, error) => {
    const send = jest.fn().mockRejectedValueOnce(error).mockResolvedValue('done');
    const handler = handle({ ...nothing, create: async ({ call }: Task) => ({ Result: await call(() => send() as Promise<string>) }) }, new FakeSystem());

    expect(await handler(stackOf({}).create({}))).toMatchObject({ data: { Result: 'done' } });
  });

  test('gives up at once for what will not pass', async () => {
    const system = new FakeSystem();
    const send = jest.fn().mockRejectedValue(awsError('InvalidRequestException'));
    const handler = handle({ ...nothing, create: ({ call }: Task) => call(() => send() as Promise<void>) }, system);

    await expect(handler(stackOf({}).create({}))).rejects.toThrow('InvalidRequestException');
    expect(send).toHaveBeenCalledTimes(1);
    expect(system.time).toBe(0);
  });
});
