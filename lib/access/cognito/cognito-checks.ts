import { Token } from 'aws-cdk-lib';
import type { IConstruct } from 'constructs';
import type { CognitoAccess, CognitoAccessProps } from './cognito-access';
import type { LoginProvider } from './login-provider';
import { invalid } from '../../private/errors';
import { requireText, type TextRule } from '../../private/text';

/** https://docs.aws.amazon.com/cognitoidentity/latest/APIReference/API_IdentityPool.html */
const IDENTITY_POOL_ID: TextRule = { pattern: /^[\w-]+:[0-9a-f-]+$/, characters: 'a Region, ":" and a UUID', maxLength: 55 };

/**
 * Fails outside the partition `aws`: there, identity pools and the variables of policies have other names, so that nobody could
 * sign in.
 *
 * @see https://docs.aws.amazon.com/govcloud-us/latest/UserGuide/govcloud-cog.html
 */
export function requireRegion(scope: CognitoAccess): void {
  const { region } = scope.env;
  if (!Token.isUnresolved(region) && /^(us-gov|cn|us-iso[a-z]*|eu-isoe)-/.test(region)) {
    throw invalid(scope, `'CognitoAccess' is for the Regions of the partition "aws", in which roles trust cognito-identity.amazonaws.com, got ${region}`);
  }
}

/** Fails for providers that do not fit together, or not to the identity pool. */
export function requireProviders(scope: IConstruct, { providers, identityPool, setsRolesOfIdentityPool }: CognitoAccessProps): void {
  if (providers.length === 0 && identityPool === undefined) {
    throw invalid(scope, "'providers' must have at least one: nobody could sign in");
  }
  if (setsRolesOfIdentityPool !== undefined && identityPool === undefined) {
    throw invalid(scope, "'setsRolesOfIdentityPool' is for an 'identityPool' that exists; a new one always has its roles set");
  }
  requireText(scope, 'identityPool', identityPool?.identityPoolRef.identityPoolId, IDENTITY_POOL_ID);
  const social = providers.flatMap(({ _part: part }) => part.social?.domain ?? []);
  const twice = social.find((domain, index) => social.indexOf(domain) !== index);
  if (twice !== undefined) {
    throw invalid(scope, `'providers' must have ${twice} once, as an identity pool has one app of it; for several, take an OpenID Connect provider`);
  }
}

/** Fails for principal tags that AWS STS does not take, or that two app clients take from different claims. */
export function requireTags(scope: IConstruct, providers: readonly LoginProvider[]): void {
  const tag = providers.flatMap(({ _principalTags: tags }) => Object.keys(tags)).find((name) => !/^[\w.:=+@-]{1,128}$/.test(name));
  if (tag !== undefined) {
    throw invalid(scope, `'principalTags' must have names of 1 to 128 letters, digits and _.:=+@-, got ${JSON.stringify(tag)}`);
  }
  const tags = tagsByProvider(providers);
  for (const { _key: key, _principalTags: own } of providers) {
    const split = Object.keys(own).find((name) => own[name] !== tags.get(key)![name]);
    if (split !== undefined) {
      throw invalid(scope, `'principalTags' must take '${split}' from one claim for all app clients of a user pool, got '${own[split]}' and '${tags.get(key)![split]}'`);
    }
  }
}

/** The principal tags of each provider that has some, by its key. */
export function tagsByProvider(providers: readonly LoginProvider[]): ReadonlyMap<string, Readonly<Record<string, string>>> {
  const byKey = new Map<string, Readonly<Record<string, string>>>();
  for (const { _key: key, _principalTags: tags } of providers.filter(({ _principalTags: some }) => Object.keys(some).length > 0)) {
    byKey.set(key, { ...byKey.get(key), ...tags });
  }
  return byKey;
}
