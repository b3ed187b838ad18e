import type { Duplex } from 'node:stream';
import { generate } from 'mqtt-packet';
import type { IConnectPacket, Packet } from 'mqtt-packet';
import type { AuthorizationRequest } from '../../policy';
import type { Timer } from '../clock';
import type { Asker } from '../journal';
import { SAFETY } from '../limits';
import type { Client } from './broker';
import type { Caller, ClientIdentity } from './caller';
import { HANDLERS } from './handlers';
import { encodePublish } from './message';
import type { Delivery, Message, ProtocolVersion, Sender } from './message';
import { objectToPacket } from './packet-checks';
import { PacketReader } from './packet-reader';
import { PacketSeries } from './packet-series';
import { ReasonCode, reasonString } from './reason-codes';
import type { Outlet, Session } from './session';
import type { Surroundings } from './surroundings';
import type { Requester } from './topic-service';
import { matchesFilter } from './topic-syntax';

/** A last will, allowed at CONNECT. */
export interface Will {
  readonly message: Message;
  readonly delaySec: number;
}

/** What is known once CONNECT was accepted. */
export interface Established {
  readonly session: Session;
  readonly identity: ClientIdentity;
  readonly keepAliveSec: number;
  readonly receiveMaximum: number;
  readonly maximumPacketSize: number;
}

function pubacks(protocolVersion: ProtocolVersion): PacketSeries {
  return new PacketSeries((messageId) => generate({ cmd: 'puback', messageId, reasonCode: ReasonCode.SUCCESS }, { protocolVersion }));
}

const PUBACKS = { 4: pubacks(4), 5: pubacks(5) };

/** One MQTT connection over one socket. */
export class Connection implements Client, Outlet, Requester {
  public readonly asker: { -readonly [key in keyof Asker]: Asker[key] };
  public version: ProtocolVersion = 4;
  public established: Established | undefined;

  /** Who sends what comes, from CONNECT on. */
  public sender: Sender = {};

  /** What an authorizer calls the client. */
  public principalId: string | undefined;
  public will: Will | undefined;

  /** Topics by their inbound alias. */
  public readonly aliases = new Map<number, string>();

  private readonly reader = new PacketReader({
    packet: (packet, bytes) => this.handle(packet, bytes),
    refuse: (reasonCode, reason) => this.refuse(reasonCode, reason),
  });
  private out: Buffer[] = [];
  private outBytes = 0;
  private silence: Timer | undefined;
  private unwatch: (() => void) | undefined;
  private lastHeard: number;
  private closed = false;

  /** Whether anything has left. */
  private wasAnswered = false;

  /** Packets that came while it is being found out who the client is. */
  private waiting: (readonly [packet: Packet, bytes: number])[] | undefined;

  constructor(
    private readonly socket: Duplex,
    public readonly caller: Caller,
    public readonly around: Surroundings,
    private readonly onClosed: () => void,
  ) {
    this.asker = { ...(caller.certificateId === undefined ? { principal: caller.principal } : { certificateId: caller.certificateId }) };
    this.lastHeard = around.clock.now();
    this.silence = around.clock.after(SAFETY.connectTimeoutMs, () => this.refuse(ReasonCode.PROTOCOL_ERROR, 'no CONNECT in time'));
    socket.on('data', (chunk: Buffer) => this.read(chunk));
    socket.on('error', (error) => this.drop(`connection lost: ${error.message}`));
    socket.on('close', () => this.drop('connection lost'));
  }

  public get clientId(): string {
    return this.asker.clientId ?? '';
  }

  public get principal(): string {
    return this.principalId ?? this.caller.principal;
  }

  public get isClosed(): boolean {
    return this.closed;
  }

  public get receiveMaximum(): number {
    return this.established?.receiveMaximum ?? 0;
  }

  /** What an MQTT 5 client may use beyond MQTT 3.1.1. */
  public get isMqtt5(): boolean {
    return this.version === 5;
  }

  /** Read packets as this CONNECT asks. */
  public speak(packet: IConnectPacket): void {
    this.version = packet.protocolVersion ?? 4;
    this.asker.clientId = packet.clientId;
  }

