import { flagAt, isValueObject, listAt, propertyOf, textAt, textsAt } from '../../../deployment';
import type { Value } from '../../../deployment';
import { ServiceError } from '../service';
import { declared } from '../surroundings';
import type { Surroundings } from '../surroundings';

/** An identity pool of the deployment. */
export interface IdentityPool {
  readonly id: string;
  readonly arn: string;
  readonly allowsGuests: boolean;
  readonly allowsClassicFlow: boolean;

  /** The app clients of user pools whose users may log in. */
  readonly clients: readonly { readonly provider: string; readonly clientId: string; readonly checksUser: boolean }[];

  /** Issuers of OpenID Connect whose users may log in. */
  readonly issuers: readonly { readonly provider: string; readonly url: string; readonly audiences: readonly string[] }[];

  /** The roles of those who are logged in, and of guests. */
  readonly roles: { readonly authenticated?: string; readonly unauthenticated?: string };
  readonly mappings: readonly RoleMapping[];
}

/** How claims choose a role, for the users of one provider. */
export interface RoleMapping {
  /** A provider, of a user pool with the client behind a colon. */
  readonly provider: string;
  readonly type: 'Token' | 'Rules';
  readonly whenAmbiguous: 'AuthenticatedRole' | 'Deny';
  readonly rules: readonly { readonly claim: string; readonly match: string; readonly value: string; readonly roleArn: string }[];
}

/** The identity pools of the deployment, with the roles, role mappings and tags attached to them. */
export class IdentityPools {
  constructor(private readonly around: Surroundings) {}

  public all(): readonly IdentityPool[] {
    return declared(this.around, 'AWS::Cognito::IdentityPool').map(({ id, resource: { properties } }) => {
      const attachment = this.attached('AWS::Cognito::IdentityPoolRoleAttachment', id)[0];
      return {
        id,
        arn: this.arnOf(id),
        allowsGuests: flagAt(properties, 'AllowUnauthenticatedIdentities'),
        allowsClassicFlow: flagAt(properties, 'AllowClassicFlow'),
        clients: listAt(properties, 'CognitoIdentityProviders').map((entry) => ({
          provider: textAt(entry, 'ProviderName') ?? '', clientId: textAt(entry, 'ClientId') ?? '', checksUser: flagAt(entry, 'ServerSideTokenCheck'),
        })),
        issuers: textsAt(properties, 'OpenIdConnectProviderARNs').flatMap((arn) => this.issuer(arn)),
        roles: { authenticated: textAt(attachment, 'Roles', 'authenticated'), unauthenticated: textAt(attachment, 'Roles', 'unauthenticated') },
        mappings: mappingsIn(propertyOf(attachment, 'RoleMappings')),
      };
    });
  }

  /** The ARN of a pool, whether or not it is there. */
  public arnOf(poolId: string): string {
    const { partition, region, accountId } = this.around.scope;
    return `arn:${partition}:cognito-identity:${region}:${accountId}:identitypool/${poolId}`;
  }

  /** @throws ServiceError as Amazon Cognito does for one that is not there. */
  public get(poolId: string): IdentityPool {
    const found = this.all().find(({ id }) => id === poolId);
    if (found === undefined) {
      throw new ServiceError('ResourceNotFoundException', `IdentityPool '${poolId.replace(/[^\w:-]+/g, '?').slice(0, 55)}' not found.`);
    }
    return found;
  }

  /** The claims that become tags of the session, by tag. */
  public tagClaims(pool: IdentityPool, provider: string): Readonly<Record<string, string>> {
    const map = this.attached('AWS::Cognito::IdentityPoolPrincipalTag', pool.id).find((properties) => textAt(properties, 'IdentityProviderName') === provider);
    if (flagAt(map, 'UseDefaults')) {
      return { client: 'aud', username: 'sub' };
    }
    const tags = propertyOf(map, 'PrincipalTags');
    return Object.fromEntries(Object.keys(isValueObject(tags) ? tags : {}).flatMap((tag) => {
      const claim = textAt(tags, tag);
      return claim === undefined ? [] : [[tag, claim]];
    }));
  }

  private attached(type: string, poolId: string): readonly Value[] {
    return this.around.deployment().resources
      .filter((resource) => resource.type === type && resource.condition === undefined && textAt(resource.properties, 'IdentityPoolId') === poolId)
      .map(({ properties }) => properties);
  }

  private issuer(providerArn: string): IdentityPool['issuers'] {
    return declared(this.around, 'AWS::IAM::OIDCProvider').filter(({ arn }) => arn === providerArn).map(({ arn, resource: { properties } }) => ({
      provider: arn.slice(arn.indexOf('oidc-provider/') + 'oidc-provider/'.length), url: textAt(properties, 'Url') ?? '', audiences: textsAt(properties, 'ClientIdList'),
    }));
  }
}

function mappingsIn(map: Value | undefined): readonly RoleMapping[] {
  return Object.entries(isValueObject(map) ? map : {}).map(([key, mapping]) => ({
    provider: textAt(mapping, 'IdentityProvider') ?? key,
    type: textAt(mapping, 'Type') === 'Rules' ? 'Rules' : 'Token',
    whenAmbiguous: textAt(mapping, 'AmbiguousRoleResolution') === 'AuthenticatedRole' ? 'AuthenticatedRole' : 'Deny',
    rules: listAt(mapping, 'RulesConfiguration', 'Rules').map((rule) => ({
      claim: textAt(rule, 'Claim') ?? '', match: textAt(rule, 'MatchType') ?? '', value: textAt(rule, 'Value') ?? '', roleArn: textAt(rule, 'RoleARN') ?? '',
    })),
  }));
}
