import { randomUUID } from 'node:crypto';
import type { Deployment } from '../../deployment';
import type { AccountScope } from '../../policy';
import { toJavaScript, toPayload } from '../../sql';
import type { RuleEnvironment, RuleOutcome } from '../../sql';
import type { Account } from '../account';
import type { Clock } from '../clock';
import type { RolePermissions } from '../iam';
import type { Journal } from '../journal';
import type { Functions } from '../lambda';
import type { Broker } from '../mqtt/broker';
import { subscribeInternally } from '../mqtt/internal-subscriber';
import type { Message } from '../mqtt/message';
import type { RuleDeliveries } from './deliveries';
import { DeclaredTargets } from './declared-targets';
import { perform } from './perform';
import type { Failure, Passed, Stage } from './perform';
import { objectToTrust } from './permissions';
import { providersOf, secretNotRead } from './providers';
import { BASIC_INGEST } from './read-rules';
import type { RunnableRule } from './read-rules';
import { RuleMessages } from './rule-message';
import type { Heard } from './rule-message';
import type { StandIns } from './stand-ins';

/** Messages of a rule that are being passed on; more than these are dropped, and the journal says so. */
const MAX_AT_ONCE = 1000;

/** Messages of rules that came of one. Rules that all republish to what all hear would make more of them than there is time for. */
const MAX_PASSED_ON = 1000;

export interface RuleProps {
  readonly broker: Broker;
  readonly clock: Clock;
  readonly functions: Functions;
  readonly journal: Journal;
  readonly deliveries: RuleDeliveries;
  readonly account: AccountScope;
  readonly deployment: Deployment;
  readonly roles: RolePermissions;

  /** Why AWS IoT may not invoke a function for a rule; nothing where it may. */
  readonly objectToInvoke: (functionArn: string, ruleName: string) => string | undefined;

  /**
   * Where objects, items and secrets are.
   *
   * @default - what would go there is shown
   */
  readonly standIns?: StandIns;

  /** For get_registry_data(). */
  readonly registry?: Pick<Account, 'describeThing' | 'listThingGroupsForThing'>;

  /** For get_thing_shadow(): the document as `get/accepted` has it. */
  readonly shadow?: (thingName: string, shadowName: string | undefined) => object | undefined;
}

/**
 * Run rules: what their statements make of messages goes to functions, to other topics and to the stand-ins of the twin.
 * What would go to other services is shown. Everything is among the deliveries, and a line in the journal.
 *
 * @returns what ends it
 */
export function runRules(rules: readonly RunnableRule[], props: RuleProps): () => void {
  const { broker, clock, journal } = props;
  const messages = new RuleMessages(props.account.accountId);
  const targets = new DeclaredTargets(props.deployment);
  const names = new Set(rules.map(({ name }) => name));
  const ends = rules.flatMap((rule) => {
    const providers = providersOf(rule.name, props);
    const environment = { now: () => clock.now(), newUuid: randomUUID, random: Math.random, providers };
    const stage: Stage = { props, environment: { ...environment, providers: { ...providers, getSecret: secretNotRead(props) } }, targets, untrusting: untrustingRoles(rule, props) };
    const runner = new Runner(rule, environment, stage);
    return rule.topicFilters.map((filter) => subscribeInternally(broker, clock, `$rule/${rule.name}`, filter, (message) => runner.hear(message, messages)));
  });
  // https://docs.aws.amazon.com/iot/latest/developerguide/iot-basic-ingest.html
  const endIngest = subscribeInternally(broker, clock, '$rule', `${BASIC_INGEST}#`, ({ topic }) => {
    const [name = ''] = topic.slice(BASIC_INGEST.length).split('/', 1);
    if (!names.has(name)) {
      journal.note({}, 'refused', `the message to '${topic}' goes nowhere: RuleNotFound: no rule '${name}' runs here`);
    }
  });
  return () => [...ends, endIngest].forEach((end) => end());
}

function untrustingRoles({ name, actions, errorAction }: RunnableRule, { account, roles }: RuleProps): Stage['untrusting'] {
  return new Map([...actions, ...errorAction === undefined ? [] : [errorAction]].map((action) => [action, objectToTrust(roles, action.roleArn, name, account)]));
}

/** One rule, and how many messages it is busy with. */
class Runner {
  private atWork = 0;
  private dropped = 0;

  constructor(private readonly rule: RunnableRule, private readonly environment: RuleEnvironment, private readonly stage: Stage) {}

