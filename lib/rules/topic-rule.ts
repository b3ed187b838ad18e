import { Lazy, Names, PhysicalName } from 'aws-cdk-lib';
import type * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import type * as iam from 'aws-cdk-lib/aws-iam';
import * as iot from 'aws-cdk-lib/aws-iot';
import type * as sqs from 'aws-cdk-lib/aws-sqs';
import { Construct, type IDependable } from 'constructs';
import { bindAction, permitInvocation, type RuleIdentity } from './actions/bind';
import { alarmOn, defineDeadLetterQueue } from './dead-letters';
import { RuleAction } from './rule-action';
import { checkStatement } from './sql-check';
import { whyNothingFeeds } from './topic-filters';
import { TopicRuleBase, type ITopicRule } from './topic-rule-base';
import type { TopicRuleOptions, TopicRuleProps } from './topic-rule-props';
import { iotArn, nameFromArn } from '../private/arns';
import { invalid } from '../private/errors';
import { requireText, type TextRule } from '../private/text';

/** https://docs.aws.amazon.com/iot/latest/apireference/API_CreateTopicRule.html */
const RULE_NAME: TextRule = { pattern: /^[a-zA-Z0-9_]+$/, characters: 'letters, digits and underscores', maxLength: 128 };
const MAX_ACTIONS = 10;

/** The version that AWS recommends; without one it takes the oldest. */
const SQL_VERSION = '2016-03-23';

/**
 * Defines a topic rule: what becomes of messages on some topics.
 *
 * Whoever may create rules sees all messages of the account. A rule runs for each message of its topics, whoever sent it;
 * who may send them is what policies are for.
 *
 * @resource AWS::IoT::TopicRule
 * @see https://docs.aws.amazon.com/iot/latest/developerguide/iot-rules.html
 */
export class TopicRule extends TopicRuleBase {
  /** Refers to a rule that exists outside this app, in the account and Region of the stack. */
  public static fromTopicRuleName(scope: Construct, id: string, topicRuleName: string): ITopicRule {
    requireText(scope, 'topicRuleName', topicRuleName, RULE_NAME);
    class Import extends TopicRuleBase {
      public readonly topicRuleName = topicRuleName;
      public readonly topicRuleArn = iotArn(this, 'rule', topicRuleName);
    }
    return new Import(scope, id);
  }

  /** Refers to a rule that exists outside this app, in the account and Region that the ARN names. */
  public static fromTopicRuleArn(scope: Construct, id: string, topicRuleArn: string): ITopicRule {
    const topicRuleName = nameFromArn(scope, 'topicRuleArn', topicRuleArn, 'rule');
    class Import extends TopicRuleBase {
      public readonly topicRuleName = topicRuleName;
      public readonly topicRuleArn = topicRuleArn;
    }
    return new Import(scope, id, { environmentFromArn: topicRuleArn });
  }

  public readonly topicRuleName: string;
  public readonly topicRuleArn: string;

  /** Where messages are whose actions failed for good; undefined with another error action, or none. */
  public readonly deadLetterQueue?: sqs.IQueue;

  /**
   * Says that there is a message in the dead-letter queue; rules of a stack that share a queue share its alarm. Undefined
   * without such a queue, and for one of another account.
   */
  public readonly deadLetterAlarm?: cloudwatch.Alarm;

  private readonly resource: iot.CfnTopicRule;
  private readonly identity: RuleIdentity;
  private readonly actions: iot.CfnTopicRule.ActionProperty[] = [];

