/** Times the authorizer of tokens next to the bare check of their signatures, and prints the medians in microseconds. */
import { generateKeyPairSync, randomUUID, sign, verify } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { createHandler } from '../lambda/authorize-token';
import { TokenVerifier } from '../lambda/authorize-token/verifier';
import type { TokenSettings } from '../lib/authorizer/settings';
import { ChannelDirection } from '../lib/topics/channel';
import { median } from './report';

const ISSUER = 'https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_bench';
const CONTEXT = { invokedFunctionArn: 'arn:aws:lambda:eu-west-1:123456789012:function:authorizer' };
/** More than the authorizer remembers. */
const TOKENS = 1000;

const SETTINGS: TokenSettings = {
  issuer: { issuer: ISSUER, jwksUri: `${ISSUER}/keys`, userPool: { id: 'eu-west-1_bench', tokenUse: 'id', clientIds: ['app'] } },
  access: [
    { use: 'subscribe', pattern: 'dt/sensors/{thing}/telemetry', direction: ChannelDirection.FROM_DEVICE, scope: { thing: { claim: 'custom:thing' } } },
    { use: 'publish', pattern: 'cmd/sensors/{thing}/+', direction: ChannelDirection.TO_DEVICE, scope: { thing: { claim: 'custom:thing' } } },
  ],
  sources: ['token'],
  signed: true,
  clockToleranceSeconds: 10,
};

const KEYS: Readonly<Record<string, () => { readonly privateKey: KeyObject; readonly publicKey: KeyObject }>> = {
  RS256: () => generateKeyPairSync('rsa', { modulusLength: 2048 }),
  ES256: () => generateKeyPairSync('ec', { namedCurve: 'P-256' }),
};

async function main(alg: string, rounds: number): Promise<void> {
  const { privateKey, publicKey } = KEYS[alg]!();
  const around = { now: Date.now, log: () => undefined, fetchJson: () => Promise.resolve({ keys: [{ ...publicKey.export({ format: 'jwk' }), kid: 'key', alg, use: 'sig' }] }) };
  const verifier = new TokenVerifier(SETTINGS, around);
  await verifier.prepare();
  const handler = createHandler(SETTINGS, around);
  const dsaEncoding = 'ieee-p1363';
  const tokens = Array.from({ length: TOKENS }, (_, index) => {
    const input = [{ alg, kid: 'key' }, payload(index)].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.');
    const signature = sign('sha256', Buffer.from(input), { key: privateKey, dsaEncoding });
    return { token: `${input}.${signature.toString('base64url')}`, input: Buffer.from(input), signature };
  });
  const times = { bare: [] as number[], verification: [] as number[], again: [] as number[], handler: [] as number[] };
  for (let round = 0; round < rounds; round++) {
    for (const { token, input, signature } of tokens) {
      const isWarm = round > 1;
      times.bare.push(...timed(isWarm, () => verify('sha256', input, { key: publicKey, dsaEncoding }, signature)));
      times.verification.push(...timed(isWarm, () => 'sub' in verifier.claimsOf(token)));
      times.again.push(...timed(isWarm, () => 'sub' in verifier.claimsOf(token)));
      const start = process.hrtime.bigint();
      const { isAuthenticated } = await handler({ token, signatureVerified: true, protocols: ['tls', 'mqtt'] }, CONTEXT);
      times.handler.push(...isWarm ? [since(start)] : []);
      requireGood(isAuthenticated);
    }
  }
  process.stdout.write(JSON.stringify(Object.fromEntries(Object.entries(times).map(([name, all]) => [name, median(all)]))));
}

function payload(index: number): object {
  const now = Math.floor(Date.now() / 1000);
  return {
    'sub': randomUUID(), 'email_verified': true, 'iss': ISSUER, 'cognito:username': `user-${index}`, 'origin_jti': randomUUID(), 'aud': 'app', 'event_id': randomUUID(),
    'token_use': 'id', 'auth_time': now, 'exp': now + 3600, 'iat': now, 'jti': randomUUID(), 'email': `user-${index}@example.com`, 'custom:thing': `sensor-${index}`,
  };
}

function timed(isWarm: boolean, check: () => boolean): readonly number[] {
  const start = process.hrtime.bigint();
  const isGood = check();
  const time = since(start);
  requireGood(isGood);
  return isWarm ? [time] : [];
}

function since(start: bigint): number {
  return Number(process.hrtime.bigint() - start) / 1000;
}

function requireGood(isGood: boolean): void {
  if (!isGood) {
    throw new Error('a good token was refused');
  }
}

void main(process.argv[2]!, Number(process.argv[3]));
