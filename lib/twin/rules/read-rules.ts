import { flagAt, isValueObject, listAt, propertyOf, textAt } from '../../deployment';
import type { Deployment, Resource, Value } from '../../deployment';
import { compileQuery, parseSql } from '../../sql';
import type { CompiledQuery, Query, SqlVersion } from '../../sql';
import { Fields, compileFields } from './fields';
import type { FillIn } from './fields';

/** What is published below this goes to the rule of the next level, whatever that listens to, and whether or not a topic follows. */
export const BASIC_INGEST = '$aws/rules/';

/** A rule that the twin runs: what it makes of messages goes to its actions. */
export interface RunnableRule {
  readonly name: string;

  /** What it listens to, and what is published to it by its name. */
  readonly topicFilters: readonly string[];
  readonly query: CompiledQuery;

  /** Whether the statement reads AWS Secrets Manager, so that nobody is shown what it makes of messages. */
  readonly readsSecrets: boolean;
  readonly actions: readonly RunnableAction[];
  readonly errorAction?: RunnableAction;
}

/** An action, by the key that CloudFormation has for it. */
export interface RunnableAction {
  readonly kind: string;

  /** Its fields as they are in the template, and what fills them in for a message. */
  readonly declared: Fields;
  readonly fillIn: FillIn;

  /** Absent for one that needs none, or whose role only AWS knows. */
  readonly roleArn?: string;
}

/** The rules of a deployment, and what the twin does not run of them. */
export interface ReadRules {
  readonly rules: readonly RunnableRule[];

  /** One line for each, for a person. */
  readonly notRun: readonly string[];
}

/**
 * Read the rules of a deployment.
 *
 * @see https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-iot-topicrule.html
 */
export function readRules({ resources }: Deployment): ReadRules {
  const read = resources.filter(({ type }) => type === 'AWS::IoT::TopicRule').map(readRule);
  return {
    rules: read.flatMap(({ rule }) => rule ?? []),
    notRun: read.flatMap(({ notRun }) => notRun),
  };
}

function readRule({ path, physicalId, properties, condition }: Resource): { readonly rule?: RunnableRule; readonly notRun: readonly string[] } {
  const not = (reason: string): string => `${path}: not run by the twin: ${reason}`;
  const payload = propertyOf(properties, 'TopicRulePayload');
  if (flagAt(payload, 'RuleDisabled')) {
    return { notRun: [] };
  }
  const sql = textAt(payload, 'Sql');
  if (condition !== undefined || typeof physicalId !== 'string' || sql === undefined) {
    return { notRun: [not('it is not known offline')] };
  }
  try {
    const query = parseSql(sql, { version: versionOf(payload) });
    const read = listAt(payload, 'Actions').map((action) => readAction(action, query));
    const errorAction = propertyOf(payload, 'ErrorAction');
    const onError = errorAction === undefined ? undefined : readAction(errorAction, query);
    const rule: RunnableRule = {
      name: physicalId,
      topicFilters: [...query.from === undefined || query.from.startsWith(BASIC_INGEST) ? [] : [query.from], ingestOf(physicalId), `${ingestOf(physicalId)}/#`],
      query: compileQuery(query),
      readsSecrets: query.functions.includes('get_secret'),
      actions: read.filter((action) => typeof action !== 'string'),
      ...(onError === undefined || typeof onError === 'string' ? {} : { errorAction: onError }),
    };
    return { rule, notRun: [...read, onError].filter((problem) => typeof problem === 'string').map(not) };
  } catch (error) {
    return { notRun: [not(`its statement or one of its templates cannot be read: ${(error as Error).message}`)] };
  }
}

function ingestOf(ruleName: string): string {
  return `${BASIC_INGEST}${ruleName}`;
}

function versionOf(payload: Value | undefined): SqlVersion {
  const version = textAt(payload, 'AwsIotSqlVersion');
  return version === '2016-03-23' ? version : '2015-10-08';
}

/** An action, or why the twin cannot tell what it is. */
function readAction(action: Value, query: Query): RunnableAction | string {
  const [kind = ''] = isValueObject(action) ? Object.keys(action) : [];
  const fields = propertyOf(action, kind) ?? {};
  const roleArn = textAt(fields, 'RoleArn') ?? textAt(fields, 'Auth', 'Sigv4', 'RoleArn');
  if (kind === 'Lambda' && textAt(fields, 'FunctionArn') === undefined) {
    return 'its action Lambda with a function not known offline';
  }
  if (kind === 'Republish' && (textAt(fields, 'Topic') === undefined || roleArn === undefined)) {
    return 'its action Republish with a topic or a role not known offline';
  }
  return { kind, declared: new Fields(fields, fields), fillIn: compileFields(fields, query), ...(roleArn === undefined ? {} : { roleArn }) };
}
