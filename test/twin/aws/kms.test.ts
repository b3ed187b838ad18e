import { createPublicKey, verify } from 'node:crypto';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { DecryptCommand, DescribeKeyCommand, EncryptCommand, GetPublicKeyCommand, KMSClient, SignCommand, VerifyCommand } from '@aws-sdk/client-kms';
import type { SigningAlgorithmSpec } from '@aws-sdk/client-kms';
import { EndpointOf } from './endpoint-of';

const SIGNING_KEYS = { P256: 'ECC_NIST_P256', P384: 'ECC_NIST_P384', P521: 'ECC_NIST_P521', Rsa: 'RSA_2048' };
const endpoint = new EndpointOf({
  ...Object.fromEntries(Object.entries(SIGNING_KEYS).flatMap(([name, KeySpec]) => [
    [name, { Type: 'AWS::KMS::Key', Properties: { KeySpec, KeyUsage: 'SIGN_VERIFY' } }],
    [`${name}Alias`, { Type: 'AWS::KMS::Alias', Properties: { AliasName: `alias/${name}`, TargetKeyId: { 'Fn::GetAtt': [name, 'Arn'] } } }],
  ])),
  Secret: { Type: 'AWS::KMS::Key', Properties: {} },
  SecretAlias: { Type: 'AWS::KMS::Alias', Properties: { AliasName: 'alias/secret', TargetKeyId: { Ref: 'Secret' } } },
  Exotic: { Type: 'AWS::KMS::Key', Properties: { KeySpec: 'SM2', KeyUsage: 'SIGN_VERIFY' } },
  ExoticAlias: { Type: 'AWS::KMS::Alias', Properties: { AliasName: 'alias/exotic', TargetKeyId: { Ref: 'Exotic' } } },
});
let kms: KMSClient;

beforeAll(async () => {
  await endpoint.start();
  kms = new KMSClient(endpoint.config);
});

afterAll(() => endpoint.stop());

async function publicKey(KeyId: string) {
  const { PublicKey } = await kms.send(new GetPublicKeyCommand({ KeyId }));
  return createPublicKey({ key: Buffer.from(PublicKey!), format: 'der', type: 'spki' });
}

const ALGORITHMS: readonly [string, SigningAlgorithmSpec, 'sha256' | 'sha384' | 'sha512'][] = [
  ['P256', 'ECDSA_SHA_256', 'sha256'],
  ['P384', 'ECDSA_SHA_384', 'sha384'],
  ['P521', 'ECDSA_SHA_512', 'sha512'],
  ['Rsa', 'RSASSA_PKCS1_V1_5_SHA_256', 'sha256'],
  ['Rsa', 'RSASSA_PKCS1_V1_5_SHA_512', 'sha512'],
];

test.each(ALGORITHMS)('a key %s signs with %s', async (name, SigningAlgorithm, hash) => {
  const KeyId = `alias/${name}`;
  const message = Buffer.from('to be signed');
  const key = await publicKey(KeyId);
  const { Signature } = await kms.send(new SignCommand({ KeyId, Message: message, SigningAlgorithm }));
  expect(verify(hash, message, key, Signature!)).toBe(true);
  await expect(kms.send(new VerifyCommand({ KeyId, Message: message, Signature, SigningAlgorithm }))).resolves.toMatchObject({ SignatureValid: true });
  await expect(kms.send(new VerifyCommand({ KeyId, Message: Buffer.from('another'), Signature, SigningAlgorithm }))).rejects.toMatchObject({ name: 'KMSInvalidSignatureException' });
});

test('a key is the same after a restart, and its file is for its owner alone', async () => {
  const before = (await publicKey('alias/P256')).export({ format: 'jwk' });
  await endpoint.start();
  kms = new KMSClient(endpoint.config);

  expect((await publicKey('alias/P256')).export({ format: 'jwk' })).toEqual(before);
  const folder = join(endpoint.folder, 'state', 'kms');
  expect(readdirSync(folder).map((file) => statSync(join(folder, file)).mode & 0o777)).toEqual(expect.arrayContaining([0o600]));
});

test('a symmetric key encrypts and decrypts, in its context', async () => {
  const { CiphertextBlob } = await kms.send(new EncryptCommand({ KeyId: 'alias/secret', Plaintext: Buffer.from('secret'), EncryptionContext: { a: '1', b: '2' } }));

  const { Plaintext } = await kms.send(new DecryptCommand({ CiphertextBlob, EncryptionContext: { b: '2', a: '1' } }));
  expect(Buffer.from(Plaintext!).toString()).toBe('secret');
  await expect(kms.send(new DecryptCommand({ CiphertextBlob, EncryptionContext: { a: '1' } }))).rejects.toMatchObject({ name: 'InvalidCiphertextException' });
  await expect(kms.send(new DecryptCommand({ CiphertextBlob: Buffer.alloc(10) }))).rejects.toMatchObject({ name: 'InvalidCiphertextException' });
});

test('a key is described', async () => {
  await expect(kms.send(new DescribeKeyCommand({ KeyId: 'alias/P256' }))).resolves.toMatchObject({
    KeyMetadata: { KeySpec: 'ECC_NIST_P256', KeyUsage: 'SIGN_VERIFY', KeyState: 'Enabled', SigningAlgorithms: ['ECDSA_SHA_256'] },
  });
});

test.each([
  ['a key that is not declared', new GetPublicKeyCommand({ KeyId: 'alias/other' }), 'NotFoundException'],
  ['a public key of a symmetric one', new GetPublicKeyCommand({ KeyId: 'alias/secret' }), 'UnsupportedOperationException'],
  ['a specification that nothing here makes', new GetPublicKeyCommand({ KeyId: 'alias/exotic' }), 'UnsupportedOperationException'],
  ['an algorithm of another key', new SignCommand({ KeyId: 'alias/P256', Message: Buffer.alloc(32), SigningAlgorithm: 'ECDSA_SHA_384' }), 'InvalidKeyUsageException'],
  ['an algorithm that is a member of every object', new SignCommand({ KeyId: 'alias/P256', Message: Buffer.alloc(32), SigningAlgorithm: 'constructor' as 'ECDSA_SHA_256' }), 'InvalidKeyUsageException'],
  ['a digest', new SignCommand({ KeyId: 'alias/P256', Message: Buffer.alloc(32), MessageType: 'DIGEST', SigningAlgorithm: 'ECDSA_SHA_256' }), 'ValidationException'],
  ['a message that is too long', new SignCommand({ KeyId: 'alias/P256', Message: Buffer.alloc(5000), SigningAlgorithm: 'ECDSA_SHA_256' }), 'ValidationException'],
] as [string, SignCommand, string][])('fails for %s', async (_, command, name) => {
  await expect(kms.send(command)).rejects.toMatchObject({ name });
  expect(endpoint.faults).toEqual([]);
});
