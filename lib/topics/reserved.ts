import { JobAccess } from './job-access';
import { PayloadFormat } from './payload-format';
import { ShadowAccess, type Shadow } from './shadow';
import type { StreamAccess } from './stream-access';

/** What a device needs of a reserved topic, below a prefix. */
interface ReservedRow {
  readonly publish?: string;
  readonly subscribe: readonly string[];
  readonly receive: readonly string[];
}

/** A row for everything that a level of access adds to the one before it. */
type ReservedTable = readonly { readonly access: string; readonly rows: readonly ReservedRow[] }[];

/**
 * A request and its two answers.
 *
 * Devices subscribe to the answers by name or, as AWS's device SDKs do, with `+`; the `*` of Subscribe covers both and
 * there is nothing else on that level. Receive, which decides what reaches the device, names each topic.
 */
function request(topic: string): ReservedRow {
  return { publish: topic, subscribe: [`${topic}/*`], receive: [`${topic}/accepted`, `${topic}/rejected`] };
}

function event(topic: string): ReservedRow {
  return { subscribe: [topic], receive: [topic] };
}

/** @see https://docs.aws.amazon.com/iot/latest/developerguide/device-shadow-mqtt.html */
const SHADOW: ReservedTable = [
  { access: ShadowAccess.READ, rows: [request('get'), event('update/delta'), event('update/documents')] },
  { access: ShadowAccess.READ_WRITE, rows: [request('update')] },
  { access: ShadowAccess.READ_WRITE_DELETE, rows: [request('delete')] },
];

/**
 * The `*` level is a job id, which nobody knows beforehand.
 *
 * @see https://docs.aws.amazon.com/iot/latest/developerguide/reserved-topics.html#reserved-topics-job
 */
const JOBS: ReservedTable = [
  { access: JobAccess.READ, rows: [event('notify'), event('notify-next'), request('get'), request('*/get')] },
  { access: JobAccess.EXECUTE, rows: [request('start-next'), request('*/update')] },
];

/** @see https://docs.aws.amazon.com/iot/latest/developerguide/reserved-topics.html#reserved-topics-secure */
const TUNNELS: readonly ReservedRow[] = [event('notify')];

/** @see https://docs.aws.amazon.com/iot/latest/developerguide/reserved-topics.html#reserved-topics-mqtt-based-file-delivery */
const STREAM_REQUESTS = ['describe', 'get'];
const STREAM_ANSWERS = ['description', 'data', 'rejected'];

/** What an app does with a shadow. */
export type ShadowUse = 'read' | 'update' | 'delete';

/** The access of a device that has the use besides the ones before it. */
const SHADOW_USES: { readonly [use in ShadowUse]: string } = {
  read: ShadowAccess.READ,
  update: ShadowAccess.READ_WRITE,
  delete: ShadowAccess.READ_WRITE_DELETE,
};

/** Patterns of reserved topics that a device or an app may use. */
export interface ReservedTopics {
  readonly publish: readonly string[];
  readonly subscribe: readonly string[];
  readonly receive: readonly string[];
}

export function shadowTopics(shadow: Shadow): ReservedTopics {
  return below(shadowPrefix(shadow), upTo(SHADOW, shadow.access));
}

/** The topics of one use alone: who may update a shadow need not be allowed to read it. */
export function shadowTopicsFor(shadow: Shadow, use: ShadowUse): ReservedTopics {
  return below(shadowPrefix(shadow), SHADOW.find((entry) => entry.access === SHADOW_USES[use])!.rows);
}

function shadowPrefix({ shadowName }: Shadow): string {
  return `$aws/things/{thing}/shadow${shadowName === undefined ? '' : `/name/${shadowName}`}`;
}

export function jobTopics(access: JobAccess): ReservedTopics {
  return below('$aws/things/{thing}/jobs', upTo(JOBS, access));
}

/** With all formats, `*` stands for them: a policy has room for few topics, and below these there is nothing else. */
export function streamTopics({ streamId = '*', payloadFormats }: StreamAccess): ReservedTopics {
  const written = payloadFormats.length === Object.keys(PayloadFormat).length ? ['*'] : payloadFormats;
  const each = (names: readonly string[]) => written.flatMap((format) => names.map((name) => `${name}/${format}`));
  const answers = each(STREAM_ANSWERS).map(event);
  return below(`$aws/things/{thing}/streams/${streamId}`, [...each(STREAM_REQUESTS).map((publish) => ({ publish, subscribe: [], receive: [] })), ...answers]);
}

export function defenderTopics(formats: readonly PayloadFormat[]): ReservedTopics {
  return below('$aws/things/{thing}/defender/metrics', formats.map(request));
}

export function tunnelTopics(): ReservedTopics {
  return below('$aws/things/{thing}/tunnels', TUNNELS);
}

function upTo(table: ReservedTable, access: string): readonly ReservedRow[] {
  return table.slice(0, table.findIndex((entry) => entry.access === access) + 1).flatMap((entry) => entry.rows);
}

function below(prefix: string, rows: readonly ReservedRow[]): ReservedTopics {
  const prefixed = (topics: readonly string[]) => topics.map((topic) => `${prefix}/${topic}`);
  return {
    publish: prefixed(rows.flatMap((row) => row.publish ?? [])),
    subscribe: prefixed(rows.flatMap((row) => row.subscribe)),
    receive: prefixed(rows.flatMap((row) => row.receive)),
  };
}
