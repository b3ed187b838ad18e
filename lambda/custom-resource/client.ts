import { IoTClient } from '@aws-sdk/client-iot';

/** What handlers need of a client: a test passes one that keeps AWS IoT in memory. */
export type Iot = Pick<IoTClient, 'send'>;

/** A client that does not wait for an answer that never comes. */
export function createClient(): Iot {
  return new IoTClient({ requestHandler: { connectionTimeout: 3000, socketTimeout: 10_000 } });
}
