import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { SignatureV4, getCanonicalHeaders, createScope } from '@smithy/signature-v4';
import type { HttpRequest } from '@smithy/types';
import type { AccessKeys, Session } from './access-keys';

/** As much of a request as a signature covers. */
export interface SignedRequest {
  readonly method: string;

  /** Path and query as sent. */
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** Who signed a request, and for which service. */
export interface Signed {
  readonly accessKeyId: string;
  readonly region: string;
  readonly service: string;
  readonly session: Session;

  /** When the credentials end, in milliseconds since the epoch. */
  readonly expiration: number;
}

/** Why a signature is not good, in the words of AWS. */
export interface BadSignature {
  readonly refused: string;
  readonly message: string;
}

const ALGORITHM = 'AWS4-HMAC-SHA256';

/** `AKID/DATE/REGION/SERVICE/aws4_request`. */
const CREDENTIAL = /^([^/]+)\/(\d{8})\/([^/]*)\/([^/]+)\/aws4_request$/;

/** How far the clock of who signs may be off. https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv.html */
const SKEW_MS = 5 * 60_000;

/** The longest that a presigned URL may be good for. */
const LONGEST_PRESIGNED_SEC = 7 * 24 * 3600;

/** Services that expect the session token to be added after a URL was signed. */
const TOKEN_NOT_SIGNED = new Set(['iotdevicegateway']);

/** What each service does its own way. */
const PATH_AS_SENT = new Set(['s3']);

/** The parts of a signature, from the header or from the query of a presigned URL. */
interface Parts {
  readonly presigned: boolean;
  readonly algorithm: string;
  readonly credential: string;
  readonly signedHeaders: readonly string[];
  readonly signature: string;
  readonly date: string;

  /** How long a presigned URL is good for. */
  readonly expiresSec?: number;
  readonly token: string | undefined;
}

/**
 * Verify the Signature Version 4 of a request, with the credentials that the twin has handed out.
 *
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
 */
export async function verifySignature(request: SignedRequest, keys: AccessKeys, now: number): Promise<Signed | BadSignature> {
  const [path = '/', search = ''] = splitOnce(request.url);
  const query = parseQuery(search);
  const parts = query && readParts(request.headers, query);
  if (parts === undefined) {
    return { refused: 'MissingAuthenticationTokenException', message: 'Missing Authentication Token' };
  }
  const [, accessKeyId, day, region, service] = CREDENTIAL.exec(parts.credential) ?? [];
  const date = readDate(parts.date);
  if (parts.algorithm !== ALGORITHM || accessKeyId === undefined || region === undefined || service === undefined || date === undefined
    || !parts.date.startsWith(day!) || !parts.signedHeaders.includes('host')) {
    return { refused: 'IncompleteSignatureException', message: `the signature must have ${ALGORITHM}, a credential scope with its date, and 'host' among the signed headers` };
  }
  const issued = keys.find(accessKeyId);
  // Whoever runs the twin may use credentials without their token, as those of an IAM user have none.
  if (issued === undefined || !(equal(issued.sessionToken, parts.token ?? '') || (issued.session.kind === 'operator' && (parts.token ?? '') === ''))) {
    return { refused: 'UnrecognizedClientException', message: 'The security token included in the request is invalid.' };
  }
  if (keys.hasExpired(issued)) {
    return { refused: 'ExpiredTokenException', message: 'The security token included in the request is expired' };
  }
  // It is signed without such parts, and would be served with them.
  if (!PATH_AS_SENT.has(service) && hasEmptyParts(path)) {
    return { refused: 'InvalidSignatureException', message: "the path has empty, '.' or '..' parts, which a signature does not cover; encode the slashes of a topic" };
  }
  const late = objectToTime(parts, date, now);
  if (late !== undefined) {
    return { refused: 'InvalidSignatureException', message: late };
  }
  const unsigned = unsignedHeader(request.headers, parts, service);
  if (unsigned !== undefined) {
    return { refused: service === 's3' ? 'AccessDenied' : 'InvalidSignatureException', message: `There were headers present in the request which were not signed: ${unsigned}` };
  }
  const expected = await new Signer(issued, region, service).signatureOf(request, path, query!, parts, date);
  return equal(expected, parts.signature)
    ? { accessKeyId, region, service, session: issued.session, expiration: issued.expiration }
    : { refused: 'InvalidSignatureException', message: 'The request signature we calculated does not match the signature you provided.' };
}

/** The service that a request says it is signed for. */
export function serviceOf({ authorization = '' }: IncomingHttpHeaders, query: URLSearchParams): string | undefined {
  const [, inHeader] = /^AWS4-\S+ .*?Credential=([^,\s]+)/.exec(authorization) ?? [];
  return CREDENTIAL.exec(inHeader ?? query.get('X-Amz-Credential') ?? '')?.[4];
}

/** SHA-256 as the library wants it. */
class Sha256 {
  private readonly hash;

