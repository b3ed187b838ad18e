import { Token } from 'aws-cdk-lib';
import type * as iam from 'aws-cdk-lib/aws-iam';
import type { IConstruct } from 'constructs';
import { grantControl, passRole } from './grant-iot';
import { invalid, quote } from '../../private/errors';
import type { TopicSpace } from '../../topics';

/** Options for permitting something with streams. */
export interface StreamGrantOptions {
  /**
   * What the ids of streams begin with that the fleet does not name: some of a-z, A-Z, 0-9, `_` and `-`. `Sensors-` also
   * covers those of a fleet with `Sensors-EU-`.
   *
   * @default - the fleet's `thingNamePrefix`, with `-` for `:`
   */
  readonly streamIdPrefix?: string;
}

/** Options for permitting to create streams. */
export interface StreamCreationGrantOptions extends StreamGrantOptions {
  /** The role with which AWS IoT reads the files, such as that of an `IotReadRole`. It is passed to AWS IoT, and to no other service. */
  readonly role: iam.IRole;
}

/** https://docs.aws.amazon.com/iot/latest/apireference/API_CreateStream.html */
const STREAM_ID_PREFIX = /^[a-zA-Z0-9_-]{1,127}$/;

/**
 * What apps and users of AWS can be permitted with the streams that the devices of a fleet read: those that `streams` of the
 * fleet names and, with `StreamAccess.any`, those whose ids begin alike.
 *
 * @see https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsiot.html
 */
export class StreamGrants {
  /** @internal */
  public static _of(scope: IConstruct, defaultPrefix: string, topicSpace: TopicSpace): StreamGrants {
    return new StreamGrants(scope, defaultPrefix, topicSpace);
  }

  private constructor(private readonly scope: IConstruct, private readonly defaultPrefix: string, private readonly topicSpace: TopicSpace) {}

  /** Permits to create streams and to change which files they have. */
  public create(grantee: iam.IGrantable, options: StreamCreationGrantOptions): iam.Grant {
    return this.grant(grantee, ['iot:CreateStream', 'iot:UpdateStream'], options).combine(passRole(grantee, options.role));
  }

  /** Permits to read which files streams have. */
  public describe(grantee: iam.IGrantable, options?: StreamGrantOptions): iam.Grant {
    return this.grant(grantee, ['iot:DescribeStream'], options);
  }

  /** Permits to delete streams. */
  public remove(grantee: iam.IGrantable, options?: StreamGrantOptions): iam.Grant {
    return this.grant(grantee, ['iot:DeleteStream'], options);
  }

  /** Permits to list the ids of all streams in the account: AWS knows no resource for less. */
  public list(grantee: iam.IGrantable): iam.Grant {
    return grantControl(grantee, this.scope, ['iot:ListStreams']);
  }

  private grant(grantee: iam.IGrantable, actions: string[], { streamIdPrefix = this.defaultPrefix }: StreamGrantOptions = {}): iam.Grant {
    const { streams } = this.topicSpace;
    if (streams.length === 0) {
      throw invalid(this.scope, "the devices have no access to streams; set 'streams' of the fleet, such as to [StreamAccess.any()]");
    }
    if (!Token.isUnresolved(streamIdPrefix) && !STREAM_ID_PREFIX.test(streamIdPrefix)) {
      throw invalid(this.scope, `'streamIdPrefix' must have 1 to 127 of a-z, A-Z, 0-9, "_" and "-", got ${quote(streamIdPrefix)}`);
    }
    return grantControl(grantee, this.scope, actions, { stream: streams.map(({ streamId }) => streamId ?? `${streamIdPrefix}*`) });
  }
}
