import { arnPrefix } from '../../policy';
import type { AccountScope } from '../../policy';
import { needsOf, requestTags } from '../aws';
import type { Input, Permission } from '../aws';
import type { KnownKeys, Need } from '../iam';
import { decoded, locationIn } from '../jobs/s3-location';

/** Resources out of a request: the ends of their ARNs, or ARNs. */
type Resources = (input: Input) => readonly Resource[];
type Resource = { readonly name: string } | { readonly arn: string };

/** Types of resources, by what begins their ARNs, and the members of requests that name them. */
const NAMED_BY: Readonly<Record<string, readonly string[]>> = {
  authorizer: ['authorizerName'],
  billinggroup: ['billingGroupName', 'billingGroupArn'],
  cacert: ['certificateId'],
  cert: ['certificateId'],
  domainconfiguration: ['domainConfigurationName'],
  job: ['jobId'],
  jobtemplate: ['jobTemplateId', 'jobTemplateArn'],
  policy: ['policyName'],
  provisioningtemplate: ['templateName'],
  rolealias: ['roleAlias'],
  thing: ['thingName', 'thingArn'],
  thinggroup: ['thingGroupName', 'thingGroupArn'],
  thingtype: ['thingTypeName'],
};

/** The members of requests that hand AWS IoT a role: who does needs `iam:PassRole` on it. */
const PASSED_ROLES: readonly (readonly string[])[] = [['roleArn'], ['provisioningRoleArn'], ['presignedUrlConfig', 'roleArn'], ['registrationConfig', 'roleArn']];

/** What members name: a member that ends in `Arn` has an ARN, any other the name of a resource of the type. */
const named = (type: string): Resources => (input) => NAMED_BY[type]!.flatMap((member) => {
  const value = textIn(input, member);
  return value === undefined ? [] : [member.endsWith('Arn') ? { arn: value } : { name: `${type}/${value}` }];
});

/** An ARN in a member; other values, such as identities of Cognito, are no resources. */
const arnIn = (member: string): Resources => (input) => {
  const arn = textIn(input, member);
  return arn?.startsWith('arn:') === true ? [{ arn }] : [];
};

/** Each of a list: ARNs, or names of resources of a type. */
const eachOf = (member: string, type?: string): Resources => ({ [member]: list }) => (
  (Array.isArray(list) ? list : []).map((item) => (type === undefined ? { arn: String(item) } : { name: `${type}/${String(item)}` }))
);

/**
 * What an operation is about: names of types, each required if the request names one; nothing for what policies allow with
 * `*` alone.
 *
 * Of AttachThingPrincipal and DetachThingPrincipal, AWS documents the certificate as the resource, and the thing as a condition.
 *
 * @see https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsiot.html
 */
