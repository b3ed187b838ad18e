import { Pattern } from '../../lib/policy/pattern';
import { tokenize } from '../../lib/policy/tokens';
import { RequestError } from '../custom-resource/errors';
import type { CertificateRequest } from '../x509';

/** Which requests are answered with a certificate. */
export interface CsrPolicy {
  /** In the words of AWS KMS, such as `ECC_NIST_P256`. */
  readonly keySpecs: readonly string[];
  readonly commonNames: readonly Pattern[];
  /** Ids of the certificates that may ask; nothing if any may that AWS IoT lets ask. */
  readonly principalIds: readonly string[] | undefined;
}

/** As much of the policy's JSON as is read. */
interface PolicyDocument {
  readonly keySpecs: readonly string[];
  readonly commonNames: readonly string[];
  readonly principalIds?: readonly string[];
}

export function readPolicy(json: string): CsrPolicy {
  const { keySpecs, commonNames, principalIds } = JSON.parse(json) as PolicyDocument;
  return {
    keySpecs,
    // `*` and `?` are wildcards; everything else stands for itself.
    commonNames: commonNames.map((pattern) => new Pattern(tokenize(pattern, { wildcards: true, variables: false }))),
    principalIds,
  };
}

export function requirePrincipal({ principalIds }: CsrPolicy, principalId: string): void {
  if (principalIds && !principalIds.includes(principalId)) {
    throw new RequestError('this principal may not ask for certificates');
  }
}

export function requireAllowed({ keySpecs, commonNames }: CsrPolicy, { keySpec, commonName }: CertificateRequest): void {
  if (!keySpecs.includes(keySpec)) {
    throw new RequestError(`the key must be one of ${keySpecs.join(', ')}, got ${keySpec}`);
  }
  if (commonName === undefined) {
    throw new RequestError('the subject must have one common name');
  }
  if (!commonNames.some((pattern) => pattern.match(commonName, () => undefined) === 'yes')) {
    throw new RequestError('the common name is none of those that the policy allows');
  }
}
