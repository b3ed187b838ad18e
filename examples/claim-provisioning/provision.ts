import { iotidentity } from 'aws-iot-device-sdk-v2';
import { backOff } from '../device/back-off';
import { say } from '../device/command';
import { Connection } from '../device/connection';
import { DeviceError } from '../device/errors';
import type { Kit } from '../device/kit';
import { makeCsr } from '../device/key';
import { Identity, type Pending } from './identity';

const MAX_ATTEMPTS = 8;
const ANSWER_TIMEOUT_S = 30;

/** What AWS IoT says of a token that was used, or is older than an hour. */
const TOKEN_REFUSED = 'InvalidCertificateOwnershipToken';

/** What a device is told at its factory. */
export interface Birth {
  /** Connects with the claim certificate. */
  readonly claim: Kit & { readonly clientId: string };

  /** Where the device keeps what it gets. */
  readonly folder: string;
  readonly serialNumber: string;
  readonly templateName: string;
}

/** The device's own connection kit; what is missing of it is asked for. */
export async function provision(birth: Birth): Promise<Kit> {
  const identity = new Identity(birth.folder, birth.claim);
  for (let attempt = 0; ; attempt++) {
    const kit = identity.kit();
    if (kit !== undefined) {
      return kit;
    }
    try {
      await proceed(identity, birth);
    } catch (error) {
      if (error instanceof Refusal || attempt === MAX_ATTEMPTS - 1) {
        throw error;
      }
      say(`trying again, because: ${(error as Error).message}`);
      await backOff(attempt);
    }
  }
}

/** As far as it goes at once, from where the device was stopped. */
async function proceed(identity: Identity, { claim, serialNumber, templateName }: Birth): Promise<void> {
  const kept = identity.pending();
  const thingName = `sensor-${serialNumber}`;
  if (kept !== undefined && await isActive(identity.kitOf(kept, thingName))) {
    say('the certificate is active already');
    identity.settle(kept, thingName);
    return;
  }
  const connection = await Connection.open(claim);
  const client = iotidentity.IotIdentityClientv2.newFromMqtt5(connection.client, {
    maxRequestResponseSubscriptions: 4, maxStreamingSubscriptions: 0, operationTimeoutInSeconds: ANSWER_TIMEOUT_S,
  });
  try {
    const pending = kept ?? await getCertificate(client, identity, serialNumber);
    await becomeThing(client, identity, pending, { templateName, parameters: { SerialNumber: serialNumber } });
  } finally {
    client.close();
    await connection.close();
  }
}

/** Whether the device is known by its new certificate: it was stopped before it heard so. */
async function isActive(kit: Kit): Promise<boolean> {
  try {
    await (await Connection.open(kit, { attempts: 1 })).close();
    return true;
  } catch {
    return false;
  }
}

async function getCertificate(client: iotidentity.IotIdentityClientv2, identity: Identity, serialNumber: string): Promise<Pending> {
  const certificateSigningRequest = await makeCsr(serialNumber, identity.privateKey());
  const answer = await asked('certificate', client.createCertificateFromCsr({ certificateSigningRequest }));
  const pending = { certificatePem: required(answer.certificatePem), certificateOwnershipToken: required(answer.certificateOwnershipToken) };
  identity.keep(pending);
  say(`got the certificate ${answer.certificateId}`);
  return pending;
}

async function becomeThing(
  client: iotidentity.IotIdentityClientv2, identity: Identity, pending: Pending, request: Omit<iotidentity.model.RegisterThingRequest, 'certificateOwnershipToken'>,
): Promise<void> {
  try {
    const answer = await asked('thing', client.registerThing({ ...request, certificateOwnershipToken: pending.certificateOwnershipToken }));
    const thingName = required(answer.thingName);
    identity.settle(pending, thingName);
    say(`provisioned as ${thingName}`);
  } catch (error) {
    if (error instanceof TokenRefusal) {
      // An hour has passed. The certificate is gone, and so is the way back; the key stays.
      identity.forget();
    }
    throw error;
  }
}

/** AWS IoT has decided, and would decide the same again. */
class Refusal extends DeviceError {}

/** The token is of no use any more, so that another certificate is needed. */
class TokenRefusal extends DeviceError {}

async function asked<T>(what: string, answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    const { statusCode, errorCode, errorMessage } = ((error as { modeledError?: unknown }).modeledError ?? {}) as iotidentity.model.V2ErrorResponse;
    if (statusCode === undefined) {
      throw new DeviceError(`asked for a ${what}, and got no answer: ${(error as Error).message}`);
    }
    const message = `AWS IoT refuses a ${what}: ${errorCode ?? statusCode}, ${errorMessage ?? 'without a reason'}`;
    throw errorCode === TOKEN_REFUSED ? new TokenRefusal(message) : isFinal(statusCode) ? new Refusal(message) : new DeviceError(message);
  }
}

/** Not so for too many requests at once, and for faults of AWS. */
function isFinal(statusCode: number): boolean {
  return statusCode >= 400 && statusCode < 500 && statusCode !== 429;
}

function required(value: string | undefined): string {
  if (value === undefined) {
    throw new DeviceError('the answer of AWS IoT lacks something that it always has');
  }
  return value;
}
