import { Lazy } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import type * as iot from 'aws-cdk-lib/aws-iot';
import { Construct } from 'constructs';
import { requireSameEnvironment, Things } from './things';
import { iotArn } from '../private/arns';
import { HandlerResource } from '../private/custom-resource';

const KIND = { name: 'join-billing-group', description: 'Puts things into billing groups' };

/** Properties for putting things into a billing group. */
export interface BillingGroupMembershipProps {
  /** The group that the things belong to. Another group moves them. */
  readonly billingGroup: iot.IBillingGroupRef;

  /**
   * The things of the group, at most 1,000. More can be added with `addThing`.
   *
   * @default - none yet
   */
  readonly things?: iot.IThingRef[];
}

/**
 * Puts things into a billing group, whose tags their cost carries in the bill.
 *
 * One custom resource for all of them: CloudFormation has no type for it. A thing is in one billing group; deployment
 * fails for one that something else has put into another.
 *
 * Do not rename the construct: CloudFormation deletes the old one last, which takes the things out of the group.
 *
 * @see https://docs.aws.amazon.com/iot/latest/developerguide/tagging-iot-billing-groups.html
 */
export class BillingGroupMembership extends Construct {
  private readonly things: Things;

  constructor(scope: Construct, id: string, props: BillingGroupMembershipProps) {
    super(scope, id);

    requireSameEnvironment(this, props.billingGroup);
    this.things = new Things(this, KIND);
    props.things?.forEach((thing) => this.things.add(thing));

    const { billingGroupName } = props.billingGroup.billingGroupRef;
    new HandlerResource(this, 'Default', {
      kind: KIND,
      resourceType: 'IotBillingGroupMembership',
      properties: { BillingGroupName: billingGroupName, ThingNames: Lazy.list({ produce: () => this.things.names }) },
      permissions: () => [
        new iam.PolicyStatement({
          actions: ['iot:AddThingToBillingGroup', 'iot:RemoveThingFromBillingGroup'],
          resources: [iotArn(this, 'billinggroup', billingGroupName), ...this.things.arns],
        }),
        new iam.PolicyStatement({ actions: ['iot:DescribeThing'], resources: this.things.arns }),
      ],
    });
  }

  /** Puts a thing into the group. A thing that is in it already stays in it. */
  public addThing(thing: iot.IThingRef): void {
    this.things.add(thing);
  }
}