const RESOURCES: Readonly<Record<string, readonly (string | Resources)[]>> = {
  AddThingToBillingGroup: ['billinggroup', 'thing'],
  AddThingToThingGroup: ['thing', 'thinggroup'],
  AssociateTargetsWithJob: ['job', eachOf('targets')],
  AttachPolicy: [arnIn('target')],
  AttachThingPrincipal: [arnIn('principal')],
  CancelJob: ['job'],
  CancelJobExecution: ['job', 'thing'],
  ClearDefaultAuthorizer: [],
  CreateBillingGroup: ['billinggroup'],
  CreateCertificateFromCsr: [],
  CreateJob: ['job', 'jobtemplate', eachOf('targets')],
  CreateJobTemplate: ['jobtemplate', arnIn('jobArn')],
  CreateKeysAndCertificate: [],
  CreatePolicy: ['policy'],
  CreatePolicyVersion: ['policy'],
  CreateProvisioningClaim: ['provisioningtemplate'],
  CreateProvisioningTemplate: ['provisioningtemplate'],
  CreateProvisioningTemplateVersion: ['provisioningtemplate'],
  CreateRoleAlias: ['rolealias'],
  CreateThing: ['thing', 'billinggroup'],
  CreateThingGroup: ['thinggroup'],
  CreateThingType: ['thingtype'],
  DeleteBillingGroup: ['billinggroup'],
  DeleteCACertificate: ['cacert'],
  DeleteCertificate: ['cert'],
  DeleteJob: ['job'],
  DeleteJobExecution: ['job', 'thing'],
  DeleteJobTemplate: ['jobtemplate'],
  DeletePolicy: ['policy'],
  DeletePolicyVersion: ['policy'],
  DeleteProvisioningTemplate: ['provisioningtemplate'],
  DeleteProvisioningTemplateVersion: ['provisioningtemplate'],
  DeleteRegistrationCode: [],
  DeleteRoleAlias: ['rolealias'],
  DeleteThing: ['thing'],
  DeleteThingGroup: ['thinggroup'],
  DeleteThingType: ['thingtype'],
  DeprecateThingType: ['thingtype'],
  DescribeAuthorizer: ['authorizer'],
  DescribeBillingGroup: ['billinggroup'],
  DescribeCACertificate: ['cacert'],
  DescribeCertificate: ['cert'],
  DescribeDefaultAuthorizer: [],
  DescribeDomainConfiguration: ['domainconfiguration'],
  DescribeEndpoint: [],
  DescribeEventConfigurations: [],
  DescribeJob: ['job'],
  DescribeJobExecution: ['job', 'thing'],
  DescribeJobTemplate: ['jobtemplate'],
  DescribeProvisioningTemplate: ['provisioningtemplate'],
  DescribeProvisioningTemplateVersion: ['provisioningtemplate'],
  DescribeRoleAlias: ['rolealias'],
  DescribeThing: ['thing'],
  DescribeThingGroup: ['thinggroup'],
  DescribeThingRegistrationTask: [],
  DescribeThingType: ['thingtype'],
  DetachPolicy: [arnIn('target')],
  DetachThingPrincipal: [arnIn('principal')],
  GetEffectivePolicies: [arnIn('principal')],
  GetIndexingConfiguration: [],
  GetJobDocument: ['job'],
  GetPolicy: ['policy'],
  GetPolicyVersion: ['policy'],
  GetRegistrationCode: [],
  GetV2LoggingOptions: [],
  ListAttachedPolicies: [],
  ListAuthorizers: [],
  ListBillingGroups: [],
  ListCACertificates: [],
  ListCertificates: [],
  ListCertificatesByCA: [],
  ListJobExecutionsForJob: ['job'],
  ListJobExecutionsForThing: ['thing'],
  ListJobTemplates: [],
  ListJobs: [],
  ListPolicies: [],
  ListPolicyVersions: ['policy'],
  ListPrincipalThings: [arnIn('principal')],
  ListPrincipalThingsV2: [arnIn('principal')],
  ListProvisioningTemplateVersions: ['provisioningtemplate'],
  ListProvisioningTemplates: [],
  ListRoleAliases: [],
  ListTagsForResource: [arnIn('resourceArn')],
  ListTargetsForPolicy: ['policy'],
  ListThingGroups: [],
  ListThingGroupsForThing: ['thing'],
  ListThingPrincipals: ['thing'],
  ListThingPrincipalsV2: ['thing'],
  ListThingRegistrationTaskReports: [],
  ListThingRegistrationTasks: [],
  ListThingTypes: [],
  ListThings: [],
  ListThingsInBillingGroup: ['billinggroup'],
  ListThingsInThingGroup: ['thinggroup'],
  RegisterCACertificate: [],
  RegisterCertificate: [],
  RegisterCertificateWithoutCA: [],
  RegisterThing: [],
  RemoveThingFromBillingGroup: ['billinggroup', 'thing'],
  RemoveThingFromThingGroup: ['thing', 'thinggroup'],
  SetDefaultAuthorizer: ['authorizer'],
  SetDefaultPolicyVersion: ['policy'],
  SetV2LoggingOptions: [],
  StartThingRegistrationTask: [],
  StopThingRegistrationTask: [],
  TagResource: [arnIn('resourceArn')],
  TestInvokeAuthorizer: ['authorizer'],
  UntagResource: [arnIn('resourceArn')],
  UpdateBillingGroup: ['billinggroup'],
  UpdateCACertificate: ['cacert'],
  UpdateCertificate: ['cert'],
  UpdateDomainConfiguration: ['domainconfiguration'],
  UpdateEventConfigurations: [],
  UpdateIndexingConfiguration: [],
  UpdateJob: ['job'],
  UpdateProvisioningTemplate: ['provisioningtemplate'],
  UpdateRoleAlias: ['rolealias'],
  UpdateThing: ['thing'],
  UpdateThingGroup: ['thinggroup'],
  UpdateThingGroupsForThing: ['thing', eachOf('thingGroupsToAdd', 'thinggroup'), eachOf('thingGroupsToRemove', 'thinggroup')],
  UpdateThingType: ['thingtype'],
};

