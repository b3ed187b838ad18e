import { IoTClient } from '@aws-sdk/client-iot';

/** What handlers need of a client: a test passes one that keeps AWS IoT in memory. */
export type Iot = Pick<IoTClient, 'send'>;

/**
 * How clients of handlers send: without waiting for an answer that never comes, and without repeating a request.
 * `Call` does that, and knows where a request may have been carried out although its answer was lost.
 */
export const CLIENT_CONFIG = { maxAttempts: 1, requestHandler: { connectionTimeout: 3000, socketTimeout: 10_000 } };

export function createClient(): Iot {
  return new IoTClient(CLIENT_CONFIG);
}
