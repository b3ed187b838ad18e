import type { AccountScope } from '../../../policy';
import type { KnownKeys } from '../../iam/need';
import { optionalText, text } from '../input';
import type { Input } from '../json-service';
import type { Permissions } from '../permissions';
import type { Keys } from './keys';

/**
 * What the operations of AWS KMS take: the action of their name on the key, wherever it is named from.
 *
 * @param keyIdIn the id of the key that a ciphertext was made with
 * @see https://docs.aws.amazon.com/service-authorization/latest/reference/list_awskeymanagementservice.html
 */
export function kmsPermissions(keys: Keys, scope: AccountScope, keyIdIn: (input: Input) => string): Permissions {
  const on = (input: Input): readonly string[] => [keys.arnOf(text(input, 'KeyId'), scope)];
  const always = (input: Input): KnownKeys => {
    const keyId = optionalText(input, 'KeyId');
    return { 'kms:CallerAccount': scope.accountId, 'kms:ViaService': undefined, 'kms:RequestAlias': keyId === undefined ? undefined : /(?:^|:)(alias\/.+)$/.exec(keyId)?.[1] };
  };
  const signing = (input: Input): KnownKeys => ({
    ...always(input), 'kms:SigningAlgorithm': optionalText(input, 'SigningAlgorithm'), 'kms:MessageType': optionalText(input, 'MessageType') ?? 'RAW',
  });
  const encrypting = (input: Input): KnownKeys => {
    const context = Object.entries(Object(input.EncryptionContext ?? {}) as object);
    return {
      ...always(input),
      'kms:EncryptionAlgorithm': optionalText(input, 'EncryptionAlgorithm') ?? 'SYMMETRIC_DEFAULT',
      'kms:EncryptionContextKeys': context.length === 0 ? undefined : context.map(([name]) => name),
      ...Object.fromEntries(context.map(([name, value]) => [`kms:EncryptionContext:${name}`, String(value)])),
    };
  };
  return {
    DescribeKey: { on, keys: always },
    GetPublicKey: { on, keys: always },
    Sign: { on, keys: signing },
    Verify: { on, keys: signing },
    Encrypt: { on, keys: encrypting },
    Decrypt: { on: (input) => [keys.arnOf(keyIdIn(input), scope)], keys: encrypting },
  };
}
