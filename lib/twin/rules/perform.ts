import { isUtf8 } from 'node:buffer';
import type { RuleEnvironment } from '../../sql';
import { LIMITS } from '../limits';
import type { MessageProperties } from '../mqtt/message';
import { objectToReservedTopic } from '../mqtt/reserved-topics';
import { objectToTopicName } from '../mqtt/topic-syntax';
import { actionType } from './action-types';
import type { Payload } from './action-types';
import { describeDelivery } from './deliveries';
import type { RuleDelivery } from './deliveries';
import type { DeclaredTargets } from './declared-targets';
import type { Fields } from './fields';
import { checkRole } from './permissions';
import type { RunnableAction, RunnableRule } from './read-rules';
import type { Heard } from './rule-message';
import type { RuleProps } from './run-rules';
import { PERFORMED } from './stand-ins';

/** How long to wait before a function is tried for the second and the third time. */
const RETRY_AFTER_MS = [1000, 5000];

/** AWS invokes functions of rules asynchronously, which lets them run to the end of their own timeout. */
const LAMBDA_TIMEOUT_MS = 900_000;

/** A message on its way to actions. */
export interface Passed extends Payload {
  readonly rule: RunnableRule;
  readonly heard: Heard;
}

/** What actions are performed with. */
export interface Stage {
  readonly props: RuleProps;

  /** For the templates of fields. */
  readonly environment: RuleEnvironment;
  readonly targets: DeclaredTargets;

  /** Why AWS IoT may not assume the role of an action. */
  readonly untrusting: ReadonlyMap<RunnableAction, string | undefined>;
}

/** An action that failed, as the error action is told. */
export interface Failure {
  readonly failedAction: string;
  readonly failedResource: string;
  readonly errorMessage: string;
}

interface Result {
  readonly reason?: string;
  readonly performed?: true;
  readonly notes?: readonly string[];
}

/** Perform an action or show what it would do; says what failed. */
export async function perform(action: RunnableAction, passed: Passed, stage: Stage, isErrorAction = false): Promise<Failure | undefined> {
  const { rule, heard: { original } } = passed;
  const filled = await action.fillIn(passed.heard.message, stage.environment);
  const { fields = action.declared, reasons } = filled;
  const failure = stage.untrusting.get(action) ?? filled.failure;
  const { reason, performed = false, notes = [] } = failure !== undefined ? { reason: failure }
    : await attempt(action, fields, passed, stage).catch((error: unknown): Result => ({ reason: (error as Error).message }));
  record(stage.props, {
    time: stage.props.clock.now(),
    rule: rule.name,
    topic: original.topic,
    action: action.kind,
    ...(isErrorAction ? { isErrorAction } : {}),
    fields: fields.show() as RuleDelivery['fields'],
    ...(action.roleArn === undefined ? {} : { roleArn: action.roleArn }),
    ...shownPayload(passed),
    outcome: reason === undefined ? 'sent' : 'failed',
    performed,
    ...(reason === undefined ? {} : { reason }),
    notes: [...notes, ...reasons],
  });
  return reason === undefined ? undefined : {
    failedAction: `${action.kind}Action`,
    failedResource: resourceOf(action, fields),
    errorMessage: `${reason}. Message arrived on: ${original.topic}, Action: ${action.kind.toLowerCase()}`,
  };
}

function record({ deliveries, journal }: RuleProps, delivery: RuleDelivery): void {
  const fields = JSON.stringify(delivery.fields);
  deliveries.add(delivery, fields.length);
  journal.note({}, delivery.outcome === 'sent' ? 'invoked' : 'refused', describeDelivery(delivery, fields));
}

function shownPayload({ rule, bytes }: Passed): Pick<RuleDelivery, 'payload' | 'encoding'> {
  return rule.readsSecrets ? { payload: '(not shown, as the statement reads a secret)', encoding: 'text' }
    : isUtf8(bytes) ? { payload: bytes.toString(), encoding: 'text' } : { payload: bytes.toString('base64'), encoding: 'base64' };
}

function resourceOf({ kind }: RunnableAction, fields: Fields): string {
  return (kind === 'Lambda' ? fields.text('FunctionArn') : kind === 'Republish' ? fields.text('Topic') : actionType(kind)?.resource(fields)) ?? kind;
}

async function attempt(action: RunnableAction, fields: Fields, passed: Passed, stage: Stage): Promise<Result> {
  switch (action.kind) {
    case 'Lambda':
      return invoke(fields.text('FunctionArn') ?? '', passed, stage.props);
    case 'Republish':
      return republish(action, fields, passed, stage.props);
    default:
      return send(action, fields, passed, stage);
  }
}

