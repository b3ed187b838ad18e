import { Lazy, Stack } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as iot from 'aws-cdk-lib/aws-iot';
import { Construct, type IConstruct } from 'constructs';
import type { IotPolicy } from '../access';
import type { IDeviceCertificate } from '../certificates';
import { iotArn } from '../private/arns';
import { HandlerResource, NO_RESOURCE } from '../private/custom-resource';
import type { IThing } from '../registry';

const KIND = { name: 'guard-fleet', description: 'Says which devices a fleet has before it is deleted' };

/** What happens when a fleet leaves its stack while it has devices that the stack has not made. */
export enum FleetDeletion {
  /** Nothing of it is deleted: the deletion fails, and says how many such devices there are, and where. */
  FAIL_IF_DEVICES_REMAIN = 'fail-if-devices-remain',
  /** The policies stay, and the devices can go on as they do. Which they are is in the log of the function. */
  RETAIN_POLICIES = 'retain-policies',
}

/** What a guard watches. */
export interface FleetGuardProps {
  readonly policies: readonly IotPolicy[];
  readonly thingGroups: readonly iot.IThingGroupRef[];
  readonly thingType: iot.IThingTypeRef | undefined;
  readonly onDeletion: FleetDeletion;

  /** The devices that the stack makes; read when the app is synthesized. */
  readonly certificates: readonly IDeviceCertificate[];
  readonly things: readonly IThing[];

  /** What must still be there when the guard is asked. */
  readonly guarded: readonly IConstruct[];
}

/**
 * Is deleted before everything else of a fleet, or refuses to be: provisioning makes devices that the stack knows nothing
 * of, and without it CloudFormation would take the fleet apart until it comes to a policy that is in use.
 */
export class FleetGuard extends Construct {
  constructor(scope: Construct, id: string, props: FleetGuardProps) {
    super(scope, id);

    // What another stack has made is not deleted with this one.
    const groups = props.thingGroups.filter((group) => this.isOwn(group, (value) => iot.CfnThingGroup.isCfnThingGroup(value)));
    const types = (props.thingType ? [props.thingType] : []).filter((type) => this.isOwn(type, (value) => iot.CfnThingType.isCfnThingType(value)));
    const resource = new HandlerResource(this, 'Default', {
      kind: KIND,
      resourceType: 'IotFleetGuard',
      properties: {
        FleetName: scope.node.path,
        PolicyNames: props.policies.map(({ policyName }) => policyName),
        ThingGroupNames: groups.map((group) => group.thingGroupRef.thingGroupName),
        ThingTypeNames: types.map((type) => type.thingTypeRef.thingTypeName),
        OwnCertificates: Lazy.list({ produce: () => props.certificates.map(({ certificateArn }) => certificateArn) }),
        OwnThings: Lazy.list({ produce: () => props.things.map(({ thingName }) => thingName) }),
        OnDeletion: props.onDeletion,
      },
      permissions: () => [
        new iam.PolicyStatement({ actions: ['iot:ListTargetsForPolicy'], resources: props.policies.map(({ policyArn }) => policyArn) }),
        new iam.PolicyStatement({ actions: ['iot:ListPrincipalThings'], resources: [iotArn(this, 'cert', '*')] }),
        ...groups.length > 0 ? [new iam.PolicyStatement({ actions: ['iot:ListThingsInThingGroup'], resources: groups.map((group) => group.thingGroupRef.thingGroupArn) })] : [],
        ...types.length > 0 ? [new iam.PolicyStatement({ actions: ['iot:ListThings'], resources: [NO_RESOURCE] })] : [],
      ],
      wildcards: 'Devices that provisioning has made have certificates whose ids no template knows, and AWS IoT defines no resource for listing things',
    });
    resource.node.addDependency(...props.guarded, ...props.policies, ...groups, ...types);
  }

  private isOwn(target: IConstruct, isResource: (value: unknown) => boolean): boolean {
    return Stack.of(target) === Stack.of(this) && isResource(target.node.defaultChild ?? target);
  }
}
