const NOTHING: Buffer = Buffer.alloc(0);

/**
 * What a connection has read and not parsed yet. Stands in for the list that `mqtt-packet` brings along, which makes a
 * view for every number it reads: parsing a PUBLISH takes a third of the time.
 */
export class ByteList {
  public length = 0;
  private bytes = NOTHING;
  private at = 0;

  /** Joined only when something is read, so that a packet in many small pieces is copied once. */
  private more: Buffer[] = [];

  public append(chunk: Buffer): void {
    if (this.length === 0) {
      this.bytes = chunk;
      this.at = 0;
    } else {
      this.more.push(chunk);
    }
    this.length += chunk.length;
  }

  public consume(count: number): void {
    this.joined();
    this.at += count;
    this.length -= count;
    if (this.length === 0) {
      this.bytes = NOTHING;
    }
  }

  public readUInt8(offset: number): number {
    return this.joined().readUInt8(this.at + offset);
  }

  public readUInt16BE(offset: number): number {
    return this.joined().readUInt16BE(this.at + offset);
  }

  public readUInt32BE(offset: number): number {
    return this.joined().readUInt32BE(this.at + offset);
  }

  public slice(start: number, end: number): Buffer {
    return this.joined().subarray(this.at + start, this.at + end);
  }

  public toString(encoding: BufferEncoding, start: number, end: number): string {
    return this.joined().toString(encoding, this.at + start, this.at + end);
  }

  private joined(): Buffer {
    if (this.more.length > 0) {
      this.bytes = Buffer.concat([this.bytes.subarray(this.at), ...this.more], this.length);
      this.at = 0;
      this.more = [];
    }
    return this.bytes;
  }
}
