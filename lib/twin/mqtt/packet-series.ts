/**
 * Packets that differ in their identifier alone. The first two are encoded, which shows where the identifier stands; the
 * rest are copies, at a fifth of the time.
 */
export class PacketSeries {
  private first: { readonly bytes: Buffer; readonly messageId: number } | undefined;
  private idAt: number | undefined;

  constructor(private readonly encode: (messageId: number) => Buffer) {}

  /** The packet with an identifier. Nobody may change the bytes. */
  public packet(messageId: number): Buffer {
    if (this.first === undefined) {
      this.first = { bytes: this.encode(messageId), messageId };
      return this.first.bytes;
    }
    this.idAt ??= firstDifference(this.first.bytes, this.encode(this.first.messageId ^ 0xffff));
    const bytes = Buffer.from(this.first.bytes);
    bytes.writeUInt16BE(messageId, this.idAt);
    return bytes;
  }

  /** The one packet of a series without identifiers. */
  public get only(): Buffer {
    return this.first?.bytes ?? this.packet(0);
  }
}

function firstDifference(one: Buffer, other: Buffer): number {
  let at = 0;
  while (one[at] === other[at]) {
    at += 1;
  }
  return at;
}
