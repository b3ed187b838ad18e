import { X509Certificate } from 'node:crypto';
import { RegisterCertificateCommand } from '@aws-sdk/client-iot';
import { EXISTING, RequestError, unless } from '../custom-resource';
import { certificateIdOf, issueCertificate, keySpecOf, kmsSigner, randomSerialNumber, readCsr, readIssuer } from '../x509';
import type { Entry } from './ledger';
import type { Authority, IssuedItem } from './request';
import type { Workshop } from './workshop';

/** For devices whose clock is behind. */
const BACKDATED_MS = 5 * 60 * 1000;

/**
 * Issues a certificate with the key of the user's CA, and registers it, inactive.
 *
 * It is remembered before it is registered: the same request would be signed with other bytes the next time, and so be
 * another certificate.
 */
export async function issue(workshop: Workshop, name: string, item: IssuedItem, authority: Authority): Promise<Entry> {
  const { iot, call, ledger, owner } = workshop;
  let entry = ledger.get(name);
  if (entry?.certificatePem === undefined) {
    const certificatePem = await sign(workshop, item, authority);
    entry = await ledger.put(name, { owner, maker: owner, begun: workshop.now, certificateId: certificateIdOf(certificatePem), certificatePem });
  }
  const { certificatePem } = entry;
  await unless(EXISTING, () => call(() => iot.send(new RegisterCertificateCommand({
    certificatePem,
    caCertificatePem: authority.certificatePem,
    status: 'INACTIVE',
  }))));
  return entry;
}

async function sign({ kms, call, now }: Workshop, { csr, validitySeconds }: IssuedItem, { certificatePem, keyId }: Authority): Promise<string> {
  const request = readCsr(csr);
  const issuer = readIssuer(certificatePem);
  const notAfter = new Date(now + validitySeconds * 1000);
  if (notAfter > issuer.notAfter) {
    throw new RequestError(`the certificate would be valid until ${day(notAfter)}, after its CA ends on ${day(issuer.notAfter)}; make it valid for less time, or use a CA that is valid for longer`);
  }
  const issued = await issueCertificate({
    profile: 'device',
    subject: request.subject,
    spki: request.spki,
    issuer: issuer.name,
    ...issuer.keyId && { issuerKeyId: issuer.keyId },
    notBefore: new Date(now - BACKDATED_MS),
    notAfter,
    serialNumber: randomSerialNumber(),
  }, kmsSigner(kms, keyId, keySpecOf(issuer.publicKey), call));
  if (!new X509Certificate(issued).verify(issuer.publicKey)) {
    throw new RequestError('the key in AWS KMS is not that of the certificate of the CA; name the key that belongs to it');
  }
  return issued;
}

function day(date: Date): string {
  return date.toISOString().slice(0, 'YYYY-MM-DD'.length);
}
