/**
 * MQTT 5 reason codes that the broker sends.
 *
 * @see https://docs.aws.amazon.com/iot/latest/developerguide/mqtt.html#mqtt5-reason-codes
 */
export const ReasonCode = {
  SUCCESS: 0,
  NO_SUBSCRIPTION_EXISTED: 17,
  UNSPECIFIED_ERROR: 128,
  MALFORMED_PACKET: 129,
  PROTOCOL_ERROR: 130,
  UNSUPPORTED_PROTOCOL_VERSION: 132,
  CLIENT_IDENTIFIER_NOT_VALID: 133,
  NOT_AUTHORIZED: 135,
  SERVER_SHUTTING_DOWN: 139,
  BAD_AUTHENTICATION_METHOD: 140,
  KEEP_ALIVE_TIMEOUT: 141,
  SESSION_TAKEN_OVER: 142,
  TOPIC_FILTER_INVALID: 143,
  TOPIC_NAME_INVALID: 144,
  TOPIC_ALIAS_INVALID: 148,
  PACKET_TOO_LARGE: 149,
  QUOTA_EXCEEDED: 151,
  ADMINISTRATIVE_ACTION: 152,
  QOS_NOT_SUPPORTED: 155,
  MAXIMUM_CONNECT_TIME: 160,
  SUBSCRIPTION_IDENTIFIERS_NOT_SUPPORTED: 161,
} as const;

export type ReasonCode = (typeof ReasonCode)[keyof typeof ReasonCode];

/** MQTT 3.1.1 return codes of a CONNACK. */
export const ReturnCode = {
  ACCEPTED: 0,
  UNACCEPTABLE_PROTOCOL_VERSION: 1,
  IDENTIFIER_REJECTED: 2,
  SERVER_UNAVAILABLE: 3,
  /** What AWS IoT sends where the standard has 5 (AWS developer guide, MQTT page of 2022). */
  NOT_AUTHORIZED: 7,
} as const;

/** The failure code of an MQTT 3.1.1 SUBACK. */
export const SUBACK_FAILURE = 128;

/** Characters of a reason that an MQTT 5 client is told. */
const REASON_LENGTH = 500;

/** A reason as a property: it may quote what the client sent, of any length and with characters that MQTT does not allow. */
export function reasonString(reason: string): string {
  return reason.slice(0, REASON_LENGTH).replace(/[\u0000-\u001f\u007f-\u009f]|\p{Surrogate}/gu, '?');
}
