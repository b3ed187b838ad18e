import { createHash, createHmac } from 'node:crypto';
import type { Clock } from '../../clock';
import type { AccessKeys, Credentials, RoleSession } from '../access-keys';

const ALGORITHM = 'AWS4-HMAC-SHA256';

/** How long a session lasts that signs URLs, and how much of that a new URL needs: the longest that one is asked for. */
const SESSION_MS = 2 * 3_600_000;
const NEEDED_MS = 3_600_000;

/** An object, and what is done with it. */
export interface ObjectRequest {
  readonly method: 'GET' | 'PUT';
  readonly bucket: string;
  readonly key: string;
  readonly versionId?: string;
}

export interface PresigningProps {
  /** `http://HOST:PORT`. */
  readonly endpoint: () => string;
  readonly region: string;
  readonly keys: AccessKeys;
  readonly clock: Clock;

  /** The time by which the endpoint checks signatures. */
  readonly now: () => number;
}

/** Makes URLs with which anybody who has one does as a role may. */
export class Presigning {
  /** One session a role: those that devices ask for would push others out of what is remembered. */
  private readonly sessions = new Map<string, { readonly credentials: Credentials; readonly endsAt: number }>();

  constructor(private readonly props: PresigningProps) {}

  /** @param expiresSec how long the URL is good for, an hour at most */
  public urlOf(request: ObjectRequest, session: RoleSession, expiresSec: number): string {
    const { endpoint, region, now } = this.props;
    return presign({ ...request, endpoint: endpoint(), region, credentials: this.credentialsOf(session), expiresSec, now: now() });
  }

  private credentialsOf(session: RoleSession): Credentials {
    const { keys, clock } = this.props;
    const before = this.sessions.get(session.roleArn);
    if (before !== undefined && before.endsAt - clock.now() >= NEEDED_MS && keys.find(before.credentials.accessKeyId) !== undefined) {
      return before.credentials;
    }
    const endsAt = clock.now() + SESSION_MS;
    const credentials = keys.issue(endsAt, session);
    this.sessions.set(session.roleArn, { credentials, endsAt });
    return credentials;
  }
}

export interface PresignOptions extends ObjectRequest {
  readonly endpoint: string;
  readonly region: string;
  readonly credentials: Credentials;
  readonly expiresSec: number;

  /** Milliseconds since the epoch. */
  readonly now: number;
}

/**
 * A URL of an object with a Signature Version 4 in its query. At once, as who asks for it is answered at once: the library
 * with which signatures are checked signs later.
 *
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html
 */
export function presign({ endpoint, method, bucket, key, versionId, region, credentials, expiresSec, now }: PresignOptions): string {
  const { host, origin } = new URL(endpoint);
  const date = new Date(now).toISOString().replace(/[-:]|\.\d+/g, '');
  const scope = [date.slice(0, 8), region, 's3', 'aws4_request'];
  const path = `/${[bucket, ...key.split('/')].map(encode).join('/')}`;
  // In the order of their names.
  const query = Object.entries({
    'X-Amz-Algorithm': ALGORITHM,
    'X-Amz-Credential': [credentials.accessKeyId, ...scope].join('/'),
    'X-Amz-Date': date,
    'X-Amz-Expires': String(expiresSec),
    'X-Amz-Security-Token': credentials.sessionToken,
    'X-Amz-SignedHeaders': 'host',
    ...versionId !== undefined && { versionId },
  }).map(([name, value]) => `${name}=${encode(value)}`).join('&');
  const canonical = [method, path, query, `host:${host}`, '', 'host', 'UNSIGNED-PAYLOAD'].join('\n');
  const toSign = [ALGORITHM, date, scope.join('/'), createHash('sha256').update(canonical).digest('hex')].join('\n');
  const signingKey = scope.reduce<string | Buffer>((secret, part) => createHmac('sha256', secret).update(part).digest(), `AWS4${credentials.secretAccessKey}`);
  return `${origin}${path}?${query}&X-Amz-Signature=${createHmac('sha256', signingKey).update(toSign).digest('hex')}`;
}

function encode(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`);
}
