import { networkInterfaces } from 'node:os';

/** This computer alone. */
export const LOOPBACK = '127.0.0.1';

/** The names by which the server's certificate is to be good, besides those of this computer alone. */
export function certifiedAddresses(host: string): readonly string[] {
  return isWildcard(host) ? ownAddresses() : [host];
}

/** How clients name the address that the twin listens on. */
export function endpointOf(host: string): string {
  return host === LOOPBACK ? 'localhost' : isWildcard(host) ? ownAddresses()[0] ?? 'localhost' : host;
}

/** The same, as part of a URL. */
export function inUrl(endpoint: string): string {
  return endpoint.includes(':') ? `[${endpoint}]` : endpoint;
}

function isWildcard(host: string): boolean {
  return host === '0.0.0.0' || host === '::';
}

/** The addresses at which other computers reach this one. */
function ownAddresses(): readonly string[] {
  return Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? [])
    .filter(({ internal, family }) => !internal && family === 'IPv4').map(({ address }) => address);
}
