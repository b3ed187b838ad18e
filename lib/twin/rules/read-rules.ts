import { asText, flagAt, isList, isValueObject, listAt, propertyOf, textAt } from '../../deployment';
import type { Deployment, Resource, Value } from '../../deployment';
import { showText } from '../../policy';
import { compileQuery, compileTemplate, parseSql, parseTemplate } from '../../sql';
import type { CompiledQuery, Query, SqlVersion } from '../../sql';

/** A rule that the twin runs: what it makes of messages goes to its actions. */
export interface RunnableRule {
  readonly name: string;

  /** What it listens to; with basic ingest, what is published to it. */
  readonly topicFilter: string;
  readonly query: CompiledQuery;
  readonly actions: readonly RunnableAction[];
  readonly errorAction?: RunnableAction;
}

/** A field of an action with what is filled in for each message. */
export type FilledIn = ReturnType<typeof compileTemplate>;

export type RunnableAction =
  | { readonly kind: 'lambda'; readonly functionArn: string; readonly resource: string }
  | { readonly kind: 'republish'; readonly topic: FilledIn; readonly qos: FilledIn; readonly roleArn: string; readonly resource: string }
  /** One that the twin shows and does not perform. */
  | { readonly kind: 'shown'; readonly service: string; readonly fields: FilledIn; readonly roleArn?: string; readonly resource: string };

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
      topicFilter: query.from ?? `$aws/rules/${physicalId}/#`,
      query: compileQuery(query),
      actions: read.filter((action) => typeof action !== 'string'),
      ...(onError === undefined || typeof onError === 'string' ? {} : { errorAction: onError }),
    };
    return { rule, notRun: [...read, onError].filter((problem) => typeof problem === 'string').map(not) };
  } catch (error) {
    return { notRun: [not(`its statement or one of its templates cannot be read: ${(error as Error).message}`)] };
  }
}

function versionOf(payload: Value | undefined): SqlVersion {
  const version = textAt(payload, 'AwsIotSqlVersion');
  return version === '2016-03-23' ? version : '2015-10-08';
}

/** An action, or why the twin cannot tell what it is. */
function readAction(action: Value, query: Query): RunnableAction | string {
  const [service = ''] = isValueObject(action) ? Object.keys(action) : [];
  const fields = propertyOf(action, service);
  const template = (source: string): FilledIn => compileTemplate(parseTemplate(source, query), query);
  if (service === 'Lambda') {
    const functionArn = textAt(fields, 'FunctionArn');
    return functionArn === undefined ? 'its action Lambda with a function not known offline' : { kind: 'lambda', functionArn, resource: functionArn };
  }
  const roleArn = textAt(fields, 'RoleArn') ?? textAt(fields, 'Auth', 'Sigv4', 'RoleArn');
  if (service === 'Republish') {
    const topic = textAt(fields, 'Topic');
    return topic === undefined || roleArn === undefined ? 'its action Republish with a topic or a role not known offline'
      : { kind: 'republish', topic: template(topic), qos: template(textAt(fields, 'Qos') ?? '0'), roleArn, resource: topic };
  }
  return { kind: 'shown', service, fields: template(shown(fields)), ...(roleArn === undefined ? {} : { roleArn }), resource: service };
}

/** The fields of an action as JSON text, without its role. */
function shown(fields: Value | undefined): string {
  const { RoleArn: _, ...others } = isValueObject(fields) ? fields : {};
  return JSON.stringify(others, (_key, value: Value) => (isList(value) || isValueObject(value) || typeof value === 'string' ? value : showText(asText(value) ?? '')));
}
