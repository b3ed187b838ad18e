import type * as api from '@aws-sdk/client-iot';
import { createHandler } from '../../lambda/start-registration-task';
import { awsError, type Fault } from './faulty-client';
import { serialize } from './serialize';
import { FakeStack } from './stack';

const first = { TemplateBody: '{"v":1}', InputFileBucket: 'bucket', InputFileKey: 'one', RoleArn: 'role' };
const second = { ...first, TemplateBody: '{"v":2}', InputFileKey: 'two' };

/** Registration tasks in memory: one runs at a time, lists have pages of one. */
class FakeTasks {
  public readonly tasks: (api.DescribeThingRegistrationTaskResponse & { taskId: string })[] = [];
  public readonly requests: string[] = [];
  public readonly commands: object[] = [];
  public faults = new Map<number, Fault>();
  /** Ends the running task after so many requests. */
  public endsAfter = Infinity;

  public readonly client = { send: (command: object) => this.receive(command) } as never;

  public get started(): string[] {
    return this.tasks.map(({ inputFileKey, status }) => `${inputFileKey} ${status}`);
  }

  public end(): void {
    this.tasks.forEach((task) => {
      task.status = task.status === 'InProgress' ? 'Completed' : task.status;
    });
  }

  private async receive(command: object): Promise<unknown> {
    await Promise.resolve();
    const name = command.constructor.name.replace(/Command$/, '');
    const number = this.requests.length;
    this.requests.push(name);
    this.commands.push(command);
    if (number === this.endsAfter) {
      this.end();
    }
    const fault = [...this.faults].find(([from, { count = 1 }]) => number >= from && number < from + count)?.[1];
    if (fault && fault.isDone !== true) {
      throw awsError(fault.error);
    }
    const answer = this.answer(name, (command as { input: never }).input);
    if (fault) {
      throw awsError(fault.error);
    }
    return answer;
  }

  private answer(name: string, input: api.StartThingRegistrationTaskRequest & api.ListThingRegistrationTasksRequest & { taskId: string }): unknown {
    const task = this.tasks.find(({ taskId }) => taskId === input.taskId);
    switch (name) {
      case 'ListThingRegistrationTasks': {
        const ids = this.tasks.filter(({ status }) => status === input.status).map(({ taskId }) => taskId);
        const from = Number(input.nextToken ?? 0);
        return { taskIds: ids.slice(from, from + 1), nextToken: from + 1 < ids.length ? String(from + 1) : undefined };
      }
      case 'DescribeThingRegistrationTask':
        if (task === undefined) {
          throw awsError('ResourceNotFoundException');
        }
        return { ...task };
      case 'StartThingRegistrationTask':
        if (this.tasks.some(({ status }) => status === 'InProgress')) {
          throw awsError('InvalidRequestException', 'A task is running');
        }
        this.tasks.push({ ...input, taskId: `task-${this.tasks.length + 1}`, status: 'InProgress' });
        return { taskId: this.tasks.at(-1)!.taskId };
      case 'StopThingRegistrationTask':
        task!.status = 'Cancelled';
        return {};
      default:
        throw new Error(`the fake does not know ${name}`);
    }
  }
}

let tasks: FakeTasks;
let stack: FakeStack;
beforeEach(() => {
  tasks = new FakeTasks();
  stack = new FakeStack(createHandler, tasks.client);
});

test('a task is started, and its id returned, before it has ended', async () => {
  expect(await stack.deploy(first)).toMatchObject({ Status: 'SUCCESS', PhysicalResourceId: 'task-1' });
  expect(tasks.started).toEqual(['one InProgress']);
  expect(await serialize(tasks.commands)).toEqual([
    'GET /thing-registration-tasks {"status":"InProgress"}',
    'GET /thing-registration-tasks {"status":"Completed"}',
    'POST /thing-registration-tasks {"templateBody":"{\\"v\\":1}","inputFileBucket":"bucket","inputFileKey":"one","roleArn":"role"}',
  ]);
});

