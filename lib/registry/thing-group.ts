import * as iot from 'aws-cdk-lib/aws-iot';
import type { Construct } from 'constructs';
import { REGISTRY_NAME } from './limits';
import { renderProperties, requireCommonProps, ThingGroupBase, type CommonThingGroupProps, type IThingGroup } from './thing-group-base';
import { iotArn, nameFromArn } from '../private/arns';
import { invalid } from '../private/errors';
import { requireText } from '../private/text';

/** Properties for defining a static thing group. */
export interface ThingGroupProps extends CommonThingGroupProps {
  /**
   * The static group that this one is a child of, whose policies it inherits. A change replaces the group.
   *
   * AWS IoT allows a hierarchy 7 groups deep and 100 children of one group.
   *
   * @default - the group is the root of its own hierarchy
   */
  readonly parent?: iot.IThingGroupRef;
}

/**
 * Defines a static thing group: a list of things that policies can be attached to.
 *
 * A thing is in at most 10 groups, and in one group of a hierarchy. CloudFormation creates the group but cannot put
 * things into it. Deleting it fails while it has children or policies from outside this app.
 *
 * @resource AWS::IoT::ThingGroup
 * @see https://docs.aws.amazon.com/iot/latest/developerguide/thing-groups.html
 */
export class ThingGroup extends ThingGroupBase {
  /**
   * Refers to a thing group that exists outside this app, in the account and region of the stack.
   */
  public static fromThingGroupName(scope: Construct, id: string, thingGroupName: string): IThingGroup {
    requireText(scope, 'thingGroupName', thingGroupName, REGISTRY_NAME);
    class Import extends ThingGroupBase {
      public readonly thingGroupName = thingGroupName;
      public readonly thingGroupArn = iotArn(this, 'thinggroup', thingGroupName);
    }
    return new Import(scope, id);
  }

  /**
   * Refers to a thing group that exists outside this app, in the account and region that the ARN names.
   */
  public static fromThingGroupArn(scope: Construct, id: string, thingGroupArn: string): IThingGroup {
    const thingGroupName = nameFromArn(scope, 'thingGroupArn', thingGroupArn, 'thinggroup');
    class Import extends ThingGroupBase {
      public readonly thingGroupName = thingGroupName;
      public readonly thingGroupArn = thingGroupArn;
    }
    return new Import(scope, id, { environmentFromArn: thingGroupArn });
  }

  public readonly thingGroupName: string;
  public readonly thingGroupArn: string;

  /**
   * The id that AWS IoT gave this thing group.
   *
   * @attribute
   */
  public readonly thingGroupId: string;

  constructor(scope: Construct, id: string, props: ThingGroupProps = {}) {
    super(scope, id, { physicalName: props.thingGroupName });

    requireCommonProps(this, props);
    if (props.parent && isDynamic(props.parent)) {
      throw invalid(this, `'parent' must be a static thing group, got the dynamic one at ${props.parent.node.path}`);
    }

    const resource = new iot.CfnThingGroup(this, 'Resource', {
      thingGroupName: this.physicalName,
      parentGroupName: props.parent?.thingGroupRef.thingGroupName,
      thingGroupProperties: renderProperties(props),
    });

    this.thingGroupName = this.getResourceNameAttribute(resource.ref);
    this.thingGroupArn = this.getResourceArnAttribute(resource.attrArn, {
      service: 'iot',
      resource: 'thinggroup',
      resourceName: this.physicalName,
    });
    this.thingGroupId = resource.attrId;
  }
}

function isDynamic(group: iot.IThingGroupRef): boolean {
  const resource = group.node.defaultChild ?? group;
  return iot.CfnThingGroup.isCfnThingGroup(resource) && resource.queryString !== undefined;
}