  /** Take nothing more from the client until something is known. */
  public async pause<T>(until: Promise<T>): Promise<T> {
    this.waiting = [];
    this.socket.pause();
    return until;
  }

  /** Take what came in the meantime, and what comes. */
  public resume(): void {
    const packets = this.waiting ?? [];
    this.waiting = undefined;
    packets.forEach(([packet, bytes]) => this.handle(packet, bytes));
    this.socket.resume();
  }

  /** The CONNECT was accepted. */
  public establish(established: Established): void {
    this.established = established;
    const { userId, sourceIp } = this.caller;
    this.sender = { principal: userId ?? this.principal, ...(sourceIp === undefined ? {} : { sourceIp }) };
    this.silence?.cancel();
    this.watchKeepAlive();
    this.unwatch = established.identity.watch?.((reasonCode, reason) => {
      this.around.journal.note(this.asker, 'refused', reason);
      this.close(reasonCode, reason);
    });
  }

  /** Ask the policies whether this client may do something. */
  public may(request: AuthorizationRequest): boolean {
    return this.around.guard.allows(this.asker, this.established!.identity.authorizer, request);
  }

  public mayReceive({ topic }: Message): boolean {
    return this.may({ action: 'iot:Receive', resource: topic });
  }

  public publish(delivery: Delivery, messageId?: number, dup?: boolean): boolean {
    const bytes = encodePublish(delivery, this.version, this.around.clock, messageId, dup);
    // [MQTT-3.1.2-24] What is larger than the client takes is dropped as if it had been sent.
    if (bytes.length > this.established!.maximumPacketSize) {
      return false;
    }
    this.write(bytes);
    return true;
  }

  public send(packet: Packet): void {
    this.write(this.encode(packet));
  }

  public answer(topic: string, payload: Buffer, always = false): void {
    const session = this.established?.session;
    // Another connection may have the session by now; an answer may hold a private key.
    if (this.closed || session?.outlet !== this) {
      return;
    }
    const qos = [...session.subscriptions.values()].filter(({ filter }) => matchesFilter(topic, filter)).map((subscription) => subscription.qos);
    if (always || qos.length > 0) {
      session.deliver({ message: { topic, payload, qos: 1, retain: false }, qos: qos.includes(1) ? 1 : 0, retain: false });
    }
  }

  /** Send the PUBACK of a message that was taken. */
  public acknowledge(messageId: number): void {
    this.write(PUBACKS[this.isMqtt5 ? 5 : 4].packet(messageId));
  }

  /** Hand over what was gathered, if it may leave. */
  public flush(): void {
    if (this.closed || this.out.length === 0) {
      return;
    }
    if (this.around.outbox.isKept()) {
      this.hand(this.out, this.outBytes);
      this.out = [];
      this.outBytes = 0;
    } else {
      this.close(ReasonCode.QUOTA_EXCEEDED, 'the twin cannot write its state to the disk');
    }
  }

  public overflow(): void {
    this.refuse(ReasonCode.QUOTA_EXCEEDED, 'the client does not acknowledge what it receives');
  }

  public takeOver(): void {
    this.close(ReasonCode.SESSION_TAKEN_OVER, 'another connection uses the same client id');
  }

  /** Close because of something the client did beside the policies. */
  public refuse(reasonCode: ReasonCode, reason: string): void {
    if (!this.closed) {
      this.around.journal.note(this.asker, 'refused', reason);
      this.close(reasonCode, reason);
    }
  }

  /** Close, telling an MQTT 5 client why. */
  public close(reasonCode: ReasonCode, reason: string): void {
    if (this.closed) {
      return;
    }
    this.leave(reason, reasonCode, this.isMqtt5 && this.established !== undefined ? this.farewell(this.established, reasonCode, reason) : undefined);
  }

  /** Close after what was sent has left; the last will is published unless it was taken back. */
  public end(reason: string, reasonCode?: ReasonCode): void {
    this.leave(reason, reasonCode);
  }

  /** The last packet to an MQTT 5 client. */
  private farewell({ maximumPacketSize }: Established, reasonCode: ReasonCode, reason: string): Buffer {
    const bytes = this.encode({ cmd: 'disconnect', reasonCode, properties: { reasonString: reasonString(reason) } });
    // [MQTT-3.14.2-3] The reason string must not make the packet larger than the client takes.
    return bytes.length <= maximumPacketSize ? bytes : this.encode({ cmd: 'disconnect', reasonCode });
  }

