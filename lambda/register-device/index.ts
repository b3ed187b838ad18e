/**
 * Registers devices that come with a certificate of one CA, when they connect for the first time.
 *
 * @see https://docs.aws.amazon.com/iot/latest/developerguide/auto-register-device-cert.html
 */
import { X509Certificate } from 'node:crypto';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DescribeCACertificateCommand, DescribeCertificateCommand, UpdateCertificateCommand } from '@aws-sdk/client-iot';
import { S3Client } from '@aws-sdk/client-s3';
import { CLIENT_CONFIG, createCall, createClient, describe, MISSING, nameOf, RequestError, SYSTEM, unless, type Call, type Iot, type System } from '../custom-resource';
import { AllowList, type DynamoDb } from '../registration/allow-list';
import { fingerprintOf, readCertificate } from '../registration/certificates';
import { Refusal } from '../registration/refusal';
import { jsonSetting } from '../registration/settings';
import { deviceOf, register } from './registration';
import { Revocations, type S3 } from './revocations';
import type { Settings } from './settings';
import { parametersOf } from './subject';

/** What AWS IoT publishes on `$aws/events/certificates/registered/CA`: at least once, in any order. */
export interface RegisteredEvent {
  readonly certificateId: string;
  readonly caCertificateId: string;
  readonly certificateStatus: string;
}

export interface Clients {
  readonly iot: Iot;
  readonly dynamoDb: DynamoDb;
  readonly s3: S3;
}

export type Outcome = 'registered' | 'refused' | 'revoked' | 'ignored';

/** Less than the timeout of the function. */
const TIME_MS = 50_000;

/** How often an entry of the allow list may change under the handler. */
const MAX_ATTEMPTS = 3;

/** The certificate is on the revocation list of its CA. */
class Revoked extends Refusal {}

export function createHandler(clients: Clients, settings: Settings, table: { readonly name?: string; readonly serialNumbers: readonly string[] }, system: System = SYSTEM): (event: RegisteredEvent) => Promise<Outcome> {
  const office: Office = {
    iot: clients.iot,
    settings,
    system,
    allowList: table.name === undefined ? undefined : new AllowList(clients.dynamoDb, table.name, table.serialNumbers),
    revocations: settings.revocationList && new Revocations(clients.s3, settings.revocationList, system),
  };
  return async (event) => {
    const call = createCall(system, system.now() + TIME_MS);
    try {
      const outcome = await decide(office, call, event);
      log(system, 'INFO', `device ${outcome}`, event);
      return outcome;
    } catch (error) {
      if (!(error instanceof Refusal)) {
        // The certificate stays pending: AWS Lambda tries it again, and so does the device.
        log(system, 'ERROR', 'device not registered', event, describe(error));
        throw error;
      }
      const outcome = error instanceof Revoked ? 'revoked' : 'refused';
      log(system, 'WARN', `device ${outcome}`, event, error.message);
      // Otherwise the device would bring it here again each time it connects.
      const newStatus = error instanceof Revoked ? 'REVOKED' : 'INACTIVE';
      await unless(MISSING, () => call(() => clients.iot.send(new UpdateCertificateCommand({ certificateId: event.certificateId, newStatus }))));
      return outcome;
    }
  };
}

interface Office {
  readonly iot: Iot;
  readonly settings: Settings;
  readonly system: System;
  readonly allowList: AllowList | undefined;
  readonly revocations: Revocations | undefined;
}

