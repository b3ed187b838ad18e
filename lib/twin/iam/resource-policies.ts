import { isList, isValueObject, propertyOf, textAt } from '../../deployment';
import type { Deployment, Resource, Value, ValueObject } from '../../deployment';
import { withDoubt } from '../../policy';
import type { Policy } from '../../policy';
import { readDocument, unknownDocument } from './documents';
import { documentOf, standingOf } from './principals';
import type { Principal, Standing } from './principals';

/** What the policy of a resource says about a role. */
export interface ResourcePolicies {
  /** About the role itself, or all roles: these allow what no policy of the role does. */
  readonly role: readonly Policy[];

  /** About the account, which may give what these allow to its roles. */
  readonly account: readonly Policy[];

  /** Whether nothing is allowed that these do not allow. */
  readonly isRequired: boolean;
}

/** Where a template has the policies of resources. */
interface Place {
  readonly type: string;

  /** The document, if a resource of the type is about an ARN. */
  readonly find: (resource: Resource, arn: string) => Value | undefined;
  readonly isRequired?: true;
}

/**
 * Services whose resources have policies, by the beginning of their actions. The key of KMS and the role of STS must allow
 * who asks, or leave it to the account, as those of the CDK do.
 *
 * @see https://docs.aws.amazon.com/kms/latest/developerguide/control-access-overview.html
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic_policy-eval-basics-single-account.html
 */
const PLACES: Readonly<Record<string, Place>> = {
  dynamodb: {
    type: 'AWS::DynamoDB::Table',
    find: ({ arn: table, properties }, arn) => (arn === table || (typeof table === 'string' && arn.startsWith(`${table}/`)) ? propertyOf(properties, 'ResourcePolicy', 'PolicyDocument') : undefined),
  },
  kms: {
    type: 'AWS::KMS::Key',
    find: ({ arn: key, properties }, arn) => (arn === key ? propertyOf(properties, 'KeyPolicy') ?? leftToAccount(arn) : undefined),
    isRequired: true,
  },
  lambda: { type: 'AWS::Lambda::Permission', find: ({ properties }, arn) => permissionOf(properties, arn) },
  s3: {
    type: 'AWS::S3::BucketPolicy',
    find: ({ properties }, arn) => (textAt(properties, 'Bucket') === /^[^/]*/.exec(arn.split(':')[5] ?? '')![0] ? propertyOf(properties, 'PolicyDocument') : undefined),
  },
  secretsmanager: {
    type: 'AWS::SecretsManager::ResourcePolicy',
    find: ({ properties }, arn) => (textAt(properties, 'SecretId') === arn ? propertyOf(properties, 'ResourcePolicy') : undefined),
  },
  sts: {
    type: 'AWS::IAM::Role',
    find: ({ arn: role, properties }, arn) => (arn === role ? propertyOf(properties, 'AssumeRolePolicyDocument') : undefined),
    isRequired: true,
  },
};

const NONE: ResourcePolicies = { role: [], account: [], isRequired: false };

/** What the policies of a resource say about a role; nothing for resources that have none. */
export function resourcePoliciesOf({ resources }: Deployment, action: string, arn: string | undefined, principal: Principal): ResourcePolicies {
  const service = action.split(':', 1)[0]!;
  const place = Object.hasOwn(PLACES, service) ? PLACES[service] : undefined;
  if (place === undefined || arn === undefined) {
    return NONE;
  }
  const found = resources.filter(({ type }) => type === place.type).flatMap((resource) => {
    const document = place.find(resource, arn);
    return document === undefined ? [] : [read(resource, document, principal)];
  });
  return { role: found.flatMap(({ role }) => role), account: found.flatMap(({ account }) => account), isRequired: place.isRequired === true };
}

function read({ path, condition }: Resource, document: Value, principal: Principal): Pick<ResourcePolicies, 'role' | 'account'> {
  const all = propertyOf(document, 'Statement');
  const statements = (isList(all) ? all : [all]).filter(isValueObject);
  if (statements.length < (isList(all) ? all.length : 1)) {
    return { role: [unknownDocument(path)], account: [] };
  }
  const of = (...standings: readonly (Standing | 'denied account')[]): Policy => {
    const chosen = statements.filter((statement) => {
      const standing = standingOf(statement, principal);
      return standings.includes(standing === 'account' && statement.Effect !== 'Allow' ? 'denied account' : standing);
    });
    return chosen.length === 0 ? { name: path, statements: [] } : readDocument(path, documentOf(document, chosen));
  };
  const sure = (policy: Policy): Policy => (condition === undefined ? policy : withDoubt(policy));
  return { role: [sure(of('role', 'denied account')), withDoubt(of('unknown'))], account: [sure(of('account'))] };
}

/** What AWS makes of a key without a policy. https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html */
function leftToAccount(keyArn: string): Value {
  return { Statement: { Effect: 'Allow', Principal: { AWS: keyArn.split(':')[4]! }, Action: 'kms:*', Resource: '*' } };
}

/**
 * The conditions that properties of a permission become: operators and keys.
 *
 * @see https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-lambda-permission.html
 */
const PERMISSION_CONDITIONS: Readonly<Record<string, readonly [string, string]>> = {
  EventSourceToken: ['StringEquals', 'lambda:EventSourceToken'],
  FunctionUrlAuthType: ['StringEquals', 'lambda:FunctionUrlAuthType'],
  InvokedViaFunctionUrl: ['Bool', 'lambda:InvokedViaFunctionUrl'],
  PrincipalOrgID: ['StringEquals', 'aws:PrincipalOrgID'],
  SourceAccount: ['StringEquals', 'aws:SourceAccount'],
  SourceArn: ['ArnLike', 'aws:SourceArn'],
};

/** A permission of a function as the statement that AWS Lambda writes into its policy. */
function permissionOf(properties: ValueObject, functionArn: string): Value | undefined {
  const named = textAt(properties, 'FunctionName');
  const { Principal: principal, Action: action } = properties;
  const conditions = Object.entries(PERMISSION_CONDITIONS).flatMap(([property, [operator, key]]) => {
    const value = properties[property];
    return value === undefined ? [] : [[operator, key, value] as const];
  });
  const condition = Object.fromEntries(['ArnLike', 'StringEquals', 'Bool'].map((operator) => (
    [operator, Object.fromEntries(conditions.filter(([of]) => of === operator).map(([, key, value]) => [key, value]))] as const
  )).filter(([, keys]) => Object.keys(keys).length > 0));
  return named === undefined || principal === undefined || action === undefined || (named !== functionArn && named !== functionArn.split(':').slice(6).join(':')) ? undefined
    : { Statement: { Effect: 'Allow', Principal: { AWS: principal }, Action: action, Resource: functionArn, ...conditions.length > 0 && { Condition: condition } } };
}
