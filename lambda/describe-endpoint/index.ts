/** Looks up the addresses that devices of this account connect to. CloudFormation has no type for it. */
import { DescribeEndpointCommand } from '@aws-sdk/client-iot';
import { createClient, customResource, failure, handle, RequestError } from '../custom-resource';
import type { Attributes, Call, Handle, Iot, System } from '../custom-resource';

/** Never `iot:Data`, and never without a type: that is the old endpoint, with a certificate that devices distrust. */
const ENDPOINT_TYPES = { DataAddress: 'iot:Data-ATS', CredentialProviderAddress: 'iot:CredentialProvider' };

export function createHandler(iot: Iot, system?: System): Handle {
  const lookUp = async (call: Call): Promise<Attributes> => {
    const addresses: Record<string, string> = {};
    for (const [attribute, endpointType] of Object.entries(ENDPOINT_TYPES)) {
      addresses[attribute] = await addressOf(call, iot, endpointType);
    }
    return addresses;
  };
  return handle({
    read: () => undefined,
    create: ({ call }) => lookUp(call),
    update: ({ call }) => lookUp(call),
    remove: async () => {},
  }, system);
}

async function addressOf(call: Call, iot: Iot, endpointType: string): Promise<string> {
  try {
    const { endpointAddress } = await call(() => iot.send(new DescribeEndpointCommand({ endpointType })));
    if (endpointAddress === undefined) {
      throw new RequestError(`AWS IoT has no endpoint of the type ${endpointType} in this Region`);
    }
    return endpointAddress;
  } catch (error) {
    throw failure(`look up the endpoint ${endpointType}`, error);
  }
}

export const handler = customResource(createHandler(createClient()));