  public hear(original: Message, messages: RuleMessages): void {
    const { name } = this.rule;
    if (original.lineage?.rules.includes(name) === true) {
      this.refuse(original, `it comes from this rule, by way of ${original.lineage.rules.join(', ')}; AWS IoT would go on for ever`);
      return;
    }
    if (this.atWork >= MAX_AT_ONCE) {
      // A line for each would be a flood of its own.
      if (this.dropped++ === 0) {
        this.refuse(original, `${MAX_AT_ONCE} others are being passed on, and as long as that is so, others are dropped too`);
      }
      return;
    }
    const heard = messages.of(original);
    try {
      const outcome = this.rule.query.run(heard.message, this.environment);
      if (outcome instanceof Promise) {
        this.work(original, outcome.then((awaited) => this.passOn(awaited, heard)));
      } else {
        // Most messages are of no interest to most rules that hear them; those cost no promise.
        const passing = this.passOn(outcome, heard);
        if (passing !== undefined) {
          this.work(original, passing);
        }
      }
    } catch (error) {
      this.fault(original, error);
    }
  }

  /** What the statement made of a message goes to the actions, if it wants the message. */
  private passOn(outcome: RuleOutcome, heard: Heard): Promise<void> | undefined {
    for (const reason of outcome.reasons) {
      this.stage.props.journal.note({}, 'log', `rule ${this.rule.name}: ${this.rule.readsSecrets ? discreet(reason) : reason}`);
    }
    if (!outcome.matched) {
      if (outcome.failure !== undefined) {
        this.refuse(heard.original, outcome.failure);
      }
      return undefined;
    }
    const { passedOn } = heard.lineage;
    if (++passedOn.count > MAX_PASSED_ON) {
      if (passedOn.count === MAX_PASSED_ON + 1) {
        this.refuse(heard.original, `rules have passed on ${MAX_PASSED_ON} messages that came of one; AWS IoT would go on, and the rest is dropped too`);
      }
      return undefined;
    }
    const bytes = toPayload(outcome.value);
    if (bytes === undefined) {
      this.refuse(heard.original, 'what the statement makes of it is too long');
      return undefined;
    }
    return this.perform({ rule: this.rule, heard, bytes, value: Buffer.isBuffer(outcome.value) ? undefined : toJavaScript(outcome.value) });
  }

  private async perform(passed: Passed): Promise<void> {
    const { actions, errorAction } = this.rule;
    const results = await Promise.all(actions.map((action) => perform(action, passed, this.stage)));
    const failures = results.filter((failure) => failure !== undefined);
    if (failures.length > 0 && errorAction !== undefined) {
      // What fails here is told, and nobody else is asked.
      await perform(errorAction, aboutFailures(passed, failures), this.stage, true);
    }
  }

  private work(original: Message, passing: Promise<void>): void {
    this.atWork += 1;
    void passing.catch((error: unknown) => this.fault(original, error)).finally(() => {
      this.atWork -= 1;
      if (this.dropped > 0 && this.atWork < MAX_AT_ONCE / 2) {
        this.stage.props.journal.note({}, 'refused', `rule ${this.rule.name}: ${this.dropped} messages were dropped`);
        this.dropped = 0;
      }
    });
  }

  /** The last resort: what one message makes of a rule must not end the process. */
  private fault(original: Message, error: unknown): void {
    this.refuse(original, `the twin could not handle it: ${(error as Error).message}`);
  }

  private refuse({ topic }: Message, reason: string): void {
    this.stage.props.journal.note({}, 'refused', `rule ${this.rule.name}: the message to '${topic}' is dropped: ${reason}`);
  }
}

/** What a function was asked may be in the reason for which it failed, and is a secret where the statement passes one on. */
function discreet(reason: string): string {
  const [what, ...why] = reason.split(' failed: ');
  return what === 'get_secret()' || why.length === 0 ? reason : `${what!} failed: why is not shown, as the statement reads a secret`;
}

/** @see https://docs.aws.amazon.com/iot/latest/developerguide/rule-error-handling.html */
function aboutFailures({ rule, heard }: Passed, failures: readonly Failure[]): Passed {
  const { original, message } = heard;
  const value = {
    ruleName: rule.name,
    topic: original.topic,
    cloudwatchTraceId: message.traceId ?? randomUUID(),
    clientId: message.clientId ?? 'N/A',
    base64OriginalPayload: original.payload.toString('base64'),
    failures,
  };
  return { rule, heard, value, bytes: Buffer.from(JSON.stringify(value)) };
}
