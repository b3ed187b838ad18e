import { CognitoIdentityClient, GetCredentialsForIdentityCommand, GetIdCommand } from '@aws-sdk/client-cognito-identity';
import { IotWebError } from './errors';
import type { Surroundings } from './surroundings';

/** Temporary credentials of a user. */
export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
  /** Milliseconds since 1970. */
  readonly expiration: number;
}

/** How a user has signed in. */
export interface Login {
  /** What the identity pool calls the provider, such as `cognito-idp.eu-central-1.amazonaws.com/eu-central-1_AbCdEfGhI`. */
  readonly provider: string;

  /** The user's id token. It is asked for whenever credentials are: give one that is still valid. */
  readonly token: () => Promise<string> | string;
}

/** Credentials are good for an hour; this long before their end, others are fetched. */
const EARLY_MS = 5 * 60_000;

/** The identity of a user and its credentials, in the enhanced flow. They stay in memory. */
export class IdentityCredentials {
  private readonly client: CognitoIdentityClient;
  private id: string | undefined;
  private current: Credentials | undefined;
  private pending: Promise<Credentials> | undefined;

  constructor(region: string, private readonly identityPoolId: string, private readonly login: Login, endpoint: string | undefined, private readonly around: Surroundings) {
    this.client = new CognitoIdentityClient({ region, ...endpoint !== undefined && { endpoint } });
  }

  public async identityId(): Promise<string> {
    await this.get();
    return this.id!;
  }

  /** Credentials that are good for some minutes at least. */
  public async get(): Promise<Credentials> {
    if (this.current !== undefined && this.current.expiration - this.around.now() > EARLY_MS) {
      return this.current;
    }
    // Whoever asks meanwhile gets the same.
    this.pending ??= this.fetch().finally(() => {
      this.pending = undefined;
    });
    return this.pending;
  }

  private async fetch(): Promise<Credentials> {
    try {
      const logins = { [this.login.provider]: await this.login.token() };
      this.id ??= (await this.client.send(new GetIdCommand({ IdentityPoolId: this.identityPoolId, Logins: logins }))).IdentityId;
      const { Credentials: found } = await this.client.send(new GetCredentialsForIdentityCommand({ IdentityId: this.id, Logins: logins }));
      this.current = {
        accessKeyId: found!.AccessKeyId!, secretAccessKey: found!.SecretKey!, sessionToken: found!.SessionToken!, expiration: found!.Expiration!.getTime(),
      };
      return this.current;
    } catch (error) {
      throw new IotWebError(`cannot get credentials: ${error instanceof Error ? `${error.name}: ${error.message}` : 'unknown error'}`);
    }
  }
}
