import type { Config } from './config';
import { Problem } from './problem';

export async function fetchConfig(): Promise<Config> {
  const response = await fetch('./config.json', { cache: 'no-store' }).catch(() => undefined);
  // What serves pages may answer with this one for a file that it does not have.
  const config = await response?.json().catch(() => undefined) as Config | undefined;
  if (response?.ok !== true || config === undefined) {
    throw new Problem('This page does not know where its services are. Write its config.json with configure.ts.');
  }
  return config;
}

/** From here on the page can talk to its own services alone, which narrows the policy of index.html. */
export function allowOnlyServicesOf({ region, attachUrl, iotEndpoint, endpointUrl }: Config): void {
  const cognito = endpointUrl === undefined ? [`https://cognito-idp.${region}.amazonaws.com`, `https://cognito-identity.${region}.amazonaws.com`] : [new URL(endpointUrl).origin];
  const policy = document.createElement('meta');
  policy.httpEquiv = 'Content-Security-Policy';
  policy.content = `connect-src ${[...new Set([...cognito, new URL(attachUrl).origin, `wss://${iotEndpoint}`])].join(' ')}`;
  document.head.append(policy);
}
