import { textAt } from '../../../deployment';
import type { Deployment } from '../../../deployment';
import { API_PREFIX } from './api-gateway';

/** Where AWS serves an HTTP API, in the midst of a text. */
const URL_ON_AWS = /https:\/\/([a-z0-9]+)\.execute-api\.[a-z0-9-]+\.amazonaws\.com(?:\.cn)?(?![\w.-])/g;

/** The outputs of a deployment, with the URLs of its HTTP APIs being those of the twin. */
export function servedOutputs({ outputs, resources }: Deployment, endpoint: string): Deployment['outputs'] {
  const apis = new Set(resources.filter(({ type, properties }) => type === 'AWS::ApiGatewayV2::Api' && textAt(properties, 'ProtocolType') === 'HTTP').map(({ physicalId }) => physicalId));
  const served = (text: string): string => text.replace(URL_ON_AWS, (url, api: string) => (apis.has(api) ? `${endpoint}${API_PREFIX}${api}` : url));
  return Object.fromEntries(Object.entries(outputs).map(([stack, values]) => (
    [stack, Object.fromEntries(Object.entries(values).map(([name, value]) => [name, served(value)]))]
  )));
}
