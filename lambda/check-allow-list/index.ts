/**
 * A pre-provisioning hook: lets in devices on the list, each with one key, and cleans up after those that were killed
 * half-way and come again.
 *
 * @see https://docs.aws.amazon.com/iot/latest/developerguide/pre-provisioning-hook.html
 */
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { IoTClient } from '@aws-sdk/client-iot';
import { AllowList, type DynamoDb, type Entry } from '../registration/allow-list';
import { fingerprintOf, readCertificate } from '../registration/certificates';
import { fill } from '../registration/fill';
import { Refusal } from '../registration/refusal';
import { jsonSetting, setting } from '../registration/settings';
import { createCall, describe, SYSTEM, type Call, type Iot, type System } from '../custom-resource';
import { EarlierCertificates } from './earlier-certificates';
import type { Settings, TemplateSettings } from './settings';

/** What AWS IoT asks with. Devices choose `clientId` and `parameters`. */
export interface HookEvent {
  readonly claimCertificateId?: string;
  readonly certificateId: string;
  readonly certificatePem: string;
  readonly templateArn: string;
  readonly clientId?: string;
  readonly parameters?: { readonly [name: string]: string };
}

export interface HookAnswer {
  readonly allowProvisioning: boolean;
  readonly parameterOverrides?: { readonly [name: string]: string };
}

export interface Clients {
  readonly iot: Iot;
  readonly dynamoDb: DynamoDb;
}

export type Hook = (event: HookEvent) => Promise<HookAnswer>;

/** AWS IoT waits 5 seconds. */
const TIME_MS = 4500;

/** How often an entry may change under the hook, as when a device asks twice at once. */
const MAX_ATTEMPTS = 3;

const MAX_SERIAL_CHARS = 256;

export function createHandler({ iot, dynamoDb }: Clients, settings: Settings, table: { readonly name: string; readonly serialNumbers: readonly string[] }, system: System = SYSTEM): Hook {
  const desk = { settings, list: new AllowList(dynamoDb, table.name, table.serialNumbers), earlier: new EarlierCertificates(iot), clock: system };
  return async (event) => {
    try {
      const parameterOverrides = await decide(desk, createCall(system, system.now() + TIME_MS), event);
      log(system, 'INFO', 'device allowed', event, settings);
      return { allowProvisioning: true, parameterOverrides };
    } catch (error) {
      log(system, error instanceof Refusal ? 'WARN' : 'ERROR', 'device refused', event, settings, error instanceof Refusal ? error.message : describe(error));
      return { allowProvisioning: false };
    }
  };
}

interface Desk {
  readonly settings: Settings;
  readonly list: AllowList;
  readonly earlier: EarlierCertificates;
  readonly clock: System;
}

/** A device at the desk. */
interface Applicant {
  readonly event: HookEvent;
  readonly template: TemplateSettings;
  readonly serialNumber: string;
  readonly publicKey: string;
}

async function decide(desk: Desk, call: Call, event: HookEvent): Promise<HookAnswer['parameterOverrides']> {
  const applicant = identify(desk.settings, event);
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
    const entry = requireListed(applicant, await desk.list.find(call, applicant.serialNumber));
    const values = valuesFor(desk.settings, applicant, entry);
    requireClient(desk.settings, event, values);
    const thingName = fill(applicant.template.thingName, values);
    if (await isBound(desk, call, applicant, entry, thingName)) {
      return values;
    }
  }
  throw new Refusal('the entry changes all the time; the device can try again');
}

function identify(settings: Settings, event: HookEvent): Applicant {
  const name = event.templateArn.split('/').at(-1);
  const template = settings.templates.find(({ templateName }) => templateName === name);
  if (template === undefined) {
    throw new Refusal('the template does not use this hook');
  }
  if (settings.claimCertificateIds.length > 0 && !settings.claimCertificateIds.includes(event.claimCertificateId ?? '')) {
    throw new Refusal('the claim certificate is not one of those that the hook accepts');
  }
  const serialNumber = event.parameters?.[settings.serialNumberParameter];
  if (typeof serialNumber !== 'string' || serialNumber === '' || serialNumber.length > MAX_SERIAL_CHARS) {
    throw new Refusal(`the parameter '${settings.serialNumberParameter}' must be text of 1 to ${MAX_SERIAL_CHARS} characters`);
  }
  return { event, template, serialNumber, publicKey: fingerprintOf(readCertificate(event.certificatePem)) };
}

function requireListed({ event }: Applicant, entry: Entry | undefined): Entry {
  if (entry === undefined) {
    throw new Refusal('the serial number is not on the list');
  }
  if (entry.blocked) {
    throw new Refusal('the serial number is blocked');
  }
  if (entry.claimCertificateId !== undefined && entry.claimCertificateId !== event.claimCertificateId) {
    throw new Refusal('the serial number goes with another claim certificate');
  }
  return entry;
}

