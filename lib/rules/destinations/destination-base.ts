import type { IResource } from 'aws-cdk-lib';
import { Resource, Stack } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import type * as iot from 'aws-cdk-lib/aws-iot';
import type { Construct, IConstruct } from 'constructs';
import { iotArn } from '../../private/arns';

/** Represents where rules send messages to that is no resource of AWS. */
export interface ITopicRuleDestination extends IResource, iot.ITopicRuleDestinationRef {
  /**
   * The ARN of this destination.
   *
   * @attribute
   */
  readonly topicRuleDestinationArn: string;
}

/**
 * What follows from the ARN of a destination.
 *
 * @internal
 */
export abstract class TopicRuleDestinationBase extends Resource implements ITopicRuleDestination {
  public abstract readonly topicRuleDestinationArn: string;

  public get topicRuleDestinationRef(): iot.TopicRuleDestinationReference {
    return { topicRuleDestinationArn: this.topicRuleDestinationArn };
  }
}

/** A destination that exists outside the app. */
export function importDestination(scope: Construct, id: string, topicRuleDestinationArn: string): ITopicRuleDestination {
  class Import extends TopicRuleDestinationBase {
    public readonly topicRuleDestinationArn = topicRuleDestinationArn;
  }
  return new Import(scope, id, { environmentFromArn: topicRuleDestinationArn });
}

/** Whom the role of a destination trusts. Its ARN ends with an id that AWS IoT makes, so that the condition has all of AWS IoT. */
export function destinationPrincipal(scope: IConstruct): iam.IPrincipal {
  return new iam.ServicePrincipal('iot.amazonaws.com', {
    conditions: {
      StringEquals: { 'aws:SourceAccount': Stack.of(scope).account },
      ArnLike: { 'aws:SourceArn': iotArn(scope, 'ruledestination', '*') },
    },
  });
}
