import { createHash, randomBytes } from 'node:crypto';
import type { Account } from '../account';
import type { Clock, Timer } from '../clock';
import { ProvisioningError } from './errors';

/** "The token expires after one hour", and so does a certificate that was not provisioned by then. */
const LIFETIME_MS = 3_600_000;

const TOKEN_BYTES = 48;

/** A token that is being used. */
export interface Ownership {
  readonly certificateId: string;

  /** The certificate is provisioned; nobody may use the token again. */
  spend(): void;

  /** It is not; the device may try again. */
  release(): void;
}

/**
 * Proofs that a device may provision with the certificate it was given. The store knows their hashes alone.
 *
 * @see https://docs.aws.amazon.com/iot/latest/developerguide/fleet-provision-api.html
 */
export class OwnershipTokens {
  private readonly inUse = new Set<string>();
  private timer: Timer | undefined;

  constructor(private readonly account: Account, private readonly clock: Clock) {
    this.sweep();
  }

  /** Stop waiting for tokens to expire. */
  public stop(): void {
    this.timer?.cancel();
  }

  public issue(certificateId: string): string {
    const token = randomBytes(TOKEN_BYTES).toString('base64url');
    this.account.store.put('ownershipTokens', keyOf(token), { certificateId, expires: this.clock.now() + LIFETIME_MS });
    if (this.timer === undefined) {
      this.sweep();
    }
    return token;
  }

  /** @throws ProvisioningError `InvalidCertificateOwnershipToken` for a token that is unknown, too old, spent or in use */
  public take(token: unknown): Ownership {
    if (token === undefined || token === '') {
      throw new ProvisioningError('InvalidCertificateOwnershipToken', 'Certificate ownership token cannot be empty.');
    }
    const key = typeof token === 'string' ? keyOf(token) : '';
    const record = this.account.store.get('ownershipTokens', key);
    if (record === undefined || record.expires <= this.clock.now() || this.inUse.has(key) || this.account.findCertificate(record.certificateId) === undefined) {
      throw new ProvisioningError('InvalidCertificateOwnershipToken', 'Certificate ownership token is invalid or expired.');
    }
    this.inUse.add(key);
    const release = (): void => void this.inUse.delete(key);
    return {
      certificateId: record.certificateId,
      release,
      spend: () => {
        this.account.store.remove('ownershipTokens', key);
        release();
      },
    };
  }

  /** Forget what is too old, the certificates with it, and wait for the next. All live equally long: the oldest goes first. */
  private sweep(): void {
    this.timer = undefined;
    const now = this.clock.now();
    for (const [key, { certificateId, expires }] of this.account.store.entries('ownershipTokens')) {
      if (expires > now) {
        this.timer = this.clock.after(expires - now, () => this.sweep());
        return;
      }
      this.account.store.remove('ownershipTokens', key);
      if (this.account.findCertificate(certificateId)?.status === 'PENDING_ACTIVATION') {
        this.account.removeCertificate(certificateId);
      }
    }
  }
}

function keyOf(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}
