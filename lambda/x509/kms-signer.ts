import { createHash } from 'node:crypto';
import { SignCommand, type KMSClient } from '@aws-sdk/client-kms';
import { RequestError } from '../custom-resource/errors';
import type { Call } from '../custom-resource/retry';
import { signatureAlgorithmFor, type Signer } from './signer';

export type Kms = Pick<KMSClient, 'send'>;

/**
 * Signs with a key that never leaves AWS KMS.
 *
 * @param keySpec The kind and size of the key, as AWS KMS says.
 * @param call Repeats a request while that may help; once, unless told otherwise.
 * @see https://docs.aws.amazon.com/kms/latest/APIReference/API_Sign.html
 */
export function kmsSigner(kms: Kms, keyId: string, keySpec: string, call: Call = (send) => send()): Signer {
  const algorithm = signatureAlgorithmFor(keySpec);
  return {
    algorithm,
    sign: async (bytes) => {
      // The digest, as AWS KMS takes no more than 4,096 bytes of a message.
      const { Signature: signature } = await call(() => kms.send(new SignCommand({
        KeyId: keyId,
        Message: createHash(algorithm.digest).update(bytes).digest(),
        MessageType: 'DIGEST',
        SigningAlgorithm: algorithm.kms,
      })));
      if (signature === undefined) {
        throw new RequestError('AWS KMS answered without a signature');
      }
      return signature;
    },
  };
}
