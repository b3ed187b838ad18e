import { request } from 'node:https';
import { text } from 'node:stream/consumers';
import { DeviceError } from '../device/errors';
import type { Kit } from '../device/kit';

const TIMEOUT_MS = 10_000;

/** Credentials of AWS, as its SDK takes them. */
export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
  readonly expiration: Date;
}

/**
 * Asks the credential provider of AWS IoT for credentials, over mutual TLS. The name of the thing goes along, as the role
 * depends on it.
 *
 * @see https://docs.aws.amazon.com/iot/latest/developerguide/authorizing-direct-aws.html
 */
export async function fetchCredentials(kit: Kit, roleAlias: string): Promise<Credentials> {
  const host = kit.credentialEndpoint ?? kit.endpoint;
  const where = `${host}:${kit.httpsPort}`;
  const { status, body } = await get(kit, host, `/role-aliases/${encodeURIComponent(roleAlias)}/credentials`).catch((error: Error) => {
    throw new DeviceError(`cannot reach the credential provider at ${where}: ${error.message}`);
  });
  if (status !== 200) {
    throw new DeviceError(`the credential provider at ${where} refuses credentials through ${roleAlias}: ${status} ${reasonIn(body)}`);
  }
  const { credentials } = JSON.parse(body) as { readonly credentials: Omit<Credentials, 'expiration'> & { readonly expiration: string } };
  return { ...credentials, expiration: new Date(credentials.expiration) };
}

function get(kit: Kit, host: string, path: string): Promise<{ readonly status: number; readonly body: string }> {
  return new Promise((resolve, reject) => {
    const asking = request({
      host,
      port: kit.httpsPort,
      path,
      key: kit.privateKeyPem,
      cert: kit.certificatePem,
      ca: kit.rootCaPem,
      headers: kit.thingName === undefined ? {} : { 'x-amzn-iot-thingname': kit.thingName },
      timeout: TIMEOUT_MS,
    }, (response) => {
      text(response).then((body) => resolve({ status: response.statusCode ?? 0, body }), reject);
    });
    asking.on('timeout', () => asking.destroy(new Error(`no answer within ${TIMEOUT_MS} ms`)));
    asking.on('error', reject);
    asking.end();
  });
}

/** What an error says; never what a success holds. */
function reasonIn(body: string): string {
  try {
    return (JSON.parse(body) as { readonly message?: string }).message ?? '';
  } catch {
    return '';
  }
}
