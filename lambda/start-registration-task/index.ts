/** Lets AWS IoT register the devices of a file: starts a task when the file or the template changes, and waits for none. */
import {
  DescribeThingRegistrationTaskCommand,
  ListThingRegistrationTasksCommand,
  StartThingRegistrationTaskCommand,
  StopThingRegistrationTaskCommand,
  type Status,
} from '@aws-sdk/client-iot';
import { allItems, createClient, customResource, failure, handle, MISSING, RequestError, text, unless } from '../custom-resource';
import type { Handle, Iot, Patience, Properties, System, Task } from '../custom-resource';

/** What makes a task. The template has the version of the file in it, so that the same input is the same task. */
interface Input {
  readonly templateBody: string;
  readonly inputFileBucket: string;
  readonly inputFileKey: string;
  readonly roleArn: string;
}

/** Another task is running, of which an account has one. */
class BusyError extends RequestError {
  public override readonly name = 'BusyError';
}

/** How long to wait for another task, and for a role that IAM has not made known everywhere. */
const UNTIL_FREE: Patience = { errors: ['BusyError', 'InvalidRequestException', 'LimitExceededException'], seconds: 480 };

export function createHandler(iot: Iot, system?: System): Handle {
  return handle<Input>({
    read: (properties) => ({
      templateBody: templateBodyOf(properties),
      inputFileBucket: text(properties, 'InputFileBucket'),
      inputFileKey: text(properties, 'InputFileKey'),
      roleArn: text(properties, 'RoleArn'),
    }),
    identify: async (task, wanted, event) => (event.RequestType === 'Delete' ? event.PhysicalResourceId : start(iot, task, wanted)),
    // The task is the resource: it is there, or started, when its id is known.
    create: async () => {},
    update: async () => {},
    remove: (task, before) => stop(iot, task, before),
  }, system);
}

/** The template, with the certificate of the CA in it where that is known only now. */
function templateBodyOf(properties: Properties): string {
  const body = text(properties, 'TemplateBody');
  if (properties.CaCertificatePem === undefined) {
    return body;
  }
  const { Parameters: parameters, ...rest } = JSON.parse(body) as { readonly Parameters: Readonly<Record<string, object>> };
  return JSON.stringify({ Parameters: { ...parameters, CACertificatePem: { ...parameters.CACertificatePem, Default: text(properties, 'CaCertificatePem') } }, ...rest });
}

async function start(iot: Iot, { call }: Task, input: Input): Promise<string> {
  try {
    return await call(async () => {
      // The answer of an earlier try may have been lost; a second task would issue second certificates.
      for (const status of ['InProgress', 'Completed'] as const) {
        for await (const taskId of tasksOf(iot, status)) {
          if (await isSame(iot, taskId, input)) {
            return taskId;
          }
          if (status === 'InProgress') {
            throw new BusyError(`registration task ${taskId} is running, and AWS IoT runs one in an account; wait for it, or stop it with "aws iot stop-thing-registration-task --task-id ${taskId}", and deploy again`);
          }
        }
      }
      const { taskId } = await iot.send(new StartThingRegistrationTaskCommand(input));
      return taskId ?? '';
    }, UNTIL_FREE);
  } catch (error) {
    throw failure(`start the registration of the devices in s3://${input.inputFileBucket}/${input.inputFileKey}`, error);
  }
}

async function stop(iot: Iot, task: Task, input: Input): Promise<void> {
  const { call } = task;
  try {
    for (const taskId of await call(() => runningTasks(iot))) {
      if (await call(() => isSame(iot, taskId, input))) {
        await unless(MISSING, () => call(() => iot.send(new StopThingRegistrationTaskCommand({ taskId }))));
        task.note('the registration task is stopped; the devices that it has registered stay', { taskId });
      }
    }
  } catch (error) {
    throw failure('stop the registration task', error);
  }
}

async function runningTasks(iot: Iot): Promise<readonly string[]> {
  const ids: string[] = [];
  for await (const taskId of tasksOf(iot, 'InProgress')) {
    ids.push(taskId);
  }
  return ids;
}

function tasksOf(iot: Iot, status: Status): AsyncGenerator<string> {
  return allItems(async (nextToken) => {
    const page = await iot.send(new ListThingRegistrationTasksCommand({ status, nextToken }));
    return { items: page.taskIds, next: page.nextToken };
  });
}

/** Whether a task is the one for this input; one that is gone meanwhile is not. */
async function isSame(iot: Iot, taskId: string, input: Input): Promise<boolean> {
  let isEqual = false;
  await unless(MISSING, async () => {
    const found = await iot.send(new DescribeThingRegistrationTaskCommand({ taskId }));
    isEqual = (Object.keys(input) as (keyof Input)[]).every((name) => found[name] === input[name]);
  });
  return isEqual;
}

export const handler = customResource(createHandler(createClient()));
