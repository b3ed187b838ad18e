import { AwsV4Signer } from 'aws4fetch';
import type { Credentials } from './credentials';

/**
 * The URL of MQTT over WebSocket, signed with the credentials. Whoever has it can connect as the user until it expires:
 * hand it to the WebSocket and do not write it down.
 *
 * The token comes after the signature, which AWS IoT computes without it.
 *
 * @see https://docs.aws.amazon.com/iot/latest/developerguide/protocols.html
 */
export async function signMqttUrl(brokerUrl: string, region: string, { accessKeyId, secretAccessKey, sessionToken }: Credentials, expirySeconds: number, now: number): Promise<string> {
  const url = new URL(brokerUrl);
  url.searchParams.set('X-Amz-Expires', String(expirySeconds));
  const signer = new AwsV4Signer({
    url: url.href,
    accessKeyId,
    secretAccessKey,
    sessionToken,
    region,
    service: 'iotdevicegateway',
    signQuery: true,
    datetime: new Date(now).toISOString().replace(/[:-]|\.\d{3}/g, ''),
  });
  return (await signer.sign()).url.href;
}
