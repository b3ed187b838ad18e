import { randomUUID } from 'node:crypto';
import type { AccountScope } from '../../policy';
import { toJavaScript, toPayload } from '../../sql';
import type { RuleEnvironment, RuleMessage } from '../../sql';
import type { Clock } from '../clock';
import type { Journal } from '../journal';
import type { Functions } from '../lambda';
import type { Broker } from '../mqtt/broker';
import { subscribeInternally } from '../mqtt/internal-subscriber';
import type { Message } from '../mqtt/message';
import { objectToTopicName } from '../mqtt/topic-syntax';
import type { RunnableAction, RunnableRule } from './read-rules';

/** How often a function is tried, and how long to wait before the second and third time. */
const RETRY_AFTER_MS = [1000, 5000];

/** AWS invokes functions of rules asynchronously, which lets them run to the end of their own timeout. */
const TIMEOUT_MS = 900_000;

/** Messages of a rule that are being passed on; more than these are dropped, and the journal says so. */
const MAX_AT_ONCE = 1000;

/** Characters of what an action would be told that the journal shows. */
const SHOWN_CHARS = 300;

export interface RuleProps {
  readonly broker: Broker;
  readonly clock: Clock;
  readonly functions: Functions;
  readonly journal: Journal;
  readonly account: AccountScope;

  /** Why AWS IoT may not invoke a function for a rule, or publish to a topic with a role; nothing where it may. */
  readonly objectToInvoke: (functionArn: string, ruleName: string) => string | undefined;
  readonly objectToPublish: (roleArn: string, topic: string) => string | undefined;
}

/** A message on its way to actions. */
interface Passed {
  readonly rule: RunnableRule;
  readonly message: RuleMessage;
  readonly original: Message;

  /** What the statement makes of it, as bytes, and as JSON where it is that. */
  readonly payload: Buffer;
  readonly value: unknown;
}

/**
 * Run rules: what their statements make of messages goes to functions and to other topics. What would go to other services is
 * shown in the journal.
 *
 * @returns what ends it
 */
export function runRules(rules: readonly RunnableRule[], props: RuleProps): () => void {
  const environment: RuleEnvironment = { now: () => props.clock.now(), newUuid: randomUUID, random: Math.random };
  const ends = rules.map((rule) => {
    let atWork = 0;
    const refuse = (topic: string, reason: string): void => props.journal.note({}, 'refused', `rule ${rule.name}: the message to '${topic}' is dropped: ${reason}`);
    return subscribeInternally(props.broker, props.clock, `$rule/${rule.name}`, rule.topicFilter, (original) => {
      if (original.republishedBy?.includes(rule.name) === true) {
        refuse(original.topic, `it comes from this rule, by way of ${original.republishedBy.join(', ')}; AWS IoT would go on for ever`);
        return;
      }
      if (atWork >= MAX_AT_ONCE) {
        refuse(original.topic, `${MAX_AT_ONCE} others are being passed on`);
        return;
      }
      atWork += 1;
      // The payload is good until this returns.
      const kept = { ...original, payload: Buffer.from(original.payload) };
      void pass(rule, kept, environment, props)
        // The last resort: what one message makes of a rule must not end the process.
        .catch((error: unknown) => `the twin could not handle it: ${(error as Error).message}`)
        .then((reason) => reason === undefined ? undefined : refuse(original.topic, reason))
        .finally(() => {
          atWork -= 1;
        });
    });
  });
  return () => ends.forEach((end) => end());
}

/** Evaluate a rule and perform its actions; says why the message goes nowhere, where that is a fault. */
async function pass(rule: RunnableRule, original: Message, environment: RuleEnvironment, props: RuleProps): Promise<string | undefined> {
  const message = ruleMessage(original, props.account);
  const outcome = await rule.query.run(message, environment);
  if (!outcome.matched) {
    return outcome.failure;
  }
  const payload = toPayload(outcome.value);
  if (payload === undefined) {
    return 'what the statement makes of it is too long';
  }
  const value = Buffer.isBuffer(outcome.value) ? undefined : toJavaScript(outcome.value);
  const passed: Passed = { rule, message, original, payload, value };
  const failures = await Promise.all(rule.actions.map(async (action) => {
    const failure = await perform(action, passed, environment, props);
    return failure === undefined ? [] : [{ failedAction: ACTION_NAMES[action.kind], failedResource: action.resource, errorMessage: failure }];
  }));
  const failed = failures.flat();
  if (failed.length > 0 && rule.errorAction !== undefined) {
    await perform(rule.errorAction, aboutFailures(passed, failed), environment, props);
  }
  return undefined;
}

