import { randomBytes } from 'node:crypto';
import type { OpenRoute, ServiceRequest, ServiceResponse } from '../aws';

/** What a handler tells CloudFormation. */
export interface HandlerAnswer {
  readonly Status: 'SUCCESS' | 'FAILED';
  readonly Reason?: string;
  readonly PhysicalResourceId?: string;
  readonly NoEcho?: boolean;
  readonly Data?: Readonly<Record<string, unknown>>;
}

/** Whose answer is awaited. CloudFormation takes only one that repeats this. */
export interface Question {
  readonly StackId: string;
  readonly RequestId: string;
  readonly LogicalResourceId: string;
}

const PREFIX = '/cloudformation/';

/** @see https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/crpg-ref-responses.html */
const MAX_ANSWER_BYTES = 4096;
const MAX_ID_BYTES = 1024;

interface Waiting {
  readonly question: Question;
  readonly resolve: (answer: HandlerAnswer) => void;
}

/** Where handlers put their answers: one URL for each, which nobody can guess, and which takes one answer. */
export class Answers implements OpenRoute {
  private readonly waiting = new Map<string, Waiting>();

  /** @returns the path of the URL, what was put there, and how to wait no more. */
  public open(question: Question): { readonly path: string; readonly answer: Promise<HandlerAnswer>; readonly close: () => void } {
    const path = `${PREFIX}${randomBytes(24).toString('base64url')}`;
    const answer = new Promise<HandlerAnswer>((resolve) => this.waiting.set(path, { question, resolve }));
    return { path, answer, close: () => this.waiting.delete(path) };
  }

  public handle({ method, path, body }: ServiceRequest): ServiceResponse | undefined {
    if (!path.startsWith(PREFIX)) {
      return undefined;
    }
    const waiting = this.waiting.get(path);
    if (method !== 'PUT' || waiting === undefined) {
      return { status: 403 };
    }
    this.waiting.delete(path);
    waiting.resolve(read(body, waiting.question));
    return { status: 200 };
  }
}

/** An answer that CloudFormation would not take is a failure. */
function read(body: Buffer, question: Question): HandlerAnswer {
  const failed = (Reason: string): HandlerAnswer => ({ Status: 'FAILED', Reason });
  if (body.length > MAX_ANSWER_BYTES) {
    return failed(`the answer of its handler has ${body.length} bytes, CloudFormation takes ${MAX_ANSWER_BYTES}`);
  }
  let answer: Partial<HandlerAnswer & Question>;
  try {
    answer = Object(JSON.parse(body.toString())) as Partial<HandlerAnswer & Question>;
  } catch {
    return failed('the answer of its handler is not JSON');
  }
  const { Status: status, PhysicalResourceId: id, Data: data, Reason: reason } = answer;
  const other = (Object.keys(question) as (keyof Question)[]).find((name) => answer[name] !== question[name]);
  if (other !== undefined) {
    return failed(`the answer of its handler has another ${other} than the event`);
  }
  if (status !== 'SUCCESS' && status !== 'FAILED') {
    return failed("the answer of its handler has no Status of 'SUCCESS' or 'FAILED'");
  }
  if (typeof id !== 'string' || id === '' || Buffer.byteLength(id) > MAX_ID_BYTES) {
    return failed('the answer of its handler has no PhysicalResourceId, or one that is too long');
  }
  return {
    Status: status,
    PhysicalResourceId: id,
    NoEcho: answer.NoEcho === true,
    Data: typeof data === 'object' && data !== null && !Array.isArray(data) ? data : {},
    ...status === 'FAILED' && { Reason: typeof reason === 'string' && reason !== '' ? reason : 'its handler gave no reason' },
  };
}