/** All parameters of the template. What the device says counts for its serial number and for what is left unchecked. */
function valuesFor(settings: Settings, { event, template, serialNumber }: Applicant, entry: Entry): { readonly [name: string]: string } {
  const values = Object.entries(template.parameters).map(([name, defaultValue]) => {
    const isUnchecked = settings.uncheckedParameters.includes(name);
    const given = name === settings.serialNumberParameter ? serialNumber : (isUnchecked ? event.parameters : entry.parameters)?.[name];
    const value = given ?? defaultValue;
    if (typeof value !== 'string' || value === '') {
      throw new Refusal(`the parameter '${name}' has no value; ${isUnchecked ? 'the device must send one' : "add it to 'parameters' of the entry"}`);
    }
    return [name, value] as const;
  });
  return Object.fromEntries(values);
}

function requireClient({ clientId }: Settings, event: HookEvent, values: { readonly [name: string]: string }): void {
  if (clientId !== undefined && fill(clientId, values) !== event.clientId) {
    throw new Refusal('the client id is not the one that goes with the serial number');
  }
}

/** Binds the serial number to the device; false where the entry has changed meanwhile. */
async function isBound(desk: Desk, call: Call, applicant: Applicant, entry: Entry, thingName: string): Promise<boolean> {
  const { publicKey, event: { certificateId } } = applicant;
  const isSame = entry.publicKey === publicKey && entry.certificateId === certificateId;
  if (!isSame) {
    const retiresEarlier = await mayReplace(desk, call, applicant, entry, thingName);
    if (!await desk.list.bind(call, entry, { publicKey, certificateId, retiresEarlier }, new Date(desk.clock.now()))) {
      return false;
    }
  }
  const retiring = [...entry.retiring, ...isSame ? [] : [entry.certificateId]].filter((id): id is string => id !== undefined && id !== certificateId);
  for (const id of retiring) {
    await desk.earlier.retire(call, id, thingName);
  }
  if (retiring.length > 0) {
    await desk.list.forget(call, entry.serialNumber, retiring);
  }
  return true;
}

/** Whether there may be an earlier certificate to retire; refuses whoever may not take the place of it. */
async function mayReplace({ earlier }: Desk, call: Call, { publicKey, template }: Applicant, entry: Entry, thingName: string): Promise<boolean> {
  if (entry.certificateId === undefined) {
    // The first time. A thing of somebody else is not for the taking.
    if (await earlier.hasThing(call, thingName)) {
      throw new Refusal(`there is a thing "${thingName}" already; delete it, or remove the serial number from the list`);
    }
    return false;
  }
  if (entry.publicKey === undefined) {
    // Released by an operator.
    return true;
  }
  const certificate = await earlier.find(call, entry.certificateId);
  if (entry.publicKey === publicKey) {
    if (certificate?.status === 'INACTIVE' || certificate?.status === 'REVOKED') {
      throw new Refusal(`the certificate ${entry.certificateId} of this device was deactivated; to let the device in again, release the entry`);
    }
    return true;
  }
  if (!template.keysInAws) {
    throw new Refusal('the serial number is in use by a device with another key; for a device with a new key, release the entry');
  }
  // Another key each time: then only what was never in use may be replaced. AWS IoT deletes that after an hour.
  const isUnused = certificate === undefined
    ? !await earlier.hasThing(call, thingName)
    : certificate.status === 'PENDING_ACTIVATION' && await earlier.deleteUnused(call, { ...certificate, certificateId: entry.certificateId }, thingName);
  if (!isUnused) {
    throw new Refusal('the serial number is in use; for a device that lost its key, release the entry');
  }
  return false;
}

function log(system: System, level: 'INFO' | 'WARN' | 'ERROR', message: string, event: HookEvent, { serialNumberParameter }: Settings, reason?: string): void {
  system.log(JSON.stringify({
    level,
    message,
    ...reason !== undefined && { reason },
    templateArn: event.templateArn,
    serialNumber: String(event.parameters?.[serialNumberParameter]).slice(0, MAX_SERIAL_CHARS),
    certificateId: event.certificateId,
    claimCertificateId: event.claimCertificateId,
    clientId: event.clientId,
  }));
}

/** Shorter than usual: there are 5 seconds for everything, and `createCall` knows how many are left when it repeats a request. */
const REQUESTS = { maxAttempts: 1, requestHandler: { connectionTimeout: 1000, socketTimeout: 2000 } };

let hook: Hook | undefined;

/** Reads the environment when it is first called. */
export const handler: Hook = (event) => {
  hook ??= createHandler(
    { iot: new IoTClient(REQUESTS), dynamoDb: new DynamoDBClient(REQUESTS) },
    jsonSetting<Settings>('SETTINGS'),
    { name: setting('ALLOW_LIST_TABLE'), serialNumbers: jsonSetting<string[]>('SERIAL_NUMBERS') },
  );
  return hook(event);
};
