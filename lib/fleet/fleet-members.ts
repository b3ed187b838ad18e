import type * as iot from 'aws-cdk-lib/aws-iot';
import { Construct } from 'constructs';
import { ThingGroupMembership, ThingTypeAssociation } from '../membership';

/** Gives the things that the app defines the type and the groups of their fleet, which CloudFormation cannot. */
export class FleetMembers extends Construct {
  private lists?: readonly { addThing(thing: iot.IThingRef): void }[];

  constructor(scope: Construct, id: string, private readonly thingType: iot.IThingTypeRef | undefined, private readonly thingGroups: readonly iot.IThingGroupRef[]) {
    super(scope, id);
  }

  public add(thing: iot.IThingRef): void {
    this.lists ??= [
      ...this.thingType ? [new ThingTypeAssociation(this, 'ThingType', { thingType: this.thingType })] : [],
      ...this.thingGroups.map((thingGroup, index) => new ThingGroupMembership(this, `ThingGroup${index + 1}`, { thingGroup })),
    ];
    for (const list of this.lists) {
      list.addThing(thing);
    }
  }
}
