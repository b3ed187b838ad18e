import type { DecomposedJwt } from 'aws-jwt-verify/jwt';
import { Refusal } from '../../lib/authorizer-kit/errors';

/** More than any client passes to AWS IoT; the time to read a token grows with its size. */
const MAX_CHARS = 16_384;

type Json = Readonly<Record<string, unknown>>;
type IsGood = (value: unknown) => boolean;

const isText: IsGood = (value) => typeof value === 'string';
const isTime: IsGood = (value) => Number.isFinite(value);
const isTexts: IsGood = (value) => isText(value) || (Array.isArray(value) && value.every(isText));
const orAbsent = (isGood: IsGood): IsGood => (value) => value === undefined || isGood(value);

/** The claims that are relied on. A token without `exp` would be good for ever. https://www.rfc-editor.org/rfc/rfc7519#section-4.1 */
const CLAIMS: readonly (readonly [string, IsGood])[] = [
  ['iss', isText], ['sub', isText], ['exp', isTime], ['nbf', orAbsent(isTime)], ['iat', orAbsent(isTime)], ['aud', orAbsent(isTexts)], ['scope', orAbsent(isText)],
];

let lastHeader: { readonly base64: string; readonly header: DecomposedJwt['header'] } | undefined;

/** The parts of a token, not verified. In place of that of aws-jwt-verify, which takes three times as long. */
export function decompose(token: string): DecomposedJwt {
  if (token.length > MAX_CHARS) {
    throw new Refusal(`the token has more than ${MAX_CHARS} characters`);
  }
  const first = token.indexOf('.');
  const second = token.indexOf('.', first + 1);
  // Characters that are not of base64url are no matter: the signature is that of the text as it is.
  if (first < 1 || second < 0 || token.includes('.', second + 1)) {
    throw new Refusal('the token does not have the three parts of a JWT');
  }
  const headerB64 = token.slice(0, first);
  const payloadB64 = token.slice(first + 1, second);
  const signatureB64 = token.slice(second + 1);
  const payload = parse(payloadB64);
  for (const [name, isGood] of CLAIMS) {
    if (!isGood(payload[name])) {
      throw new Refusal(`the claim '${name}' of the token is missing or not of its type`);
    }
  }
  return { header: headerOf(headerB64), headerB64, payload: payload as DecomposedJwt['payload'], payloadB64, signatureB64 };
}

/** Tokens with one key have one header. */
function headerOf(base64: string): DecomposedJwt['header'] {
  if (lastHeader?.base64 !== base64) {
    const header = parse(base64);
    if (!isText(header.alg) || !isText(header.kid)) {
      throw new Refusal("the header of the token must have 'alg' and 'kid'");
    }
    // https://www.rfc-editor.org/rfc/rfc7515#section-4.1.11
    if (header.crit !== undefined) {
      throw new Refusal("the header of the token has 'crit': it must not be taken by who does not understand all of it");
    }
    lastHeader = { base64, header: header as DecomposedJwt['header'] };
  }
  return lastHeader.header;
}

function parse(base64: string): Json {
  try {
    const value: unknown = JSON.parse(Buffer.from(base64, 'base64url').toString());
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
      return value as Json;
    }
  } catch {
    // Said below.
  }
  throw new Refusal('the token does not hold JSON objects');
}
