import { Annotations, Token, type Stack } from 'aws-cdk-lib';
import type { FleetCertificateProps } from './device-fleet-props';
import type { DeviceCertificate } from '../certificates';
import type { IThing } from '../registry';

/** The PEM texts in each stack, without white space, and the thing that each was first used for. */
const usedTexts = new WeakMap<Stack, Map<string, IThing>>();

/** Adds a warning for a signing request that is used for two things, and an error for a certificate used twice. */
export function checkReuse(certificate: DeviceCertificate, { csr, certificatePem, thing }: FleetCertificateProps): void {
  const text = csr ?? certificatePem;
  const before = text === undefined ? undefined : remember(certificate.stack, text, thing);
  if (before === undefined) {
    return;
  }
  if (certificatePem !== undefined) {
    Annotations.of(certificate).addError(
      `'certificatePem' is already registered for ${before.node.path}, AWS IoT takes a certificate once; pass the certificate of this device`,
    );
  } else if (before !== thing) {
    Annotations.of(certificate).addWarningV2(
      'cdk-iot-warden:DeviceFleet.sharedKey',
      `'csr' is also used for ${before.node.path}, so that both devices have the same private key; create a key and a request on each device`,
    );
  }
}

/** The thing that the text was used for before, if any. */
function remember(stack: Stack, pem: string, thing: IThing): IThing | undefined {
  if (Token.isUnresolved(pem)) {
    return undefined;
  }
  const texts = usedTexts.get(stack) ?? new Map<string, IThing>();
  usedTexts.set(stack, texts);
  const key = pem.replace(/\s+/g, '');
  const before = texts.get(key);
  texts.set(key, before ?? thing);
  return before;
}
