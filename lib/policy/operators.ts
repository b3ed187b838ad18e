import type * as nodeNet from 'node:net';
import { splitArn } from './arn';
import type { ArnParts } from './arn';
import type { PolicyFinding } from './findings';
import { Pattern } from './pattern';
import type { Answer, Substitute } from './pattern';
import { showText } from './text';
import type { Text } from './text';
import { tokenize } from './tokens';
import type { Syntax } from './tokens';

/** Loaded with the first address range: Node takes longer to load it than to load the rest of this folder. */
function net(): typeof nodeNet {
  return require('node:net') as typeof nodeNet;
}

/** Compares a value of the request with one value of the policy. */
export type Comparison = (actual: string, substitute: Substitute) => Answer;

/** What is wrong with a value, and what to write instead. */
export type Problem = Pick<PolicyFinding, 'message' | 'fix'>;

/** One operator: how a value in the policy is read, and how a value of the request compares with it. */
export interface OperatorRecord {
  readonly name: string;

  /** A negated operator is true when no value matches, and when the key is absent. */
  readonly negated?: boolean;

  /** Makes the comparison for one value of the policy, or says what is wrong with it. */
  readonly compile: (value: Text, variables: Syntax['variables']) => Comparison | Problem;
}

/**
 * The operators of the condition element, apart from `Null`.
 *
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
 */
const OPERATORS: readonly OperatorRecord[] = [
  { name: 'StringEquals', compile: equalText },
  { name: 'StringNotEquals', negated: true, compile: equalText },
  { name: 'StringEqualsIgnoreCase', compile: equalTextIgnoringCase },
  { name: 'StringNotEqualsIgnoreCase', negated: true, compile: equalTextIgnoringCase },
  { name: 'StringLike', compile: likeText },
  { name: 'StringNotLike', negated: true, compile: likeText },
  { name: 'ArnEquals', compile: likeArn },
  { name: 'ArnLike', compile: likeArn },
  { name: 'ArnNotEquals', negated: true, compile: likeArn },
  { name: 'ArnNotLike', negated: true, compile: likeArn },
  { name: 'Bool', compile: equalBoolean },
  { name: 'IpAddress', compile: withinAddressRange },
  { name: 'NotIpAddress', negated: true, compile: withinAddressRange },
  { name: 'NumericEquals', compile: undocumented },
  { name: 'NumericNotEquals', negated: true, compile: undocumented },
  { name: 'NumericLessThan', compile: undocumented },
  { name: 'NumericLessThanEquals', compile: undocumented },
  { name: 'NumericGreaterThan', compile: undocumented },
  { name: 'NumericGreaterThanEquals', compile: undocumented },
  { name: 'DateEquals', compile: undocumented },
  { name: 'DateNotEquals', negated: true, compile: undocumented },
  { name: 'DateLessThan', compile: undocumented },
  { name: 'DateLessThanEquals', compile: undocumented },
  { name: 'DateGreaterThan', compile: undocumented },
  { name: 'DateGreaterThanEquals', compile: undocumented },
  { name: 'BinaryEquals', compile: undocumented },
];

const BY_LOWER_NAME = new Map(OPERATORS.map((operator) => [operator.name.toLowerCase(), operator]));

export const OPERATOR_NAMES: readonly string[] = [...OPERATORS.map((operator) => operator.name), 'Null'];

/** Look an operator up, without qualifier and suffix; operator names are case-insensitive. */
export function findOperator(name: string): OperatorRecord | undefined {
  return BY_LOWER_NAME.get(name.toLowerCase());
}

/** Numbers, dates and binary values: every key that AWS IoT documents is a string, a boolean, an address or an ARN. */
function undocumented(): Comparison {
  return () => 'unknown';
}

function equalText(value: Text, variables: Syntax['variables']): Comparison {
  return matchText(value, { wildcards: false, variables });
}

function likeText(value: Text, variables: Syntax['variables']): Comparison {
  return matchText(value, { wildcards: true, variables });
}

function matchText(value: Text, syntax: Syntax): Comparison {
  const pattern = new Pattern(tokenize(value, syntax));
  return (actual, substitute) => pattern.match(actual, substitute);
}

function equalTextIgnoringCase(value: Text, variables: Syntax['variables']): Comparison {
  const pattern = new Pattern(tokenize(value, { wildcards: false, variables }).map((token) => (
    token.kind === 'text' ? { ...token, value: token.value.toLowerCase() } : token
  )));
  return (actual, substitute) => pattern.match(actual.toLowerCase(), (key) => {
    const substitution = substitute(key);
    return typeof substitution === 'string' ? substitution.toLowerCase() : substitution;
  });
}

/** ArnEquals and ArnLike behave alike: each of the six segments may hold wildcards. */
function likeArn(value: Text, variables: Syntax['variables']): Comparison | Problem {
  if (value === '*') {
    return () => 'yes';
  }
  const syntax = { wildcards: true, variables };
  const parts = splitArn(value);
  if (parts === undefined && typeof value === 'string') {
    return { message: `'${value}' is not an ARN`, fix: 'write all six segments, such as arn:aws:iot:*:*:topic/name' };
  }
  const segments = parts && segmentsOf(parts);
  if (segments === undefined || segments.slice(0, -1).some((segment) => typeof segment !== 'string')) {
    // An unknown part may hold colons, so the segments are not known either.
    return matchText(value, syntax);
  }
  const patterns = segments.map((segment) => new Pattern(tokenize(segment, syntax)));
  return (actual, substitute) => {
    const actualParts = splitArn(actual);
    if (actualParts === undefined) {
      return 'no';
    }
    const answers = segmentsOf(actualParts).map((segment, index) => patterns[index]!.match(showText(segment), substitute));
    return answers.includes('no') ? 'no' : answers.includes('unknown') ? 'unknown' : 'yes';
  };
}

function segmentsOf(parts: ArnParts): readonly Text[] {
  return [parts.prefix, parts.partition, parts.service, parts.region, parts.account, parts.resource];
}

function equalBoolean(value: Text): Comparison | Problem {
  if (typeof value !== 'string') {
    return () => 'unknown';
  }
  const wanted = value.toLowerCase();
  return wanted === 'true' || wanted === 'false'
    ? (actual) => (actual.toLowerCase() === wanted ? 'yes' : 'no')
    : { message: `'${value}' is not a boolean`, fix: 'write "true" or "false"' };
}

/** @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html#Conditions_IPAddress */
function withinAddressRange(value: Text): Comparison | Problem {
  if (typeof value !== 'string') {
    return () => 'unknown';
  }
  const [, address = value, bits] = /^([^/]*)\/(\d{1,3})$/.exec(value) ?? [];
  const family = familyOf(address);
  const most = family === 'ipv4' ? 32 : 128;
  if (family === undefined || Number(bits ?? most) > most) {
    return {
      message: `'${value}' is not an IP address or CIDR range`,
      fix: 'write an address or a range, such as 203.0.113.0/24 or 2001:db8::/32',
    };
  }
  const range = new (net().BlockList)();
  range.addSubnet(address, Number(bits ?? most), family);
  return (actual) => {
    const actualFamily = familyOf(actual);
    return actualFamily !== undefined && range.check(actual, actualFamily) ? 'yes' : 'no';
  };
}

/** An address of one interface, such as `fe80::1%eth0`, is none that a request can come from. */
function familyOf(address: string): 'ipv4' | 'ipv6' | undefined {
  const version = address.includes('%') ? 0 : net().isIP(address);
  return version === 0 ? undefined : version === 4 ? 'ipv4' : 'ipv6';
}
