/**
 * The limits of the AWS IoT Core message broker that the twin enforces.
 *
 * @see https://docs.aws.amazon.com/general/latest/gr/iot-core.html
 */
export const LIMITS = {
  /** Bytes of one message's payload. */
  payloadBytes: 128 * 1024,

  /** Bytes of one MQTT packet; what AWS announces as the maximum packet size. */
  packetBytes: 149_504,

  /** Bytes of a topic name or filter, and the slashes in it. */
  topicBytes: 256,
  topicSlashes: 7,

  clientIdBytes: 128,
  filtersPerSubscribe: 8,
  subscriptionsPerConnection: 50,

  /** Characters of the group name and the filter of a shared subscription. */
  shareNameLength: 128,
  shareFilterLength: 256,

  /** Unacknowledged QoS 1 messages in each direction. */
  inflight: 100,

  /** Inbound topic aliases of one MQTT 5 connection. */
  topicAliases: 8,

  /** Seconds; 0 and longer ask for the longest, shorter for the shortest. */
  keepAliveMinSec: 30,
  keepAliveMaxSec: 1200,

  /** Seconds that the session of an MQTT 3.1.1 client outlives its connection, and the most that MQTT 5 may ask for. */
  sessionExpirySec: 3600,
  sessionExpiryMaxSec: 7 * 24 * 3600,

  /** Bytes of the desired and reported state of a shadow as JSON, and objects and arrays in it within each other. */
  shadowBytes: 8 * 1024,
  shadowDepth: 6,

  /** Seconds for which a deleted shadow's version is remembered. */
  deletedShadowSec: 48 * 3600,

  /** Requests to one shadow. */
  shadowRequestsPerSec: 20,

  /** Bytes of a token in a request to a shadow. */
  clientTokenBytes: 64,
} as const;

/** What the twin itself allows, so that no client can exhaust the process. */
export const SAFETY = {
  /** Bytes that wait for a subscriber to read before its connection is cut. */
  unreadBytes: 8 * 1024 * 1024,

  /** Bytes of QoS 1 messages that wait for a session, their properties included: beyond, a connected client is cut and an absent one misses the newest. */
  queuedBytes: 64 * 1024 * 1024,

  /** The same for all sessions together. */
  allQueuedBytes: 512 * 1024 * 1024,

  /** Milliseconds from TCP connection to CONNECT. */
  connectTimeoutMs: 10_000,

  /** Milliseconds that a closing connection has to read its last packets. */
  lingerMs: 2000,

  /** Bytes of an HTTPS request's body that are read before its connection is cut; it is refused long before. */
  requestBytes: 4 * 1024 * 1024,

  /** Open connections. */
  connections: 20_000,

  /** Sessions, with a connection or without. */
  sessions: 100_000,

  /** Retained messages, and the bytes of their topics, payloads and properties. */
  retainedMessages: 100_000,
  retainedBytes: 256 * 1024 * 1024,

  /** Shadows, and deleted ones whose version is remembered; the characters of all their documents, with metadata. */
  shadows: 250_000,
  shadowCharacters: 256 * 1024 * 1024,

  /**
   * The same for the named shadows of one thing, so that who may write any shadow of a thing takes no room of others: a
   * hundredth of all, and more than any design with one shadow for each purpose has. AWS states no limit.
   */
  namedShadowsPerThing: 2500,
  namedShadowCharactersPerThing: 4 * 1024 * 1024,
} as const;
