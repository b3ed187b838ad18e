import type { CloudFormationCustomResourceEvent } from 'aws-lambda';
import { describe, NotUndoneError, RequestError } from './errors';
import type { Properties } from './properties';
import { createCall, type Call } from './retry';
import { SYSTEM, type System } from './system';

export type ResourceEvent = CloudFormationCustomResourceEvent<Properties, Properties>;

/** What CloudFormation is told. */
export interface Outcome {
  readonly physicalResourceId: string;
  /** The attributes of the resource. They are kept in the state of the stack: no secrets. */
  readonly data?: Attributes;
}

export interface Attributes {
  readonly [name: string]: string;
}

/** Handles one event. `timeLeft` is how many milliseconds the function may go on. */
export type Handle = (event: ResourceEvent, timeLeft?: number) => Promise<Outcome>;

/** What the steps of a life cycle work with. */
export interface Task {
  readonly call: Call;
  /** Calls to take back what a failing step has done, with time of their own. */
  readonly undo: Call;
  /** Logs what is worth knowing later. Ids only, never secrets. */
  note(message: string, details?: { readonly [name: string]: unknown }): void;
}

/** What a custom resource does with what its properties say. Every step may be repeated. */
export interface Lifecycle<P> {
  read(properties: Properties): P;

  /**
   * The physical id that a resource gets when it is created; another one after an update is a replacement.
   *
   * @default - a name that lasts as long as the stack and the logical id
   */
  identify?(task: Task, wanted: P, event: ResourceEvent): Promise<string> | string;

  /** Creates, and takes back what it has done when it fails. */
  create(task: Task, wanted: P, event: ResourceEvent): Promise<Attributes | void>;
  update(task: Task, wanted: P, before: P, event: ResourceEvent): Promise<Attributes | void>;
  remove(task: Task, before: P, physicalResourceId: string): Promise<void>;
}

/** The most time that a Lambda function can have. */
const LONGEST_MS = 15 * 60 * 1000;

/** Of the time left, this much is kept for taking back and for answering. */
const UNDO_MS = 120_000;
const ANSWER_MS = 20_000;

/** Makes a handler of a life cycle. */
export function handle<P>(lifecycle: Lifecycle<P>, system: System = SYSTEM): Handle {
  return async (event, timeLeft = LONGEST_MS) => {
    const end = system.now() + timeLeft - ANSWER_MS;
    const task: Task = {
      call: createCall(system, end - UNDO_MS),
      undo: createCall(system, end),
      note: (message, details) => system.log(JSON.stringify({ level: 'INFO', message, logicalResourceId: event.LogicalResourceId, ...details })),
    };
    const properties = lifecycle.read(event.ResourceProperties);
    switch (event.RequestType) {
      case 'Create':
        return create(lifecycle, task, properties, event);
      case 'Update':
        return update(lifecycle, task, properties, event);
      case 'Delete':
        await lifecycle.remove(task, properties, event.PhysicalResourceId);
        return { physicalResourceId: event.PhysicalResourceId };
    }
  };
}

async function create<P>(lifecycle: Lifecycle<P>, task: Task, wanted: P, event: ResourceEvent): Promise<Outcome> {
  const physicalResourceId = await identify(lifecycle, task, wanted, event);
  const data = await lifecycle.create(task, wanted, event);
  return { physicalResourceId, ...data && { data } };
}

async function update<P>(
  lifecycle: Lifecycle<P>,
  task: Task,
  wanted: P,
  event: ResourceEvent & { readonly RequestType: 'Update' },
): Promise<Outcome> {
  const physicalResourceId = lifecycle.identify ? await lifecycle.identify(task, wanted, event) : event.PhysicalResourceId;
  const data = physicalResourceId === event.PhysicalResourceId
    ? await lifecycle.update(task, wanted, lifecycle.read(event.OldResourceProperties), event)
    : await lifecycle.create(task, wanted, event);
  return { physicalResourceId, ...data && { data } };
}

/** The physical id that a create gives, known before it does anything. */
async function identify<P>(lifecycle: Lifecycle<P>, task: Task, wanted: P, event: ResourceEvent): Promise<string> {
  return lifecycle.identify ? lifecycle.identify(task, wanted, event) : defaultPhysicalId(event);
}

/** The same for every repetition of a create, and another for every resource. */
export function defaultPhysicalId(event: ResourceEvent): string {
  const stackName = event.StackId.split('/')[1] ?? event.StackId;
  return `${stackName}/${event.LogicalResourceId}`;
}

/** Runs steps in order; when one fails, takes back those that were begun, the last first. */
export async function allOrNothing(task: Task, steps: readonly Step[]): Promise<void> {
  const begun: Step[] = [];
  try {
    for (const step of steps) {
      if (await step.isDone()) {
        continue;
      }
      begun.push(step);
      await step.run();
    }
  } catch (error) {
    for (const step of begun.reverse()) {
      try {
        await step.undo();
      } catch (undoError) {
        task.note('could not take back', { error: describe(undoError) });
        throw new NotUndoneError(error);
      }
    }
    throw error instanceof Error ? error : new RequestError(describe(error));
  }
}

/** A part of a create. */
export interface Step {
  isDone(): Promise<boolean>;
  run(): Promise<void>;
  undo(): Promise<void>;
}
