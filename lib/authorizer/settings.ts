import type { ChannelDirection } from '../topics/channel';

/** What the function of a `JwtAuthorizer` is told, as JSON. Nothing in it is secret. */
export interface TokenSettings {
  readonly issuer: IssuerSettings;
  readonly access: readonly AccessSettings[];

  /** Where the token is looked for; the first place that has one counts. */
  readonly sources: readonly SourceSettings[];

  /** Whether AWS IoT checks the signature of tokens itself. */
  readonly signed: boolean;
  readonly clockToleranceSeconds: number;
  readonly maxSessionSeconds?: number;
  readonly minRemainingSeconds?: number;

  /** The claim with the client ids of the caller. */
  readonly clientIds?: string;
}

/** Whose tokens are good, and which. */
export interface IssuerSettings {
  /** As in the claim `iss`. */
  readonly issuer: string;

  /** Where its keys are; the discovery document says it otherwise. */
  readonly jwksUri?: string;
  readonly audience?: readonly string[];
  readonly scopes?: readonly string[];
  readonly userPool?: { readonly id: string; readonly tokenUse: 'id' | 'access'; readonly clientIds: readonly string[] };
}

/** A header has the token behind `Bearer `. */
export type SourceSettings = 'token' | 'password' | { readonly header: string };

/** What callers may use. */
export type AccessSettings = ChannelSettings | ShadowSettings;

/** A channel that callers may use, and for which devices. */
export interface ChannelSettings {
  readonly use: 'publish' | 'subscribe';
  readonly pattern: string;
  readonly direction: ChannelDirection;
  readonly retain?: boolean;

  /** What fills each placeholder: `thing`, `thingType`, `attributes.NAME`. */
  readonly scope: { readonly [placeholder: string]: ClaimSettings };
}

/** A shadow that callers may use, and of which things. */
export interface ShadowSettings {
  readonly use: 'read-shadow' | 'update-shadow';

  /** None for the classic shadow. */
  readonly shadowName?: string;
  readonly scope: { readonly thing: ClaimSettings };
}

/** What stands for a placeholder: the values of a claim, one value, or any. */
export type ClaimSettings = { readonly claim: string } | { readonly value: string } | 'any';

/** What a message calls it. */
export function nameOf(access: AccessSettings): string {
  return 'pattern' in access ? `the channel '${access.pattern}'` : `the shadow ${access.shadowName === undefined ? 'without a name' : `'${access.shadowName}'`}`;
}
