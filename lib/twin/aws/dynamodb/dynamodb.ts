import { NO_STORAGE } from '../../storage';
import { ServiceError, unknownOperation } from '../service';
import type { Service, ServiceRequest, ServiceResponse } from '../service';
import { jsonError, parseInput } from '../json-service';
import { needsOf } from '../permissions';
import type { Surroundings } from '../surroundings';
import { answerOf, Engine } from './engine';
import { KeptItems } from './kept-items';
import { MadeTables } from './made-tables';
import { dynamodbPermissions } from './permissions';
import { declaredTables } from './tables';

/** Operations that change what tables hold. */
const WRITES: readonly string[] = ['PutItem', 'UpdateItem', 'DeleteItem', 'BatchWriteItem'];

const SERVED: readonly string[] = [...WRITES, 'GetItem', 'BatchGetItem', 'Query', 'Scan', 'DescribeTable', 'ListTables', 'DescribeTimeToLive'];

interface Opened {
  readonly engine: Engine;
  readonly tables: MadeTables;
}

/** DynamoDB with the tables that the deployment declares. What they hold outlasts the twin; what has expired stays. */
export function dynamodbService(around: Surroundings): Service {
  const kept = around.storage === NO_STORAGE ? undefined : new KeptItems(around.storage);
  let opening: Promise<Opened> | undefined;
  let working: Promise<unknown> = Promise.resolve();
  const permissions = dynamodbPermissions(around);

  const open = async (): Promise<Opened> => {
    const engine = await Engine.start();
    const tables = new MadeTables(engine, kept);
    await tables.follow(declaredTables(around));
    await kept?.restore(engine);
    return { engine, tables };
  };

  return {
    name: 'dynamodb',
    needs: ({ headers, body }) => {
      const operation = operationOf(headers);
      if (!SERVED.includes(operation)) {
        throw unknownOperation('DynamoDB', operation, SERVED);
      }
      return needsOf('dynamodb', permissions, operation, parseInput(body));
    },
    handle: async ({ headers, body }) => {
      const operation = operationOf(headers);
      if (!SERVED.includes(operation)) {
        return jsonError(unknownOperation('DynamoDB', operation, SERVED));
      }
      opening ??= open();
      const opened = await opening;
      // One after the other, so that what is kept of an item is the last of it.
      const run = working.then(() => work(opened, operation, body));
      working = run.catch(() => undefined);
      return run;
    },
  };

  async function work({ engine, tables }: Opened, operation: string, body: Buffer): Promise<ServiceResponse> {
    await tables.follow(declaredTables(around));
    const problem = tables.problem(tableIn(body));
    if (problem !== undefined) {
      return jsonError(new ServiceError('ResourceNotFoundException', `the table is not there, as AWS would not make it: ${problem}`));
    }
    const answer = await engine.run(operation, body);
    if (answer.status === 200 && WRITES.includes(operation)) {
      await kept?.follow(engine, body, (name) => tables.definition(name));
    }
    return answerOf(answer);
  }
}

function operationOf(headers: ServiceRequest['headers']): string {
  return /^DynamoDB_20120810\.(\w+)$/.exec(String(headers['x-amz-target'] ?? ''))?.[1] ?? '';
}

function tableIn(body: Buffer): string {
  try {
    return String((JSON.parse(body.toString()) as { readonly TableName?: string }).TableName);
  } catch {
    return '';
  }
}