const ACTION_NAMES = { lambda: 'LambdaAction', republish: 'RepublishAction', shown: 'Action' } as const;

/** @see https://docs.aws.amazon.com/iot/latest/developerguide/rule-error-handling.html */
function aboutFailures({ rule, message, original, ...passed }: Passed, failures: readonly object[]): Passed {
  const value = {
    ruleName: rule.name,
    topic: original.topic,
    cloudwatchTraceId: message.traceId ?? '',
    clientId: message.clientId ?? 'N/A',
    base64OriginalPayload: original.payload.toString('base64'),
    failures,
  };
  return { ...passed, rule, message, original, value, payload: Buffer.from(JSON.stringify(value)) };
}

function ruleMessage({ topic, payload, publisher, properties }: Message, { accountId }: AccountScope): RuleMessage {
  const { contentType, payloadFormatIndicator, responseTopic, correlationData, userProperties } = properties ?? {};
  return {
    topic,
    payload,
    accountId,
    ...(publisher === undefined ? {} : { clientId: publisher, traceId: randomUUID() }),
    properties: {
      ...(contentType === undefined ? {} : { contentType }),
      ...(payloadFormatIndicator === undefined ? {} : { payloadIsText: payloadFormatIndicator }),
      ...(responseTopic === undefined ? {} : { responseTopic }),
      ...(correlationData === undefined ? {} : { correlationData }),
      userProperties: Object.entries(userProperties ?? {}).flatMap(([key, values]) => [values].flat().map((value) => ({ key, value }))),
    },
  };
}

/** Perform an action; says why it failed. */
async function perform(action: RunnableAction, passed: Passed, environment: RuleEnvironment, props: RuleProps): Promise<string | undefined> {
  const { name } = passed.rule;
  const fail = (reason: string): string => {
    props.journal.note({}, 'refused', `rule ${name}: ${reason}`);
    return reason;
  };
  switch (action.kind) {
    case 'lambda':
      return invoke(name, action.functionArn, passed, props, fail);
    case 'republish': {
      const { text: topic = '', failure } = await action.topic.run(passed.message, environment);
      const { text: qos } = await action.qos.run(passed.message, environment);
      const objection = failure ?? objectToTopicName(topic) ?? props.objectToPublish(action.roleArn, topic);
      if (objection !== undefined) {
        return fail(`the message is not republished to '${topic}': ${objection}`);
      }
      props.journal.note({}, 'invoked', `rule ${name}: republished to '${topic}'`);
      props.broker.publish({ topic, payload: passed.payload, qos: qos === '1' ? 1 : 0, retain: false, republishedBy: [...passed.original.republishedBy ?? [], name] });
      return undefined;
    }
    case 'shown': {
      const { text, failure } = await action.fields.run(passed.message, environment);
      if (text === undefined) {
        return fail(`${action.service}: ${failure ?? 'its fields cannot be filled in'}`);
      }
      const content = passed.payload.toString();
      const cut = content.length > SHOWN_CHARS ? `${content.slice(0, SHOWN_CHARS)}…` : content;
      props.journal.note({}, 'invoked', `rule ${name}: ${action.service} ${text} would get ${cut}${action.roleArn === undefined ? '' : ` with the role ${action.roleArn}`}`);
      return undefined;
    }
  }
}

async function invoke(rule: string, functionArn: string, { payload, value }: Passed, { clock, functions, journal, objectToInvoke }: RuleProps, fail: (reason: string) => string): Promise<string | undefined> {
  const objection = objectToInvoke(functionArn, rule) ?? (value === undefined ? `its payload of ${payload.length} bytes is no JSON` : undefined);
  if (objection !== undefined) {
    return fail(`${functionArn} is not invoked: ${objection}`);
  }
  let reason = '';
  for (const [attempt, wait] of [...RETRY_AFTER_MS, undefined].entries()) {
    try {
      await functions.invoke(functionArn, value, { timeoutMs: TIMEOUT_MS });
      journal.note({}, 'invoked', `rule ${rule}: ${functionArn} was invoked`);
      return undefined;
    } catch (error) {
      reason = fail(`${functionArn} failed (attempt ${attempt + 1}): ${(error as Error).message}`);
    }
    if (wait !== undefined) {
      await new Promise<void>((resolve) => clock.after(wait, resolve));
    }
  }
  return reason;
}
