import type * as api from '@aws-sdk/client-iot';
import { invalidRequest } from '../account';

/** Where the twin is reached, as host and port. */
export interface EndpointAddresses {
  readonly data: string;
  readonly credentialProvider: string;
}

/** What DescribeEndpoint is asked for; without a type it is the old data endpoint. */
const TYPES: Readonly<Record<string, keyof EndpointAddresses>> = {
  'iot:Data': 'data',
  'iot:Data-ATS': 'data',
  'iot:CredentialProvider': 'credentialProvider',
  'iot:Jobs': 'data',
};

/** The endpoints of the account are the twin itself. */
export function describeEndpoint(addresses: EndpointAddresses, { endpointType = 'iot:Data' }: api.DescribeEndpointRequest): { readonly endpointAddress: string } {
  const type = Object.hasOwn(TYPES, endpointType) ? TYPES[endpointType] : undefined;
  if (type === undefined) {
    throw invalidRequest(`the twin has no endpoint of type '${endpointType}'; there are ${Object.keys(TYPES).join(', ')}`);
  }
  return { endpointAddress: addresses[type] };
}
