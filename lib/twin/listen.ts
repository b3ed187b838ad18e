import type { Server, Socket } from 'node:net';
import { TwinError } from './errors';

/** A server that accepts connections, and can be stopped for good. */
export interface Listening {
  readonly port: number;
  close(): Promise<void>;
}

/**
 * Listen on a port; 0 is any free one.
 *
 * @throws TwinError when the port is taken or not allowed, naming the option that changes it.
 */
export function listen(server: Server, port: number, host: string, option: string): Promise<Listening> {
  const open = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    open.add(socket);
    socket.once('close', () => open.delete(socket));
  });
  return new Promise((resolve, reject) => {
    server.on('error', (error: NodeJS.ErrnoException) => {
      const problem = error.code === 'EADDRINUSE' ? 'is in use' : `cannot be listened on (${error.code ?? error.message})`;
      reject(new TwinError(`port ${port} on ${host} ${problem}; choose another with ${option}, 0 for any free one`));
    });
    server.listen(port, host, () => resolve({
      port: (server.address() as { port: number }).port,
      close: () => new Promise((closed) => {
        server.close(() => closed());
        open.forEach((socket) => socket.destroy());
      }),
    }));
  });
}
