import { toInt, toText } from '../convert';
import { fromDouble, toDouble } from '../number';
import { formatTime } from '../time/format';
import { parseTime } from '../time/parse';
import { zoneOf } from '../time/zone';
import type { Value } from '../value';
import { define } from './function';
import type { SqlFunction } from './function';

const MAX_TIME_LENGTH = 200;

function parse_time(args: readonly Value[]): Value {
  const [pattern, zoneId] = [toText(args[0]), args.length < 3 ? 'UTC' : toText(args[2])];
  const moment = toInt(args[1]);
  const zone = zoneId === undefined ? undefined : zoneOf(zoneId);
  return pattern === undefined || moment === undefined || zone === undefined ? undefined : formatTime(pattern, toDouble(moment), zone);
}

function time_to_epoch([value, given]: readonly Value[]): Value {
  const [text, pattern] = [toText(value), toText(given)];
  const moment = text === undefined || pattern === undefined || text.length > MAX_TIME_LENGTH ? undefined : parseTime(text, pattern);
  return moment === undefined ? undefined : fromDouble(moment);
}

/** Formatting and reading times takes as long as about so many other steps. */
const TIME_STEPS = 200;

export const TIME_FUNCTIONS: readonly SqlFunction[] = [
  define('parse_time', '2016-03-23', [2, 3], 'iot-sql-function-parse-time', (args, { work }) => {
    work.spend(TIME_STEPS);
    return parse_time(args);
  }),
  define('time_to_epoch', '2016-03-23', [2, 2], 'iot-sql-function-time-to-epoch', (args, { work }) => {
    work.spend(TIME_STEPS);
    return time_to_epoch(args);
  }),
];