test('the same content is not registered twice, whether its task runs or has ended', async () => {
  const create = stack.create(first);
  await stack.send(create);
  expect(await stack.send(create)).toMatchObject({ PhysicalResourceId: 'task-1' });
  tasks.end();
  expect(await stack.send(create)).toMatchObject({ PhysicalResourceId: 'task-1' });
  expect(tasks.started).toEqual(['one Completed']);
});

test('another file is another task, which waits for its turn', async () => {
  await stack.deploy(first);
  tasks.endsAfter = tasks.requests.length + 6;

  expect(await stack.deploy(second)).toMatchObject({ Status: 'SUCCESS', PhysicalResourceId: 'task-2' });
  expect(tasks.started).toEqual(['one Completed', 'two InProgress']);
});

test('going back to the file before, as in a rollback, registers nothing again', async () => {
  await stack.deploy(first);
  tasks.end();
  await stack.deploy(second);
  tasks.end();
  expect(await stack.deploy(first)).toMatchObject({ PhysicalResourceId: 'task-1' });
  expect(tasks.started).toEqual(['one Completed', 'two Completed']);
});

test('a task that runs for too long is named', async () => {
  await stack.deploy(first);
  expect(await stack.send(stack.create(second))).toMatchObject({
    Status: 'FAILED',
    Reason: 'registration task task-1 is running, and AWS IoT runs one in an account; wait for it, or stop it with "aws iot stop-thing-registration-task --task-id task-1", and deploy again',
  });
});

test('a task that is running is stopped on removal, and no other', async () => {
  await stack.deploy(first);
  expect(await stack.send(stack.remove(second, 'other'))).toMatchObject({ Status: 'SUCCESS' });
  expect(tasks.started).toEqual(['one InProgress']);
  expect(await stack.destroy()).toMatchObject({ Status: 'SUCCESS' });
  expect(tasks.started).toEqual(['one Cancelled']);
});

test('removal succeeds when the task has ended, or is forgotten', async () => {
  await stack.deploy(first);
  tasks.end();
  expect(await stack.destroy()).toMatchObject({ Status: 'SUCCESS' });
  expect(tasks.started).toEqual(['one Completed']);
});

describe('a fault of any request', () => {
  const FAULTS: readonly Fault[] = [
    { error: 'ThrottlingException' }, { error: 'TimeoutError', isDone: true }, { error: 'InvalidRequestException' },
    { error: 'AccessDeniedException', count: Infinity }, { error: 'MalformedPolicyException' },
  ];

  test.each(FAULTS)('$error, starts one task in the end, and stops it', async (fault) => {
    for (let number = 0; number < 3; number++) {
      tasks = new FakeTasks();
      stack = new FakeStack(createHandler, tasks.client);
      const create = stack.create(first);
      tasks.faults.set(number, fault);
      const answer = await stack.send(create);
      if (answer.Status === 'FAILED') {
        expect(answer.Reason).toMatch(/^cannot start the registration of the devices in s3:\/\/bucket\/one: /);
        tasks.faults.clear();
        expect(await stack.send(stack.remove(first, answer.PhysicalResourceId))).toMatchObject({ Status: 'SUCCESS' });
        expect(tasks.started).toEqual([]);
        expect(await stack.send(create)).toMatchObject({ Status: 'SUCCESS', PhysicalResourceId: 'task-1' });
      }
      expect(tasks.started).toEqual(['one InProgress']);

      const { length } = tasks.requests;
      tasks.faults = new Map([[length + number, fault]]);
      const removed = await stack.send(stack.remove(first, 'task-1'));
      tasks.faults.clear();
      if (removed.Status === 'FAILED') {
        expect(removed.Reason).toMatch(/^cannot stop the registration task: /);
        expect(await stack.send(stack.remove(first, 'task-1'))).toMatchObject({ Status: 'SUCCESS' });
      }
      expect(tasks.started).toEqual(['one Cancelled']);
    }
  });
});
