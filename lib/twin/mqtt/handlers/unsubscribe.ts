import type { IUnsubscribePacket } from 'mqtt-packet';
import { LIMITS } from '../../limits';
import type { Connection } from '../connection';
import { ReasonCode } from '../reason-codes';

/** UNSUBSCRIBE: needs no permission. */
export function handleUnsubscribe(connection: Connection, { unsubscriptions, messageId }: IUnsubscribePacket): void {
  if (unsubscriptions.length > LIMITS.filtersPerSubscribe) {
    connection.refuse(ReasonCode.QUOTA_EXCEEDED, `more than ${LIMITS.filtersPerSubscribe} filters in one UNSUBSCRIBE`);
    return;
  }
  const { session } = connection.established!;
  const granted = unsubscriptions.map((requested) => (
    session.subscriptions.has(requested) && connection.around.broker.unsubscribe(session, requested)
      ? ReasonCode.SUCCESS
      : ReasonCode.NO_SUBSCRIPTION_EXISTED
  ));
  connection.send({ cmd: 'unsuback', messageId: messageId!, granted });
  const unsubscribed = unsubscriptions.filter((_, index) => granted[index] === ReasonCode.SUCCESS);
  if (unsubscribed.length > 0) {
    connection.around.watcher?.unsubscribed(connection, unsubscribed);
  }
}