async function decide({ iot, settings, system, allowList, revocations }: Office, call: Call, { certificateId, caCertificateId }: RegisteredEvent): Promise<Outcome> {
  if (caCertificateId !== settings.caCertificateId) {
    throw new RequestError(`the event is about CA ${caCertificateId}, this function is for ${settings.caCertificateId}; correct the rule`);
  }
  // The event may be old, and come twice: what counts is what AWS IoT says now.
  const found = await describeCertificate(iot, call, certificateId);
  if (found?.status !== 'PENDING_ACTIVATION' || found.certificatePem === undefined || found.certificateArn === undefined) {
    return 'ignored';
  }
  if (found.caCertificateId !== settings.caCertificateId) {
    throw new RequestError(`certificate ${certificateId} is of another CA, ${found.caCertificateId}; nothing is done about it here`);
  }
  const ca = await describeCa(iot, call, settings.caCertificateId);
  const certificate = readCertificate(found.certificatePem);
  requireIssued(certificate, ca, new Date(system.now()));
  if (await revocations?.has(call, certificate, ca) === true) {
    throw new Revoked('the certificate is on the revocation list of its CA');
  }
  const parameters = parametersOf(certificateId, certificate.raw);
  const device = deviceOf(settings, certificateId, found.certificateArn, parameters);
  if (allowList !== undefined) {
    await requireListed(allowList, call, parameters[settings.serialNumberParameter], fingerprintOf(certificate), certificateId, new Date(system.now()));
  }
  await register(iot, call, settings, device);
  return 'registered';
}

async function describeCertificate(iot: Iot, call: Call, certificateId: string) {
  try {
    return (await call(() => iot.send(new DescribeCertificateCommand({ certificateId })))).certificateDescription;
  } catch (error) {
    if (MISSING.includes(nameOf(error))) {
      return undefined;
    }
    throw error;
  }
}

async function describeCa(iot: Iot, call: Call, certificateId: string): Promise<X509Certificate> {
  const { certificateDescription } = await call(() => iot.send(new DescribeCACertificateCommand({ certificateId })));
  return new X509Certificate(certificateDescription?.certificatePem ?? '');
}

function requireIssued(certificate: X509Certificate, ca: X509Certificate, now: Date): void {
  if (!certificate.checkIssued(ca) || !certificate.verify(ca.publicKey)) {
    throw new Refusal('the certificate is not signed by the CA');
  }
  if (now < new Date(certificate.validFrom) || now > new Date(certificate.validTo)) {
    throw new Refusal(`the certificate is valid from ${certificate.validFrom} to ${certificate.validTo}`);
  }
}

/** Each entry counts for one key. A renewed certificate has the same. */
async function requireListed(allowList: AllowList, call: Call, serialNumber: string | undefined, publicKey: string, certificateId: string, now: Date): Promise<void> {
  if (serialNumber === undefined) {
    throw new Refusal('the subject of the certificate has no serial number to look up');
  }
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
    const entry = await allowList.find(call, serialNumber);
    if (entry === undefined) {
      throw new Refusal('the serial number is not on the list');
    }
    if (entry.blocked) {
      throw new Refusal('the serial number is blocked');
    }
    if (entry.publicKey !== undefined && entry.publicKey !== publicKey) {
      throw new Refusal('the serial number is in use by a device with another key; for a device with a new key, release the entry');
    }
    if ((entry.publicKey === publicKey && entry.certificateId === certificateId)
      || await allowList.bind(call, entry, { publicKey, certificateId, retiresEarlier: false }, now)) {
      return;
    }
  }
  throw new RequestError('the entry of the device changes all the time');
}

function log(system: System, level: 'INFO' | 'WARN' | 'ERROR', message: string, { certificateId, caCertificateId }: RegisteredEvent, reason?: string): void {
  system.log(JSON.stringify({ level, message, ...reason !== undefined && { reason }, certificateId, caCertificateId }));
}

let registrar: ReturnType<typeof createHandler> | undefined;

/** Reads the environment when it is first called. */
export const handler = (event: RegisteredEvent): Promise<Outcome> => {
  registrar ??= createHandler(
    { iot: createClient(), dynamoDb: new DynamoDBClient(CLIENT_CONFIG), s3: new S3Client(CLIENT_CONFIG) },
    jsonSetting<Settings>('SETTINGS'),
    { ...process.env.ALLOW_LIST_TABLE !== undefined && { name: process.env.ALLOW_LIST_TABLE }, serialNumbers: jsonSetting<string[]>('SERIAL_NUMBERS') },
  );
  return registrar(event);
};
