import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { PassThrough } from 'node:stream';
import { connect } from 'node:tls';
import { readHello } from '../../../lib/twin/front/client-hello';

/** What a client of Node sends first. */
async function helloOf(ALPNProtocols: string[]): Promise<Buffer> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const client = connect({ host: '127.0.0.1', port: (server.address() as AddressInfo).port, servername: 'iot.example.com', ALPNProtocols });
  client.on('error', () => undefined);
  const [socket] = await once(server, 'connection') as [Socket];
  const [hello] = await once(socket, 'data') as [Buffer];
  [client, socket].forEach((each) => each.destroy());
  server.close();
  return hello;
}

/** The same with a cipher suite that means nothing, as browsers send one. */
function withGrease(hello: Buffer): Buffer {
  const beforeSession = 5 + 4 + 2 + 32;
  const ciphers = beforeSession + 1 + hello[beforeSession]! + 2;
  const changed = Buffer.from(hello);
  changed.writeUInt16BE(0x1a1a, ciphers);
  return changed;
}

function streamOf(bytes: Buffer): PassThrough {
  const stream = new PassThrough();
  stream.end(bytes);
  return stream;
}

test.each([
  ['a WebSocket of a browser', true, ['http/1.1'], true],
  ['a page that a browser opens', true, ['h2', 'http/1.1'], false],
  ['a device of a system that sends such values too', true, ['x-amzn-http-ca'], false],
  ['a device', false, ['http/1.1'], false],
])('%s is known for what it is', async (_, grease, protocols, isBrowserSocket) => {
  const hello = await helloOf(protocols);
  const sent = grease ? withGrease(hello) : hello;
  const stream = streamOf(sent);
  expect(await readHello(stream)).toEqual({ serverName: 'iot.example.com', isBrowserSocket });
  // All of it is there for OpenSSL.
  expect(stream.read()).toEqual(sent);
});

test.each(['GET / HTTP/1.1\r\n\r\n', '\u0016\u0003\u0001\u0000\u0004abcd', ''])('what is no greeting is left as it is: %j', async (text) => {
  expect(await readHello(streamOf(Buffer.from(text, 'latin1')))).toEqual({ isBrowserSocket: false });
});
