import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Fleet } from '../fleet';
import { startNode } from './broker';
import type { Broker, BrokerKind } from './broker';

const PEERS = join(__dirname, '..', 'peers');

export const aedes: BrokerKind = { name: 'aedes', start };

async function start(fleet: Fleet): Promise<Broker> {
  if (!existsSync(join(PEERS, 'node_modules', 'aedes'))) {
    execFileSync('npm', ['ci', '--no-audit', '--no-fund', '--silent'], { cwd: PEERS, stdio: ['ignore', 'ignore', 'inherit'] });
  }
  const { rootCaFile, serverCertificateFile, serverKeyFile } = fleet;
  return startNode('aedes', join(PEERS, 'aedes-broker.mjs'), [rootCaFile, serverCertificateFile, serverKeyFile]);
}
