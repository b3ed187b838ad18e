import { NO_STORAGE } from '../../storage';
import { ServiceError, unknownOperation } from '../service';
import type { Service, ServiceRequest, ServiceResponse } from '../service';
import { jsonError, parseInput } from '../json-service';
import { needsOf } from '../permissions';
import type { Surroundings } from '../surroundings';
import { answerOf, Engine } from './engine';
import { KeptItems } from './kept-items';
import { dynamodbPermissions } from './permissions';
import { declaredTables } from './tables';
import type { TableDefinition } from './tables';

/** Operations that change what tables hold. */
const WRITES: readonly string[] = ['PutItem', 'UpdateItem', 'DeleteItem', 'BatchWriteItem'];

const SERVED: readonly string[] = [...WRITES, 'GetItem', 'BatchGetItem', 'Query', 'Scan', 'DescribeTable', 'ListTables', 'DescribeTimeToLive'];

/** DynamoDB with the tables that the deployment declares. What they hold outlasts the twin; what has expired stays. */
export function dynamodbService(around: Surroundings): Service {
  const kept = around.storage === NO_STORAGE ? undefined : new KeptItems(around.storage);
  const definitions = new Map<string, TableDefinition>();
  const problems = new Map<string, string>();
  let opening: Promise<Engine> | undefined;
  let working: Promise<unknown> = Promise.resolve();
  const permissions = dynamodbPermissions(around);

  const open = async (): Promise<Engine> => {
    const engine = await Engine.start();
    await follow(engine);
    await kept?.restore(engine);
    return engine;
  };

  /** Make the tables that are declared now; one with another key is another table, as CloudFormation replaces it. */
  const follow = async (engine: Engine): Promise<void> => {
    const tables = declaredTables(around);
    for (const table of tables) {
      const before = definitions.get(table.TableName);
      if (JSON.stringify(before) !== JSON.stringify(table)) {
        if (before !== undefined) {
          await drop(engine, before);
        }
        await create(engine, table);
        definitions.set(table.TableName, table);
      }
    }
    for (const gone of [...definitions.values()].filter((one) => !tables.some(({ TableName }) => TableName === one.TableName))) {
      await drop(engine, gone);
      definitions.delete(gone.TableName);
    }
  };

  /** What AWS would not make is told to who asks for it; the other tables are there. */
  const create = async (engine: Engine, table: TableDefinition): Promise<void> => {
    const { status, body } = await engine.run('CreateTable', Buffer.from(JSON.stringify(table)));
    if (status === 200) {
      problems.delete(table.TableName);
      await settled(engine, table.TableName);
    } else {
      problems.set(table.TableName, (JSON.parse(body.toString()) as { readonly message?: string }).message ?? 'AWS would not make this table');
    }
  };

  const drop = async (engine: Engine, definition: TableDefinition): Promise<void> => {
    const { TableName: name } = definition;
    if (!problems.delete(name)) {
      await kept?.forget(engine, definition);
      await engine.must('DeleteTable', { TableName: name });
      await settled(engine, name);
    }
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
      const engine = await opening;
      // One after the other, so that what is kept of an item is the last of it.
      const run = working.then(() => work(engine, operation, body));
      working = run.catch(() => undefined);
      return run;
    },
  };

  async function work(engine: Engine, operation: string, body: Buffer): Promise<ServiceResponse> {
    await follow(engine);
    const problem = problems.get(tableIn(body));
    if (problem !== undefined) {
      return jsonError(new ServiceError('ResourceNotFoundException', `the table is not there, as AWS would not make it: ${problem}`));
    }
    const answer = await engine.run(operation, body);
    if (answer.status === 200 && WRITES.includes(operation)) {
      await kept?.follow(engine, body, (name) => definitions.get(name));
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

/** Wait until a table is there, or is gone. It takes some turns of the event loop. */
async function settled(engine: Engine, tableName: string): Promise<void> {
  for (;;) {
    const { status, body } = await engine.run('DescribeTable', Buffer.from(JSON.stringify({ TableName: tableName })));
    const { Table: table } = JSON.parse(body.toString()) as { readonly Table?: { readonly TableStatus?: string } };
    if (status !== 200 || table?.TableStatus === 'ACTIVE') {
      return;
    }
    await new Promise((resolve) => setImmediate(resolve));
  }
}
