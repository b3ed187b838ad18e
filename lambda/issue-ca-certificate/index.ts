/**
 * Issues the certificate of a CA whose key is in AWS KMS, signed by that key itself. AWS KMS makes keys and signatures;
 * certificates it does not know.
 */
import { createHash, X509Certificate } from 'node:crypto';
import { GetPublicKeyCommand, KMSClient } from '@aws-sdk/client-kms';
import { SSMClient } from '@aws-sdk/client-ssm';
import { CLIENT_CONFIG, customResource, failure, handle, RequestError, text } from '../custom-resource';
import type { Attributes, Handle, Properties, System, Task } from '../custom-resource';
import { memory, type Ssm } from '../custom-resource/memory';
import { forget, once } from '../custom-resource/once';
import { issueCertificate, keySpecOf, kmsSigner, nameOf, publicKeyOf, randomSerialNumber, type Kms, type NameFields } from '../x509';

const DAY_MS = 24 * 60 * 60 * 1000;

/** For clocks that are behind. */
const SKEW_MS = 5 * 60 * 1000;

export interface Clients {
  readonly kms: Kms;
  readonly ssm: Ssm;
}

interface CaCertificate {
  readonly keyId: string;
  readonly subject: NameFields;
  readonly validityDays: number;
  /** Where memory is. */
  readonly memory: string;
}

export function createHandler({ kms, ssm }: Clients, system?: System, today: () => Date = () => new Date()): Handle {
  // The same certificate again for the same properties: another one would replace the CA, and no device would fit it.
  const issue = async (task: Task, wanted: CaCertificate): Promise<Attributes> => {
    try {
      const certificatePem = await once(task, memory(ssm, wanted.memory), keyOf(wanted), () => selfSign(kms, task, wanted, today()));
      return { CertificatePem: certificatePem };
    } catch (error) {
      throw failure(`issue the certificate of the CA with key ${wanted.keyId}`, error);
    }
  };
  return handle({
    read: readRequest,
    create: issue,
    update: issue,
    remove: async (task, before) => {
      try {
        await forget(task, memory(ssm, before.memory));
      } catch (error) {
        throw failure(`forget the certificate of the CA with key ${before.keyId}`, error);
      }
    },
  }, system);
}

function readRequest(properties: Properties): CaCertificate {
  return {
    keyId: text(properties, 'KeyId'),
    subject: JSON.parse(text(properties, 'Subject')) as NameFields,
    validityDays: Number(text(properties, 'ValidityDays')),
    memory: text(properties, 'Memory'),
  };
}

function keyOf({ keyId, subject, validityDays }: CaCertificate): string {
  return createHash('sha256').update(JSON.stringify([keyId, subject, validityDays])).digest('hex');
}

async function selfSign(kms: Kms, { call }: Task, { keyId, subject, validityDays }: CaCertificate, now: Date): Promise<string> {
  const { PublicKey: spki } = await call(() => kms.send(new GetPublicKeyCommand({ KeyId: keyId })));
  if (spki === undefined) {
    throw new RequestError('AWS KMS answered without a public key');
  }
  const publicKey = publicKeyOf(spki);
  const name = nameOf(subject);
  const certificatePem = await issueCertificate({
    subject: name,
    issuer: name,
    spki,
    notBefore: new Date(now.getTime() - SKEW_MS),
    notAfter: new Date(now.getTime() + validityDays * DAY_MS),
    serialNumber: randomSerialNumber(),
    profile: 'signing-ca',
  }, kmsSigner(kms, keyId, keySpecOf(publicKey), call));
  if (!new X509Certificate(certificatePem).verify(publicKey)) {
    throw new RequestError('AWS KMS answered with a signature that is not by the key');
  }
  return certificatePem;
}

export const handler = customResource(createHandler({ kms: new KMSClient(CLIENT_CONFIG), ssm: new SSMClient(CLIENT_CONFIG) }));
