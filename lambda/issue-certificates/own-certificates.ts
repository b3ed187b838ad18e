import { createPublicKey, X509Certificate, type KeyObject } from 'node:crypto';
import { CreateCertificateFromCsrCommand, DescribeCertificateCommand, ListCertificatesCommand } from '@aws-sdk/client-iot';
import { allItems, MISSING, nameOf, RequestError, type Call, type Iot } from '../custom-resource';
import { retire } from '../custom-resource/retirement';

export interface OwnCertificate {
  readonly certificateId: string;
  readonly certificatePem: string;
}

/** How far the clock of the function and that of AWS IoT may be apart. */
const CLOCK_SKEW_MS = 5 * 60 * 1000;

/**
 * Lets AWS IoT issue the certificate of a key, inactive, and never two: before a request is repeated, the one that an
 * earlier one may have made is looked for.
 *
 * This is why keys are not left to `CreateKeysAndCertificate`: a certificate whose answer was lost would be one among
 * many, with a key that nobody knows, for ever.
 *
 * @param begun When the key was made, in milliseconds: no certificate of it is older.
 * @param isFirst Whether the key was made a moment ago, so that there can be no certificate of it yet.
 */
export async function createCertificate(iot: Iot, call: Call, csr: string, publicKey: KeyObject, begun: number, isFirst: boolean): Promise<OwnCertificate> {
  let isCertain = isFirst;
  let requests = 0;
  const certificate = await call(async () => {
    const [found] = isCertain ? [] : await certificatesOf(iot, call, publicKey, begun);
    if (found !== undefined) {
      return found;
    }
    isCertain = false;
    requests++;
    const { certificateId, certificatePem } = await iot.send(new CreateCertificateFromCsrCommand({ certificateSigningRequest: csr, setAsActive: false }));
    if (certificateId === undefined || certificatePem === undefined) {
      throw new RequestError('AWS IoT answered without a certificate');
    }
    return { certificateId, certificatePem };
  });
  if (requests > 1) {
    // The list may have been behind.
    const others = (await certificatesOf(iot, call, publicKey, begun)).filter(({ certificateId }) => certificateId !== certificate.certificateId);
    for (const { certificateId } of others) {
      await retire(iot, call, certificateId);
    }
  }
  return certificate;
}

/** The inactive certificates of a key, the newest first. */
export async function certificatesOf(iot: Iot, call: Call, publicKey: KeyObject, begun: number): Promise<OwnCertificate[]> {
  const newest = allItems(async (marker) => {
    const page = await call(() => iot.send(new ListCertificatesCommand({ ascendingOrder: false, marker })));
    return { items: page.certificates, next: page.nextMarker };
  });
  const own: OwnCertificate[] = [];
  for await (const { certificateId, creationDate, status } of newest) {
    if (creationDate !== undefined && creationDate.getTime() < begun - CLOCK_SKEW_MS) {
      break;
    }
    const certificatePem = status === 'INACTIVE' && certificateId !== undefined ? await pemOf(iot, call, certificateId) : undefined;
    if (certificateId !== undefined && certificatePem !== undefined && new X509Certificate(certificatePem).publicKey.equals(publicKey)) {
      own.push({ certificateId, certificatePem });
    }
  }
  return own;
}

/** The text of a certificate, or nothing if it is not there, or no longer. */
export async function pemOf(iot: Iot, call: Call, certificateId: string): Promise<string | undefined> {
  try {
    return (await call(() => iot.send(new DescribeCertificateCommand({ certificateId })))).certificateDescription?.certificatePem;
  } catch (error) {
    if (MISSING.includes(nameOf(error))) {
      return undefined;
    }
    throw error;
  }
}

/** The public key that belongs to a private one. */
export function publicKeyOf(privateKey: string): KeyObject {
  return createPublicKey(privateKey);
}
