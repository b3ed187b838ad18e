import * as iam from 'aws-cdk-lib/aws-iam';
import type * as iot from 'aws-cdk-lib/aws-iot';
import { Construct } from 'constructs';
import { requireStatic } from './static-group';
import { namesByPath, requireSameEnvironment } from './things';
import { HandlerResource, NO_RESOURCE } from '../private/custom-resource';
import { invalid } from '../private/errors';

const KIND = { name: 'attach-group-policies', description: 'Attaches policies to thing groups' };

/** https://docs.aws.amazon.com/iot/latest/developerguide/thing-groups.html */
const MAX_POLICIES = 2;

/** Properties for attaching policies to a thing group. */
export interface ThingGroupPolicyAttachmentProps {
  /** The static group whose things get the policies. */
  readonly thingGroup: iot.IThingGroupRef;

  /** One or two policies: AWS IoT allows two for a group, those that something else attaches included. */
  readonly policies: iot.IPolicyRef[];
}

/**
 * Attaches policies to a static thing group, so that they hold for the things in it and in the groups below it.
 *
 * A policy of a group holds for a device that connects with a certificate attached to its thing and with the name of the
 * thing as its client id. A device that may choose its client id escapes it, denials included; the policies of
 * `IotPolicy.forDevices` leave no choice.
 *
 * A custom resource: `AWS::IoT::PolicyPrincipalAttachment` takes certificates only. IAM cannot say which policies a
 * function may attach, only to what; the function may attach any to this group.
 *
 * @see https://docs.aws.amazon.com/iot/latest/developerguide/thing-groups.html
 */
export class ThingGroupPolicyAttachment extends Construct {
  constructor(scope: Construct, id: string, props: ThingGroupPolicyAttachmentProps) {
    super(scope, id);

    requireStatic(this, 'thingGroup', props.thingGroup);
    requireSameEnvironment(this, props.thingGroup);
    const policies = new Map<string, iot.IPolicyRef>();
    for (const policy of props.policies) {
      requireSameEnvironment(this, policy);
      policies.set(policy.policyRef.policyName, policy);
    }
    if (policies.size === 0 || policies.size > MAX_POLICIES) {
      throw invalid(this, `'policies' must have one or ${MAX_POLICIES} entries, got ${policies.size}; merge some of them into one policy`);
    }

    const { thingGroupArn } = props.thingGroup.thingGroupRef;
    new HandlerResource(this, 'Default', {
      kind: KIND,
      resourceType: 'IotThingGroupPolicyAttachment',
      properties: { ThingGroupArn: thingGroupArn, PolicyNames: namesByPath(policies) },
      permissions: () => [
        new iam.PolicyStatement({ actions: ['iot:AttachPolicy', 'iot:DetachPolicy'], resources: [thingGroupArn] }),
        new iam.PolicyStatement({ actions: ['iot:ListAttachedPolicies'], resources: [NO_RESOURCE] }),
      ],
    });
  }
}
