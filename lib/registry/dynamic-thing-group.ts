import * as iot from 'aws-cdk-lib/aws-iot';
import type { Construct } from 'constructs';
import { renderProperties, requireCommonProps, ThingGroupBase, type CommonThingGroupProps } from './thing-group-base';
import { requireText, type TextRule } from '../private/text';

const QUERY_STRING: TextRule = { pattern: /^[^]+$/, characters: 'one or more characters', maxLength: 1000 };

/** Properties for defining a dynamic thing group. */
export interface DynamicThingGroupProps extends CommonThingGroupProps {
  /**
   * The fleet indexing query that selects the things of the group, such as `attributes.site:berlin`: 1 to 1000 characters.
   *
   * @see https://docs.aws.amazon.com/iot/latest/developerguide/query-syntax.html
   */
  readonly queryString: string;
}

/**
 * Defines a dynamic thing group: the things that match a query, kept up to date by AWS IoT.
 *
 * Fleet indexing must be on before the group is created; CloudFormation cannot turn it on. A dynamic group has no
 * parent and no children, and policies cannot be attached to it. An account has at most 100 of them in a region.
 *
 * To refer to one that exists outside this app, use `ThingGroup.fromThingGroupName` or `ThingGroup.fromThingGroupArn`.
 *
 * @resource AWS::IoT::ThingGroup
 * @see https://docs.aws.amazon.com/iot/latest/developerguide/dynamic-thing-groups.html
 */
export class DynamicThingGroup extends ThingGroupBase {
  public readonly thingGroupName: string;
  public readonly thingGroupArn: string;

  /**
   * The id that AWS IoT gave this thing group.
   *
   * @attribute
   */
  public readonly thingGroupId: string;

  constructor(scope: Construct, id: string, props: DynamicThingGroupProps) {
    super(scope, id, { physicalName: props.thingGroupName });

    requireCommonProps(this, props);
    requireText(this, 'queryString', props.queryString, QUERY_STRING);

    const resource = new iot.CfnThingGroup(this, 'Resource', {
      thingGroupName: this.physicalName,
      queryString: props.queryString,
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
