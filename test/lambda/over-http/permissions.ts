import { asText, isList, propertyOf, type Deployment, type Resource } from '../../../lib/deployment';
import { Pattern } from '../../../lib/policy/pattern';
import { tokenize } from '../../../lib/policy/tokens';
import { SCOPE, type SentRequest } from './local-account';

/** What a role may do. */
export interface Grant {
  readonly effect: 'Allow' | 'Deny';
  readonly action: string;
  readonly resource: string;
  readonly conditions: { readonly [key: string]: readonly string[] };
}

/** What a request takes: an action, on all of these resources. */
export interface Need {
  readonly action: string;
  readonly resources: readonly string[];
  readonly context: { readonly [key: string]: string };
}

/** The grants of the role of a function, whose construct has this in its path. */
export function grantsOf({ resources }: Deployment, functionPath: string): readonly Grant[] {
  const roles = resources.filter(({ type, path }) => type === 'AWS::Lambda::Function' && path.includes(functionPath)).map(({ properties }) => propertyOf(properties, 'Role'));
  const names = resources.filter(({ type, arn }) => type === 'AWS::IAM::Role' && roles.includes(arn as string)).map(({ physicalId }) => physicalId);
  return resources.filter(({ type, properties }) => type === 'AWS::IAM::Policy' && textsAt(properties, 'Roles').some((role) => names.includes(role)))
    .flatMap(({ properties }) => {
      const statements = propertyOf(properties, 'PolicyDocument', 'Statement');
      return isList(statements) ? statements.flatMap(readStatement) : [];
    });
}

function readStatement(statement: Resource['properties'][string]): readonly Grant[] {
  const resources = textsAt(statement, 'Resource');
  const operators = (propertyOf(statement, 'Condition') ?? {}) as { readonly [operator: string]: { readonly [key: string]: string | readonly string[] } };
  const other = Object.keys(operators).find((operator) => operator !== 'StringEquals');
  const effect = propertyOf(statement, 'Effect');
  if ((effect !== 'Allow' && effect !== 'Deny') || other !== undefined) {
    throw new Error(`a statement has an effect or condition that is not read here: ${JSON.stringify(statement)}`);
  }
  const conditions = Object.fromEntries(Object.entries(operators.StringEquals ?? {}).map(([key, values]) => [key, [values].flat()]));
  return textsAt(statement, 'Action').flatMap((action) => resources.map((resource) => ({ effect, action, resource, conditions })));
}

function textsAt(value: Resource['properties'][string], name: string): readonly string[] {
  const found = propertyOf(value, name);
  return (isList(found) ? found : found === undefined ? [] : [found]).map((item) => {
    const text = asText(item);
    if (typeof text !== 'string') {
      throw new Error(`a policy is not known offline: ${JSON.stringify(item)}`);
    }
    return text;
  });
}

/** Whether a grant is for an action on a resource, or denies it. */
export function matches({ action, resource, conditions }: Grant, wanted: string, target: string, context: Need['context']): boolean {
  return action === wanted
    && (resource === '*' || new Pattern(tokenize(resource, { wildcards: true, variables: false })).match(target, () => undefined) === 'yes')
    && Object.entries(conditions).every(([key, values]) => context[key] !== undefined && values.includes(context[key]));
}

/** Whether an action on a resource is permitted by a grant, and by none denied. */
function isPermitted(grants: readonly Grant[], action: string, resource: string, context: Need['context']): boolean {
  const effects = grants.filter((grant) => matches(grant, action, resource, context)).map(({ effect }) => effect);
  return effects.includes('Allow') && !effects.includes('Deny');
}

/** The resources that no grant is for. */
export function denied(grants: readonly Grant[], { action, resources, context }: Need): readonly string[] {
  return resources.filter((resource) => !isPermitted(grants, action, resource, context)).map((resource) => `${action} on ${resource}`);
}

type Input = SentRequest['input'];

const arn = (service: string, resource: string): string => `arn:aws:${service}:${SCOPE.region}:${SCOPE.accountId}:${resource}`;
const iot = (type: string, name: string) => (input: Input): readonly string[] => (input[name] === undefined ? [] : [input[name]].flat().map((each) => arn('iot', `${type}/${String(each)}`)));
const given = (name: string) => (input: Input): readonly string[] => [String(input[name])];

