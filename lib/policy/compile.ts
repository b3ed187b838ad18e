import { ACTIONS, findAction } from './actions';
import type { ActionRecord } from './actions';
import type { AccountScope } from './arn';
import type { Context } from './context';
import type { Answer, Pattern } from './pattern';
import type { Policy, ResourcePattern, Statement } from './parse';

/**
 * A policy made ready for one partition, Region and account: for each action the statements that can match it, each
 * with the resource patterns left once the fixed segments of the ARN agree.
 */
export class CompiledPolicy {
  private readonly byAction = new Map<string, readonly Candidate[]>();

  constructor(public readonly policy: Policy, private readonly scope: AccountScope) {
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
      return matched === 'no' ? [] : [Candidate.of(statement, record, this.scope, matched === 'unknown')];
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

/** A pattern for `type/name`; an uncertain one matches only perhaps. */
interface CandidatePattern {
  readonly pattern: Pattern;
  readonly uncertain: boolean;
}

/** A statement whose action matches, reduced to one action. */
export class Candidate {
  public readonly reference: StatementReference;

  private constructor(
    public readonly statement: Statement,
    private readonly prefix: string,
    private readonly every: Answer,
    private readonly patterns: readonly CandidatePattern[],
    private readonly uncertain: boolean,
  ) {
    this.reference = referenceTo(statement);
  }

  public static of(
    statement: Statement, record: ActionRecord | undefined, scope: AccountScope, uncertain: boolean,
  ): Candidate {
    const entries = statement.resources.patterns;
    const type = record?.resourceType ?? record?.disputedType;
    const every = entries.some((entry) => entry.source === '*') ? 'yes' : entries.some((entry) => coversUnknown(entry, record)) ? 'unknown' : 'no';
    const patterns = type === undefined ? [] : entries.flatMap((entry) => {
      const head = matchHead(entry, scope);
      return head === 'no' ? [] : [{ pattern: entry.arn!.resource, uncertain: head === 'unknown' || record?.resourceType === undefined }];
    });
    return new Candidate(statement, type === undefined ? '' : `${type}/`, every, patterns, uncertain || statement.uncertain);
  }

  /** The same candidate with its variables replaced, for a context whose variables do not change. */
  public bind({ substitute }: Context): Candidate {
    const patterns = this.patterns.flatMap(({ pattern, uncertain }) => {
      const bound = pattern.bind(substitute);
      return bound === undefined ? [] : [{ pattern: bound, uncertain }];
    });
    return new Candidate(this.statement, this.prefix, this.every, patterns, this.uncertain);
  }

  /** Whether any entry is of this account and Region. */
  public get hasPatterns(): boolean {
    return this.patterns.length > 0;
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
    const listed = this.every === 'yes' ? 'yes' : this.matchPatterns(this.prefix + name, context);
    if (!this.statement.resources.negated) {
      return listed;
    }
    return listed === 'yes' ? 'no' : listed === 'no' ? 'yes' : 'unknown';
  }

  private matchPatterns(resource: string, context: Context): Answer {
    let result = this.every;
    for (const { pattern, uncertain } of this.patterns) {
      const answer = pattern.match(resource, context.substitute);
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
export function matchAction(statement: Statement, action: string): Answer {
  const lower = action.toLowerCase();
  let result: Answer = 'no';
  for (const pattern of statement.actions.patterns) {
    const answer = pattern.match(lower, () => undefined);
    if (answer !== 'no') {
      result = answer;
    }
    if (answer === 'yes') {
      break;
    }
  }
  if (!statement.actions.negated) {
    return result;
  }
  return result === 'yes' ? 'no' : result === 'no' ? 'yes' : 'unknown';
}

/** An entry that may hold anything, or an ARN under an action whose resource type is not known here. */
function coversUnknown(entry: ResourcePattern, record: ActionRecord | undefined): boolean {
  return entry.arn === undefined ? entry.source !== '*' : record === undefined;
}

/** Whether partition, service, Region and account of an entry agree with where the request is made. */
function matchHead({ arn }: ResourcePattern, scope: AccountScope): Answer {
  if (arn === undefined) {
    return 'no';
  }
  const none = (): undefined => undefined;
  const answers: Answer[] = [
    arn.partition.match(scope.partition, none),
    typeof arn.service !== 'string' ? 'unknown' : arn.service === 'iot' ? 'yes' : 'no',
    arn.region.match(scope.region, none),
    arn.account.match(scope.accountId, none),
  ];
  return answers.includes('no') ? 'no' : answers.includes('unknown') ? 'unknown' : 'yes';
}
