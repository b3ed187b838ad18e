import { createPrivateKey, generateKeyPairSync } from 'node:crypto';
import { failure } from '../custom-resource';
import { retire } from '../custom-resource/retirement';
import { createCsr } from '../x509';
import type { DeviceSecret, HeldSecret } from './delivery';
import { deliveryTo } from './destination';
import type { Entry } from './ledger';
import { createCertificate, pemOf, publicKeyOf, type OwnCertificate } from './own-certificates';
import type { DeliveredItem } from './request';
import type { Workshop } from './workshop';

const CURVES = { EC_P256: 'P-256', EC_P384: 'P-384', EC_P521: 'P-521' } as const;

/**
 * Makes a key pair, in the memory of the function, and delivers it with a certificate of AWS IoT for it.
 *
 * The key is at its destination before there is a certificate, so that every later try finds the same key, and by it the
 * certificate. Readers get it when it is complete.
 */
export async function deliver(workshop: Workshop, name: string, item: DeliveredItem): Promise<Entry> {
  const { iot, call, ledger, owner } = workshop;
  const delivery = deliveryTo(item.destination, name, workshop.secrets, workshop.ssm);
  const attempt = <T>(action: () => Promise<T>): Promise<T> => step(`deliver the private key of ${item.path} to its ${NOUNS[item.destination.kind]}`, action);

  let entry = ledger.get(name) ?? await ledger.put(name, { owner, maker: owner, begun: workshop.now, destination: item.destination });
  let held = await attempt(() => delivery.read(call));
  const isNew = held === undefined;
  if (held === undefined) {
    if (entry.certificateId !== undefined) {
      // Somebody has taken away its key before it was delivered.
      await retire(iot, call, entry.certificateId);
      entry = await ledger.put(name, { owner, maker: owner, begun: workshop.now, destination: item.destination });
    }
    const secret = { privateKey: generateKey(item.keyType) };
    await attempt(() => delivery.hold(call, secret));
    held = secret;
  }
  const certificate = await certify(workshop, name, entry, held, isNew);
  entry = await ledger.put(name, { ...entry, certificateId: certificate.certificateId });
  const complete: DeviceSecret = { privateKey: held.privateKey, ...certificate };
  if (held.certificateId !== certificate.certificateId) {
    await attempt(() => delivery.hold(call, complete));
  }
  await attempt(() => delivery.publish(call, complete, otherCertificates(workshop, name)));
  return entry;
}

const NOUNS = { 'secret': 'secret', 'secure-string': 'parameter' } as const;

/** Lets readers get the key of a finished certificate again, where another of the same item may have come after it. */
export async function deliverAgain(workshop: Workshop, name: string, item: DeliveredItem): Promise<void> {
  const delivery = deliveryTo(item.destination, name, workshop.secrets, workshop.ssm);
  await step(`deliver the private key of ${item.path} again to its ${NOUNS[item.destination.kind]}`, async () => {
    const held = await delivery.read(workshop.call);
    if (held?.certificateId !== undefined && held.certificatePem !== undefined) {
      await delivery.publish(workshop.call, held as DeviceSecret, otherCertificates(workshop, name));
    }
  });
}

function otherCertificates({ ledger }: Workshop, name: string): string[] {
  return ledger.othersOf(name).flatMap(([, { certificateId }]) => certificateId ?? []);
}

async function certify({ iot, call }: Workshop, name: string, entry: Entry, held: HeldSecret, isFirst: boolean): Promise<OwnCertificate> {
  const { certificateId } = entry;
  const certificatePem = certificateId === undefined ? undefined : await pemOf(iot, call, certificateId);
  if (certificateId !== undefined && certificatePem !== undefined) {
    return { certificateId, certificatePem };
  }
  const csr = await createCsr(name, createPrivateKey(held.privateKey));
  return createCertificate(iot, call, csr, publicKeyOf(held.privateKey), entry.begun, isFirst);
}

function generateKey(keyType: DeliveredItem['keyType']): string {
  const { privateKey } = keyType === 'RSA_2048' ? generateKeyPairSync('rsa', { modulusLength: 2048 }) : generateKeyPairSync('ec', { namedCurve: CURVES[keyType] });
  return privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
}

async function step<T>(attempt: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    throw failure(attempt, error);
  }
}
