import { constants, createCipheriv, createDecipheriv, createPublicKey, randomBytes, sign, verify } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { bytes, invalid, optionalText, text } from '../input';
import { jsonService } from '../json-service';
import type { Input } from '../json-service';
import { ServiceError } from '../service';
import type { Service } from '../service';
import type { Surroundings } from '../surroundings';
import { Keys } from './keys';
import type { Key } from './keys';
import { kmsPermissions } from './permissions';

/** How a signing algorithm signs. */
interface SigningAlgorithm {
  readonly hash: 'sha256' | 'sha384' | 'sha512';
  readonly isPss?: true;
}

const RSA_ALGORITHMS: Readonly<Record<string, SigningAlgorithm>> = {
  RSASSA_PKCS1_V1_5_SHA_256: { hash: 'sha256' },
  RSASSA_PKCS1_V1_5_SHA_384: { hash: 'sha384' },
  RSASSA_PKCS1_V1_5_SHA_512: { hash: 'sha512' },
  RSASSA_PSS_SHA_256: { hash: 'sha256', isPss: true },
  RSASSA_PSS_SHA_384: { hash: 'sha384', isPss: true },
  RSASSA_PSS_SHA_512: { hash: 'sha512', isPss: true },
};

/** @see https://docs.aws.amazon.com/kms/latest/developerguide/symm-asymm-choose-key-spec.html */
const ALGORITHMS: Readonly<Record<string, Readonly<Record<string, SigningAlgorithm>>>> = {
  RSA_2048: RSA_ALGORITHMS,
  RSA_3072: RSA_ALGORITHMS,
  RSA_4096: RSA_ALGORITHMS,
  ECC_NIST_P256: { ECDSA_SHA_256: { hash: 'sha256' } },
  ECC_NIST_P384: { ECDSA_SHA_384: { hash: 'sha384' } },
  ECC_NIST_P521: { ECDSA_SHA_512: { hash: 'sha512' } },
};

/** @see https://docs.aws.amazon.com/kms/latest/APIReference/API_Sign.html */
const MAX_RAW_BYTES = 4096;

/** AWS KMS with the keys that the deployment declares. */
export function kmsService(around: Surroundings): Service {
  const keys = new Keys(around);
  const keyOf = (input: Input): Key => keys.find(text(input, 'KeyId'));
  return jsonService('kms', 'KMS', {
    DescribeKey: (input) => ({ KeyMetadata: describe(keyOf(input), around) }),
    GetPublicKey: (input) => getPublicKey(keyOf(input)),
    Sign: (input) => {
      const { key, name, algorithm } = signing(keyOf(input), input);
      return { KeyId: key.arn, Signature: sign(algorithm.hash, message(input), paddingFor(key.material(), algorithm)).toString('base64'), SigningAlgorithm: name };
    },
    Verify: (input) => {
      const { key, name, algorithm } = signing(keyOf(input), input);
      if (!verify(algorithm.hash, message(input), paddingFor(createPublicKey(key.material()), algorithm), bytes(input, 'Signature'))) {
        throw new ServiceError('KMSInvalidSignatureException', 'the signature is not one of this key for this message');
      }
      return { KeyId: key.arn, SignatureValid: true, SigningAlgorithm: name };
    },
    Encrypt: (input) => {
      const key = symmetric(keyOf(input));
      return { KeyId: key.arn, CiphertextBlob: encrypt(key, bytes(input, 'Plaintext'), contextOf(input)).toString('base64'), EncryptionAlgorithm: 'SYMMETRIC_DEFAULT' };
    },
    Decrypt: (input) => {
      const { key, plaintext } = decrypt(keys, bytes(input, 'CiphertextBlob'), contextOf(input));
      return { KeyId: key.arn, Plaintext: plaintext.toString('base64'), EncryptionAlgorithm: 'SYMMETRIC_DEFAULT' };
    },
  }, kmsPermissions(keys, around.scope, (input) => keyIdIn(bytes(input, 'CiphertextBlob'))));
}

function describe({ id, arn, description, keySpec, keyUsage }: Key, { scope, clock }: Surroundings): object {
  return {
    AWSAccountId: scope.accountId,
    KeyId: id,
    Arn: arn,
    CreationDate: clock.now() / 1000,
    Description: description,
    Enabled: true,
    KeyManager: 'CUSTOMER',
    KeyState: 'Enabled',
    KeySpec: keySpec,
    CustomerMasterKeySpec: keySpec,
    KeyUsage: keyUsage,
    Origin: 'AWS_KMS',
    MultiRegion: false,
    ...keyUsage === 'SIGN_VERIFY' && { SigningAlgorithms: Object.keys(ALGORITHMS[keySpec] ?? {}) },
  };
}

