import https from 'node:https';
import http from 'node:http';
import { syncBuiltinESMExports } from 'node:module';
import { urlToHttpOptions } from 'node:url';
import type { RequestOptions } from 'node:https';

/** The domains of AWS, of which each partition has one. */
const DOMAINS = ['amazonaws.com', 'amazonaws.com.cn', 'amazonaws.eu'];

/**
 * What functions reach over HTTPS on AWS is at the twin's own endpoint plain HTTP, which does not leave this computer: the
 * answers of the helpers `cfn-response` and of the CDK to CloudFormation, whatever the URL says, and the keys that tokens
 * of user pools are signed with.
 */
export function reachTheTwinOverHttp(endpoint: string, region: string): void {
  if (endpoint === '') {
    return;
  }
  const { hostname, port } = new URL(endpoint);
  const userPools = new Set(DOMAINS.map((domain) => `cognito-idp.${region}.${domain}`));
  const isOwn = ({ hostname: name, host, path }: RequestOptions): boolean => (
    userPools.has(withoutPort(name ?? host)) || ((name ?? host) === hostname && path?.startsWith('/cloudformation/') === true)
  );

  const request = https.request;
  https.request = ((...args: Parameters<typeof request>) => {
    const [options, ...more] = normalized(args);
    return isOwn(options)
      ? http.request({ ...options, protocol: 'http:', hostname, host: hostname, port, headers: withoutHost(options.headers), agent: undefined }, ...more)
      : request(...args);
  }) as typeof request;
  https.get = ((...args: Parameters<typeof request>) => {
    const sent = https.request(...args);
    sent.end();
    return sent;
  }) as typeof https.get;
  syncBuiltinESMExports();

  const { fetch } = globalThis;
  globalThis.fetch = (input, init) => {
    const url = new URL(input instanceof Request ? input.url : input);
    if (url.protocol !== 'https:' || !userPools.has(url.hostname)) {
      return fetch(input, init);
    }
    const local = new URL(`${url.pathname}${url.search}`, endpoint);
    return fetch(input instanceof Request ? new Request(local, input) : local, init);
  };
}

/** The three ways to call `request` as one: options, and perhaps a callback. */
function normalized(args: readonly unknown[]): [RequestOptions, ...never[]] {
  const [first, second, ...more] = args;
  if (typeof first !== 'string' && !(first instanceof URL)) {
    return [Object(first) as RequestOptions, ...[second, ...more] as never[]];
  }
  const options = urlToHttpOptions(new URL(first));
  return typeof second === 'object' && second !== null
    ? [{ ...options, ...second }, ...more as never[]]
    : [options, ...[second, ...more] as never[]];
}

function withoutPort(host: string | null | undefined): string {
  return (host ?? '').replace(/:\d+$/, '').toLowerCase();
}

/** The name of the host is the twin's. */
function withoutHost(headers: RequestOptions['headers']): RequestOptions['headers'] {
  return headers === undefined || Array.isArray(headers) ? undefined : Object.fromEntries(Object.entries(headers).filter(([name]) => name.toLowerCase() !== 'host'));
}
