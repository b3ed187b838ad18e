import { Annotations } from 'aws-cdk-lib';
import type * as iam from 'aws-cdk-lib/aws-iam';
import type { IConstruct } from 'constructs';
import type { FleetThings } from './fleet-things';
import { grantIot } from './grant-iot';
import type { DeviceScope, Shadow, TopicSpace } from '../../topics';
import { appShadow, appShadowOf, type ShadowUse } from '../../topics/app-side';
import { IotAction } from '../iot-action';
import type { IotPolicyStatement } from '../iot-policy-statement';
import { IotResource } from '../iot-resource';
import { placed } from '../placed';
import { topicStatements } from '../topic-statements';

/** Options for permitting something on a shadow. */
export interface ShadowGrantOptions extends DeviceScope {
  /**
   * Whether it is permitted with MQTT as well, and not over HTTPS alone. Reading then includes to hear of changes.
   *
   * Besides it takes `fleet.grants.connect`.
   *
   * @default false
   */
  readonly mqtt?: boolean;
}

const ACTIONS: { readonly [use in ShadowUse]: IotAction } = {
  read: IotAction.GET_THING_SHADOW,
  update: IotAction.UPDATE_THING_SHADOW,
  delete: IotAction.DELETE_THING_SHADOW,
};

/**
 * What apps and users of AWS can be permitted on a shadow of a fleet's things: of one, or of all.
 *
 * The classic shadow of all things takes their named shadows with it over HTTPS, as the `*` in an ARN covers the slash
 * before their names. Prefer named shadows, or name one thing.
 */
export class ShadowGrants {
  /** @internal */
  public static _of(scope: IConstruct, shadow: Shadow, things: FleetThings, topicSpace: TopicSpace): ShadowGrants {
    return new ShadowGrants(scope, shadow, things, topicSpace);
  }

  private constructor(
    private readonly scope: IConstruct, private readonly shadow: Shadow, private readonly things: FleetThings, private readonly topicSpace: TopicSpace,
  ) {}

  /** Permits to read the shadow. */
  public read(grantee: iam.IGrantable, options?: ShadowGrantOptions): iam.Grant {
    return this.grant(grantee, 'read', options);
  }

  /** Permits to update the shadow, without reading it. */
  public update(grantee: iam.IGrantable, options?: ShadowGrantOptions): iam.Grant {
    return this.grant(grantee, 'update', options);
  }

  /** Permits to delete the shadow. */
  public remove(grantee: iam.IGrantable, options?: ShadowGrantOptions): iam.Grant {
    return this.grant(grantee, 'delete', options);
  }

  private grant(grantee: iam.IGrantable, use: ShadowUse, options: ShadowGrantOptions = {}): iam.Grant {
    if (options.thing === undefined && this.shadow.shadowName === undefined && this.topicSpace.shadows.length > 1) {
      Annotations.of(this.scope).addWarningV2(
        'cdk-iot-warden:ShadowGrants.namedShadowsToo',
        `who may ${use} the classic shadow of all things may ${use} their named shadows too, as '*' covers the slash before their names; name one 'thing', or use named shadows only`,
      );
    }
    const { mqtt = false, ...devices } = options;
    return placed(this.scope, () => {
      const topics = appShadow(this.shadow, use, devices);
      return this.things.grant(devices, (patterns) => grantIot(grantee, this.scope, [
        shadowStatement(this.shadow, use, patterns),
        ...mqtt ? topicStatements(devices.thing === undefined ? appShadowOf(this.shadow, use, patterns) : topics) : [],
      ]));
    });
  }
}

/** What a use of a shadow takes over HTTPS. */
export function shadowStatement({ shadowName }: Shadow, use: ShadowUse, patterns: readonly string[]): IotPolicyStatement {
  return {
    actions: [ACTIONS[use]],
    resources: patterns.map((thing) => (shadowName === undefined ? IotResource.thing(thing) : IotResource.namedShadow(thing, shadowName))),
  };
}
