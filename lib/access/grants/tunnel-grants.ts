import { Annotations } from 'aws-cdk-lib';
import type * as iam from 'aws-cdk-lib/aws-iam';
import type { IConstruct } from 'constructs';
import type { FleetThings } from './fleet-things';
import { grantControl } from './grant-iot';
import { iotArn } from '../../private/arns';
import { invalid } from '../../private/errors';
import type { TopicSpace } from '../../topics';
import { placed } from '../placed';

/** Options for permitting to open tunnels. */
export interface TunnelGrantOptions {
  /** The services on the device that a tunnel may be for, as its software calls them, such as `SSH`; at least one. */
  readonly services: string[];

  /**
   * The name of the one thing that tunnels may be opened to.
   *
   * @default - all things of the fleet
   */
  readonly thing?: string;
}

/**
 * What apps and users of AWS can be permitted with secure tunnels to the devices of a fleet. The service is called
 * `iotsecuretunneling`, its actions begin with `iot:`.
 *
 * @see https://docs.aws.amazon.com/iot/latest/developerguide/tunnel-access.html
 */
export class TunnelGrants {
  /** @internal */
  public static _of(scope: IConstruct, things: FleetThings, thingGroups: string[], topicSpace: TopicSpace): TunnelGrants {
    return new TunnelGrants(scope, things, thingGroups, topicSpace);
  }

  private constructor(
    private readonly scope: IConstruct,
    private readonly things: FleetThings,
    private readonly thingGroups: string[],
    private readonly topicSpace: TopicSpace,
  ) {}

  /**
   * Permits to open tunnels to devices, for some of their services, and to rotate the tokens of tunnels.
   *
   * AWS's guide has both tunnels and things as the resource, and an example where `tunnel/*` alone is enough. Whichever is true,
   * with `thingGroups` of the fleet the device must be in one of them. Without, or for one thing, there is a warning.
   */
  public open(grantee: iam.IGrantable, options: TunnelGrantOptions): iam.Grant {
    this.requireTunnels();
    const { services, thing } = options;
    if (services.length === 0) {
      throw invalid(this.scope, "'services' must have at least one, such as SSH");
    }
    if (this.thingGroups.length === 0 || thing !== undefined) {
      Annotations.of(this.scope).addWarningV2(
        'cdk-iot-warden:TunnelGrants.unclearScope',
        "AWS does not say clearly whether a permission on some things keeps tunnels to others from being opened; set 'thingGroups' of the fleet and leave out 'thing', which is sure to",
      );
    }
    const conditions = {
      'ForAllValues:StringEquals': { 'iot:TunnelDestinationService': services },
      // For a tunnel to nowhere there are no services, of which the above is true.
      'Null': { 'iot:TunnelDestinationService': 'false' },
      ...this.thingGroups.length > 0 && { 'ForAnyValue:StringEquals': { 'iot:ThingGroupArn': this.thingGroups.map((name) => iotArn(this.scope, 'thinggroup', name)) } },
    };
    return this.ofThings(thing, (patterns) => grantControl(
      grantee, this.scope, ['iot:OpenTunnel', 'iot:RotateTunnelAccessToken'], { tunnel: ['*'], thing: patterns }, conditions,
    ));
  }

  /**
   * Permits to list the tunnels to devices.
   *
   * @param grantee Who may list them.
   * @param thing The name of one thing; by default those of all things of the fleet.
   */
  public list(grantee: iam.IGrantable, thing?: string): iam.Grant {
    this.requireTunnels();
    return this.ofThings(thing, (patterns) => grantControl(grantee, this.scope, ['iot:ListTunnels'], { tunnel: ['*'], thing: patterns }));
  }

  /** Permits to look at and to close any tunnel of the account whose id is known: the ARN of a tunnel does not tell its thing. */
  public manage(grantee: iam.IGrantable): iam.Grant {
    this.requireTunnels();
    return grantControl(grantee, this.scope, ['iot:DescribeTunnel', 'iot:CloseTunnel'], { tunnel: ['*'] });
  }

  private ofThings(thing: string | undefined, make: (patterns: readonly string[]) => iam.Grant): iam.Grant {
    return placed(this.scope, () => this.things.grant({ thing }, make));
  }

  private requireTunnels(): void {
    if (!this.topicSpace.tunnels) {
      throw invalid(this.scope, "the devices are not told of tunnels; set 'tunnels' of the fleet");
    }
  }
}
