/**
 * MQTT 5 reason codes that the broker sends.
 *
 * @see https://docs.aws.amazon.com/iot/latest/developerguide/mqtt.html#mqtt5-reason-codes
 */
export const ReasonCode = {
  SUCCESS: 0,
  DISCONNECT_WITH_WILL: 4,
  NO_SUBSCRIPTION_EXISTED: 17,
  UNSPECIFIED_ERROR: 128,
  MALFORMED_PACKET: 129,
  PROTOCOL_ERROR: 130,
  CLIENT_IDENTIFIER_NOT_VALID: 133,
  NOT_AUTHORIZED: 135,
  SERVER_SHUTTING_DOWN: 139,
  KEEP_ALIVE_TIMEOUT: 141,
  SESSION_TAKEN_OVER: 142,
  TOPIC_FILTER_INVALID: 143,
  TOPIC_NAME_INVALID: 144,
  TOPIC_ALIAS_INVALID: 148,
  PACKET_TOO_LARGE: 149,
  QUOTA_EXCEEDED: 151,
  ADMINISTRATIVE_ACTION: 152,
  QOS_NOT_SUPPORTED: 155,
  SUBSCRIPTION_IDENTIFIERS_NOT_SUPPORTED: 161,
} as const;

export type ReasonCode = (typeof ReasonCode)[keyof typeof ReasonCode];

/** MQTT 3.1.1 return codes of a CONNACK. */
export const ReturnCode = {
  ACCEPTED: 0,
  IDENTIFIER_REJECTED: 2,
  /** What AWS IoT sends where the standard has 5 (AWS developer guide, MQTT page of 2022). */
  NOT_AUTHORIZED: 7,
} as const;

/** The failure code of an MQTT 3.1.1 SUBACK. */
export const SUBACK_FAILURE = 128;
