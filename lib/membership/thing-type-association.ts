import { Lazy } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import type * as iot from 'aws-cdk-lib/aws-iot';
import { Construct } from 'constructs';
import { requireSameEnvironment, Things } from './things';
import { HandlerResource } from '../private/custom-resource';

const KIND = { name: 'assign-thing-type', description: 'Gives things their thing type' };

/** Properties for giving things their thing type. */
export interface ThingTypeAssociationProps {
  /** The type of the things, which must not be deprecated. Another type replaces it in place. */
  readonly thingType: iot.IThingTypeRef;

  /**
   * The things of this type, at most 1,000. More can be added with `addThing`.
   *
   * @default - none yet
   */
  readonly things?: iot.IThingRef[];
}

/**
 * Gives things their thing type, which policies read as `${iot:Connection.Thing.ThingTypeName}`.
 *
 * One custom resource for all of them: CloudFormation has no type for it. Deployment fails for a thing that something
 * else has given another type; on removal, a thing loses the type only if it still is this one.
 *
 * Do not rename the construct: CloudFormation deletes the old one last, which takes the type away.
 *
 * @see https://docs.aws.amazon.com/iot/latest/developerguide/thing-types.html
 */
export class ThingTypeAssociation extends Construct {
  private readonly things: Things;

  constructor(scope: Construct, id: string, props: ThingTypeAssociationProps) {
    super(scope, id);

    requireSameEnvironment(this, props.thingType);
    this.things = new Things(this, KIND);
    props.things?.forEach((thing) => this.things.add(thing));

    new HandlerResource(this, 'Default', {
      kind: KIND,
      resourceType: 'IotThingTypeAssociation',
      properties: { ThingTypeName: props.thingType.thingTypeRef.thingTypeName, ThingNames: Lazy.list({ produce: () => this.things.names }) },
      permissions: () => [new iam.PolicyStatement({ actions: ['iot:DescribeThing', 'iot:UpdateThing'], resources: this.things.arns })],
    });
  }

  /** Gives a thing this type. A thing that has it already keeps it. */
  public addThing(thing: iot.IThingRef): void {
    this.things.add(thing);
  }
}
