import type * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';

/** The certificate with which AWS IoT shows a Kafka cluster who it is. */
export interface KafkaKeyStore {
  /** The key store: a file of at most 65 KB, as a binary secret. */
  readonly keyStore: secretsmanager.ISecret;

  /** A JSON secret with the keys `keystorePassword` and `keyPassword`. */
  readonly passwords: secretsmanager.ISecret;
}

/**
 * How AWS IoT shows a Kafka cluster who it is; all is encrypted with TLS.
 *
 * Without anything of these it connects to none. The role of the action reads the secrets it names, and no others. Where the
 * cluster has a certificate that Amazon does not trust, name `ssl.truststore` in `clientProperties`.
 *
 * @see https://docs.aws.amazon.com/iot/latest/developerguide/apache-kafka-rule-action.html
 */
export class KafkaAuthentication {
  /**
   * With user name and password, as SASL/SCRAM-SHA-512: the only way in China and GovCloud.
   *
   * @param secret A JSON secret with the keys `username` and `password`.
   */
  public static scram(secret: secretsmanager.ISecret): KafkaAuthentication {
    return KafkaAuthentication.withPassword('SCRAM-SHA-512', 'scram', secret);
  }

  /**
   * With user name and password, as SASL/PLAIN.
   *
   * @param secret A JSON secret with the keys `username` and `password`.
   */
  public static plain(secret: secretsmanager.ISecret): KafkaAuthentication {
    return KafkaAuthentication.withPassword('PLAIN', 'plain', secret);
  }

  /** With a certificate of its own. */
  public static mutualTls({ keyStore, passwords }: KafkaKeyStore): KafkaAuthentication {
    return new KafkaAuthentication([keyStore, passwords], (roleArn) => ({
      'security.protocol': 'SSL',
      'ssl.keystore': `\${get_secret('${keyStore.secretArn}', 'SecretBinary', '${roleArn}')}`,
      'ssl.keystore.password': fromSecret(passwords, 'keystorePassword', roleArn),
      'ssl.key.password': fromSecret(passwords, 'keyPassword', roleArn),
    }));
  }

  private static withPassword(mechanism: string, prefix: string, secret: secretsmanager.ISecret): KafkaAuthentication {
    return new KafkaAuthentication([secret], (roleArn) => ({
      'security.protocol': 'SASL_SSL',
      'sasl.mechanism': mechanism,
      [`sasl.${prefix}.username`]: fromSecret(secret, 'username', roleArn),
      [`sasl.${prefix}.password`]: fromSecret(secret, 'password', roleArn),
    }));
  }

  private constructor(
    /** @internal */
    public readonly _secrets: readonly secretsmanager.ISecret[],
    /** @internal */
    public readonly _properties: (roleArn: string) => { readonly [name: string]: string },
  ) {}
}

/** AWS IoT reads the secret when it connects: its value is in no template. */
function fromSecret(secret: secretsmanager.ISecret, key: string, roleArn: string): string {
  return `\${get_secret('${secret.secretArn}', 'SecretString', '${key}', '${roleArn}')}`;
}
