import type * as api from '@aws-sdk/client-iot';
import { check } from './checks';
import type { JobRecord } from './records';

const MINUTE_MS = 60_000;
const YEAR_MS = 365 * 24 * 60 * MINUTE_MS;

/** How long before each is to be asked for, and how long a job lasts. */
const SHORTEST_MS = 30 * MINUTE_MS;
const LATEST_START_MS = YEAR_MS;
const LATEST_END_MS = 2 * YEAR_MS;

const END_BEHAVIORS = ['STOP_ROLLOUT', 'CANCEL', 'FORCE_CANCEL'] as const satisfies readonly api.JobEndBehavior[];

/** A date and a time of day; UTC unless it says otherwise. */
const TIME = /^(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?)(Z|[+-]\d{2}:\d{2})?$/;

/**
 * When a job starts and ends, by what it was created with.
 *
 * @throws IotError for times that the API does not take, and for maintenance windows, which the twin does not have
 * @see https://docs.aws.amazon.com/iot/latest/apireference/API_SchedulingConfig.html
 */
export function scheduleOf(config: api.SchedulingConfig | undefined, now: number): Pick<JobRecord, 'schedulingConfig' | 'startsAt' | 'endsAt'> {
  if (config === undefined) {
    return {};
  }
  const { startTime, endTime, endBehavior, maintenanceWindows } = config;
  check((maintenanceWindows?.length ?? 0) > 0 ? 'the twin does not take maintenanceWindows: a job runs from its startTime to its endTime' : undefined);
  check(endBehavior !== undefined && !END_BEHAVIORS.includes(endBehavior) ? `'endBehavior' must be one of ${END_BEHAVIORS.join(', ')}` : undefined);
  check(endBehavior !== undefined && endTime === undefined ? "'endBehavior' needs an 'endTime'" : undefined);
  const [startsAt, endsAt] = [timeOf('startTime', startTime), timeOf('endTime', endTime)];
  check(startsAt !== undefined && !isBetween(startsAt - now, LATEST_START_MS) ? "'startTime' must be from 30 minutes to a year from now" : undefined);
  check(endsAt !== undefined && !isBetween(endsAt - now, LATEST_END_MS) ? "'endTime' must be from 30 minutes to two years from now" : undefined);
  check(endsAt !== undefined && startsAt !== undefined && !isBetween(endsAt - startsAt, LATEST_END_MS) ? "'endTime' must be from 30 minutes to two years after 'startTime'" : undefined);
  return {
    schedulingConfig: { ...startTime !== undefined && { startTime }, ...endTime !== undefined && { endTime }, ...endBehavior !== undefined && { endBehavior } },
    ...startsAt !== undefined && { startsAt },
    ...endsAt !== undefined && { endsAt },
  };
}

function timeOf(name: string, time: string | undefined): number | undefined {
  if (time === undefined) {
    return undefined;
  }
  const [, date, ofDay, zone = 'Z'] = TIME.exec(String(time).slice(0, 65)) ?? [];
  const milliseconds = Date.parse(`${date}T${ofDay}${zone}`);
  check(Number.isNaN(milliseconds) ? `'${name}' must be a date and a time such as 2030-01-31T18:00, in UTC unless it says otherwise` : undefined);
  return milliseconds;
}

function isBetween(milliseconds: number, most: number): boolean {
  return milliseconds >= SHORTEST_MS && milliseconds <= most;
}
