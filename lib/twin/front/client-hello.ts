import type { Readable } from 'node:stream';
import { getExtensionData, isGREASE, readTlsClientHello } from 'read-tls-client-hello';
import type { TlsClientHelloMessage } from 'read-tls-client-hello';

/** What a client says before the handshake, as far as it counts here. */
export interface Hello {
  /** The server name (SNI). */
  readonly serverName?: string;

  /** Whether it is a page that opens a WebSocket. */
  readonly isBrowserSocket: boolean;
}

/** Read what a client says, and leave it to be read again. What cannot be read is for OpenSSL to refuse. */
export async function readHello(socket: Readable): Promise<Hello> {
  try {
    const hello = await readTlsClientHello(socket);
    const serverName = getExtensionData(hello, 'server_name')?.serverName;
    return { ...serverName !== undefined && { serverName }, isBrowserSocket: isBrowserSocket(hello) };
  } catch {
    return { isBrowserSocket: false };
  }
}

/**
 * Chromium gives a WebSocket up when it is asked for a certificate. AWS IoT asks on port 8443, and on port 443 where ALPN
 * says so; a port of the twin stands for both. Browsers like it mix in values without meaning (GREASE), and their
 * WebSockets offer HTTP/1.1 alone.
 *
 * @see https://crbug.com/329884
 * @see https://www.rfc-editor.org/rfc/rfc8701
 */
function isBrowserSocket(hello: TlsClientHelloMessage): boolean {
  return hello.cipherSuites.some(isGREASE) && getExtensionData(hello, 'alpn')?.protocols.join() === 'http/1.1';
}
