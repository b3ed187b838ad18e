import { IotAction, IotResource, type IotPolicyStatement } from '../access';
import type { PayloadFormat } from '../topics';

/** Where the key pair of a device is made. */
export enum KeyGeneration {
  /** On the device, which sends a certificate signing request; nobody else ever has the private key. */
  ON_DEVICE = 'on-device',
  /** In AWS, which sends the private key to the device over the connection of the shared claim certificate. */
  IN_AWS = 'in-aws',
}

/** What a claim certificate is for. */
export interface ClaimOptions {
  readonly templateName: string;
  readonly clientIdPrefix: string;
  readonly keyGeneration: KeyGeneration;
  readonly payloadFormats: readonly PayloadFormat[];
}

const CERTIFICATE_TOPICS: { readonly [generation in KeyGeneration]: string } = {
  // The documented `create/*` does not match it, and would let a device have its key made by AWS.
  [KeyGeneration.ON_DEVICE]: '$aws/certificates/create-from-csr',
  [KeyGeneration.IN_AWS]: '$aws/certificates/create',
};

/**
 * What the holder of a claim certificate may do: ask for a certificate, ask for one template with it, hear the answers.
 *
 * Whoever has a claim certificate can connect under the client id of any other holder. A session that outlives its
 * connection would keep answers for the next one, private keys and ownership tokens among them, so there is none.
 *
 * @see https://docs.aws.amazon.com/iot/latest/developerguide/provision-wo-cert.html
 */
export function claimStatements({ templateName, clientIdPrefix, keyGeneration, payloadFormats }: ClaimOptions): IotPolicyStatement[] {
  const requests = [CERTIFICATE_TOPICS[keyGeneration], `$aws/provisioning-templates/${templateName}/provision`]
    .flatMap((topic) => payloadFormats.map((format) => `${topic}/${format}`));
  const answers = requests.flatMap((topic) => [`${topic}/accepted`, `${topic}/rejected`]);
  return [
    {
      actions: [IotAction.CONNECT],
      resources: [IotResource.client(`${clientIdPrefix}*`)],
      conditions: { 'ForAllValues:StringEquals': { 'iot:ConnectAttributes': [] } },
    },
    { actions: [IotAction.PUBLISH], resources: requests.map((topic) => IotResource.topic(topic)) },
    { actions: [IotAction.SUBSCRIBE], resources: answers.map((topic) => IotResource.topicFilter(topic)) },
    { actions: [IotAction.RECEIVE], resources: answers.map((topic) => IotResource.topic(topic)) },
  ];
}
