import { AsnConvert } from '@peculiar/asn1-schema';
import { RequestError } from '../custom-resource/errors';

/** Reads bytes that are of a type, whole, and in the one encoding that DER allows, so that a copy has the same bytes. */
export function readDer<T>(what: string, bytes: Uint8Array, type: new () => T): T {
  const value = parse(what, bytes, type);
  if (!writeDer(value).equals(bytes)) {
    throw new RequestError(`${what} cannot be copied without a change`);
  }
  return value;
}

/** Reads bytes that are of a type. What a parser throws is replaced: it might quote its input. */
export function parse<T>(what: string, bytes: Uint8Array, type: new () => T): T {
  try {
    return AsnConvert.parse(bytes, type);
  } catch {
    throw new RequestError(`${what} cannot be read; create it again`);
  }
}

/** The bytes of a value. */
export function writeDer(value: unknown): Buffer {
  return Buffer.from(AsnConvert.serialize(value));
}

/** A copy of bytes in the form that the types of ASN.1 values want. */
export function arrayBufferOf(bytes: Uint8Array): ArrayBuffer {
  return new Uint8Array(bytes).buffer;
}
