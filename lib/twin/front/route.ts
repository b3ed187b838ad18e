import type { Domain } from './domains';

/** Which port of AWS IoT a port of the twin stands for: 8883, or 443 and 8443 together. */
export type Port = 'mqtt' | 'https';

/** What to do with a connection. */
export interface Route {
  readonly transport: 'mqtt' | 'http';

  /** `any`: what the request shows decides, be it a certificate, a signature or a token. */
  readonly authentication: 'x509' | 'custom' | 'custom-x509' | 'sigv4' | 'any';

  /** Whether requests that open a WebSocket are the only ones. */
  readonly webSocketOnly?: true;
}

const MQTT_X509 = 'x-amzn-mqtt-ca';
const MQTT_CUSTOM = 'mqtt';
const HTTP_X509 = 'x-amzn-http-ca';
const HTTP = 'http/1.1';

/** What the ports of the account's endpoint do, by the ALPN protocol; no protocol is ''. */
const BY_PORT: { readonly [port in Port]: Readonly<Record<string, Route>> } = {
  mqtt: {
    '': { transport: 'mqtt', authentication: 'x509' },
    [MQTT_X509]: { transport: 'mqtt', authentication: 'x509' },
  },
  https: {
    '': { transport: 'http', authentication: 'any' },
    [HTTP]: { transport: 'http', authentication: 'any' },
    [HTTP_X509]: { transport: 'http', authentication: 'x509' },
    [MQTT_X509]: { transport: 'mqtt', authentication: 'x509' },
    [MQTT_CUSTOM]: { transport: 'mqtt', authentication: 'custom' },
  },
};

const AUTHENTICATIONS = { AWS_X509: 'x509', CUSTOM_AUTH_X509: 'custom-x509', CUSTOM_AUTH: 'custom', AWS_SIGV4: 'sigv4' } as const;

/** ALPN protocols that clients may offer where the domain configuration says what is spoken; none is needed. */
const OFFERED = { SECURE_MQTT: [MQTT_CUSTOM, MQTT_X509], HTTPS: [HTTP, HTTP_X509], MQTT_WSS: [HTTP] } as const;

/** The protocol to choose of those that a client offers; none if there is none to choose. */
export function chooseProtocol(port: Port, domain: Domain, offered: readonly string[]): string | undefined {
  const known: readonly string[] = domain.protocol === 'DEFAULT' ? Object.keys(BY_PORT[port]) : OFFERED[domain.protocol];
  return offered.find((protocol) => protocol !== '' && known.includes(protocol));
}

/**
 * What a connection is for, or why it cannot be: by port and ALPN, or as a domain configuration says.
 *
 * @see https://docs.aws.amazon.com/iot/latest/developerguide/protocols.html
 * @param protocol the ALPN protocol that was chosen; '' if the client offered none
 */
export function routeOf(port: Port, domain: Domain, protocol: string, serverName: string | undefined): Route | string {
  if (domain.protocol === 'DEFAULT' || domain.authentication === 'DEFAULT') {
    const route = BY_PORT[port][protocol];
    return route?.transport === 'mqtt' && route.authentication === 'custom' && serverName === undefined
      ? 'custom authentication needs the name of the server (SNI)'
      : route ?? `there is no protocol '${protocol}' on this port`;
  }
  const authentication = AUTHENTICATIONS[domain.authentication];
  if (domain.protocol === 'SECURE_MQTT') {
    return { transport: 'mqtt', authentication };
  }
  if (port === 'mqtt') {
    return `domain configuration '${domain.name}' is for ${domain.protocol}, which this port does not speak`;
  }
  return { transport: 'http', authentication, ...(domain.protocol === 'MQTT_WSS' ? { webSocketOnly: true } as const : {}) };
}
