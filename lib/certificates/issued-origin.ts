import { Token, TokenComparison, type Duration, type Resource } from 'aws-cdk-lib';
import type { CertificateAuthority } from './certificate-authority';
import type { CommonIssuedCertificateProps } from './device-certificate-props';
import { authorityKey } from './issued-certificates';
import { IssuedOrigin } from './origin';
import { requireValidity } from './validity';
import { invalid } from '../private/errors';

const SECONDS_A_DAY = 24 * 60 * 60;

/** A certificate that a CA of the app issues with its key in AWS KMS. */
export function issuedOrigin(
  certificate: Resource,
  certificateAuthority: CertificateAuthority,
  csr: string,
  validity: Duration,
  common: CommonIssuedCertificateProps,
): IssuedOrigin {
  const { signingKey, certificatePem, certificateAuthorityId } = certificateAuthority;
  if (signingKey?._kind !== 'kms') {
    throw invalid(
      certificate,
      `the CA ${certificateAuthority.node.path} must have a 'signingKey' in AWS KMS to issue certificates; set it, or issue them elsewhere and use DeviceCertificate.fromPem`,
    );
  }
  for (const part of ['account', 'region'] as const) {
    const [own, other] = [certificate.env[part], certificateAuthority.env[part]];
    if (Token.compareStrings(own, other) === TokenComparison.DIFFERENT) {
      throw invalid(certificate, `a certificate must be in the ${part} where its CA is registered, got ${own} for the certificate and ${other} for ${certificateAuthority.node.path}`);
    }
  }
  const days = requireValidity(certificate, 'validity', validity);
  const authority = authorityKey(certificateAuthority);
  return new IssuedOrigin(certificate, common, { kind: 'issued', csr, validitySeconds: Math.round(days * SECONDS_A_DAY), authority }, {
    // The id makes the CA be registered before.
    authority: { construct: certificateAuthority, description: { certificatePem, keyId: signingKey._id, certificateAuthorityId }, signingKey },
    permissions: () => signingKey._statements(),
  });
}
