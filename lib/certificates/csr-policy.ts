import { Token } from 'aws-cdk-lib';
import type * as iot from 'aws-cdk-lib/aws-iot';
import type * as kms from 'aws-cdk-lib/aws-kms';
import type { IConstruct } from 'constructs';
import { SIGNING_ALGORITHMS } from './signing-key';
import { invalid, quote } from '../private/errors';

/** Which signing requests of devices are answered with a certificate. */
export interface CsrPolicy {
  /**
   * The common names that devices may ask for, with the wildcards `*` and `?`, as in `sensor-*`.
   *
   * The subject of a request becomes that of the certificate: `*` gives every device whatever name it likes. Whoever
   * reads names in certificates must not trust them then.
   */
  readonly commonNames: string[];

  /**
   * The kinds and sizes of keys that devices may have, in the words of AWS KMS: RSA_2048, RSA_3072, RSA_4096,
   * ECC_NIST_P256, ECC_NIST_P384, ECC_NIST_P521. The keys themselves stay on the devices.
   *
   * @default - all of these
   */
  readonly keySpecs?: kms.KeySpec[];

  /**
   * The claim certificates that may ask.
   *
   * @default - every principal that AWS IoT lets ask
   */
  readonly claimCertificates?: iot.ICertificateRef[];
}

/** A subject of a certificate has no longer common name. https://www.rfc-editor.org/rfc/rfc5280#appendix-A.1 */
const MAX_PATTERN_CHARS = 64;

const KEY_SPECS = Object.keys(SIGNING_ALGORITHMS);

/** The policy as the function reads it. */
export function renderCsrPolicy(scope: IConstruct, { commonNames, claimCertificates, ...props }: CsrPolicy): object {
  const keySpecs: readonly string[] = props.keySpecs ?? KEY_SPECS;
  requireSome(scope, 'csrPolicy.commonNames', commonNames, 'no device would get a certificate');
  for (const pattern of commonNames) {
    if (!Token.isUnresolved(pattern) && (pattern === '' || pattern.length > MAX_PATTERN_CHARS)) {
      throw invalid(scope, `'csrPolicy.commonNames' must be patterns of 1 to ${MAX_PATTERN_CHARS} characters, got ${quote(pattern)}`);
    }
  }
  requireSome(scope, 'csrPolicy.keySpecs', keySpecs, 'no device would get a certificate');
  for (const keySpec of keySpecs) {
    if (!KEY_SPECS.includes(keySpec)) {
      throw invalid(scope, `'csrPolicy.keySpecs' must be of ${KEY_SPECS.join(', ')}, got ${quote(keySpec)}`);
    }
  }
  if (claimCertificates) {
    requireSome(scope, 'csrPolicy.claimCertificates', claimCertificates, 'no claim could ask');
  }
  return {
    keySpecs,
    commonNames,
    ...claimCertificates && { principalIds: claimCertificates.map(({ certificateRef }) => certificateRef.certificateId) },
  };
}

function requireSome(scope: IConstruct, prop: string, list: readonly unknown[], otherwise: string): void {
  if (list.length === 0) {
    throw invalid(scope, `'${prop}' must not be empty: ${otherwise}`);
  }
}
