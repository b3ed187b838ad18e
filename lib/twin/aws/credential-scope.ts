import type { IncomingHttpHeaders } from 'node:http';

/** Whose credentials signed a request, and for which service. */
export interface CredentialScope {
  readonly accessKeyId: string;
  readonly region: string;
  readonly service: string;
}

/** `AKID/DATE/REGION/SERVICE/aws4_request`. */
const CREDENTIAL = /^([^/]+)\/\d{8}\/([^/]*)\/([^/]+)\/aws4_request$/;

/**
 * Read the scope of a signature, from the header or from the query of a presigned URL.
 *
 * The signature itself is not checked: who knows an access key id of the twin knows its secret key as well.
 *
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
 */
export function readCredentialScope(headers: IncomingHttpHeaders, query: URLSearchParams): CredentialScope | undefined {
  const [, inHeader] = /^AWS4-(?:HMAC-SHA256|ECDSA-P256-SHA256) .*?Credential=([^,\s]+)/.exec(headers.authorization ?? '') ?? [];
  const [, accessKeyId, region, service] = CREDENTIAL.exec(inHeader ?? query.get('X-Amz-Credential') ?? '') ?? [];
  return accessKeyId === undefined || region === undefined || service === undefined ? undefined : { accessKeyId, region, service };
}
