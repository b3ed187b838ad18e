import { randomUUID } from 'node:crypto';
import type { Clock } from '../clock';
import { FunctionError } from '../lambda';
import type { Functions } from '../lambda';
import type { Answers, HandlerAnswer, Question } from './answers';
import type { TextProperties } from './properties';

/** A custom resource, for the events about it. */
export interface Subject {
  readonly stackId: string;
  readonly logicalId: string;
  readonly type: string;
  readonly serviceToken: string;
  readonly properties: TextProperties;
}

/** What is asked of a handler. */
export type Request =
  | { readonly type: 'Create' }
  | { readonly type: 'Update'; readonly physicalId: string; readonly oldProperties: TextProperties }
  | { readonly type: 'Delete'; readonly physicalId: string };

/** How long CloudFormation waits for an answer, unless a resource says so itself. */
const SERVICE_TIMEOUT_SECONDS = 3600;

/** A handler that is done may have its answer on the way still. */
const GRACE_MS = 2000;

/** Sends events to handlers and gets their answers, as CloudFormation does. */
export class Events {
  constructor(
    private readonly functions: Functions, private readonly answers: Answers, private readonly endpoint: string, private readonly clock: Clock,
  ) {}

  /** Never throws: what goes wrong is an answer that says so. */
  public async send(subject: Subject, request: Request): Promise<HandlerAnswer> {
    const { stackId, logicalId, type, serviceToken, properties } = subject;
    const question: Question = { StackId: stackId, RequestId: randomUUID(), LogicalResourceId: logicalId };
    const { path, answer, close } = this.answers.open(question);
    const seconds = Number(properties.ServiceTimeout) || SERVICE_TIMEOUT_SECONDS;
    try {
      return await Promise.race([answer, this.run(serviceToken, {
        ...question,
        RequestType: request.type,
        ServiceToken: serviceToken,
        ResponseURL: `${this.endpoint}${path}`,
        ResourceType: type,
        ...request.type !== 'Create' && { PhysicalResourceId: request.physicalId },
        ResourceProperties: properties,
        ...request.type === 'Update' && { OldResourceProperties: request.oldProperties },
      }, 1000 * Math.min(seconds, SERVICE_TIMEOUT_SECONDS))]);
    } finally {
      close();
    }
  }

  /** Run the handler to its end; that it gave no answer is one. */
  private async run(serviceToken: string, event: object, timeoutMs: number): Promise<HandlerAnswer> {
    try {
      await this.functions.invoke(serviceToken, event, { timeoutMs });
    } catch (error) {
      return { Status: 'FAILED', Reason: error instanceof FunctionError ? error.message : `its handler could not be run: ${(error as Error).message}` };
    }
    await new Promise<void>((resolve) => void this.clock.after(GRACE_MS, resolve));
    return { Status: 'FAILED', Reason: 'its handler ended without an answer to CloudFormation' };
  }
}