const THING = iot('thing', 'thingName');
const GROUP = iot('thinggroup', 'thingGroupName');
const BILLING_GROUP = iot('billinggroup', 'billingGroupName');
const POLICY = iot('policy', 'policyName');
const CERTIFICATE = iot('cert', 'certificateId');
const DOMAIN_CONFIGURATION = iot('domainconfiguration', 'domainConfigurationName');
const PRINCIPAL = given('principal');
const TARGET = given('target');
const TABLE = ({ TableName: name }: Input): readonly string[] => [arn('dynamodb', `table/${String(name)}`)];

/** IAM knows no resource for these: only a wildcard permits them. */
const NONE = (): readonly string[] => ['*'];

/**
 * The resources that IAM asks for, by action.
 *
 * @see https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsiot.html
 */
const RESOURCES: { readonly [action: string]: readonly ((input: Input) => readonly string[])[] } = {
  'iot:AddThingToBillingGroup': [THING, BILLING_GROUP],
  'iot:AddThingToThingGroup': [THING, GROUP],
  'iot:AttachPolicy': [TARGET],
  'iot:AttachThingPrincipal': [PRINCIPAL, THING],
  'iot:ClearDefaultAuthorizer': [NONE],
  'iot:CreateCertificateFromCsr': [NONE],
  'iot:CreatePolicy': [POLICY],
  'iot:CreatePolicyVersion': [POLICY],
  'iot:CreateThing': [THING, BILLING_GROUP],
  'iot:DeleteCertificate': [CERTIFICATE],
  'iot:DeletePolicy': [POLICY],
  'iot:DeletePolicyVersion': [POLICY],
  'iot:DescribeCACertificate': [iot('cacert', 'certificateId')],
  'iot:DescribeCertificate': [CERTIFICATE],
  'iot:DescribeDefaultAuthorizer': [NONE],
  'iot:DescribeDomainConfiguration': [DOMAIN_CONFIGURATION],
  'iot:DescribeEndpoint': [NONE],
  'iot:DescribeEventConfigurations': [NONE],
  'iot:DescribeThing': [THING],
  'iot:DescribeThingRegistrationTask': [NONE],
  'iot:DetachPolicy': [TARGET],
  // Documented for the certificate; AWS's own policies name the thing as well.
  'iot:DetachThingPrincipal': [PRINCIPAL, THING],
  'iot:GetIndexingConfiguration': [NONE],
  'iot:GetPolicyVersion': [POLICY],
  'iot:GetRegistrationCode': [NONE],
  'iot:GetV2LoggingOptions': [NONE],
  'iot:ListAttachedPolicies': [NONE],
  'iot:ListCertificates': [NONE],
  'iot:ListPolicyVersions': [POLICY],
  'iot:ListPrincipalThings': [PRINCIPAL],
  'iot:ListTagsForResource': [given('resourceArn')],
  'iot:ListTargetsForPolicy': [POLICY],
  'iot:ListThingGroupsForThing': [THING],
  'iot:ListThingPrincipals': [THING],
  'iot:ListThingRegistrationTasks': [NONE],
  'iot:ListThings': [NONE],
  'iot:ListThingsInThingGroup': [GROUP],
  'iot:RegisterCertificate': [NONE],
  'iot:RemoveThingFromBillingGroup': [THING, BILLING_GROUP],
  'iot:RemoveThingFromThingGroup': [THING, GROUP],
  'iot:SetDefaultAuthorizer': [iot('authorizer', 'authorizerName')],
  'iot:SetDefaultPolicyVersion': [POLICY],
  'iot:SetV2LoggingOptions': [NONE],
  'iot:StartThingRegistrationTask': [NONE],
  'iot:StopThingRegistrationTask': [NONE],
  'iot:UpdateCertificate': [CERTIFICATE],
  'iot:UpdateDomainConfiguration': [DOMAIN_CONFIGURATION],
  'iot:UpdateEventConfigurations': [NONE],
  'iot:UpdateIndexingConfiguration': [NONE],
  'iot:UpdateThing': [THING],
  'iot:UpdateThingGroupsForThing': [THING, iot('thinggroup', 'thingGroupsToAdd'), iot('thinggroup', 'thingGroupsToRemove')],
  'acm-pca:GetCertificate': [given('CertificateAuthorityArn')],
  'acm-pca:GetCertificateAuthorityCertificate': [given('CertificateAuthorityArn')],
  'acm-pca:IssueCertificate': [given('CertificateAuthorityArn')],
  'cognito-identity:DeleteIdentities': [NONE],
  'cognito-identity:DescribeIdentity': [NONE],
  'cognito-idp:ListUsers': [({ UserPoolId: id }) => [arn('cognito-idp', `userpool/${String(id)}`)]],
  'dynamodb:DeleteItem': [TABLE],
  'dynamodb:GetItem': [TABLE],
  'dynamodb:PutItem': [TABLE],
  'dynamodb:Query': [({ IndexName: index, ...input }) => TABLE(input).map((table) => `${table}/index/${String(index)}`)],
  'dynamodb:Scan': [TABLE],
  'dynamodb:UpdateItem': [TABLE],
  'kms:GetPublicKey': [given('KeyId')],
  'kms:Sign': [given('KeyId')],
  's3:GetObject': [({ Bucket: bucket, Key: key }) => [`arn:aws:s3:::${String(bucket)}/${String(key)}`]],
  'secretsmanager:DescribeSecret': [given('SecretId')],
  'secretsmanager:GetSecretValue': [given('SecretId')],
  'secretsmanager:PutSecretValue': [given('SecretId')],
  'secretsmanager:UpdateSecretVersionStage': [given('SecretId')],
  'ssm:DeleteParameter': [({ Name: name }) => [parameter(name)]],
  'ssm:GetParameter': [({ Name: name }) => [parameter(name)]],
  'ssm:GetParametersByPath': [({ Path: path }) => [parameter(path)]],
  'ssm:PutParameter': [({ Name: name }) => [parameter(name)]],
};

