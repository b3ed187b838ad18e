import { CognitoIdentityProviderClient, InitiateAuthCommand } from '@aws-sdk/client-cognito-identity-provider';
import type { AuthenticationResultType, AuthFlowType } from '@aws-sdk/client-cognito-identity-provider';
import type { Config } from './config';
import { Problem } from './problem';

/** An id token is good for an hour; this long before its end, another is fetched. */
const EARLY_MS = 5 * 60_000;

/** What Amazon Cognito refuses, by the name of the error. */
const REFUSALS: Readonly<Record<string, string>> = {
  NotAuthorizedException: 'That user name and password do not go together.',
  UserNotFoundException: 'That user name and password do not go together.',
  PasswordResetRequiredException: 'Your password has to be set anew. Ask whoever looks after this app.',
  TooManyRequestsException: 'There were too many attempts. Wait a minute, then try again.',
  TypeError: 'Amazon Cognito cannot be reached. Check your network, then try again.',
};

/** What a token says about its user, as far as the page shows it. AWS IoT asks the identity pool, and not this page. */
interface Claims {
  readonly exp: number;
  readonly 'cognito:username': string;
  readonly 'custom:device'?: string;
}

/** A user who has signed in. The tokens are kept here and nowhere else: with the page, they are gone. */
export class Login {
  public static async withPassword(config: Config, userName: string, password: string): Promise<Login> {
    const client = new CognitoIdentityProviderClient({ region: config.region, ...config.endpointUrl !== undefined && { endpoint: config.endpointUrl } });
    return new Login(client, config.clientId, await ask(client, config.clientId, 'USER_PASSWORD_AUTH', { USERNAME: userName, PASSWORD: password }));
  }

  private constructor(private readonly client: CognitoIdentityProviderClient, private readonly clientId: string, private tokens: AuthenticationResultType) {}

  public get userName(): string {
    return this.claims['cognito:username'];
  }

  /** The name of the user's thermostat; nothing until an administrator has said. */
  public get device(): string | undefined {
    return this.claims['custom:device'];
  }

  /** An id token that is good for some minutes at least. */
  public async idToken(): Promise<string> {
    if (this.claims.exp * 1000 - Date.now() < EARLY_MS) {
      this.tokens = { ...this.tokens, ...await ask(this.client, this.clientId, 'REFRESH_TOKEN_AUTH', { REFRESH_TOKEN: this.tokens.RefreshToken! }) };
    }
    return this.tokens.IdToken!;
  }

  private get claims(): Claims {
    const base64 = this.tokens.IdToken!.split('.')[1]!.replaceAll('-', '+').replaceAll('_', '/');
    const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
    return JSON.parse(new TextDecoder().decode(bytes)) as Claims;
  }
}

async function ask(client: CognitoIdentityProviderClient, clientId: string, flow: AuthFlowType, parameters: Record<string, string>): Promise<AuthenticationResultType> {
  const { AuthenticationResult: tokens } = await client.send(new InitiateAuthCommand({ ClientId: clientId, AuthFlow: flow, AuthParameters: parameters }))
    .catch((error: Error) => {
      throw Object.hasOwn(REFUSALS, error.name) ? new Problem(REFUSALS[error.name]) : error;
    });
  if (tokens === undefined) {
    throw new Problem('Your password is a temporary one. Ask whoever looks after this app for a lasting one.');
  }
  // A refreshed answer has no refresh token; the one that there is stays.
  return Object.fromEntries(Object.entries(tokens).filter(([, value]) => value !== undefined));
}
