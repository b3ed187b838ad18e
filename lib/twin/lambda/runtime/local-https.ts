import https from 'node:https';
import http from 'node:http';
import { syncBuiltinESMExports } from 'node:module';
import type { RequestOptions } from 'node:https';

/**
 * The helpers `cfn-response` and of the CDK answer CloudFormation over HTTPS, whatever the URL says. At the twin's own
 * endpoint that is plain HTTP, which does not leave this computer.
 */
export function answerCloudFormationOverHttp(endpoint: string): void {
  if (endpoint === '') {
    return;
  }
  const { hostname, port } = new URL(endpoint);
  const request = https.request;
  const isOwn = (options: unknown): options is RequestOptions => {
    const { hostname: name, host, path } = Object(options) as RequestOptions;
    return (name ?? host) === hostname && path?.startsWith('/cloudformation/') === true;
  };
  https.request = ((...args: Parameters<typeof request>) => {
    const [options, ...more] = args as unknown as [unknown, ...never[]];
    return isOwn(options) ? http.request({ ...options, protocol: 'http:', port, agent: undefined }, ...more) : request(...args);
  }) as typeof request;
  syncBuiltinESMExports();
}
