import { Token } from 'aws-cdk-lib';
import type * as cognito from 'aws-cdk-lib/aws-cognito';
import type * as iam from 'aws-cdk-lib/aws-iam';
import type { IConstruct } from 'constructs';

/** What to take from the tokens of a login provider. */
export interface LoginOptions {
  /**
   * Principal tags by name, each with the claim that it takes its value from, such as `{ device: 'custom:device' }`.
   *
   * Map only what users cannot write. A claim that an app client of the user pool may write is refused, as far as the
   * app can tell.
   *
   * @default - none
   * @see https://docs.aws.amazon.com/cognito/latest/developerguide/attributes-for-access-control.html
   */
  readonly principalTags?: { readonly [tag: string]: string };
}

/** Where people sign in who have no user pool: the domain by which an identity pool knows it. */
export enum SocialLogin {
  /** Login with Amazon. */
  AMAZON = 'www.amazon.com',
  /** Sign in with Apple. */
  APPLE = 'appleid.apple.com',
  /** Facebook Login. */
  FACEBOOK = 'graph.facebook.com',
  /** Google Sign-In; for several clients, take an OpenID Connect provider. */
  GOOGLE = 'accounts.google.com',
}

/** The part of an identity pool's properties that belongs to one provider. */
interface PoolPart {
  readonly userPool?: cognito.CfnIdentityPool.CognitoIdentityProviderProperty;
  readonly openIdConnectArn?: string;
  readonly samlArn?: string;
  readonly social?: { readonly domain: SocialLogin; readonly appId: string };
}

/** Who tells an identity pool who a user is. */
export class LoginProvider {
  /**
   * A user pool. Its users lose access once they are disabled, deleted or signed out everywhere: the identity pool asks
   * it each time it gives out credentials.
   */
  public static userPool(userPool: cognito.IUserPool, client: cognito.IUserPoolClient, options: LoginOptions = {}): LoginProvider {
    const name = userPool.userPoolProviderName;
    const part = { userPool: { providerName: name, clientId: client.userPoolClientId, serverSideTokenCheck: true } };
    return new LoginProvider(name, part, options, userPool, userPool);
  }

  /** An OpenID Connect provider that IAM knows. */
  public static openIdConnect(provider: iam.IOIDCProviderRef, options: LoginOptions = {}): LoginProvider {
    const { oidcProviderArn: arn } = provider.oidcProviderRef;
    return new LoginProvider(arn, { openIdConnectArn: arn }, options, provider);
  }

  /** A SAML provider that IAM knows. */
  public static saml(provider: iam.ISAMLProviderRef, options: LoginOptions = {}): LoginProvider {
    const { samlProviderArn: arn } = provider.samlProviderRef;
    return new LoginProvider(arn, { samlArn: arn }, options, provider);
  }

  /**
   * A social login. Anybody with an account there can sign in.
   *
   * @param login Where users sign in.
   * @param appId What the provider calls the app.
   * @param options What to take from the tokens.
   */
  public static social(login: SocialLogin, appId: string, options: LoginOptions = {}): LoginProvider {
    return new LoginProvider(login, { social: { domain: login, appId } }, options);
  }

  /**
   * Tells it from others before it has been deployed. App clients of one user pool have the same.
   *
   * @internal
   */
  public readonly _key: string;

  /** @internal */
  public readonly _principalTags: { readonly [tag: string]: string };

  private constructor(
    /**
     * What the identity pool calls it.
     *
     * @internal
     */
    public readonly _name: string,
    /** @internal */
    public readonly _part: PoolPart,
    { principalTags = {} }: LoginOptions,
    source?: IConstruct,
    /** @internal */
    public readonly _userPool?: cognito.IUserPool,
  ) {
    this._principalTags = principalTags;
    this._key = source && Token.isUnresolved(_name) ? source.node.path : _name;
  }
}