  /** Send what may leave, and why there is no more. */
  private leave(reason: string, reasonCode?: ReasonCode, farewell?: Buffer): void {
    if (!this.closed) {
      const isKept = this.around.outbox.isKept();
      // Who was not told of the connection is not told of its end.
      const last = [...isKept ? this.out : [], ...farewell !== undefined && (isKept || this.wasAnswered) ? [farewell] : []];
      if (last.length > 0) {
        this.hand(last);
      }
      this.drop(reason, reasonCode, true);
    }
  }

  private hand(out: readonly Buffer[], bytes?: number): void {
    this.wasAnswered = true;
    this.socket.write(out.length === 1 ? out[0] : Buffer.concat(out, bytes));
  }

  private encode(packet: Packet): Buffer {
    return generate(packet, { protocolVersion: this.version });
  }

  private drop(reason: string, reasonCode?: ReasonCode, gracefully = false): void {
    if (this.closed) {
      return;
    }
    this.closed = true;
    this.silence?.cancel();
    this.unwatch?.();
    this.out = [];
    if (gracefully) {
      this.socket.end();
      // A client that never reads would keep the socket half open.
      const timer = this.around.clock.after(SAFETY.lingerMs, () => this.socket.destroy());
      this.socket.once('close', () => timer.cancel());
      this.socket.resume();
    } else {
      this.socket.destroy();
    }
    this.tell(reason, reasonCode);
    this.onClosed();
  }

  private tell(reason: string, reasonCode: ReasonCode | undefined): void {
    const { broker, journal, watcher } = this.around;
    if (this.established !== undefined) {
      if (this.will !== undefined) {
        broker.scheduleWill(this.clientId, this.will.message, this.will.delaySec);
      }
      broker.close(this.established.session, this);
      journal.note(this.asker, 'disconnected', reason);
      watcher?.disconnected(this, reasonCode);
    }
  }

  private read(chunk: Buffer): void {
    if (this.closed) {
      return;
    }
    this.lastHeard = this.around.clock.now();
    this.reader.read(chunk);
  }

  private handle(packet: Packet, bytes: number): void {
    if (this.closed) {
      return;
    }
    if (this.waiting !== undefined) {
      this.waiting.push([packet, bytes]);
      return;
    }
    const handler = HANDLERS[packet.cmd];
    // [MQTT-3.1.0-1] The first packet must be CONNECT, [MQTT-3.1.0-2] and there is only one.
    if (handler === undefined || (packet.cmd === 'connect') !== (this.established === undefined)) {
      this.refuse(ReasonCode.PROTOCOL_ERROR, `unexpected ${packet.cmd.toUpperCase()}`);
      return;
    }
    const objection = objectToPacket(packet, bytes);
    if (objection !== undefined) {
      this.refuse(ReasonCode.PROTOCOL_ERROR, `${packet.cmd.toUpperCase()}: ${objection}`);
      return;
    }
    handler(this, packet);
  }

  private write(bytes: Buffer): void {
    if (this.closed) {
      return;
    }
    this.outBytes += bytes.length;
    if (this.out.push(bytes) === 1) {
      this.around.outbox.add(this);
    }
    if (this.outBytes + this.socket.writableLength > SAFETY.unreadBytes) {
      this.around.journal.note(this.asker, 'refused', 'the client does not read what it subscribed to');
      this.drop('the client does not read what it subscribed to', ReasonCode.QUOTA_EXCEEDED);
    }
  }

  /** [MQTT-3.1.2-22] Silence of one and a half times the keep alive ends the connection. */
  private watchKeepAlive(): void {
    const { clock } = this.around;
    const allowed = this.established!.keepAliveSec * 1500;
    const check = (): void => {
      const silent = clock.now() - this.lastHeard;
      if (silent >= allowed) {
        this.close(ReasonCode.KEEP_ALIVE_TIMEOUT, 'nothing heard within the keep alive');
      } else {
        this.silence = clock.after(allowed - silent, check);
      }
    };
    check();
  }
}
