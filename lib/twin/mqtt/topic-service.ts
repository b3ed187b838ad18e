import type { Asker } from '../journal';

/** A client that published to a topic of AWS IoT itself. */
export interface Requester {
  readonly asker: Asker;
  readonly clientId: string;

  /** Who it is: the id of its certificate, or whose credentials it has. */
  readonly principal: string;

  /**
   * Tell this client alone, if it is still there, subscribed to the topic, and may receive it.
   *
   * @param always whether it is told without a subscription too; the policies decide all the same
   */
  answer(topic: string, payload: Buffer, always?: boolean): void;
}

/** Takes what clients publish to topics of AWS IoT itself. The payload is good until it returns. */
export interface TopicService {
  /** Whether the topic is one of this service; such a message goes to nobody else. */
  receive(topic: string, payload: Buffer, requester: Requester): boolean;
}
