import type { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { nameOf, type Call, type Patience } from '../custom-resource';

export type Secrets = Pick<SecretsManagerClient, 'send'>;

/** What a device needs. Whoever reads the destination finds this, as JSON. */
export interface DeviceSecret {
  /** PKCS #8, as PEM. */
  readonly privateKey: string;
  readonly certificatePem: string;
  readonly certificateId: string;
}

/** What is held before there is a certificate. */
export type HeldSecret = Pick<DeviceSecret, 'privateKey'> & Partial<DeviceSecret>;

/**
 * Where the private key of one certificate goes. It is held beside what readers get, so that a rollback has the key of
 * the certificate before, and a try after a lost answer the key that the lost certificate was made for.
 */
export interface Delivery {
  /** What is held, from an earlier try. */
  read(call: Call): Promise<HeldSecret | undefined>;
  hold(call: Call, secret: HeldSecret): Promise<void>;
  /** Lets readers get what is held. `others` are certificates whose secret may be replaced. */
  publish(call: Call, secret: DeviceSecret, others: readonly string[]): Promise<void>;
  /** Holds nothing any more; what readers get stays. */
  release(call: Call): Promise<void>;
  /** Releases, and takes it from readers as well, where it is still the one of this certificate. */
  erase(call: Call, certificateId: string | undefined): Promise<void>;
}

/** Sends a secret. AWS quotes in some errors what it refused, so that only their names go on. */
export async function callWithSecret<T>(call: Call, send: () => Promise<T>, patience?: Patience): Promise<T> {
  return call(async () => {
    try {
      return await send();
    } catch (error) {
      const { code, $metadata } = Object(error) as { code?: unknown; $metadata?: unknown };
      throw Object.assign(new Error('the message is left out, as it may quote the private key'), { name: nameOf(error), code, $metadata });
    }
  }, patience);
}
