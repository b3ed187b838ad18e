import * as iot from 'aws-cdk-lib/aws-iot';
import type * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import type { Construct } from 'constructs';
import { TopicRuleDestinationBase, type ITopicRuleDestination } from './destination-base';
import { HTTPS_ENDPOINT } from './urls';
import { requireText } from '../../private/text';

/** Versions of InfluxDB. */
export enum InfluxDbVersion {
  V2 = 'V2',
  V3 = 'V3',
}

/** Represents an InfluxDB destination of rules, owned by this app or not. */
export interface IInfluxDbRuleDestination extends ITopicRuleDestination {
  /** The secret with the token. */
  readonly secret: secretsmanager.ISecret;
}

/** What is known of an InfluxDB destination that exists outside this app. */
export interface InfluxDbRuleDestinationAttributes {
  /** The ARN of the destination. */
  readonly topicRuleDestinationArn: string;

  /** The secret with the token. */
  readonly secret: secretsmanager.ISecret;
}

/** Properties for defining an InfluxDB destination of rules. A change of any replaces it. */
export interface InfluxDbRuleDestinationProps {
  /** The URL of the database, for example `https://id.timestream-influxdb.eu-west-1.on.aws:8086`. */
  readonly endpoint: string;

  /** The version of the database. */
  readonly version: InfluxDbVersion;

  /** The secret with the token for the API; the role of each action may read it. */
  readonly secret: secretsmanager.ISecret;

  /**
   * The key of the token in a JSON secret.
   *
   * @default - the secret is the token
   */
  readonly secretKey?: string;
}

/**
 * Defines an InfluxDB database that rules may write to, such as one of Amazon Timestream for InfluxDB.
 *
 * @resource AWS::IoT::TopicRuleDestination
 * @see https://docs.aws.amazon.com/iot/latest/developerguide/influxdb-rule-action.html
 */
export class InfluxDbRuleDestination extends TopicRuleDestinationBase implements IInfluxDbRuleDestination {
  /** Refers to a destination that exists outside this app, in the account and Region that the ARN names. */
  public static fromTopicRuleDestinationAttributes(scope: Construct, id: string, attributes: InfluxDbRuleDestinationAttributes): IInfluxDbRuleDestination {
    const { topicRuleDestinationArn, secret } = attributes;
    class Import extends TopicRuleDestinationBase implements IInfluxDbRuleDestination {
      public readonly topicRuleDestinationArn = topicRuleDestinationArn;
      public readonly secret = secret;
    }
    return new Import(scope, id, { environmentFromArn: topicRuleDestinationArn });
  }

  public readonly topicRuleDestinationArn: string;

  /** The secret with the token. */
  public readonly secret: secretsmanager.ISecret;

  constructor(scope: Construct, id: string, props: InfluxDbRuleDestinationProps) {
    super(scope, id);

    requireText(this, 'endpoint', props.endpoint, HTTPS_ENDPOINT);
    const resource = new iot.CfnTopicRuleDestination(this, 'Resource', {
      influxDbProperties: {
        endpoint: props.endpoint,
        influxDbVersion: props.version,
        secretId: props.secret.secretArn,
        secretType: 'SecretString',
        secretKey: props.secretKey,
      },
    });
    this.secret = props.secret;
    this.topicRuleDestinationArn = resource.attrArn;
  }
}
