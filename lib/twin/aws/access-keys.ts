import { randomBytes } from 'node:crypto';

/** Credentials for the endpoint, in the shape of temporary ones. */
export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
}

/** Who acts with credentials. */
export type Session = OperatorSession | RoleSession;

/** Whoever runs the twin: nothing is refused to them. */
export interface OperatorSession {
  readonly kind: 'operator';
}

/** A session of a role of the deployment. */
export interface RoleSession {
  readonly kind: 'role';
  readonly roleArn: string;
  readonly sessionName: string;

  /** The tags of the principal, for `aws:PrincipalTag/NAME`. */
  readonly tags?: Readonly<Record<string, string>>;

  /** Other keys of the session that policies may ask for, such as `credentials-iot:ThingName`. */
  readonly keys?: Readonly<Record<string, string>>;

  /** The Cognito identity that has the role. */
  readonly identity?: CognitoIdentity;
}

export interface CognitoIdentity {
  /** `REGION:UUID`. */
  readonly identityId: string;
  readonly identityPoolId: string;

  /** Whether it is no guest. */
  readonly authenticated: boolean;

  /** How it was authenticated, as `cognito-identity.amazonaws.com:amr`. */
  readonly amr: readonly string[];
}

/** Credentials that were handed out, and to whom. */
export interface Issued extends Credentials {
  readonly session: Session;

  /** When they end, in milliseconds since the epoch. */
  readonly expiration: number;
}

const OPERATOR: OperatorSession = { kind: 'operator' };

/** The longest that AWS gives credentials of a role for: how long expired ones are remembered, to tell them from unknown ones. */
const REMEMBERED_MS = 12 * 3_600_000;

/** How often expired ones are looked for, among all that there are. */
const PAUSE_MS = 60_000;

/** More than tests need; beyond, a tenth is forgotten, the oldest. */
const MAX_ISSUED = 100_000;

/** The credentials that the twin has handed out. They are drawn at random and forgotten when it stops; no key of a real account is ever one. */
export class AccessKeys {
  private readonly issued = new Map<string, Issued>();
  private lookedAt = -Infinity;

  constructor(private readonly now: () => number) {}

  /** @param expiration when they end, in milliseconds since the epoch; never by default. */
  public issue(expiration = Infinity, session: Session = OPERATOR): Credentials {
    this.forgetExpired();
    // 'ASIA' begins the id of temporary credentials; the rest are capital letters and digits, as of AWS.
    const accessKeyId = `ASIA${randomBytes(8).toString('hex').toUpperCase()}`;
    const credentials = { accessKeyId, secretAccessKey: randomBytes(30).toString('base64'), sessionToken: randomBytes(48).toString('base64') };
    this.issued.set(accessKeyId, { ...credentials, session, expiration });
    return credentials;
  }

  /** What was handed out under this id, expired or not. */
  public find(accessKeyId: string): Issued | undefined {
    return this.issued.get(accessKeyId);
  }

  public hasExpired({ expiration }: Issued): boolean {
    return expiration <= this.now();
  }

  /** Those that end, the oldest first. */
  private temporary(): readonly (readonly [string, Issued])[] {
    return [...this.issued].filter(([, { expiration }]) => expiration !== Infinity);
  }

  private forgetExpired(): void {
    const now = this.now();
    if (now - this.lookedAt >= PAUSE_MS) {
      this.lookedAt = now;
      this.temporary().filter(([, { expiration }]) => expiration + REMEMBERED_MS <= now).forEach(([id]) => this.issued.delete(id));
    }
    if (this.issued.size >= MAX_ISSUED) {
      this.temporary().slice(0, MAX_ISSUED / 10).forEach(([id]) => this.issued.delete(id));
    }
  }
}
