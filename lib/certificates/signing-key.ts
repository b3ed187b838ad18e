import { Aws, Stack } from 'aws-cdk-lib';
import type * as acmpca from 'aws-cdk-lib/aws-acmpca';
import * as iam from 'aws-cdk-lib/aws-iam';
import type * as kms from 'aws-cdk-lib/aws-kms';
import type * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';

/** How keys that a CA for AWS IoT can have sign in AWS KMS: each kind and size of key in one way. */
export const SIGNING_ALGORITHMS: { readonly [keySpec: string]: string } = {
  RSA_2048: 'RSASSA_PKCS1_V1_5_SHA_256',
  RSA_3072: 'RSASSA_PKCS1_V1_5_SHA_256',
  RSA_4096: 'RSASSA_PKCS1_V1_5_SHA_256',
  ECC_NIST_P256: 'ECDSA_SHA_256',
  ECC_NIST_P384: 'ECDSA_SHA_384',
  ECC_NIST_P521: 'ECDSA_SHA_512',
};

/** A field of a secret that holds JSON. */
export interface SecretFieldOptions {
  /**
   * The field of the secret that holds the private key, where the secret is a JSON object.
   *
   * @default - the whole secret is the private key
   */
  readonly field?: string;
}

/**
 * What a function does with a signing key besides signing.
 *
 * @internal
 */
export interface SigningKeyUse {
  /** Whether it reads the public key, to make sure that it is that of the CA. */
  readonly readsPublicKey?: boolean;
}

/**
 * The private key of a CA: where it is, not what it is. It stays there.
 *
 * Whatever signs first makes sure that the key is that of the CA's certificate.
 */
export abstract class SigningKey {
  /**
   * A key in AWS KMS that signs: RSA of 2048, 3072 or 4096 bits, or on P-256, P-384 or P-521.
   *
   * The policy of a key of this app is extended; that of any other must let IAM policies of the account permit `kms:Sign`.
   */
  public static fromKms(key: kms.IKey): SigningKey {
    return new KmsSigningKey(key);
  }

  /**
   * The key of a CA in AWS Private CA, which issues by itself.
   *
   * It signs the verification certificate. Device certificates it does not sign here: AWS Private CA may take longer than
   * AWS IoT waits.
   */
  public static fromPrivateCa(certificateAuthority: acmpca.ICertificateAuthority): SigningKey {
    return new PrivateCaSigningKey(certificateAuthority);
  }

  /**
   * A private key in AWS Secrets Manager, as PEM text that is not encrypted. It is read where it signs, and nowhere else.
   *
   * It signs the verification certificate. Whoever may read the secret can issue certificates: prefer AWS KMS.
   */
  public static fromSecret(secret: secretsmanager.ISecret, options: SecretFieldOptions = {}): SigningKey {
    return new SecretSigningKey(secret, options);
  }

  /**
   * What a handler is told.
   *
   * @internal
   */
  public abstract readonly _kind: 'kms' | 'private-ca' | 'secret';

  /**
   * The ARN of the key, of the CA, or of the secret.
   *
   * @internal
   */
  public abstract readonly _id: string;

  /**
   * The field of the secret.
   *
   * @internal
   */
  public readonly _field: string | undefined = undefined;

  /**
   * Lets a role sign, as far as that is said where the key is.
   *
   * @internal
   */
  public abstract _permit(role: iam.IRole, use?: SigningKeyUse): void;

  /**
   * What the IAM policy of a role must allow for it to sign.
   *
   * @internal
   */
  public abstract _statements(use?: SigningKeyUse): iam.PolicyStatement[];
}

/** @internal */
export class KmsSigningKey extends SigningKey {
  public readonly _kind = 'kms';
  public readonly _id: string;

  constructor(private readonly key: kms.IKey, private readonly algorithms = [...new Set(Object.values(SIGNING_ALGORITHMS))].sort()) {
    super();
    this._id = key.keyArn;
  }

  public _permit(role: iam.IRole, use?: SigningKeyUse): void {
    // A role of another stack would have to exist before the key, and the key before the role's permission.
    const isNear = Stack.of(role) === Stack.of(this.key);
    const principal = isNear ? new iam.ArnPrincipal(role.roleArn) : new iam.AccountPrincipal(Stack.of(role).account);
    for (const statement of this.statements('*', use)) {
      statement.addPrincipals(principal);
      this.key.addToResourcePolicy(statement);
    }
  }

  public _statements(use?: SigningKeyUse): iam.PolicyStatement[] {
    return this.statements(this.key.keyArn, use);
  }

  private statements(resource: string, { readsPublicKey = false }: SigningKeyUse = {}): iam.PolicyStatement[] {
    return [
      new iam.PolicyStatement({
        actions: ['kms:Sign'],
        resources: [resource],
        conditions: { StringEquals: { 'kms:SigningAlgorithm': this.algorithms.length === 1 ? this.algorithms[0] : this.algorithms, 'kms:MessageType': 'RAW' } },
      }),
      ...readsPublicKey ? [new iam.PolicyStatement({ actions: ['kms:GetPublicKey'], resources: [resource] })] : [],
    ];
  }
}

class PrivateCaSigningKey extends SigningKey {
  public readonly _kind = 'private-ca';
  public readonly _id: string;

  constructor(certificateAuthority: acmpca.ICertificateAuthority) {
    super();
    this._id = certificateAuthority.certificateAuthorityArn;
  }

  public _permit(): void {
    // IAM policies are enough.
  }

  public _statements(): iam.PolicyStatement[] {
    return [
      new iam.PolicyStatement({ actions: ['acm-pca:GetCertificateAuthorityCertificate', 'acm-pca:GetCertificate'], resources: [this._id] }),
      new iam.PolicyStatement({
        actions: ['acm-pca:IssueCertificate'],
        resources: [this._id],
        conditions: { StringEquals: { 'acm-pca:TemplateArn': `arn:${Aws.PARTITION}:acm-pca:::template/EndEntityCertificate/V1` } },
      }),
    ];
  }
}

/** What AWS Secrets Manager puts after the name of a secret in its ARN. */
const ANY_SUFFIX = '-??????';

class SecretSigningKey extends SigningKey {
  public readonly _kind = 'secret';
  public readonly _id: string;
  public override readonly _field: string | undefined;

  constructor(private readonly secret: secretsmanager.ISecret, { field }: SecretFieldOptions) {
    super();
    this._id = secret.secretArn;
    this._field = field;
  }

  public _permit(): void {
    // IAM policies are enough.
  }

  public _statements(): iam.PolicyStatement[] {
    const { encryptionKey, secretArn, secretFullArn } = this.secret;
    return [
      new iam.PolicyStatement({ actions: ['secretsmanager:GetSecretValue'], resources: [secretFullArn ?? `${secretArn}${ANY_SUFFIX}`] }),
      ...encryptionKey
        ? [new iam.PolicyStatement({
          actions: ['kms:Decrypt'],
          resources: [encryptionKey.keyArn],
          conditions: { StringEquals: { 'kms:ViaService': `secretsmanager.${Stack.of(this.secret).region}.amazonaws.com` } },
        })]
        : [],
    ];
  }
}
