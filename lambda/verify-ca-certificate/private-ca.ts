import { createHash } from 'node:crypto';
import { GetCertificateCommand, IssueCertificateCommand, type ACMPCAClient } from '@aws-sdk/client-acm-pca';
import { RequestError, type Call, type Patience } from '../custom-resource';
import { keySpecOf, signatureAlgorithmFor, type Issuer } from '../x509';

export type PrivateCa = Pick<ACMPCAClient, 'send'>;

/** AWS Private CA issues within seconds, but not at once. */
const UNTIL_ISSUED: Patience = { errors: ['RequestInProgressException'], seconds: 120 };

/** The end of the template's ARN; the function is permitted no other. */
const TEMPLATE = 'template/EndEntityCertificate/V1';

const MAX_TOKEN_CHARS = 36;

/** Lets AWS Private CA issue a certificate with the subject and the key of a request. */
export async function issueByPrivateCa(privateCa: PrivateCa, call: Call, arn: string, csr: string, issuer: Issuer, notAfter: Date): Promise<string> {
  const { CertificateArn: certificateArn } = await call(() => privateCa.send(new IssueCertificateCommand({
    CertificateAuthorityArn: arn,
    Csr: new TextEncoder().encode(csr),
    SigningAlgorithm: signatureAlgorithmFor(keySpecOf(issuer.publicKey)).privateCa,
    TemplateArn: `arn:${arn.split(':')[1]}:acm-pca:::${TEMPLATE}`,
    Validity: { Type: 'ABSOLUTE', Value: Math.floor(notAfter.getTime() / 1000) },
    // The same for each repetition, which then is no other certificate.
    IdempotencyToken: createHash('sha256').update(csr).digest('hex').slice(0, MAX_TOKEN_CHARS),
  })));
  const { Certificate: pem } = await call(() => privateCa.send(new GetCertificateCommand({
    CertificateAuthorityArn: arn,
    CertificateArn: certificateArn,
  })), UNTIL_ISSUED);
  if (pem === undefined) {
    throw new RequestError('AWS Private CA answered without a certificate');
  }
  return pem;
}
