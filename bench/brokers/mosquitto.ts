import { writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { MOSQUITTO_ACL } from '../fleet';
import type { Fleet } from '../fleet';
import { startCommand } from './broker';
import type { Broker, BrokerKind } from './broker';

/** Where Debian and Ubuntu put it, which is not on everybody's PATH. */
const COMMAND = '/usr/sbin/mosquitto';

export const mosquitto: BrokerKind = { name: 'mosquitto', start };

/** Mutual TLS, the certificate's common name as user, and an ACL file with the rights of the fleet. */
async function start(fleet: Fleet): Promise<Broker> {
  const port = await freePort();
  const aclFile = join(fleet.directory, 'mosquitto.acl');
  const configuration = join(fleet.directory, 'mosquitto.conf');
  writeFileSync(aclFile, MOSQUITTO_ACL);
  writeFileSync(configuration, `
listener ${port} 127.0.0.1
cafile ${fleet.rootCaFile}
certfile ${fleet.serverCertificateFile}
keyfile ${fleet.serverKeyFile}
require_certificate true
use_identity_as_username true
allow_anonymous false
acl_file ${aclFile}
# As the twin: no Nagle delay, 100 unacknowledged messages a client, no message dropped for a long queue.
set_tcp_nodelay true
max_inflight_messages 100
max_queued_messages 0
log_dest none
user root
`);
  return startCommand('mosquitto', COMMAND, ['-c', configuration], port);
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}