/** An operation of the API: its name, and what a request gave it. */
interface Asked {
  readonly operation: string;
  readonly input: Input;
}

/** Whether it is known which permissions an operation takes. */
export function hasPermissions(operation: string): boolean {
  return Object.hasOwn(RESOURCES, operation);
}

/**
 * What IAM must allow for an operation, passing a role to AWS IoT included; undefined where the table does not have it.
 *
 * @param tagsOf the tags of a resource
 */
export function iotNeeds({ operation, input }: Asked, scope: AccountScope, tagsOf: (arn: string) => Readonly<Record<string, string>>): readonly Need[] | undefined {
  if (!hasPermissions(operation)) {
    return undefined;
  }
  const arnOf = (resource: Resource): string => ('arn' in resource ? resource.arn : `${arnPrefix(scope)}${resource.name}`);
  const permission: Permission = {
    on: () => RESOURCES[operation]!.flatMap((resources) => (typeof resources === 'string' ? named(resources) : resources)(input)).map(arnOf),
    keys: () => keysOf(input, arnOf),
    keysOf: (resource) => Object.fromEntries(Object.entries(tagsOf(resource)).map(([key, value]) => [`aws:ResourceTag/${key}`, value])),
  };
  const passed = PASSED_ROLES.flatMap((path) => textIn(input, ...path) ?? []);
  return [
    ...needsOf('iot', { [operation]: permission }, operation, input)!,
    ...passed.map((resource) => ({ action: 'iam:PassRole', resource, values: { 'iam:PassedToService': 'iot.amazonaws.com' } })),
    ...readObjects(input, scope),
  ];
}

/**
 * The object that a job is to have as its document. Whose permission AWS IoT reads it with is not documented; that of who
 * asks keeps a role from reading by way of a job what it may not read itself.
 *
 * @see https://docs.aws.amazon.com/iot/latest/apireference/API_CreateJob.html
 */
function readObjects({ documentSource }: Input, { partition }: AccountScope): readonly Need[] {
  const { bucket, key } = (typeof documentSource === 'string' ? locationIn(documentSource) : undefined) ?? {};
  const whole = key === undefined ? undefined : decoded(key);
  return bucket === undefined || whole === undefined ? [] : [{ action: 's3:GetObject', resource: `arn:${partition}:s3:::${bucket}/${whole}` }];
}

function keysOf(input: Input, arnOf: (resource: Resource) => string): KnownKeys {
  const thing = textIn(input, 'thingName');
  return { 'iot:thingArn': thing === undefined ? undefined : arnOf({ name: `thing/${thing}` }), ...requestTags(input.tags, input.tagKeys) };
}

function textIn(input: unknown, ...path: readonly string[]): string | undefined {
  const value = path.reduce((current, member) => (Object(current) as Record<string, unknown>)[member], input);
  return typeof value === 'string' ? value : undefined;
}
