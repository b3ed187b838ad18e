import { ServiceError, unknownOperation } from '../service';
import type { Service } from '../service';
import { jsonError } from '../json-service';
import type { Surroundings } from '../surroundings';
import { answerOf, Engine } from './engine';
import { declaredTables } from './tables';
import { WriteLog } from './write-log';

/** Operations that change what tables hold. */
const WRITES: readonly string[] = ['PutItem', 'UpdateItem', 'DeleteItem', 'BatchWriteItem'];

const SERVED: readonly string[] = [...WRITES, 'GetItem', 'BatchGetItem', 'Query', 'Scan', 'DescribeTable', 'ListTables', 'DescribeTimeToLive'];

/** DynamoDB with the tables that the deployment declares. What they hold outlasts the twin; what has expired stays. */
export function dynamodbService(around: Surroundings): Service {
  const log = new WriteLog(around.folder);
  const definitions = new Map<string, string>();
  let opening: Promise<Engine> | undefined;
  let following: Promise<void> = Promise.resolve();

  const open = async (): Promise<Engine> => {
    const engine = await Engine.start();
    await follow(engine);
    await log.replay(engine, [...definitions.keys()]);
    return engine;
  };

  /** Make the tables that are declared now; one with another key is another table, as CloudFormation replaces it. */
  const follow = async (engine: Engine): Promise<void> => {
    const tables = declaredTables(around);
    for (const table of tables) {
      const definition = JSON.stringify(table);
      if (definitions.get(table.TableName) !== definition) {
        if (definitions.has(table.TableName)) {
          await engine.must('DeleteTable', { TableName: table.TableName });
          await settled(engine, table.TableName);
        }
        await engine.must('CreateTable', table);
        await settled(engine, table.TableName);
        definitions.set(table.TableName, definition);
      }
    }
    for (const name of [...definitions.keys()].filter((one) => !tables.some(({ TableName }) => TableName === one))) {
      await engine.must('DeleteTable', { TableName: name });
      await settled(engine, name);
      definitions.delete(name);
    }
  };

  return {
    name: 'dynamodb',
    handle: async ({ headers, body }) => {
      const operation = /^DynamoDB_20120810\.(\w+)$/.exec(String(headers['x-amz-target'] ?? ''))?.[1] ?? '';
      if (!SERVED.includes(operation)) {
        return jsonError(unknownOperation('DynamoDB', operation, SERVED));
      }
      let engine: Engine;
      try {
        opening ??= open();
        const opened = engine = await opening;
        following = following.then(() => follow(opened));
        await following;
      } catch (error) {
        opening = undefined;
        following = Promise.resolve();
        return jsonError(new ServiceError('InternalServerError', (error as Error).message, 500));
      }
      const answer = await engine.run(operation, body);
      if (answer.status === 200 && WRITES.includes(operation)) {
        log.append(operation, body);
      }
      return answerOf(answer);
    },
  };
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
