import { JobAccess } from './job-access';
import { ShadowAccess, type Shadow } from './shadow';

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

/** Patterns of reserved topics that a device may use. */
export interface ReservedTopics {
  readonly publish: readonly string[];
  readonly subscribe: readonly string[];
  readonly receive: readonly string[];
}

export function shadowTopics({ shadowName, access }: Shadow): ReservedTopics {
  const name = shadowName === undefined ? '' : `/name/${shadowName}`;
  return below(`$aws/things/{thing}/shadow${name}`, SHADOW, access);
}

export function jobTopics(access: JobAccess): ReservedTopics {
  return below('$aws/things/{thing}/jobs', JOBS, access);
}

function below(prefix: string, table: ReservedTable, access: string): ReservedTopics {
  const rows = table.slice(0, table.findIndex((entry) => entry.access === access) + 1).flatMap((entry) => entry.rows);
  const prefixed = (topics: readonly string[]) => topics.map((topic) => `${prefix}/${topic}`);
  return {
    publish: prefixed(rows.flatMap((row) => row.publish ?? [])),
    subscribe: prefixed(rows.flatMap((row) => row.subscribe)),
    receive: prefixed(rows.flatMap((row) => row.receive)),
  };
}
