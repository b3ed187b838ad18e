import { Lazy } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import type * as iot from 'aws-cdk-lib/aws-iot';
import { Construct } from 'constructs';
import { requireStatic } from './static-group';
import { requireSameEnvironment, Things } from './things';
import { HandlerResource } from '../private/custom-resource';

const KIND = { name: 'join-thing-group', description: 'Puts things into thing groups' };

/** Properties for putting things into a thing group. */
export interface ThingGroupMembershipProps {
  /** The static group that the things belong to. Another group moves them, in one step for each thing. */
  readonly thingGroup: iot.IThingGroupRef;

  /**
   * The things of the group, at most 1,000. More can be added with `addThing`.
   *
   * @default - none yet
   */
  readonly things?: iot.IThingRef[];

  /**
   * Whether a dynamic group gives way when a thing is in 10 groups, the most that there can be.
   *
   * @default false
   */
  readonly overrideDynamicGroups?: boolean;
}

/**
 * Puts things into a static thing group, whose policies they get.
 *
 * One custom resource for all of them: CloudFormation has no type for it. A change of the list adds and removes the
 * difference; things that something else puts into the group stay. For devices that register themselves, name the
 * group in the provisioning template instead.
 *
 * Do not rename the construct: CloudFormation creates the new one, which finds the things in the group, and then deletes
 * the old one, which takes them out.
 *
 * @see https://docs.aws.amazon.com/iot/latest/developerguide/thing-groups.html
 */
export class ThingGroupMembership extends Construct {
  private readonly things: Things;

  constructor(scope: Construct, id: string, props: ThingGroupMembershipProps) {
    super(scope, id);

    requireStatic(this, 'thingGroup', props.thingGroup);
    requireSameEnvironment(this, props.thingGroup);
    this.things = new Things(this, KIND);
    props.things?.forEach((thing) => this.things.add(thing));

    const { thingGroupName, thingGroupArn } = props.thingGroup.thingGroupRef;
    new HandlerResource(this, 'Default', {
      kind: KIND,
      resourceType: 'IotThingGroupMembership',
      properties: {
        ThingGroupName: thingGroupName,
        ThingNames: Lazy.list({ produce: () => this.things.names }),
        OverrideDynamicGroups: String(props.overrideDynamicGroups ?? false),
      },
      permissions: () => [
        new iam.PolicyStatement({
          actions: ['iot:AddThingToThingGroup', 'iot:RemoveThingFromThingGroup', 'iot:UpdateThingGroupsForThing'],
          resources: [thingGroupArn, ...this.things.arns],
        }),
        new iam.PolicyStatement({ actions: ['iot:ListThingGroupsForThing'], resources: this.things.arns }),
      ],
    });
  }

  /** Puts a thing into the group. A thing that is in it already stays in it. */
  public addThing(thing: iot.IThingRef): void {
    this.things.add(thing);
  }
}
