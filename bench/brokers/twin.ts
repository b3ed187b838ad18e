import { join } from 'node:path';
import { bundle } from '../bundle';
import type { Fleet } from '../fleet';
import { startNode } from './broker';
import type { Broker, BrokerKind } from './broker';

export const twin: BrokerKind = {
  name: 'twin',
  start: (fleet) => startTwinProcess(fleet),
};

/** The twin, with extra options for node. */
export async function startTwinProcess({ directory, assembly }: Pick<Fleet, 'directory' | 'assembly'>, execArgv: readonly string[] = []): Promise<Broker> {
  const script = await bundle(join(__dirname, 'twin-process.ts'), directory);
  return startNode('twin', script, [assembly, directory], execArgv);
}
