/**
 * Proves to AWS IoT that the account has the private key of a CA: signs a certificate whose common name is the account's
 * registration code. AWS IoT looks at it once, when the CA is registered in DEFAULT mode.
 */
import { generateKeyPairSync, X509Certificate } from 'node:crypto';
import { ACMPCAClient } from '@aws-sdk/client-acm-pca';
import { GetRegistrationCodeCommand } from '@aws-sdk/client-iot';
import { KMSClient } from '@aws-sdk/client-kms';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SSMClient } from '@aws-sdk/client-ssm';
import { CLIENT_CONFIG, createClient, customResource, failure, handle, RequestError, text } from '../custom-resource';
import type { Attributes, Handle, Iot, Properties, System, Task } from '../custom-resource';
import { memory, type Ssm } from '../custom-resource/memory';
import { forget, once } from '../custom-resource/once';
import { certificateIdOf, createCsr, readIssuer } from '../x509';
import { readSigningKey, signRequest, type SigningClients, type SigningKey } from './signing-key';

export interface Clients extends SigningClients {
  readonly iot: Iot;
  readonly ssm: Ssm;
}

interface Verification {
  readonly caCertificatePem: string;
  readonly signingKey: SigningKey;
  /** Where memory is. */
  readonly memory: string;
}

export function createHandler(clients: Clients, system?: System, today: () => Date = () => new Date()): Handle {
  // The same certificate again for the same CA, even when it has expired: CloudFormation would take another one for
  // another CA, and fail to register that a second time.
  const verify = async (task: Task, wanted: Verification): Promise<Attributes> => {
    try {
      const key = certificateIdOf(wanted.caCertificatePem);
      const pem = await once(task, memory(clients.ssm, wanted.memory), key, () => issue(clients, task, wanted, today()));
      return { VerificationCertificatePem: pem };
    } catch (error) {
      throw failure('sign the verification certificate of the CA', error);
    }
  };
  return handle({
    read: readRequest,
    create: verify,
    update: verify,
    remove: async (task, before) => {
      try {
        await forget(task, memory(clients.ssm, before.memory));
      } catch (error) {
        throw failure('forget the verification certificate of the CA', error);
      }
    },
  }, system);
}

function readRequest(properties: Properties): Verification {
  return {
    caCertificatePem: text(properties, 'CaCertificatePem'),
    signingKey: readSigningKey(properties),
    memory: text(properties, 'Memory'),
  };
}

async function issue(clients: Clients, { call }: Task, { caCertificatePem, signingKey }: Verification, now: Date): Promise<string> {
  const issuer = readIssuer(caCertificatePem);
  const { registrationCode } = await call(() => clients.iot.send(new GetRegistrationCodeCommand({})));
  if (registrationCode === undefined) {
    throw new RequestError('AWS IoT answered without a registration code');
  }
  // Nobody needs the private key again: it is gone when this function ends.
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const pem = await signRequest(clients, call, signingKey, issuer, await createCsr(registrationCode, privateKey), now);
  if (!new X509Certificate(pem).verify(issuer.publicKey)) {
    throw new RequestError('the signing key made a signature that is not by the CA');
  }
  return pem;
}

export const handler = customResource(createHandler({
  iot: createClient(),
  ssm: new SSMClient(CLIENT_CONFIG),
  kms: new KMSClient(CLIENT_CONFIG),
  secrets: new SecretsManagerClient(CLIENT_CONFIG),
  privateCa: new ACMPCAClient(CLIENT_CONFIG),
}));