async function invoke(functionArn: string, { rule: { name }, bytes, value }: Passed, { clock, functions, journal, objectToInvoke }: RuleProps): Promise<Result> {
  const objection = objectToInvoke(functionArn, name) ?? (value === undefined ? `its payload of ${bytes.length} bytes is no JSON` : undefined);
  if (objection !== undefined) {
    return { reason: objection };
  }
  for (let attempts = 0; ; attempts++) {
    try {
      await functions.invoke(functionArn, value, { timeoutMs: LAMBDA_TIMEOUT_MS });
      return { performed: true };
    } catch (error) {
      const wait = RETRY_AFTER_MS[attempts];
      if (wait === undefined) {
        return { reason: `after ${attempts + 1} attempts: ${(error as Error).message}` };
      }
      journal.note({}, 'refused', `rule ${name}: ${functionArn} failed and is tried again in ${wait / 1000} s: ${(error as Error).message}`);
      await new Promise<void>((resolve) => clock.after(wait, resolve));
    }
  }
}

function republish({ roleArn }: RunnableAction, fields: Fields, { rule, bytes, heard: { lineage } }: Passed, { account, broker, clock, roles }: RuleProps): Result {
  const topic = fields.text('Topic') ?? '';
  const resource = `arn:${account.partition}:iot:${account.region}:${account.accountId}:topic/${topic}`;
  const reason = objectToTopicName(topic) ?? objectToReservedTopic(topic, false)
    ?? (bytes.length > LIMITS.payloadBytes ? `the payload is larger than ${LIMITS.payloadBytes} bytes` : undefined)
    ?? checkRole(roles, roleArn, [{ action: 'iot:Publish', resource }]).objection;
  if (reason !== undefined) {
    return { reason };
  }
  const expiry = Number(fields.text('Headers', 'MessageExpiry') ?? NaN);
  broker.publish({
    topic,
    payload: bytes,
    qos: fields.text('Qos') === '1' ? 1 : 0,
    retain: false,
    lineage: { ...lineage, rules: [...lineage.rules, rule.name] },
    properties: headers(fields),
    ...(expiry > 0 ? { expiresAt: clock.now() + expiry * 1000 } : {}),
  });
  return { performed: true };
}

/** @see https://docs.aws.amazon.com/iot/latest/apireference/API_MqttHeaders.html */
function headers(fields: Fields): MessageProperties {
  const [contentType, responseTopic, correlationData, format] = ['ContentType', 'ResponseTopic', 'CorrelationData', 'PayloadFormatIndicator'].map((name) => fields.text('Headers', name));
  // Messages may choose the keys: `constructor` is one like others.
  const userProperties = Object.create(null) as Record<string, string[]>;
  for (const property of fields.list('Headers', 'UserProperties')) {
    (userProperties[property.text('Key') ?? ''] ??= []).push(property.text('Value') ?? '');
  }
  return {
    ...(contentType === undefined ? {} : { contentType }),
    ...(responseTopic === undefined ? {} : { responseTopic }),
    ...(correlationData === undefined ? {} : { correlationData: Buffer.from(correlationData, 'base64') }),
    ...(format === undefined ? {} : { payloadFormatIndicator: format === 'UTF8_DATA' }),
    ...(Object.keys(userProperties).length === 0 ? {} : { userProperties }),
  };
}

/** What goes to other services: into a stand-in where there is one, and otherwise shown. */
async function send({ kind, roleArn }: RunnableAction, fields: Fields, payload: Payload, { props, targets }: Stage): Promise<Result> {
  const type = actionType(kind);
  if (type === undefined) {
    return { reason: `the twin does not know the action ${kind}, and what its role must allow` };
  }
  const around = { scope: props.account, deployment: props.deployment };
  const { objection, notes } = checkRole(props.roles, roleArn, type.needs?.(fields, around) ?? []);
  const reason = objection ?? type.problem?.(fields, payload);
  if (reason !== undefined) {
    return { reason };
  }
  const target = type.target?.(fields, around.scope);
  const resource = target && targets.find(target);
  const note = type.note?.(fields);
  const all = [...notes, ...note === undefined ? [] : [note], ...target === undefined ? [] : noteOn(target.id, resource)];
  const put = PERFORMED[kind];
  // A name that a message chooses is one of the assembly, or nobody's. A fixed one may be that of something that exists elsewhere.
  const isHere = resource === undefined ? target?.isChosen === true : resource.condition === undefined;
  if (put === undefined || props.standIns === undefined || !isHere) {
    return { notes: all };
  }
  await put(props.standIns, fields, payload);
  return { performed: true, notes };
}

function noteOn(id: string | undefined, resource: { readonly condition?: 'unknown' } | undefined): readonly string[] {
  return id === undefined ? ['only AWS knows where it goes']
    : resource === undefined ? [`'${id}' is not in this assembly`]
      : resource.condition === undefined ? [] : [`'${id}' exists only if a condition holds, which cannot be told offline`];
}
