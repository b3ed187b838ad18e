import { EventEmitter } from 'node:events';
import type { Server } from 'node:http';
import type { ServiceResponse } from '../service';

/** What an engine answers: JSON, and the status of HTTP. */
export interface Answer {
  readonly status: number;
  readonly body: Buffer;
}

/**
 * DynamoDB in the memory of this process: dynalite, without a port of its own, which would let any page of a browser in.
 */
export class Engine {
  private constructor(private readonly server: Server) {}

  public static async start(): Promise<Engine> {
    // Not before somebody needs it.
    const { default: dynalite } = await import('dynalite');
    return new Engine(dynalite({ createTableMs: 0, deleteTableMs: 0, updateTableMs: 0 }));
  }

  /** Run an operation with its input as JSON. */
  public run(operation: string, input: Buffer): Promise<Answer> {
    return new Promise((resolve) => {
      const request = Object.assign(new EventEmitter(), { method: 'POST', url: '/', headers: headersOf(operation) });
      const response = {
        statusCode: 200,
        setHeader: () => undefined,
        end(body: string | Buffer = '') {
          resolve({ status: this.statusCode, body: Buffer.from(body) });
        },
      };
      this.server.emit('request', request, response);
      // In this turn, so that an error on the way rejects the promise.
      request.emit('data', input);
      request.emit('end');
    });
  }

  /** Run an operation that must not fail. */
  public async must<T>(operation: string, input: object): Promise<T> {
    const { status, body } = await this.run(operation, Buffer.from(JSON.stringify(input)));
    if (status !== 200) {
      throw new Error(`DynamoDB ${operation}: ${body.toString().slice(0, 500)}`);
    }
    return JSON.parse(body.toString()) as T;
  }
}

/** The endpoint has let the request in already; dynalite wants to see a signature, and checks none. */
function headersOf(operation: string): Readonly<Record<string, string>> {
  return {
    'content-type': 'application/x-amz-json-1.0',
    'x-amz-target': `DynamoDB_20120810.${operation}`,
    'x-amz-date': '20260101T000000Z',
    'authorization': 'AWS4-HMAC-SHA256 Credential=a/20260101/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=0',
  };
}

/** The answer of the service. */
export function answerOf({ status, body }: Answer): ServiceResponse {
  return { status, headers: { 'content-type': 'application/x-amz-json-1.0' }, body };
}
