import { DeleteParameterCommand, GetParameterCommand, GetParametersByPathCommand, PutParameterCommand, type SSMClient } from '@aws-sdk/client-ssm';
import { nameOf, unless } from './errors';
import { allItems } from './pages';
import type { Call, Patience } from './retry';

/** What handlers need of a client of Systems Manager. */
export type Ssm = Pick<SSMClient, 'send'>;

/**
 * What a handler must remember from one event to the next and cannot put into a physical id, of which CloudFormation
 * keeps 1 KB. Plain data by key; never a secret.
 *
 * It makes results the same again after lost answers, repeated events and rollbacks.
 */
export interface Memory {
  get<T>(call: Call, key: string): Promise<T | undefined>;
  put(call: Call, key: string, value: unknown): Promise<void>;
  /** What is not there, or no longer, is not an error. */
  remove(call: Call, key: string): Promise<void>;
  /** Everything, by key. */
  all<T>(call: Call): Promise<ReadonlyMap<string, T>>;
}

const NOT_FOUND = ['ParameterNotFound'];

/** Another request writes the same parameter, perhaps an earlier one of ours whose answer was lost. */
const UNTIL_ALONE: Patience = { errors: ['TooManyUpdates'], seconds: 60 };

/** The memory below a path such as `/cdk-iot-warden/STACK/RESOURCE`: one parameter of Systems Manager for each key, of at most 4 KB. */
export function memory(ssm: Ssm, prefix: string): Memory {
  const nameOfKey = (key: string): string => `${prefix}/${key}`;
  return {
    get: async <T>(call: Call, key: string) => {
      try {
        const { Parameter: parameter } = await call(() => ssm.send(new GetParameterCommand({ Name: nameOfKey(key) })));
        return parse<T>(parameter?.Value);
      } catch (error) {
        if (NOT_FOUND.includes(nameOf(error))) {
          return undefined;
        }
        throw error;
      }
    },
    put: async (call, key, value) => {
      await call(() => ssm.send(new PutParameterCommand({
        Name: nameOfKey(key),
        Type: 'String',
        Value: JSON.stringify(value),
        Overwrite: true,
      })), UNTIL_ALONE);
    },
    remove: async (call, key) => {
      await unless(NOT_FOUND, () => call(() => ssm.send(new DeleteParameterCommand({ Name: nameOfKey(key) })), UNTIL_ALONE));
    },
    all: async <T>(call: Call) => {
      const parameters = allItems(async (NextToken) => {
        const page = await call(() => ssm.send(new GetParametersByPathCommand({ Path: prefix, NextToken })));
        return { items: page.Parameters, next: page.NextToken };
      });
      const values = new Map<string, T>();
      for await (const { Name: name = '', Value: text } of parameters) {
        const value = parse<T>(text);
        if (value !== undefined) {
          values.set(name.slice(prefix.length + 1), value);
        }
      }
      return values;
    },
  };
}

function parse<T>(text: string | undefined): T | undefined {
  return text === undefined ? undefined : JSON.parse(text) as T;
}