  constructor(secret?: Parameters<typeof createHmac>[1] | ArrayBuffer | ArrayBufferView) {
    this.hash = secret === undefined ? createHash('sha256') : createHmac('sha256', secret as Buffer);
  }

  public update(data: Uint8Array): void {
    this.hash.update(data);
  }

  public digest(): Promise<Uint8Array> {
    return Promise.resolve(this.hash.digest());
  }

  /** The library never asks for it. */
  public reset(): void {}
}

/** The headers with which a client reads something of a service. */
export async function signedHeaders(url: URL, service: string, { region, accessKeyId, secretAccessKey }: { readonly region: string; readonly accessKeyId: string; readonly secretAccessKey: string }): Promise<Record<string, string>> {
  const signer = new SignatureV4({ credentials: { accessKeyId, secretAccessKey }, region, service, sha256: Sha256 });
  return (await signer.sign({ method: 'GET', protocol: url.protocol, hostname: url.hostname, path: url.pathname, headers: { host: url.host } })).headers;
}

/** Signs a request again as it was signed. */
class Signer extends SignatureV4 {
  constructor({ accessKeyId, secretAccessKey }: { readonly accessKeyId: string; readonly secretAccessKey: string }, private readonly signedRegion: string, private readonly signedService: string) {
    super({
      credentials: { accessKeyId, secretAccessKey }, region: signedRegion, service: signedService, sha256: Sha256, uriEscapePath: !PATH_AS_SENT.has(signedService),
    });
  }

  public async signatureOf({ method, headers, body }: SignedRequest, path: string, query: Query, parts: Parts, date: Date): Promise<string> {
    const request: HttpRequest = { method, protocol: 'https:', hostname: '', path, query: this.signedQuery(query, parts), headers: signedValues(headers, parts) };
    const canonical = this.createCanonicalRequest(request, getCanonicalHeaders(request, undefined, new Set(parts.signedHeaders)), this.payloadHash(headers, body, parts));
    const toSign = await this.createStringToSign(parts.date, createScope(parts.date.slice(0, 8), this.signedRegion, this.signedService), canonical, ALGORITHM);
    return this.sign(toSign, { signingDate: date });
  }

  private signedQuery(query: Query, { presigned }: Parts): Query {
    const { 'X-Amz-Signature': _signature, 'X-Amz-Security-Token': token, ...signed } = query;
    return token === undefined || (presigned && TOKEN_NOT_SIGNED.has(this.signedService)) ? signed : { ...signed, 'X-Amz-Security-Token': token };
  }