function getPublicKey(key: Key): object {
  const { arn, keySpec, keyUsage } = key;
  if (keySpec === 'SYMMETRIC_DEFAULT') {
    throw new ServiceError('UnsupportedOperationException', `${arn} is a symmetric key, which has no public key`);
  }
  return {
    KeyId: arn,
    PublicKey: createPublicKey(key.material()).export({ type: 'spki', format: 'der' }).toString('base64'),
    KeySpec: keySpec,
    CustomerMasterKeySpec: keySpec,
    KeyUsage: keyUsage,
    ...keyUsage === 'SIGN_VERIFY' && { SigningAlgorithms: Object.keys(ALGORITHMS[keySpec] ?? {}) },
  };
}

function signing(key: Key, input: Input): { readonly key: Key; readonly name: string; readonly algorithm: SigningAlgorithm } {
  const name = text(input, 'SigningAlgorithm');
  const known = ALGORITHMS[key.keySpec] ?? {};
  const algorithm = Object.hasOwn(known, name) ? known[name] : undefined;
  if (key.keyUsage !== 'SIGN_VERIFY' || algorithm === undefined) {
    throw new ServiceError('InvalidKeyUsageException', `${key.arn} is a key of ${key.keySpec} for ${key.keyUsage}, which does not sign with ${name.slice(0, 50)}`);
  }
  return { key, name, algorithm };
}

/** A message itself: Node signs no digest that somebody else has computed. */
function message(input: Input): Buffer {
  if ((optionalText(input, 'MessageType') ?? 'RAW') !== 'RAW') {
    throw invalid("the twin signs and verifies with the MessageType 'RAW' only");
  }
  const signed = bytes(input, 'Message');
  if (signed.length > MAX_RAW_BYTES) {
    throw invalid(`'Message' has ${signed.length} bytes, AWS KMS takes ${MAX_RAW_BYTES}`);
  }
  return signed;
}

function paddingFor(key: KeyObject, { isPss }: SigningAlgorithm): { readonly key: KeyObject; readonly padding?: number; readonly saltLength?: number } {
  return isPss ? { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST } : { key };
}

const ID_BYTES = 36;
const IV_BYTES = 12;
const TAG_BYTES = 16;

function symmetric(key: Key): Key {
  if (key.keySpec !== 'SYMMETRIC_DEFAULT') {
    throw new ServiceError('InvalidKeyUsageException', `${key.arn} is a key of ${key.keySpec}; the twin encrypts with SYMMETRIC_DEFAULT only`);
  }
  return key;
}

/** The same for any order of its entries. */
function contextOf({ EncryptionContext: context = {} }: Input): Buffer {
  return Buffer.from(JSON.stringify(Object.entries(Object(context) as object).sort(([a], [b]) => (a < b ? -1 : 1))));
}

/** The ciphertext begins with the id of its key, so that decrypting needs no other. */
function encrypt(key: Key, plaintext: Buffer, context: Buffer): Buffer {
  const iv = randomBytes(IV_BYTES);
  const cipher = createCipheriv('aes-256-gcm', key.material(), iv).setAAD(context);
  const body = Buffer.concat([cipher.update(plaintext), cipher.final()]);
  return Buffer.concat([Buffer.from(key.id), iv, cipher.getAuthTag(), body]);
}

function keyIdIn(blob: Buffer): string {
  return blob.subarray(0, ID_BYTES).toString();
}

function decrypt(keys: Keys, blob: Buffer, context: Buffer): { readonly key: Key; readonly plaintext: Buffer } {
  const iv = blob.subarray(ID_BYTES, ID_BYTES + IV_BYTES);
  const tag = blob.subarray(ID_BYTES + IV_BYTES, ID_BYTES + IV_BYTES + TAG_BYTES);
  try {
    const key = symmetric(keys.find(keyIdIn(blob)));
    const decipher = createDecipheriv('aes-256-gcm', key.material(), iv, { authTagLength: TAG_BYTES }).setAAD(context).setAuthTag(tag);
    return { key, plaintext: Buffer.concat([decipher.update(blob.subarray(ID_BYTES + IV_BYTES + TAG_BYTES)), decipher.final()]) };
  } catch {
    throw new ServiceError('InvalidCiphertextException', 'the ciphertext is not one of a key of the assembly, in this encryption context');
  }
}
