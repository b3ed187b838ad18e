import { ServiceError, unknownOperation } from '../service';
import type { Service } from '../service';
import { jsonError } from '../json-service';
import type { Surroundings } from '../surroundings';
import { answerOf, Engine } from './engine';
import { declaredTables } from './tables';
import type { TableDefinition } from './tables';
import { WriteLog } from './write-log';

/** Operations that change what tables hold. */
const WRITES: readonly string[] = ['PutItem', 'UpdateItem', 'DeleteItem', 'BatchWriteItem'];

const SERVED: readonly string[] = [...WRITES, 'GetItem', 'BatchGetItem', 'Query', 'Scan', 'DescribeTable', 'ListTables', 'DescribeTimeToLive'];

/** DynamoDB with the tables that the deployment declares. What they hold outlasts the twin; what has expired stays. */
export function dynamodbService(around: Surroundings): Service {
  const log = new WriteLog(around.folder);
  const definitions = new Map<string, string>();
  const problems = new Map<string, string>();
  let opening: Promise<Engine> | undefined;
  let following: Promise<void> = Promise.resolve();

  const open = async (): Promise<Engine> => {
    const engine = await Engine.start();
    await follow(engine);
    await log.replay(engine, [...definitions.keys()].filter((name) => !problems.has(name)));
    return engine;
  };

  /** Make the tables that are declared now; one with another key is another table, as CloudFormation replaces it. */
  const follow = async (engine: Engine): Promise<void> => {
    const tables = declaredTables(around);
    for (const table of tables) {
      const definition = JSON.stringify(table);
      if (definitions.get(table.TableName) !== definition) {
        if (definitions.has(table.TableName)) {
          await drop(engine, table.TableName);
        }
        await create(engine, table);
        definitions.set(table.TableName, definition);
      }
    }
    for (const name of [...definitions.keys()].filter((one) => !tables.some(({ TableName }) => TableName === one))) {
      await drop(engine, name);
      definitions.delete(name);
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

  const drop = async (engine: Engine, name: string): Promise<void> => {
    if (!problems.delete(name)) {
      await engine.must('DeleteTable', { TableName: name });
      await settled(engine, name);
    }
  };

  return {
    name: 'dynamodb',
    handle: async ({ headers, body }) => {
      const operation = /^DynamoDB_20120810\.(\w+)$/.exec(String(headers['x-amz-target'] ?? ''))?.[1] ?? '';
      if (!SERVED.includes(operation)) {
        return jsonError(unknownOperation('DynamoDB', operation, SERVED));
      }
      opening ??= open();
      const engine = await opening;
      following = following.then(() => follow(engine));
      await following;
      const problem = problems.get(tableIn(body));
      if (problem !== undefined) {
        return jsonError(new ServiceError('ResourceNotFoundException', `the table is not there, as AWS would not make it: ${problem}`));
      }
      const answer = await engine.run(operation, body);
      if (answer.status === 200 && WRITES.includes(operation)) {
        log.append(operation, body);
      }
      return answerOf(answer);
    },
  };
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
