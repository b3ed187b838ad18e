import { asText, propertyOf } from '../../deployment';
import type { Deployment, Resource, Value } from '../../deployment';

/** A rule that the twin runs: whatever is published to some topics goes to functions. */
export interface RunnableRule {
  readonly name: string;
  readonly topicFilter: string;
  readonly functionArns: readonly string[];
}

/** The rules of a deployment, and what the twin does not run of them. */
export interface ReadRules {
  readonly rules: readonly RunnableRule[];

  /** One line for each, for a person. */
  readonly notRun: readonly string[];
}

/** The one statement that needs no evaluation. */
const SELECT_ALL = /^\s*SELECT\s+\*\s+FROM\s+'([^']+)'\s*;?\s*$/i;

/**
 * Find the rules that pass messages on to functions as they are.
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
  if (asText(propertyOf(payload, 'RuleDisabled')) === 'true') {
    return { notRun: [] };
  }
  const sql = asText(propertyOf(payload, 'Sql'));
  const topicFilter = typeof sql === 'string' ? SELECT_ALL.exec(sql)?.[1] : undefined;
  if (condition !== undefined || typeof physicalId !== 'string' || typeof sql !== 'string') {
    return { notRun: [not('it is not known offline')] };
  }
  if (topicFilter === undefined) {
    return { notRun: [not(`the twin runs SELECT * FROM 'topic filter' alone, the rule says ${sql.replace(/\s+/g, ' ').trim().slice(0, 200)}`)] };
  }
  const actions = propertyOf(payload, 'Actions');
  const read = (Array.isArray(actions) ? actions as readonly Value[] : []).map((action) => ({
    arn: asText(propertyOf(action, 'Lambda', 'FunctionArn')),
    kind: Object.keys(action as object)[0],
  }));
  const functionArns = read.flatMap(({ arn }) => (typeof arn === 'string' ? [arn] : []));
  const others = read.filter(({ arn }) => typeof arn !== 'string').map(({ kind }) => (kind === 'Lambda' ? 'Lambda with a function not known offline' : kind));
  return {
    ...(functionArns.length === 0 ? {} : { rule: { name: physicalId, topicFilter, functionArns } }),
    notRun: others.length === 0 ? [] : [not(`its actions ${others.join(', ')}`)],
  };
}