function parameter(name: unknown): string {
  return arn('ssm', `parameter/${String(name).replace(/^\//, '')}`);
}

/** What a request takes, besides what its name says. */
const BESIDES: { readonly [action: string]: (input: Input) => readonly Need[] } = {
  'iot:CreatePolicy': (input) => (input.tags === undefined ? [] : [{ action: 'iot:TagResource', resources: POLICY(input), context: {} }]),
  'iot:SetV2LoggingOptions': passRole,
  'iot:StartThingRegistrationTask': passRole,
  'ssm:PutParameter': ({ KeyId: key }) => (key === undefined ? [] : [{ action: 'kms:Encrypt', resources: [String(key)], context: via('ssm') }]),
};

function passRole({ roleArn }: Input): readonly Need[] {
  return roleArn === undefined ? [] : [{ action: 'iam:PassRole', resources: [String(roleArn)], context: { 'iam:PassedToService': 'iot.amazonaws.com' } }];
}

export function via(service: string): Need['context'] {
  return { 'kms:ViaService': `${service}.${SCOPE.region}.amazonaws.com` };
}

/** What a request takes. */
export function needsOf({ service, operation, input }: SentRequest): readonly Need[] {
  const action = `${service}:${operation}`;
  const readers = RESOURCES[action];
  if (readers === undefined) {
    throw new Error(`it is not written down here which resources IAM asks for with ${action}`);
  }
  const context = {
    'kms:SigningAlgorithm': String(input.SigningAlgorithm),
    'kms:MessageType': String(input.MessageType),
    'acm-pca:TemplateArn': String(input.TemplateArn),
  };
  return [{ action, resources: readers.flatMap((read) => read(input)), context }, ...BESIDES[action]?.(input) ?? []];
}

/** Permissions that no request takes, by action, or by action and type of resource, and why they are there. */
export interface Unused {
  readonly [action: string]: string;
}

/** What AWS Lambda does by itself. */
const OF_LAMBDA: readonly string[] = ['logs:CreateLogStream', 'logs:PutLogEvents'];

/** The grants that no request takes. */
export function deadGrants(grants: readonly Grant[], requests: readonly SentRequest[], unused: Unused): readonly string[] {
  const needs = requests.flatMap(needsOf);
  const isUsed = (grant: Grant): boolean => needs.some(({ action, resources, context }) => resources.some((resource) => matches(grant, action, resource, context)));
  const used = new Set(grants.filter(isUsed).map(kindOf));
  const dead = grants.filter(({ effect, action }) => effect === 'Allow' && !OF_LAMBDA.includes(action) && unused[action] === undefined).map(kindOf)
    .filter((kind) => !used.has(kind) && unused[kind] === undefined);
  return [...new Set(dead)];
}

/** An action, and the type of what it is done to: of several resources of one type, not each is used each time. */
function kindOf({ action, resource }: Grant): string {
  // What handlers remember are parameters of one type, what they deliver are others.
  return `${action} on ${resource.split('/').slice(0, action.startsWith('ssm:') ? 2 : 1).join('/')}`;
}
