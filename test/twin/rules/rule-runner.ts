import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readDeployment } from '../../../lib/deployment';
import type { Deployment } from '../../../lib/deployment';
import { RolePermissions } from '../../../lib/twin/iam';
import { Journal } from '../../../lib/twin/journal';
import type { JournalEntry } from '../../../lib/twin/journal';
import { mayInvoke } from '../../../lib/twin/lambda';
import { Broker } from '../../../lib/twin/mqtt/broker';
import { subscribeInternally } from '../../../lib/twin/mqtt/internal-subscriber';
import type { Message } from '../../../lib/twin/mqtt/message';
import { RuleDeliveries, readRules, runRules } from '../../../lib/twin/rules';
import type { RuleDelivery, RuleProps } from '../../../lib/twin/rules';
import { FakeClock } from '../support/fake-clock';
import { Inbox } from '../support/inbox';
import { role } from '../support/resources';

export const ACCOUNT = { partition: 'aws', region: 'eu-west-1', accountId: '111122223333' };

/** The rules of a template on a broker, without clients. */
export class RuleRunner {
  public readonly clock = new FakeClock();
  public readonly journal = new Inbox<JournalEntry>();
  public readonly delivered = new Inbox<RuleDelivery>();
  public readonly deliveries = new RuleDeliveries();
  public readonly invoked: unknown[] = [];
  public readonly notRun: readonly string[];
  public readonly broker: Broker;
  public readonly end: () => void;

  constructor(deployment: Deployment, more: Partial<RuleProps> = {}) {
    const journal = new Journal(this.clock);
    journal.listen((entry) => this.journal.push(entry));
    this.deliveries.listen((delivery) => this.delivered.push(delivery));
    this.broker = new Broker(this.clock, journal);
    const { rules, notRun } = readRules(deployment);
    this.notRun = notRun;
    this.end = runRules(rules, {
      broker: this.broker,
      clock: this.clock,
      journal,
      deliveries: this.deliveries,
      functions: { invoke: (_, payload) => Promise.resolve(this.invoked.push(payload)) },
      account: ACCOUNT,
      deployment,
      roles: new RolePermissions(() => deployment),
      objectToInvoke: (functionArn, rule) => (mayInvoke(deployment, functionArn, `arn:aws:iot:eu-west-1:111122223333:rule/${rule}`) ? undefined : 'no permission'),
      ...more,
    });
  }

  public static of(resources: object, more: Partial<RuleProps> = {}): RuleRunner {
    return new RuleRunner(deploymentOf(resources), more);
  }

  public publish(topic: string, payload: unknown, more: Partial<Message> = {}): void {
    this.broker.publish({ topic, payload: Buffer.isBuffer(payload) ? payload : Buffer.from(JSON.stringify(payload)), qos: 0, retain: false, publisher: 'device', ...more });
  }

  /** What is published from now on. */
  public hear(filter: string): Inbox<Message> {
    const inbox = new Inbox<Message>();
    subscribeInternally(this.broker, this.clock, '$test', filter, (message) => inbox.push({ ...message, payload: Buffer.from(message.payload) }));
    return inbox;
  }

  public next(fits: (delivery: RuleDelivery) => boolean = () => true): Promise<RuleDelivery> {
    return this.delivered.next('a delivery', fits);
  }
}

export function deploymentOf(resources: object): Deployment {
  const folder = mkdtempSync(join(tmpdir(), 'rules-'));
  try {
    const file = join(folder, 'App.json');
    writeFileSync(file, JSON.stringify({ Resources: resources }));
    return readDeployment(file, { accountId: ACCOUNT.accountId, region: ACCOUNT.region });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

export const ROLE = `arn:aws:iam::${ACCOUNT.accountId}:role/acts`;

/** A role by its name, with a policy. */
export function roleWith(RoleName: string, statements: readonly object[]): object {
  const { Type, Properties } = role(...statements);
  return { Type, Properties: { RoleName, ...Properties } };
}

/** A role that may do something. */
export function roleThatMay(...statements: readonly (readonly [action: string | readonly string[], resource: string, condition?: object])[]): object {
  return { Role: roleWith('acts', statements.map(([Action, Resource, Condition]) => ({ Effect: 'Allow', Action, Resource, ...(Condition && { Condition }) }))) };
}

export function rule(RuleName: string, Sql: string, Actions: readonly object[], more: object = {}): object {
  return { [RuleName]: { Type: 'AWS::IoT::TopicRule', Properties: { RuleName, TopicRulePayload: { Sql, AwsIotSqlVersion: '2016-03-23', Actions, ...more } } } };
}
