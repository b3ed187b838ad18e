import { flagAt, listAt, numberAt, textAt, textsAt, urlSuffix } from '../../../deployment';
import type { Resource, Value } from '../../../deployment';
import type { AccountScope } from '../../../policy';
import { ServiceError } from '../service';
import { declared } from '../surroundings';
import type { Surroundings } from '../surroundings';

/** A user pool of the deployment. */
export interface UserPool {
  readonly id: string;
  readonly arn: string;
  readonly logicalId: string;

  /** What identity pools call it: the issuer of its tokens without `https://`. */
  readonly provider: string;
  readonly properties: Value;
}

/** An app client of a user pool. */
export interface UserPoolClient {
  readonly id: string;
  readonly logicalId: string;
  readonly poolId: string;
  readonly properties: Value;
}

export interface UserPoolGroup {
  readonly name: string;
  readonly roleArn: string | undefined;

  /** The lower, the more it counts. */
  readonly precedence: number;
}

/** The user pools of the deployment, with their clients and groups. */
export class Pools {
  constructor(private readonly around: Surroundings) {}

  public all(): readonly UserPool[] {
    return declared(this.around, 'AWS::Cognito::UserPool').map(({ id, arn, resource: { logicalId, properties } }) => ({
      id, arn, logicalId, provider: `${cognitoIdpHost(this.around.scope)}/${id}`, properties,
    }));
  }

  public find(poolId: string): UserPool | undefined {
    return this.all().find(({ id }) => id === poolId);
  }

  /** @throws ServiceError as Amazon Cognito does for one that is not there. */
  public pool(poolId: string): UserPool {
    return this.find(poolId) ?? missing(`User pool ${shown(poolId)} does not exist.`);
  }

  public clients(): readonly UserPoolClient[] {
    return declared(this.around, 'AWS::Cognito::UserPoolClient').flatMap(({ id, resource: { logicalId, properties } }) => {
      const poolId = textAt(properties, 'UserPoolId');
      return poolId === undefined ? [] : [{ id, logicalId, poolId, properties }];
    });
  }

  /** @throws ServiceError as Amazon Cognito does for one that is not there. */
  public client(clientId: string, poolId?: string): UserPoolClient {
    return this.clients().find((client) => client.id === clientId && (poolId ?? client.poolId) === client.poolId) ?? missing(`User pool client ${shown(clientId)} does not exist.`);
  }

  public groups(poolId: string): readonly UserPoolGroup[] {
    return declared(this.around, 'AWS::Cognito::UserPoolGroup')
      .filter(({ resource: { properties } }) => textAt(properties, 'UserPoolId') === poolId)
      .map(({ id, resource: { properties } }) => ({ name: id, roleArn: textAt(properties, 'RoleArn'), precedence: numberAt(properties, 'Precedence') ?? Infinity }));
  }

  /** The groups that the template puts a user into. */
  public declaredGroupsOf(poolId: string, username: string): readonly string[] {
    return this.around.deployment().resources
      .filter(({ type, condition, properties }: Resource) => type === 'AWS::Cognito::UserPoolUserToGroupAttachment' && condition === undefined
        && textAt(properties, 'UserPoolId') === poolId && textAt(properties, 'Username') === username)
      .flatMap(({ properties }) => textAt(properties, 'GroupName') ?? []);
  }
}

/** The host that user pools of a Region are under. */
export function cognitoIdpHost({ region, partition }: AccountScope): string {
  return `cognito-idp.${region}.${urlSuffix(partition) ?? 'amazonaws.com'}`;
}

/** Whether an attribute is the name that users of a pool sign in with. */
export function signsInWith({ properties }: UserPool, attribute: string): boolean {
  return [...textsAt(properties, 'UsernameAttributes'), ...textsAt(properties, 'AliasAttributes')].includes(attribute);
}

/** Names are compared without regard to case unless the pool says so. */
export function isCaseSensitive({ properties }: UserPool): boolean {
  return flagAt(properties, 'UsernameConfiguration', 'CaseSensitive');
}

/** Attributes that every user pool has. `sub` is the pool's own. */
const STANDARD_ATTRIBUTES = new Set([
  'address', 'birthdate', 'email', 'email_verified', 'family_name', 'gender', 'given_name', 'locale', 'middle_name', 'name', 'nickname',
  'phone_number', 'phone_number_verified', 'picture', 'preferred_username', 'profile', 'updated_at', 'website', 'zoneinfo',
]);

/** What the schema of a pool says about an attribute; nothing about one that it does not have. */
export function attributeRule({ properties }: UserPool, name: string): { readonly mutable: boolean } | undefined {
  const [, custom] = /^custom:(.+)$/.exec(name) ?? [];
  const rule = listAt(properties, 'Schema').find((entry) => textAt(entry, 'Name')?.replace(/^custom:/, '') === (custom ?? name));
  return (custom === undefined ? STANDARD_ATTRIBUTES.has(name) : rule !== undefined) ? { mutable: textAt(rule, 'Mutable') !== 'false' } : undefined;
}

function missing(message: string): never {
  throw new ServiceError('ResourceNotFoundException', message);
}

/** An id that a client chose, fit for one line. */
function shown(id: string): string {
  return id.replace(/[^\w-]+/g, '?').slice(0, 55);
}
