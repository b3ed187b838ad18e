import { parser as createParser } from 'mqtt-packet';
import type { Packet, Parser } from 'mqtt-packet';
import { LIMITS } from '../limits';
import { ByteList } from './byte-list';
import { ReasonCode } from './reason-codes';

/** `mqtt-packet` keeps the packet it is reading here, and how far it has read. */
type PacketParser = Parser & { readonly packet: { readonly length: number }; readonly _pos: number; _list: ByteList };

/** What becomes of what is read. */
export interface Readings {
  /** @param bytes how many of the packet were read */
  readonly packet: (packet: Packet, bytes: number) => void;

  /** What came is no MQTT, or too much of it. */
  readonly refuse: (reasonCode: ReasonCode, reason: string) => void;
}

/** Makes packets of the bytes that a client sends. */
export class PacketReader {
  private readonly parser = createParser() as PacketParser;

  constructor(private readonly readings: Readings) {
    this.parser._list = new ByteList();
    this.parser.on('packet', (packet) => readings.packet(packet, this.parser._pos));
    this.parser.on('error', (error: Error) => readings.refuse(ReasonCode.MALFORMED_PACKET, `malformed packet: ${error.message}`));
  }

  public read(chunk: Buffer): void {
    const { refuse } = this.readings;
    try {
      this.parser.parse(chunk);
    } catch (error) {
      // The last resort: what one client sends must not end the process.
      refuse(ReasonCode.UNSPECIFIED_ERROR, `the twin could not handle a packet: ${(error as Error).message}`);
    }
    // Refuse by the announced length, before the rest of the packet is gathered.
    const { length } = this.parser.packet;
    if (length > LIMITS.packetBytes) {
      refuse(ReasonCode.PACKET_TOO_LARGE, `a packet of ${length} bytes is larger than ${LIMITS.packetBytes}`);
    }
  }
}
