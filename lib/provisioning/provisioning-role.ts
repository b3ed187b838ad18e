import { Stack } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';
import { OverrideSetting } from './override-setting';
import type { ProvisionedDeviceProps } from './provisioning-props';
import type { TemplateBody } from './template-body';
import { acknowledgeWildcards } from '../private/acknowledge';
import { iotArn } from '../private/arns';

/** What a template touches, by the type of its ARN. */
interface Touched {
  readonly cert: readonly string[];
  readonly thing: readonly string[];
  readonly policy: readonly string[];
  readonly thingtype: readonly string[];
  readonly thinggroup: readonly string[];
  readonly billinggroup: readonly string[];

  /** For actions that IAM checks against no resource. */
  readonly any: readonly string[];

  /** Things whose attributes or type the template changes, and groups that it takes them out of. */
  readonly changedThing: readonly string[];
  readonly leftGroup: readonly string[];
}

/**
 * The actions that registering a device takes, each on the resources that IAM checks it against; a row counts where the
 * template touches something of every type in it. Never `iot:CreatePolicy`, see `policies`.
 *
 * AWS documents no minimum. These are the actions of its managed policy `AWSIoTThingsRegistration` by what they are for,
 * without those for certificates of one's own. Which policy is attached cannot be limited: IAM looks at the certificate.
 *
 * @see https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AWSIoTThingsRegistration.html
 * @see https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsiot.html
 */
const ROWS: readonly { readonly actions: readonly string[]; readonly on: readonly (keyof Touched)[] }[] = [
  { actions: ['DescribeCertificate', 'ListPrincipalThings', 'UpdateCertificate'], on: ['cert'] },
  { actions: ['ListAttachedPolicies', 'ListPrincipalPolicies'], on: ['any'] },
  // Documented for the certificate; AWS's own policies name the thing as well.
  { actions: ['AttachThingPrincipal', 'DetachThingPrincipal'], on: ['cert', 'thing'] },
  { actions: ['CreateThing', 'DescribeThing', 'ListThingPrincipals'], on: ['thing'] },
  { actions: ['UpdateThing'], on: ['changedThing'] },
  { actions: ['DescribeThingType'], on: ['thingtype'] },
  { actions: ['DescribeThingGroup'], on: ['thinggroup'] },
  { actions: ['AddThingToThingGroup', 'ListThingGroupsForThing', 'UpdateThingGroupsForThing'], on: ['thing', 'thinggroup'] },
  { actions: ['RemoveThingFromThingGroup', 'UpdateThingGroupsForThing'], on: ['thing', 'leftGroup'] },
  { actions: ['DescribeBillingGroup'], on: ['billinggroup'] },
  { actions: ['AddThingToBillingGroup', 'CreateThing'], on: ['thing', 'billinggroup'] },
  { actions: ['AttachPolicy', 'DetachPolicy'], on: ['cert', 'policy'] },
  { actions: ['GetPolicy', 'ListTargetsForPolicy'], on: ['policy'] },
];

const WILDCARDS = 'Ids of certificates are known only when they exist, the names of things follow the pattern of the template, '
  + 'and AWS IoT defines no resource for listing the policies of a certificate';

/**
 * Defines the role that AWS IoT provisions devices with, for one template or task only.
 *
 * Its permissions are part of it, and there at once: a template that is created before them fails, and then exists.
 */
export function defineProvisioningRole(
  scope: Construct,
  sourceArn: string,
  props: ProvisionedDeviceProps,
  body: TemplateBody,
  others: readonly iam.PolicyStatement[] = [],
): iam.Role {
  const touched = touchedBy(scope, props, body);
  const rows = ROWS.filter(({ on }) => on.every((type) => touched[type].length > 0));
  const role = new iam.Role(scope, 'Role', {
    assumedBy: new iam.ServicePrincipal('iot.amazonaws.com', {
      conditions: {
        StringEquals: { 'aws:SourceAccount': Stack.of(scope).account },
        ArnLike: { 'aws:SourceArn': sourceArn },
      },
    }),
    inlinePolicies: {
      Provisioning: new iam.PolicyDocument({
        statements: [
          ...rows.map(({ actions, on }) => new iam.PolicyStatement({
            actions: actions.map((action) => `iot:${action}`),
            resources: on.flatMap((type) => touched[type]),
          })),
          ...others,
        ],
      }),
    },
  });
  acknowledgeWildcards(role.node.defaultChild as iam.CfnRole, WILDCARDS);
  return role;
}

function touchedBy(scope: Construct, props: ProvisionedDeviceProps, { thingName, overrides }: TemplateBody): Touched {
  const thing = [iotArn(scope, 'thing', thingName.fill(() => '*'))];
  const changes = (setting: OverrideSetting) => setting === OverrideSetting.REPLACE || setting === OverrideSetting.MERGE;
  return {
    cert: [iotArn(scope, 'cert', '*')],
    thing,
    policy: props.policies.map((policy) => policy.policyRef.policyArn),
    thingtype: props.thingType ? [props.thingType.thingTypeRef.thingTypeArn] : [],
    thinggroup: (props.thingGroups ?? []).map((group) => group.thingGroupRef.thingGroupArn),
    billinggroup: props.billingGroup ? [props.billingGroup.billingGroupRef.billingGroupArn] : [],
    any: ['*'],
    changedThing: changes(overrides.attributePayload) || changes(overrides.thingTypeName) ? thing : [],
    leftGroup: overrides.thingGroups === OverrideSetting.REPLACE ? [iotArn(scope, 'thinggroup', '*')] : [],
  };
}