  constructor(scope: Construct, id: string, props: TopicRuleProps) {
    super(scope, id, { physicalName: props.ruleName ?? PhysicalName.GENERATE_IF_NEEDED });

    requireText(this, 'ruleName', props.ruleName, RULE_NAME);
    this.requireOneErrorAction(props);
    const query = checkStatement(this, props.sql);
    const problem = props.topicSpace && query?.from !== undefined ? whyNothingFeeds(query.from, props.topicSpace) : undefined;
    if (problem !== undefined) {
      throw invalid(this, `'sql' would never run: ${problem}`);
    }

    // Known before deployment: the roles name the rule in their trust, and the rule has their ARNs.
    const given = props.ruleName === PhysicalName.GENERATE_IF_NEEDED ? undefined : props.ruleName;
    const name = given ?? this.generatePhysicalName();
    this.identity = { ruleArn: iotArn(this, 'rule', name), query };
    if (props.errorAction === undefined && !props.loseFailedMessages) {
      this.deadLetterQueue = props.deadLetterQueue ?? defineDeadLetterQueue(this);
      this.deadLetterAlarm = alarmOn(this, this.deadLetterQueue, props.alarmActions);
    }
    const onError = props.errorAction ?? (this.deadLetterQueue && RuleAction.toSqs(this.deadLetterQueue));
    if (onError?._definition.isBatch) {
      throw invalid(this, "'errorAction' must not gather messages; leave out its 'batching'");
    }
    if (onError?._definition.takesArray) {
      throw invalid(this, "'errorAction' is given one object for each failure; leave out its 'batch'");
    }
    const errorScope = onError && new Construct(this, 'ErrorAction');
    this.resource = new iot.CfnTopicRule(this, 'Resource', {
      ruleName: name,
      topicRulePayload: {
        sql: props.sql,
        awsIotSqlVersion: SQL_VERSION,
        ...props.description !== undefined && { description: props.description },
        ruleDisabled: !(props.enabled ?? true),
        actions: Lazy.any({ produce: () => this.actions }),
        ...onError && errorScope && { errorAction: bindAction(errorScope, onError._definition, this.identity).rendered },
      },
    });
    this.topicRuleName = this.getResourceNameAttribute(this.resource.ref);
    this.topicRuleArn = this.getResourceArnAttribute(this.resource.attrArn, { service: 'iot', resource: 'rule', resourceName: this.physicalName });

    this.waitFor(errorScope, ...onError?._definition.dependsOn ?? [], ...props.sqlRoles ?? []);
    this.permitStatement(props);
    props.actions?.forEach((action) => this.addAction(action));
    this.node.addValidation({ validate: () => (this.actions.length === 0 ? ["the rule must have at least one action; give it 'actions' or call addAction"] : []) });
  }

  /**
   * Does one thing more with each message.
   *
   * @returns the role with which AWS IoT does it, which what the action acts on must let in where it does not trust its own
   * account: a bucket of another one, or the fine-grained access control of an OpenSearch domain. Undefined where the action
   * needs none, as with functions.
   */
  public addAction(action: RuleAction): iam.IRole | undefined {
    if (this.actions.length === MAX_ACTIONS) {
      throw invalid(this, `a rule must have at most ${MAX_ACTIONS} actions; define another for the same topics`);
    }
    const { kind, dependsOn = [] } = action._definition;
    // Named after what they do: one that comes or goes does not rename the roles of others.
    const nth = [...Array(MAX_ACTIONS).keys()].find((number) => !this.node.tryFindChild(actionId(kind, number)))!;
    const scope = new Construct(this, actionId(kind, nth));
    const { rendered, role } = bindAction(scope, action._definition, this.identity);
    this.actions.push(rendered);
    this.waitFor(scope, ...dependsOn);
    return role;
  }

  /** Makes the name of a rule that is given none. */
  protected override generatePhysicalName(): string {
    return Names.uniqueResourceName(this, { maxLength: RULE_NAME.maxLength, separator: '_' });
  }

  private requireOneErrorAction({ errorAction, deadLetterQueue, loseFailedMessages, alarmActions }: TopicRuleOptions): void {
    if ([errorAction, deadLetterQueue, loseFailedMessages || undefined].filter((way) => way !== undefined).length > 1) {
      throw invalid(this, "at most one must be given of 'errorAction', 'deadLetterQueue' and 'loseFailedMessages'");
    }
    if (alarmActions !== undefined && (errorAction || loseFailedMessages)) {
      throw invalid(this, "'alarmActions' are for dead letters, which the rule has none of; leave them out");
    }
  }

  private permitStatement({ sqlFunctions = [] }: TopicRuleOptions): void {
    if (sqlFunctions.length > 0) {
      const scope = new Construct(this, 'SqlFunctions');
      sqlFunctions.forEach((target, index) => permitInvocation(scope, `Permission${index + 1}`, target, this.identity.ruleArn));
      this.waitFor(scope);
    }
  }

  /** AWS IoT tries roles when a rule is created, and invokes functions from then on. */
  private waitFor(...scopes: readonly (IDependable | undefined)[]): void {
    this.resource.node.addDependency(...scopes.flatMap((scope) => scope ?? []));
  }
}

function actionId(kind: string, number: number): string {
  return number === 0 ? kind : `${kind}${number + 1}`;
}
