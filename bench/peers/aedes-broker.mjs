// aedes behind mutual TLS, with the rights of the bench fleet in its hooks. Tells its port to the process that started it.
import { readFileSync } from 'node:fs';
import { createServer } from 'node:tls';
import { Aedes } from 'aedes';

const [ca, cert, key] = process.argv.slice(2).map((file) => readFileSync(file));
const HUB = 'hub';

/** The common name of the client's certificate. */
const userOf = (client) => (client.user ??= client.conn.getPeerCertificate().subject.CN);

function mayPublish(user, topic) {
  return user === HUB ? topic.startsWith('alerts/bench/') : topic.startsWith(`dt/bench/${user}/`) || topic.startsWith('cmd/bench/');
}

function mayReceive(user, topic) {
  return user === HUB ? topic.startsWith('dt/bench/') : topic.startsWith(`cmd/bench/${user}/`) || topic.startsWith('alerts/bench/');
}

const aedes = await Aedes.createBroker({
  // As many as there are clients, as its documentation advises.
  concurrency: 1000,
  authenticate: (client, _username, _password, callback) => callback(null, userOf(client) === client.id),
  authorizePublish: (client, { topic }, callback) => callback(mayPublish(userOf(client), topic) ? null : new Error('not authorized')),
  authorizeSubscribe: (client, subscription, callback) => callback(null, mayReceive(userOf(client), subscription.topic) ? subscription : null),
  authorizeForward: (client, packet) => (mayReceive(userOf(client), packet.topic) ? packet : null),
});
const server = createServer({ ca, cert, key, requestCert: true, rejectUnauthorized: true }, (socket) => {
  socket.setNoDelay(true);
  aedes.handle(socket);
});
server.listen(0, '127.0.0.1', () => process.send(server.address().port));
process.once('SIGTERM', () => process.exit());
process.once('disconnect', () => process.exit());
