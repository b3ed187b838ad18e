import { Annotations } from 'aws-cdk-lib';
import type * as iam from 'aws-cdk-lib/aws-iam';
import type { IConstruct } from 'constructs';
import { grantIot } from './grant-iot';
import type { Channel, DeviceScope, TopicPermissions, TopicSpace } from '../../topics';
import { appPublish, appSubscribe, spokenAs } from '../../topics/app-side';
import { IotAction } from '../iot-action';
import { IotResource } from '../iot-resource';
import { placed } from '../placed';
import { topicStatements } from '../topic-statements';

/**
 * What apps and users of AWS can be permitted on a channel.
 *
 * With MQTT they also need `fleet.grants.connect`; publishing over HTTPS takes no more than `publish`. Both go to
 * `IotEndpoint.of(scope).dataAddress`: put it into the environment of a function.
 */
export class ChannelGrants {
  /** @internal */
  public static _of(scope: IConstruct, channel: Channel, topicSpace: TopicSpace): ChannelGrants {
    return new ChannelGrants(scope, channel, topicSpace);
  }

  private constructor(private readonly scope: IConstruct, private readonly channel: Channel, private readonly topicSpace: TopicSpace) {}

  /**
   * Permits to publish to the devices, with MQTT or HTTPS. Fails for a channel on which only devices publish.
   *
   * @param grantee Who may publish.
   * @param devices To which devices; by default to all.
   */
  public publish(grantee: iam.IGrantable, devices?: DeviceScope): iam.Grant {
    return this.grant(grantee, publishing(this.scope, this.channel, this.topicSpace, devices));
  }

  /**
   * Permits to publish to the devices, also with the RETAIN flag, so that AWS IoT keeps the last message for those who
   * subscribe later.
   *
   * @param grantee Who may publish.
   * @param devices To which devices; by default to all.
   */
  public retain(grantee: iam.IGrantable, devices?: DeviceScope): iam.Grant {
    return this.grant(grantee, publishing(this.scope, this.channel, this.topicSpace, devices, true));
  }

  /**
   * Permits to subscribe to what the devices publish, and to receive it. Fails for a channel on which one device listens.
   *
   * There is one filter to subscribe to: the topic with `+` for each placeholder that `devices` leaves open, such as
   * `dt/+/telemetry`. To listen to one device alone, name it here.
   *
   * @param grantee Who may subscribe.
   * @param devices To which devices; by default to all.
   */
  public subscribe(grantee: iam.IGrantable, devices?: DeviceScope): iam.Grant {
    return this.grant(grantee, subscribing(this.scope, this.channel, devices));
  }

  /**
   * Permits to read the retained messages of the channel over HTTPS, by topic. A filter with `+` or `#` gets none.
   *
   * @param grantee Who may read them.
   * @param devices Of which devices; by default of all.
   */
  public readRetained(grantee: iam.IGrantable, devices?: DeviceScope): iam.Grant {
    const { receive } = subscribing(this.scope, this.channel, devices);
    return grantIot(grantee, this.scope, [{ actions: [IotAction.GET_RETAINED_MESSAGE], resources: receive.map((topic) => IotResource.topic(topic)) }]);
  }

  private grant(grantee: iam.IGrantable, permissions: TopicPermissions): iam.Grant {
    return grantIot(grantee, this.scope, topicStatements(permissions));
  }
}

/** What it takes to subscribe to a channel. */
export function subscribing(scope: IConstruct, channel: Channel, devices?: DeviceScope): TopicPermissions {
  return placed(scope, () => appSubscribe(channel, devices));
}

/** What it takes to publish on a channel. Warns where it reaches further than that. */
export function publishing(scope: IConstruct, channel: Channel, topicSpace: TopicSpace, devices?: DeviceScope, retain = false): TopicPermissions {
  return placed(scope, () => {
    const permissions = appPublish(channel, devices, { retain });
    const topic = spokenAs(channel, devices, topicSpace.channelNames.map((name) => topicSpace.channel(name)));
    if (topic !== undefined) {
      Annotations.of(scope).addWarningV2(
        'cdk-iot-warden:ChannelGrants.speaksAsDevice',
        `who may publish on '${permissions.publish.join("', '")}' may publish on '${topic}' too, where only devices do, as '*' covers several levels; `
        + 'give the topics different fixed levels at their start, or name one thing',
      );
    }
    return permissions;
  });
}
