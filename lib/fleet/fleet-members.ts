import type * as iot from 'aws-cdk-lib/aws-iot';
import type { Construct } from 'constructs';
import { ThingGroupMembership, ThingTypeAssociation } from '../membership';

/** Gives the things that the app defines the type and the groups of their fleet, which CloudFormation cannot. */
export class FleetMembers {
  private lists?: readonly { addThing(thing: iot.IThingRef): void }[];

  constructor(private readonly scope: Construct, private readonly thingType: iot.IThingTypeRef | undefined, private readonly thingGroups: readonly iot.IThingGroupRef[]) {}

  public add(thing: iot.IThingRef): void {
    this.lists ??= [
      ...this.thingType ? [new ThingTypeAssociation(this.scope, 'ThingType', { thingType: this.thingType })] : [],
      ...this.thingGroups.map((thingGroup, index) => new ThingGroupMembership(this.scope, `ThingGroup${index + 1}`, { thingGroup })),
    ];
    for (const list of this.lists) {
      list.addThing(thing);
    }
  }
}