  /**
   * The hash that the client says, where the service lets the body go unsigned or in signed pieces; else that of the body.
   * Who presigns a URL of Amazon S3 does not know the body yet.
   *
   * @see https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html
   */
  private payloadHash(headers: IncomingHttpHeaders, body: Buffer, { presigned }: Parts): string {
    const told = headers['x-amz-content-sha256'] ?? (presigned ? 'UNSIGNED-PAYLOAD' : undefined);
    return this.signedService === 's3' && typeof told === 'string' && /^(UNSIGNED|STREAMING)-/.test(told) ? told : createHash('sha256').update(body).digest('hex');
  }
}

type Query = Record<string, string | string[]>;

function readParts(headers: IncomingHttpHeaders, query: Query): Parts | undefined {
  const text = (name: string): string => (typeof query[name] === 'string' ? query[name] : '');
  if (headers.authorization !== undefined) {
    const [, algorithm, rest] = /^(AWS4-[A-Z0-9-]+) (.*)$/.exec(headers.authorization) ?? [];
    if (algorithm === undefined || rest === undefined) {
      return undefined;
    }
    const fields = Object.fromEntries(rest.split(',').map((field) => splitAt(field.trim(), '=')));
    const token = headers['x-amz-security-token'];
    const date = headers['x-amz-date'];
    return {
      presigned: false,
      algorithm,
      credential: fields.Credential ?? '',
      signedHeaders: (fields.SignedHeaders ?? '').split(';'),
      signature: fields.Signature ?? '',
      date: typeof date === 'string' ? date : '',
      token: typeof token === 'string' ? token : undefined,
    };
  }
  return query['X-Amz-Algorithm'] === undefined ? undefined : {
    presigned: true,
    algorithm: text('X-Amz-Algorithm'),
    credential: text('X-Amz-Credential'),
    signedHeaders: text('X-Amz-SignedHeaders').split(';'),
    signature: text('X-Amz-Signature'),
    date: text('X-Amz-Date'),
    ...(query['X-Amz-Expires'] === undefined ? {} : { expiresSec: Number(text('X-Amz-Expires')) }),
    token: text('X-Amz-Security-Token'),
  };
}

/**
 * A header that tells AWS what to do and could have been added by somebody else: AWS wants each `x-amz-*` header signed, in
 * requests and in presigned URLs. The words are those of Amazon S3; no page has those of other services.
 *
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
 */
function unsignedHeader(headers: IncomingHttpHeaders, { signedHeaders }: Parts, service: string): string | undefined {
  const signed = new Set(signedHeaders);
  return Object.keys(headers).find((name) => (
    name.startsWith('x-amz-') && !signed.has(name) && !(name === 'x-amz-security-token' && TOKEN_NOT_SIGNED.has(service))
  ));
}

/** What is wrong with when a request was signed. */
function objectToTime({ presigned, expiresSec, date: written }: Parts, date: Date, now: number): string | undefined {
  const stamp = (time: number): string => new Date(time).toISOString().replace(/[-:]|\.\d+/g, '');
  if (date.getTime() > now + SKEW_MS) {
    return `Signature not yet current: ${written} is still later than ${stamp(now + SKEW_MS)} (${stamp(now)} + 5 min.)`;
  }
  if (presigned && expiresSec !== undefined && !(Number.isInteger(expiresSec) && expiresSec >= 1 && expiresSec <= LONGEST_PRESIGNED_SEC)) {
    return `X-Amz-Expires must be from 1 to ${LONGEST_PRESIGNED_SEC} seconds`;
  }
  // A URL that does not say is good for as long as any other request.
  const goodForMs = presigned && expiresSec !== undefined ? expiresSec * 1000 : SKEW_MS;
  return date.getTime() + goodForMs < now
    ? `Signature expired: ${written} is now earlier than ${stamp(now - goodForMs)} (${stamp(now)} - ${goodForMs / 1000} s)`
    : undefined;
}

function signedValues(headers: IncomingHttpHeaders, { signedHeaders }: Parts): Record<string, string> {
  return Object.fromEntries(signedHeaders.flatMap((name) => {
    const value = headers[name];
    return value === undefined ? [] : [[name, Array.isArray(value) ? value.join(',') : value]];
  }));
}

function hasEmptyParts(path: string): boolean {
  const parts = path.split('/').slice(1);
  return parts.some((part, index) => part === '.' || part === '..' || (part === '' && index < parts.length - 1));
}

/** Not as a form: a `+` is a plus. */
function parseQuery(search: string): Query | undefined {
  const query = Object.create(null) as Query;
  try {
    for (const pair of search.split('&').filter((one) => one !== '')) {
      const [name, value] = splitAt(pair, '=').map(decodeURIComponent) as [string, string];
      const before = query[name];
      query[name] = before === undefined ? value : [...(Array.isArray(before) ? before : [before]), value];
    }
    return query;
  } catch {
    return undefined;
  }
}

function readDate(date: string): Date | undefined {
  const [, ...parts] = /^(\d{4})(\d{2})(\d{2})T(\d{2})(\d{2})(\d{2})Z$/.exec(date) ?? [];
  const [year, month, day, hour, minute, second] = parts;
  const read = new Date(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  return Number.isNaN(read.getTime()) ? undefined : read;
}

function splitAt(value: string, separator: string): [string, string] {
  const at = value.indexOf(separator);
  return at < 0 ? [value, ''] : [value.slice(0, at), value.slice(at + separator.length)];
}

function splitOnce(url: string): [string, string] {
  return splitAt(url, '?');
}

function equal(a: string, b: string): boolean {
  const [one, other] = [Buffer.from(a), Buffer.from(b)];
  return one.length === other.length && timingSafeEqual(one, other);
}
