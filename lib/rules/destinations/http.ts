import * as iot from 'aws-cdk-lib/aws-iot';
import type { Construct } from 'constructs';
import { TopicRuleDestinationBase } from './destination-base';
import { HTTPS_URL } from './urls';
import { requireText } from '../../private/text';

/** Properties for defining an HTTPS destination of rules. */
export interface HttpRuleDestinationProps {
  /**
   * Where AWS IoT sends the request for confirmation, which all URLs of actions begin with. A change replaces the
   * destination.
   *
   * The endpoint must check in the body of that request that `arn` is of your account before it follows `enableUrl`:
   * otherwise rules of any account can send to it.
   */
  readonly confirmationUrl: string;

  /**
   * Whether rules may use it. A disabled one that is enabled again is confirmed again.
   *
   * @default true
   */
  readonly enabled?: boolean;
}

/**
 * Defines an HTTPS endpoint that rules may send messages to, once it has confirmed that it wants them.
 *
 * The deployment succeeds before that; the endpoint must be there and answer, or nothing is sent.
 *
 * @resource AWS::IoT::TopicRuleDestination
 * @see https://docs.aws.amazon.com/iot/latest/developerguide/http-action-destination.html
 */
export class HttpRuleDestination extends TopicRuleDestinationBase {
  public readonly topicRuleDestinationArn: string;

  /** Where AWS IoT sends the request for confirmation. */
  public readonly confirmationUrl: string;

  constructor(scope: Construct, id: string, props: HttpRuleDestinationProps) {
    super(scope, id);

    requireText(this, 'confirmationUrl', props.confirmationUrl, HTTPS_URL);
    const resource = new iot.CfnTopicRuleDestination(this, 'Resource', {
      httpUrlProperties: { confirmationUrl: props.confirmationUrl },
      // AWS IoT enables it when it is confirmed, and takes nothing else for a new one.
      ...props.enabled !== undefined && { status: props.enabled ? 'IN_PROGRESS' : 'DISABLED' },
    });
    this.confirmationUrl = props.confirmationUrl;
    this.topicRuleDestinationArn = resource.attrArn;
  }
}
