import { createHmac, generateKeyPairSync, sign, type KeyObject } from 'node:crypto';

export const ISSUER = 'https://issuer.example.com';
export const AUDIENCE = 'app';

/** A key of an issuer. */
export interface IssuerKey {
  readonly kid: string;
  readonly alg: string;
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
}

export function rsaKey(kid: string, modulusLength = 2048, alg = 'RS256'): IssuerKey {
  return { kid, alg, ...generateKeyPairSync('rsa', { modulusLength }) };
}

export function ecKey(kid: string, namedCurve = 'P-256', alg = 'ES256'): IssuerKey {
  return { kid, alg, ...generateKeyPairSync('ec', { namedCurve }) };
}

export function edKey(kid: string): IssuerKey {
  return { kid, alg: 'EdDSA', ...generateKeyPairSync('ed25519') };
}

export function jwks(...keys: readonly IssuerKey[]): { readonly keys: readonly object[] } {
  return { keys: keys.map(({ kid, alg, publicKey }) => ({ ...publicKey.export({ format: 'jwk' }), kid, alg, use: 'sig' })) };
}

const base64 = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');

/** Claims that are good for an hour. */
export function claims(more: object = {}): object {
  const now = Math.floor(Date.now() / 1000);
  return { iss: ISSUER, sub: 'ann', aud: AUDIENCE, iat: now, exp: now + 3600, ...more };
}

/** A token with any header. */
export function token(key: IssuerKey, payload: unknown = claims(), header: object = {}): string {
  const input = `${base64({ alg: key.alg, kid: key.kid, typ: 'JWT', ...header })}.${base64(payload)}`;
  const hash = key.alg === 'EdDSA' ? null : `sha${key.alg.slice(-3)}`;
  return `${input}.${sign(hash, Buffer.from(input), { key: key.privateKey, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`;
}

/** A token that claims to be signed with a shared secret, which is the public key. */
export function confusedToken({ kid, publicKey }: IssuerKey, payload: unknown = claims()): string {
  const input = `${base64({ alg: 'HS256', kid })}.${base64(payload)}`;
  return `${input}.${createHmac('sha256', publicKey.export({ type: 'spki', format: 'pem' })).update(input).digest('base64url')}`;
}

/** A token without a signature. */
export function unsignedToken({ kid }: IssuerKey, payload: unknown = claims(), signature = ''): string {
  return `${base64({ alg: 'none', kid })}.${base64(payload)}.${signature}`;
}
