/** Looks up the text of a certificate, which CloudFormation does not tell. */
import { DescribeCertificateCommand } from '@aws-sdk/client-iot';
import { createClient, customResource, failure, handle, RequestError, text, UNTIL_FOUND } from '../custom-resource';
import type { Attributes, Call, Handle, Iot, System } from '../custom-resource';

export function createHandler(iot: Iot, system?: System): Handle {
  const lookUp = async (call: Call, certificateId: string): Promise<Attributes> => {
    try {
      const { certificateDescription } = await call(() => iot.send(new DescribeCertificateCommand({ certificateId })), UNTIL_FOUND);
      if (certificateDescription?.certificatePem === undefined) {
        throw new RequestError(`AWS IoT does not tell the text of certificate "${certificateId}"`);
      }
      return { CertificatePem: certificateDescription.certificatePem };
    } catch (error) {
      throw failure(`look up certificate "${certificateId}"`, error);
    }
  };
  return handle({
    read: (properties) => text(properties, 'CertificateId'),
    create: ({ call }, certificateId) => lookUp(call, certificateId),
    update: ({ call }, certificateId) => lookUp(call, certificateId),
    remove: async () => {},
  }, system);
}

export const handler = customResource(createHandler(createClient()));
