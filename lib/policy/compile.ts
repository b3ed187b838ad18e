import { ACTIONS, findAction } from './actions';
import type { ActionRecord, ResourceType } from './actions';
import { arnPrefix } from './arn';
import type { AccountScope } from './arn';
import type { Context } from './context';
import { UNKNOWN_VALUE, any, not } from './pattern';
import type { Answer, Pattern } from './pattern';
import type { Policy, ResourcePattern, Statement } from './statement';

/**
 * A policy made ready for one partition, Region and account: for each action the statements that can match it, each
 * with the resource patterns left once the fixed segments of the ARN agree.
 */
export class CompiledPolicy {
  private readonly byAction = new Map<string, readonly Candidate[]>();

  constructor(public readonly policy: Policy, private readonly account: AccountScope) {
    for (const action of ACTIONS) {
      this.byAction.set(action.name, this.compile(action.name, action));
    }
  }

  /** The statements whose action matches. */
  public candidates(action: string): readonly Candidate[] {
    return this.byAction.get(action) ?? this.compile(action, findAction(action));
  }

  private compile(action: string, record: ActionRecord | undefined): readonly Candidate[] {
    return this.policy.statements.flatMap((statement) => {
      const matched = matchAction(statement, action);
      return matched === 'no' ? [] : [Candidate.of(statement, record, this.account, matched === 'unknown')];
    });
  }
}

/** A statement by its place, as plain data. */
export interface StatementReference {
  readonly policy: string;

  /** Its place in the document. */
  readonly statement: number;
  readonly effect: 'Allow' | 'Deny';
  readonly sid?: string;
}

export function referenceTo({ policy, index, effect, sid }: Statement): StatementReference {
  return { policy, statement: index, effect, ...(sid === undefined ? {} : { sid }) };
}

/** A pattern for what stands in front of a resource's name and the name; an uncertain one matches only perhaps. */
interface CandidatePattern {
  readonly pattern: Pattern;
  readonly uncertain: boolean;
  readonly before: string;
}

/** Match names alone where the pattern allows it: joining texts takes half the time of a decision. */
function withoutHead(entry: CandidatePattern): readonly CandidatePattern[] {
  const { pattern, uncertain, before } = entry;
  if (before === '') {
    return [entry];
  }
  const rest = pattern.after(before);
  return rest === undefined ? [] : [{ pattern: rest, uncertain, before: rest === pattern ? before : '' }];
}

/** A statement whose action matches, reduced to one action. */
export class Candidate {
  public readonly reference: StatementReference;

  private constructor(
    public readonly statement: Statement,
    private readonly every: Answer,
    private readonly patterns: readonly CandidatePattern[],
    private readonly uncertain: boolean,
  ) {
    this.reference = referenceTo(statement);
  }

  public static of(
    statement: Statement, record: ActionRecord | undefined, account: AccountScope, uncertain: boolean,
  ): Candidate {
    const entries = statement.resources.patterns;
    const type = typeOf(record);
    const every = entries.some((entry) => entry.source === '*') ? 'yes'
      : entries.some((entry) => (record === undefined ? true : mayBeAnything(entry))) ? 'unknown' : 'no';
    const before = `${type}/`;
    const patterns = type === undefined ? [] : entries.flatMap((entry): readonly CandidatePattern[] => [
      ...(isOfAccount(entry, account) ? [{ pattern: entry.arn!.resource, uncertain: record?.resourceType === undefined, before }] : []),
      ...(entry.whole ? [{ pattern: entry.whole, uncertain: true, before: arnPrefix(account) + before }] : []),
    ]);
    return new Candidate(statement, every, patterns.flatMap(withoutHead), uncertain || statement.uncertain);
  }

  /** The same candidate with its variables replaced, for a context whose variables do not change. */
  public bind({ substitute }: Context): Candidate {
    const patterns = this.patterns.flatMap((entry) => {
      const pattern = entry.pattern.bind(substitute);
      return pattern === undefined ? [] : [{ ...entry, pattern }];
    });
    return new Candidate(this.statement, this.every, patterns.flatMap(withoutHead), this.uncertain);
  }

  /** Whether the statement applies to the resource of that name in that context. */
  public match(name: string, context: Context): Answer {
    let result = this.matchResource(name, context);
    for (const condition of this.statement.conditions) {
      if (result === 'no') {
        return 'no';
      }
      const answer = condition.evaluate(context);
      result = answer === 'yes' ? result : answer;
    }
    return result === 'yes' && this.uncertain ? 'unknown' : result;
  }

  public matchResource(name: string, context: Context): Answer {
    const listed = this.every === 'yes' ? 'yes' : this.matchPatterns(name, context);
    return this.statement.resources.negated ? not(listed) : listed;
  }

  private matchPatterns(name: string, context: Context): Answer {
    let result = this.every;
    for (const { pattern, uncertain, before } of this.patterns) {
      const answer = pattern.match(before === '' ? name : before + name, context.substitute);
      if (answer === 'yes' && !uncertain) {
        return 'yes';
      }
      if (answer !== 'no') {
        result = 'unknown';
      }
    }
    return result;
  }
}

/** Whether `Action` covers, or `NotAction` leaves out, an action. */
export function matchAction({ actions }: Statement, action: string): Answer {
  const lower = action.toLowerCase();
  const listed = any(actions.patterns, (pattern) => pattern.match(lower, noValue));
  return actions.negated ? not(listed) : listed;
}

/** Whether partition, service, Region and account of an entry agree with where requests are made. */
export function isOfAccount({ arn }: ResourcePattern, account: AccountScope): boolean {
  return arn !== undefined
    && arn.service === 'iot'
    && arn.partition.match(account.partition, noValue) === 'yes'
    && arn.region.match(account.region, noValue) === 'yes'
    && arn.account.match(account.accountId, noValue) === 'yes';
}

/** Whether an entry that is not fully known could turn out to be `*`, the only one that covers an action without a resource. */
function mayBeAnything({ arn, whole }: ResourcePattern): boolean {
  return arn === undefined && whole !== undefined && whole.match('*', () => UNKNOWN_VALUE) !== 'no';
}

function typeOf(record: ActionRecord | undefined): ResourceType | undefined {
  return record?.resourceType ?? record?.disputedType;
}

/** The segments before the resource take no variables. */
function noValue(): undefined {
  return undefined;
}
