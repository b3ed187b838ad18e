import { Token } from 'aws-cdk-lib';
import type * as iam from 'aws-cdk-lib/aws-iam';
import type { IConstruct } from 'constructs';
import { publishing, subscribing } from './channel-grants';
import type { FleetThings } from './fleet-things';
import { grantControl, grantIot } from './grant-iot';
import type { JobGrants } from './job-grants';
import { shadowStatement } from './shadow-grants';
import { invalid, quote } from '../../private/errors';
import { ChannelDirection, type Channel, type DeviceScope, type TopicPermissions, type TopicSpace } from '../../topics';
import type { ShadowUse } from '../../topics/app-side';
import { IotAction } from '../iot-action';
import { IotResource } from '../iot-resource';
import { placed } from '../placed';
import { topicStatements } from '../topic-statements';

/** Options for permitting to connect. */
export interface ConnectGrantOptions {
  /**
   * What the client ids begin with, for example `backend-`: text of a-z, A-Z, 0-9, `.`, `_`, `:` and `-`, after which there
   * may be variables such as `${aws:PrincipalTag/NAME}`.
   *
   * AWS IoT closes a connection when another one comes with its client id. So no thing of the fleet may be called like
   * that, and each client needs an id of its own.
   */
  readonly clientIdPrefix: string;
}

/** Text, then variables of IAM and more text. */
const CLIENT_ID_PREFIX = /^([\w.:-]+)(?:\$\{(?:cognito-identity\.amazonaws\.com:sub|aws:PrincipalTag\/[\w.:=+@-]{1,128})\}[\w.:-]*)*$/;

/** A client id has 128 bytes, of which one is for what follows. https://docs.aws.amazon.com/general/latest/gr/iot-core.html */
const MAX_PREFIX = 127;

/** What apps and users of AWS can be permitted with a fleet as a whole, in place of AWS's policies for all that there is. */
export class FleetGrants {
  /** @internal */
  public static _of(scope: IConstruct, topicSpace: TopicSpace, things: FleetThings, jobs: JobGrants): FleetGrants {
    return new FleetGrants(scope, topicSpace, things, jobs);
  }

  private constructor(
    private readonly scope: IConstruct,
    private readonly topicSpace: TopicSpace,
    private readonly things: FleetThings,
    private readonly jobs: JobGrants,
  ) {}

  /**
   * Permits to connect with MQTT over WebSocket, with client ids that begin alike and that no device has.
   *
   * It permits neither to publish nor to subscribe.
   */
  public connect(grantee: iam.IGrantable, options: ConnectGrantOptions): iam.Grant {
    const prefix = options.clientIdPrefix;
    const fixed = Token.isUnresolved(prefix) || prefix.length > MAX_PREFIX ? undefined : CLIENT_ID_PREFIX.exec(prefix)?.[1];
    if (fixed === undefined) {
      throw invalid(this.scope, `'clientIdPrefix' must be known in the app and begin with some of a-z, A-Z, 0-9, ".", "_", ":" and "-", at most ${MAX_PREFIX} characters in all, got ${quote(prefix)}`);
    }
    this.things.forEach((pattern) => {
      if (mayBeClient(pattern, fixed)) {
        throw invalid(this.scope, `'clientIdPrefix' must not be how a thing of the fleet may be called: a client "${fixed}…" could be "${pattern}" and end the connection of that device; choose another, such as "app-"`);
      }
    });
    return grantIot(grantee, this.scope, [{ actions: [IotAction.CONNECT], resources: [IotResource.client(`${prefix}*`)] }]);
  }

  /**
   * Permits to look the things up in the registry, and to list which named shadows they have.
   *
   * @param grantee Who may look.
   * @param devices Name one `thing`; by default all of the fleet.
   */
  public describe(grantee: iam.IGrantable, devices: DeviceScope = {}): iam.Grant {
    // AWS's pages disagree about what ListNamedShadowsForThing is checked against; IAM's own reference says the thing.
    return placed(this.scope, () => this.things.grant(devices, (thing) => (
      grantControl(grantee, this.scope, ['iot:DescribeThing', 'iot:ListNamedShadowsForThing'], { thing })
    )));
  }

  /**
   * Permits to see everything and change nothing: to subscribe to what devices publish, to read their shadows over HTTPS,
   * and to look the things up. Takes the place of AWSIoTDataAccess for dashboards.
   *
   * @param grantee Who may see it.
   * @param devices Name one `thing`, with what else its topics depend on; by default all of the fleet.
   */
  public readOnly(grantee: iam.IGrantable, devices: DeviceScope = {}): iam.Grant {
    const heard = this.channels([ChannelDirection.FROM_DEVICE, ChannelDirection.BIDIRECTIONAL]).map((channel) => subscribing(this.scope, channel, devices));
    return combine(
      this.describe(grantee, devices),
      this.grantTopics(grantee, heard),
      this.grantShadows(grantee, 'read', devices),
    );
  }

  /**
   * Permits to run the devices: everything of `readOnly`, to publish on what they listen to, to update their shadows over
   * HTTPS, and to create, read and cancel jobs where the fleet has them. Takes the place of AWSIoTFullAccess for operators.
   *
   * @param grantee Who may run them.
   * @param devices Name one `thing`, with what else its topics depend on; by default all of the fleet. Broadcasts are for
   * all only.
   */
  public operate(grantee: iam.IGrantable, devices: DeviceScope = {}): iam.Grant {
    const { thing } = devices;
    const told = this.channels([ChannelDirection.TO_DEVICE, ChannelDirection.BIDIRECTIONAL, ...thing === undefined ? [ChannelDirection.BROADCAST] : []])
      .map((channel) => publishing(this.scope, channel, this.topicSpace, devices));
    return combine(
      this.readOnly(grantee, devices),
      this.grantTopics(grantee, told),
      this.grantShadows(grantee, 'update', devices),
      ...this.topicSpace.jobs === undefined ? [] : [this.jobs.create(grantee, { thing }), this.jobs.describe(grantee, { thing }), this.jobs.cancel(grantee, { thing })],
    );
  }

  private channels(directions: readonly ChannelDirection[]): Channel[] {
    return this.topicSpace.channelNames
      .map((name) => this.topicSpace.channel(name))
      .filter((channel) => directions.includes(channel.direction) && !channel._passesBroker);
  }

  private grantTopics(grantee: iam.IGrantable, permissions: readonly TopicPermissions[]): iam.Grant | undefined {
    return permissions.length === 0 ? undefined : grantIot(grantee, this.scope, permissions.flatMap((each) => topicStatements(each)));
  }

  private grantShadows(grantee: iam.IGrantable, use: ShadowUse, devices: DeviceScope): iam.Grant | undefined {
    const { shadows } = this.topicSpace;
    return shadows.length === 0 ? undefined : placed(this.scope, () => this.things.grant(devices, (patterns) => (
      grantIot(grantee, this.scope, shadows.map((shadow) => shadowStatement(shadow, use, patterns)))
    )));
  }
}

function combine(first: iam.Grant, ...others: readonly (iam.Grant | undefined)[]): iam.Grant {
  return others.reduce<iam.Grant>((all, one) => (one ? all.combine(one) : all), first);
}

/** Whether a client id that begins so could be the name of a thing, as far as that is known in the app. */
function mayBeClient(pattern: string, fixed: string): boolean {
  const [start] = /^(?:(?!\$\{Token\[)[^*])*/.exec(pattern)!;
  return start.startsWith(fixed) || (start !== '' && start !== pattern && fixed.startsWith(start));
}
