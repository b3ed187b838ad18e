import 'reflect-metadata';
import { X509Certificate } from 'node:crypto';
import { Pkcs10CertificateRequest, X509Certificate as ParsedCertificate } from '@peculiar/x509';
import type { Functions } from '../lambda';
import { ProvisioningError } from './errors';
import { FUNCTION_TIMEOUT_MS } from './hook';
import { isObject } from './template';

/** What a certificate provider is asked. */
export interface SigningRequest {
  readonly certificateSigningRequest: string;

  /** The id of the certificate of who asks. */
  readonly principalId: string;
  readonly clientId: string;
}

/**
 * Have the account's certificate provider sign a request, and see to it that it signed that one: AWS takes only a
 * certificate with the request's subject and public key.
 *
 * @see https://docs.aws.amazon.com/iot/latest/developerguide/provisioning-cert-provider.html
 * @returns the certificate, PEM
 * @throws ProvisioningError, with nothing of what the function said; `onFailure` learns that
 */
export async function askProvider(
  functions: Functions, functionArn: string, request: SigningRequest, onFailure: (reason: string) => void,
): Promise<string> {
  const csr = await readRequest(request.certificateSigningRequest);
  const fail = (reason: string): ProvisioningError => {
    onFailure(`the certificate provider ${reason}`);
    return new ProvisioningError('InternalFailure', 'The certificate provider did not issue a certificate.');
  };
  let answer: unknown;
  try {
    answer = await functions.invoke(functionArn, request, { timeoutMs: FUNCTION_TIMEOUT_MS });
  } catch (error) {
    throw fail(`failed: ${(error as Error).message}`);
  }
  const pem = isObject(answer) ? answer.certificatePem : undefined;
  if (typeof pem !== 'string') {
    throw fail('did not answer { certificatePem }');
  }
  // Whether AWS takes a chain is not known, so it is not relied upon.
  const certificate = pem.split('-----BEGIN ').length === 2 ? readCertificate(pem) : undefined;
  if (certificate === undefined) {
    throw fail('did not answer one certificate');
  }
  if (!isSame(certificate.subjectName.toArrayBuffer(), csr.subjectName.toArrayBuffer())) {
    throw fail("changed the request's subject");
  }
  if (!isSame(certificate.publicKey.rawData, csr.publicKey.rawData)) {
    throw fail("changed the request's public key");
  }
  return pem;
}

async function readRequest(pem: string): Promise<Pkcs10CertificateRequest> {
  try {
    const csr = new Pkcs10CertificateRequest(pem);
    if (await csr.verify()) {
      return csr;
    }
  } catch {
    // Said below.
  }
  throw new ProvisioningError('InvalidCSR', 'The certificate signing request is not valid, or not signed by its own key.');
}

function readCertificate(pem: string): ParsedCertificate | undefined {
  try {
    return new ParsedCertificate(new X509Certificate(pem).raw);
  } catch {
    return undefined;
  }
}

function isSame(one: ArrayBuffer, other: ArrayBuffer): boolean {
  return Buffer.from(one).equals(Buffer.from(other));
}
