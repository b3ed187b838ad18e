import type { Packet, PacketCmd } from 'mqtt-packet';
import type { Connection } from '../connection';
import { handleConnect } from './connect';
import { handleDisconnect } from './disconnect';
import { handlePingreq } from './pingreq';
import { handlePuback } from './puback';
import { handlePublish } from './publish';
import { handleSubscribe } from './subscribe';
import { handleUnsubscribe } from './unsubscribe';

type Handler<C extends PacketCmd> = (connection: Connection, packet: Extract<Packet, { cmd: C }>) => void;

const TABLE: { readonly [C in PacketCmd]?: Handler<C> } = {
  connect: handleConnect,
  publish: handlePublish,
  puback: handlePuback,
  subscribe: handleSubscribe,
  unsubscribe: handleUnsubscribe,
  pingreq: handlePingreq,
  disconnect: handleDisconnect,
};

/** One handler for each packet that a client may send; AWS IoT has no QoS 2 and no enhanced authentication. */
export const HANDLERS = TABLE as { readonly [cmd: string]: ((connection: Connection, packet: Packet) => void) | undefined };
