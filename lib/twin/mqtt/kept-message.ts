import type { Message } from './message';

/** The bytes that say how long the rest of a description is. */
const LENGTH_BYTES = 4;

/** A message as bytes, with what else is to be known of it: a description as JSON, and the payload as it is. */
export function encodeMessage<T extends object>({ payload, properties, ...message }: Message, more: T): Buffer {
  const { correlationData, ...others } = properties ?? {};
  const description = JSON.stringify({
    message, more, ...properties && { properties: others }, ...correlationData && { correlationData: correlationData.toString('base64') },
  });
  const length = Buffer.byteLength(description);
  const bytes = Buffer.allocUnsafe(LENGTH_BYTES + length + payload.length);
  bytes.writeUInt32BE(length);
  bytes.write(description, LENGTH_BYTES);
  bytes.set(payload, LENGTH_BYTES + length);
  return bytes;
}

interface Description<T> {
  readonly message: Omit<Message, 'payload'>;
  readonly more: T;
  readonly properties?: Message['properties'];
  readonly correlationData?: string;
}

export function decodeMessage<T extends object>(bytes: Buffer): { readonly message: Message; readonly more: T } {
  const end = LENGTH_BYTES + bytes.readUInt32BE();
  const { message, more, properties, correlationData } = JSON.parse(bytes.toString('utf8', LENGTH_BYTES, end)) as Description<T>;
  return {
    more,
    message: {
      ...message,
      payload: bytes.subarray(end),
      ...properties && { properties: { ...properties, ...correlationData !== undefined && { correlationData: Buffer.from(correlationData, 'base64') } } },
    },
  };
}
