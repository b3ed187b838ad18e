/** How a device writes what it sends to a service of AWS IoT on reserved topics, and gets the answers. */
export enum PayloadFormat {
  /** JSON text. */
  JSON = 'json',
  /** Concise Binary Object Representation. */
  CBOR = 'cbor',
}
