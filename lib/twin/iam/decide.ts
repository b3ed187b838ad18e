import { canonicalKey, matchAction, not, splitArn, UNKNOWN_VALUE } from '../../policy';
import type { Answer, Context, ContextValue, Policy, ResourcePattern, Statement, Substitution } from '../../policy';
import type { KnownKeys } from './need';

/** What is asked for, and what is known about the request. */
export interface Question {
  readonly action: string;

  /** An ARN; absent for what has no resource. */
  readonly resource?: string;
  readonly values: KnownKeys;
}

/** What the statements of each effect say. */
export interface Weighed {
  readonly allow: Answer;
  readonly deny: Answer;
}

/**
 * Whether policies of IAM allow an action of any service. A Deny that may match refuses, and an Allow that may match does
 * not allow: what is not known offline never opens anything.
 *
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
 */
export function allows(policies: readonly Policy[], question: Question): boolean {
  const { allow, deny } = weigh(policies, question);
  return weakest([allow, not(deny)]) === 'yes';
}

/** What policies say for and against an action. */
export function weigh(policies: readonly Policy[], question: Question): Weighed {
  const context = new KnownValues(question.values);
  const all = policies.flatMap(({ statements }) => statements);
  const strongestOf = (effect: Statement['effect']): Answer => strongest(all.filter((statement) => statement.effect === effect).map((statement) => match(statement, question, context)));
  return { allow: strongestOf('Allow'), deny: strongestOf('Deny') };
}

/** What of policies does not tell offline whether it is about an action, a line each. */
export function doubtsAbout(policies: readonly Policy[], question: Question): readonly string[] {
  const context = new KnownValues(question.values);
  const doubtful = policies.flatMap(({ statements }) => statements).filter((statement) => match(statement, question, context) === 'unknown');
  return [...new Set(doubtful.map(({ policy, uncertain, conditions }) => {
    const key = conditions.find((condition) => condition.evaluate(context) === 'unknown')?.key;
    return `what ${policy} says is known to AWS alone${uncertain ? '' : key === undefined || key === '' ? ', in part' : `, as it hangs on ${key}`}`;
  }))];
}

/** Whether policies allow an action on something, whatever that may be, and do not deny it on everything. */
export function allowsSomewhere(policies: readonly Policy[], action: string): boolean {
  const about = policies.flatMap(({ statements }) => statements).filter((statement) => matchAction(statement, action) !== 'no');
  return about.some(({ effect }) => effect === 'Allow') && !about.some((statement) => statement.effect === 'Deny' && isCertain(statement, action));
}

/** Whether a statement is about an action on whatever there is, under all circumstances. */
function isCertain(statement: Statement, action: string): boolean {
  const { resources: { negated, patterns }, conditions, uncertain } = statement;
  return matchAction(statement, action) === 'yes' && !negated && patterns.some(({ source }) => source === '*') && conditions.length === 0 && uncertain !== true;
}

/** What a request has that it is told of, and nothing else: a principal has the tags of its session, and a request those that it sends. */
const ALWAYS_TOLD = /^(aws:principaltag\/|aws:requesttag\/|cognito-identity\.amazonaws\.com:)/;

/** The condition keys of a request. What it is not told, such as the organization of the caller, has a value that nobody knows. */
class KnownValues implements Context {
  private readonly values: ReadonlyMap<string, ContextValue | undefined>;

  constructor(values: KnownKeys) {
    this.values = new Map(Object.entries(values).map(([key, value]) => [canonicalKey(key), value]));
  }

  public value(key: string): ContextValue | undefined {
    return this.values.has(key) || ALWAYS_TOLD.test(key) ? this.values.get(key) : UNKNOWN_VALUE;
  }

  public readonly substitute = (key: string): Substitution => {
    const value = this.value(key);
    return typeof value === 'object' ? undefined : value;
  };
}

function match(statement: Statement, { action, resource }: Question, context: Context): Answer {
  const { resources: { negated, patterns }, conditions } = statement;
  const listed = strongest(patterns.map((pattern) => matchResource(pattern, resource, context)));
  return weakest([
    matchAction(statement, action),
    negated ? not(listed) : listed,
    ...conditions.map((condition) => condition.evaluate(context)),
    statement.uncertain ? 'unknown' : 'yes',
  ]);
}

function matchResource({ source, arn, whole }: ResourcePattern, resource: string | undefined, { substitute }: Context): Answer {
  if (source === '*') {
    return 'yes';
  }
  const parts = resource === undefined ? undefined : splitArn(resource);
  if (resource === undefined || parts === undefined) {
    return 'no';
  }
  const segments = arn === undefined ? 'no' : weakest([
    arn.partition.match(parts.partition as string, substitute),
    arn.service === parts.service ? 'yes' : 'no',
    arn.region.match(parts.region as string, substitute),
    arn.account.match(parts.account as string, substitute),
    arn.resource.match(parts.resource as string, substitute),
  ]);
  return segments === 'yes' ? 'yes' : strongest([segments, whole?.match(resource, substitute) ?? 'no']);
}

export function weakest(answers: readonly Answer[]): Answer {
  return answers.includes('no') ? 'no' : answers.includes('unknown') ? 'unknown' : 'yes';
}

export function strongest(answers: readonly Answer[]): Answer {
  return answers.includes('yes') ? 'yes' : answers.includes('unknown') ? 'unknown' : 'no';
}
