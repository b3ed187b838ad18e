import { SignCommand, type KMSClient } from '@aws-sdk/client-kms';
import { RequestError } from '../custom-resource/errors';
import type { Call } from '../custom-resource/retry';
import { signatureAlgorithmFor, type Signer } from './signer';

export type Kms = Pick<KMSClient, 'send'>;

/** https://docs.aws.amazon.com/kms/latest/APIReference/API_Sign.html */
const MAX_MESSAGE_BYTES = 4096;

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
      // A request of 4,096 characters, the most that AWS IoT takes, stays far below.
      if (bytes.length > MAX_MESSAGE_BYTES) {
        throw new RequestError(`a certificate of ${bytes.length} bytes is larger than the ${MAX_MESSAGE_BYTES} that AWS KMS signs; shorten the subject`);
      }
      const { Signature: signature } = await call(() => kms.send(new SignCommand({
        KeyId: keyId,
        Message: bytes,
        MessageType: 'RAW',
        SigningAlgorithm: algorithm.kms,
      })));
      if (signature === undefined) {
        throw new RequestError('AWS KMS answered without a signature');
      }
      return signature;
    },
  };
}
