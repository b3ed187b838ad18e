import { toInt, toText } from '../convert';
import { fromDouble, toDouble } from '../number';
import { formatTime } from '../time/format';
import { parseTime } from '../time/parse';
import { MAX_PATTERN_LENGTH } from '../time/pattern';
import { UTC, zoneOf } from '../time/zone';
import type { Value } from '../value';
import type { Work } from '../work';
import { define } from './function';
import type { SqlFunction } from './function';

const MAX_TIME_LENGTH = 200;

/** Steps for each letter of a pattern: the names of zones take Node long. */
const LETTER_STEPS = 100;

/** The pattern of an argument, if it can be one. */
function patternOf(value: Value, work: Work): string | undefined {
  const pattern = toText(value, work);
  if (pattern === undefined || pattern.length > MAX_PATTERN_LENGTH) {
    return undefined;
  }
  work.spend(LETTER_STEPS * (1 + pattern.length));
  return pattern;
}

function parse_time(args: readonly Value[], work: Work): Value {
  const pattern = patternOf(args[0], work);
  const moment = toInt(args[1], work);
  const zoneId = toText(args[2], work);
  const zone = args.length < 3 ? UTC : zoneId === undefined ? undefined : zoneOf(zoneId, work);
  return pattern === undefined || moment === undefined || zone === undefined ? undefined : formatTime(pattern, toDouble(moment), zone);
}

function time_to_epoch(args: readonly Value[], work: Work): Value {
  const text = toText(args[0], work);
  const pattern = patternOf(args[1], work);
  const moment = text === undefined || pattern === undefined || text.length > MAX_TIME_LENGTH ? undefined : parseTime(text, pattern, work);
  return moment === undefined ? undefined : fromDouble(moment);
}

export const TIME_FUNCTIONS: readonly SqlFunction[] = [
  define('parse_time', '2016-03-23', [2, 3], 'iot-sql-function-parse-time', (args, { work }) => parse_time(args, work)),
  define('time_to_epoch', '2016-03-23', [2, 2], 'iot-sql-function-time-to-epoch', (args, { work }) => time_to_epoch(args, work)),
];
