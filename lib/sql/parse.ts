import type { Query } from './ast';
import { SqlError } from './error';
import type { SqlVersion } from './evaluation';
import { Parser } from './parser';

export interface SqlOptions {
  /**
   * The version of the language. Of 2015-10-08, only what it does not know is refused: whole numbers such as `10.0` are
   * Ints here in both, where AWS keeps a Decimal.
   *
   * @default '2016-03-23'
   */
  readonly version?: SqlVersion;
}

/** The longest statement that is read. */
const MAX_LENGTH = 131_072;

/**
 * Parse the SQL of a rule.
 *
 * @throws SqlError at the place that AWS IoT would refuse.
 * @see https://docs.aws.amazon.com/iot/latest/developerguide/iot-sql-reference.html
 */
export function parseSql(sql: string, { version = '2016-03-23' }: SqlOptions = {}): Query {
  requireLength(sql, 'a statement');
  return new Parser(sql, version).query();
}

export function requireLength(text: string, what: string): void {
  if (text.length > MAX_LENGTH) {
    throw new SqlError(`${what} has no more than ${MAX_LENGTH} characters, got ${text.length}`, 1, 1);
  }
}
