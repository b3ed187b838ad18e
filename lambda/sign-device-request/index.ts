/**
 * Signs what devices ask AWS IoT for in fleet provisioning, with a CA whose key is in AWS KMS: the function of a
 * certificate provider.
 *
 * @see https://docs.aws.amazon.com/iot/latest/developerguide/provisioning-cert-provider.html
 */
import { X509Certificate } from 'node:crypto';
import { KMSClient } from '@aws-sdk/client-kms';
import { nameOf, RequestError } from '../custom-resource/errors';
import { SYSTEM, type System } from '../custom-resource/system';
import { certificateIdOf, issueCertificate, keySpecOf, kmsSigner, randomSerialNumber, readCsr, type Kms } from '../x509';
import { requireAllowed, requirePrincipal } from './csr-policy';
import { readSettings, type Settings } from './settings';

/** What AWS IoT sends. */
export interface SigningEvent {
  readonly certificateSigningRequest: string;
  /** The id of the certificate that the device is connected with: its claim. */
  readonly principalId: string;
  readonly clientId: string;
}

/** What AWS IoT wants. */
export interface SigningResult {
  readonly certificatePem: string;
}

/** For clocks that are behind. */
const SKEW_MS = 5 * 60 * 1000;

/** Of what a client chose, this much is logged. */
const MAX_LOGGED_CHARS = 128;

export function createHandler({ issuer, keyId, validityMs, policy }: Settings, kms: Kms, system: Pick<System, 'log'> = SYSTEM, today: () => Date = () => new Date()) {
  const signer = kmsSigner(kms, keyId, keySpecOf(issuer.publicKey));

  const sign = async ({ certificateSigningRequest, principalId }: SigningEvent): Promise<string> => {
    requirePrincipal(policy, principalId);
    const request = readCsr(certificateSigningRequest);
    requireAllowed(policy, request);
    const now = today().getTime();
    if (issuer.notAfter.getTime() <= now) {
      throw new RequestError('the certificate of the CA has expired');
    }
    const certificatePem = await issueCertificate({
      subject: request.subject,
      spki: request.spki,
      issuer: issuer.name,
      issuerKeyId: issuer.keyId,
      notBefore: new Date(now - SKEW_MS),
      // A certificate that outlives its CA would be refused for that.
      notAfter: new Date(Math.min(now + validityMs, issuer.notAfter.getTime())),
      serialNumber: randomSerialNumber(),
      profile: 'device',
    }, signer);
    if (!new X509Certificate(certificatePem).verify(issuer.publicKey)) {
      throw new RequestError('the key is not that of the CA');
    }
    return certificatePem;
  };

  return async (event: unknown): Promise<SigningResult> => {
    const { principalId, clientId } = Object(event) as Partial<SigningEvent>;
    const who = { principalId: logged(principalId), clientId: logged(clientId) };
    try {
      const certificatePem = await sign(readEvent(event));
      system.log(JSON.stringify({ level: 'INFO', message: 'certificate signed', ...who, certificateId: certificateIdOf(certificatePem) }));
      return { certificatePem };
    } catch (error) {
      // What AWS says names the key, and is nothing that a device can act on.
      const reason = error instanceof RequestError ? error.message : `the signing failed with ${nameOf(error)}`;
      system.log(JSON.stringify({ level: 'ERROR', message: 'certificate refused', ...who, reason }));
      throw new RequestError(reason);
    }
  };
}

function readEvent(event: unknown): SigningEvent {
  const { certificateSigningRequest, principalId, clientId } = Object(event) as Partial<Record<keyof SigningEvent, unknown>>;
  if (typeof certificateSigningRequest !== 'string' || typeof principalId !== 'string' || typeof clientId !== 'string') {
    throw new RequestError('the event must have certificateSigningRequest, principalId and clientId, all of them text');
  }
  return { certificateSigningRequest, principalId, clientId };
}

function logged(value: unknown): string | undefined {
  return typeof value === 'string' ? value.slice(0, MAX_LOGGED_CHARS) : undefined;
}

/** AWS IoT waits for 5 seconds in all, so that a request that hangs has to end soon enough to be repeated. */
const KMS_CONFIG = { maxAttempts: 3, requestHandler: { connectionTimeout: 700, requestTimeout: 1200, throwOnRequestTimeout: true } };

let own: ReturnType<typeof createHandler> | undefined;

export const handler = (event: unknown): Promise<SigningResult> => {
  own ??= createHandler(readSettings(process.env), new KMSClient(KMS_CONFIG));
  return own(event);
};
