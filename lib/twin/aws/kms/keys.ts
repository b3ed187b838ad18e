import { createPrivateKey, createSecretKey, generateKeyPairSync, randomBytes } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { asText, propertyOf } from '../../../deployment';
import type { AccountScope } from '../../../policy';
import { ServiceError } from '../service';
import { declared } from '../surroundings';
import type { DeclaredResource, Surroundings } from '../surroundings';

/** A key of the deployment. */
export interface Key {
  readonly id: string;
  readonly arn: string;
  readonly description: string;
  readonly keySpec: string;
  readonly keyUsage: string;

  /** The private key of a pair, or the secret key; made when it is first asked for, and kept. */
  readonly material: () => KeyObject;
}

/** How keys are made, by their specification. */
const GENERATE: Readonly<Record<string, () => KeyObject>> = {
  RSA_2048: () => rsa(2048),
  RSA_3072: () => rsa(3072),
  RSA_4096: () => rsa(4096),
  ECC_NIST_P256: () => ec('P-256'),
  ECC_NIST_P384: () => ec('P-384'),
  ECC_NIST_P521: () => ec('P-521'),
  SYMMETRIC_DEFAULT: () => createSecretKey(randomBytes(32)),
};

/** The keys that the deployment declares. */
export class Keys {
  private readonly made = new Map<string, KeyObject>();

  constructor(private readonly around: Surroundings) {}

  /** The ARN of a key that is named so, whether or not it is there. */
  public arnOf(keyId: string, { partition, region, accountId }: AccountScope): string {
    const target = this.targetOf(keyId);
    return this.declared(target)?.arn ?? (target.startsWith('arn:') ? target : `arn:${partition}:kms:${region}:${accountId}:key/${target}`);
  }

  /**
   * The key of an id, an ARN, or the name or ARN of an alias.
   *
   * @throws ServiceError as AWS KMS does for one that is not there.
   */
  public find(keyId: string): Key {
    const found = this.declared(this.targetOf(keyId));
    if (found === undefined) {
      throw new ServiceError('NotFoundException', `the assembly declares no key or alias '${keyId}'`);
    }
    return this.read(found);
  }

  private declared(target: string): DeclaredResource | undefined {
    return declared(this.around, 'AWS::KMS::Key').find(({ id, arn }) => id === target || arn === target);
  }

  private targetOf(keyId: string): string {
    const alias = declared(this.around, 'AWS::KMS::Alias').find(({ id, arn }) => id === keyId || arn === keyId);
    const target = alias && asText(propertyOf(alias.resource.properties, 'TargetKeyId'));
    return typeof target === 'string' ? target : keyId;
  }

  private read({ id, arn, resource: { properties } }: DeclaredResource): Key {
    const textOf = (name: string, otherwise: string): string => {
      const value = asText(propertyOf(properties, name));
      return typeof value === 'string' ? value : otherwise;
    };
    const keySpec = textOf('KeySpec', 'SYMMETRIC_DEFAULT');
    return {
      id, arn, keySpec, description: textOf('Description', ''), keyUsage: textOf('KeyUsage', 'ENCRYPT_DECRYPT'), material: () => this.material(id, keySpec),
    };
  }

  /** A key whose specification changes is another key, as CloudFormation replaces it. */
  private material(id: string, keySpec: string): KeyObject {
    const name = `${id}.${keySpec}`;
    const known = this.made.get(name) ?? this.stored(name, keySpec);
    this.made.set(name, known);
    return known;
  }

  private stored(name: string, keySpec: string): KeyObject {
    const file = ['kms', name];
    const text = this.around.folder.read(...file);
    if (text !== undefined) {
      return keySpec === 'SYMMETRIC_DEFAULT' ? createSecretKey(Buffer.from(text, 'base64')) : createPrivateKey(text);
    }
    const generate = GENERATE[keySpec];
    if (generate === undefined) {
      throw new ServiceError('UnsupportedOperationException', `the twin makes no keys of the specification ${keySpec}; of ${Object.keys(GENERATE).join(', ')} it does`);
    }
    const key = generate();
    this.around.folder.write(file, key.type === 'secret' ? key.export().toString('base64') : key.export({ type: 'pkcs8', format: 'pem' }));
    return key;
  }
}

function rsa(modulusLength: number): KeyObject {
  return generateKeyPairSync('rsa', { modulusLength }).privateKey;
}

function ec(namedCurve: string): KeyObject {
  return generateKeyPairSync('ec', { namedCurve }).privateKey;
}
