import { Duration, Token } from 'aws-cdk-lib';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import type { Construct } from 'constructs';
import { AuthorizerBase } from './authorizer-base';
import { CustomAuthorizer, type AuthorizerOptions } from './custom-authorizer';
import type { JwtIssuer } from './jwt-issuer';
import { nameOf, type SourceSettings, type TokenSettings } from './settings';
import type { Claim, TokenAccess } from './token-access';
import { invalid } from '../private/errors';
import { PackageFunction } from '../private/package-function';
import { requireText, type TextRule } from '../private/text';
import { requireClaimsOfOthers, type Taken } from '../private/user-claims';

/** All that AWS IoT waits for. https://docs.aws.amazon.com/iot/latest/developerguide/custom-auth-lambda.html */
const TIMEOUT = Duration.seconds(5);

/** What AWS IoT takes for a connection. */
const MIN_SESSION = Duration.minutes(5);
const MAX_SESSION = Duration.hours(24);

/** For clocks that are ahead or behind; more would prolong every token. */
const DEFAULT_TOLERANCE = Duration.seconds(10);
const MAX_TOLERANCE = Duration.minutes(5);

/** Of the 4 KB of an environment, without what AWS Lambda adds. https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html */
const MAX_SETTINGS_BYTES = 3800;

/** For what only the deployment knows, such as the id of a user pool. */
const UNKNOWN_CHARS = 64;

const HEADER: TextRule = { pattern: /^[\w-]+$/, characters: 'letters, digits and _-', maxLength: 128 };

/** Where a client passes its token. */
export class TokenSource {
  /** The parameter or header of the token key: the only one whose signature AWS IoT checks. */
  public static tokenKey(): TokenSource {
    return new TokenSource('token');
  }

  /** The password of MQTT. */
  public static mqttPassword(): TokenSource {
    return new TokenSource('password');
  }

  /** A header of HTTP and of WebSocket connections, behind `Bearer `. */
  public static httpHeader(name = 'Authorization'): TokenSource {
    return new TokenSource({ header: name });
  }

  private constructor(
    /** @internal */ public readonly _settings: SourceSettings,
  ) {}
}

/** Properties for an authorizer of tokens. */
export interface JwtAuthorizerProps extends AuthorizerOptions {
  /** Whose tokens are good. */
  readonly issuer: JwtIssuer;

  /**
   * The channels that callers may use, by what their claims say.
   *
   * @default - callers can connect, and nothing else
   */
  readonly allow?: TokenAccess[];

  /**
   * Where the token is looked for; the first place that has one counts.
   *
   * @default - the token key where AWS IoT checks signatures; otherwise the MQTT password, then the header `Authorization`
   */
  readonly tokenSources?: TokenSource[];

  /**
   * The claim that has the client ids of a caller, one or a list. Nobody may be able to choose its own.
   *
   * @default - the SHA-256 of the issuer, a space and the subject, in hexadecimal digits, or that and a hyphen before anything
   */
  readonly clientIds?: Claim;

  /**
   * How far clocks may be apart, up to 5 minutes.
   *
   * @default Duration.seconds(10)
   */
  readonly clockTolerance?: Duration;

  /**
   * The longest a connection lasts, from 5 minutes to 24 hours. It ends when its token expires in any case.
   *
   * @default Duration.hours(24)
   */
  readonly maxSession?: Duration;

  /**
   * How long a token must still be valid. AWS IoT ends no connection before 5 minutes, so that a token that expires before
   * is outlived by its connection, by less than 5 minutes; `Duration.minutes(5)` refuses such tokens.
   *
   * @default Duration.seconds(0)
   */
  readonly minRemaining?: Duration;

  /**
   * How many copies of the function may run at once: a limit to what callers can cost, and a share that no other function
   * takes away.
   *
   * @default - as many as the account allows
   */
  readonly reservedConcurrentExecutions?: number;
}

/**
 * Lets users in with a JSON Web Token of Amazon Cognito or of any OpenID Connect issuer.
 *
 * The function is part of this package. It fetches the public keys of the issuer when it starts, each hour, and when a
 * token names one that it does not know, at most every 10 seconds; where that fails, it keeps the keys for a day and refuses
 * callers after that. A connection ends when its token expires, and the client connects with another one.
 *
 * @resource AWS::IoT::Authorizer
 */
export class JwtAuthorizer extends AuthorizerBase {
  public readonly authorizerName: string;
  public readonly authorizerArn: string;

  /** The function that decides. */
  public readonly function: lambda.IFunction;

  constructor(scope: Construct, id: string, props: JwtAuthorizerProps) {
    super(scope, id);

    const settings = this.settingsOf(props);
    this.requireSpace(settings);
    this.requireClaims(settings, props.issuer);
    const { tokenSigning, authorizerName, status, enableCachingForHttp, reservedConcurrentExecutions } = props;
    this.function = new PackageFunction(this, 'Function', {
      handler: 'authorize-token',
      description: 'Authorizes callers of AWS IoT by their tokens',
      timeout: TIMEOUT,
      environment: { SETTINGS: () => settings },
      ...reservedConcurrentExecutions !== undefined && { reservedConcurrentExecutions },
    }).function;
    const authorizer = new CustomAuthorizer(this, 'Authorizer', { handler: this.function, tokenSigning, authorizerName, status, enableCachingForHttp });
    this.authorizerName = authorizer.authorizerName;
    this.authorizerArn = authorizer.authorizerArn;
  }

  private settingsOf(props: JwtAuthorizerProps): TokenSettings {
    const signed = props.tokenSigning._publicKeys !== undefined;
    const sources = props.tokenSources ?? (signed ? [TokenSource.tokenKey()] : [TokenSource.mqttPassword(), TokenSource.httpHeader()]);
    if (sources.length === 0) {
      throw invalid(this, "'tokenSources' must have a place to look for tokens");
    }
    if (!signed && sources.some(({ _settings: source }) => source === 'token')) {
      throw invalid(this, "'tokenSources' must not have the token key, which an authorizer without token signing has not");
    }
    sources.forEach(({ _settings: source }) => typeof source === 'object' && requireText(this, 'tokenSources', source.header, HEADER));
    const clientIds = props.clientIds?._settings;
    if (clientIds !== undefined && (clientIds === 'any' || !('claim' in clientIds))) {
      throw invalid(this, "'clientIds' must be Claim.of(…), or callers could end each other's connections");
    }
    return {
      issuer: props.issuer._render(this),
      access: (props.allow ?? []).map((access) => access._render(this)),
      sources: sources.map(({ _settings: source }) => source),
      signed,
      clockToleranceSeconds: this.seconds('clockTolerance', props.clockTolerance ?? DEFAULT_TOLERANCE, Duration.seconds(0), MAX_TOLERANCE),
      ...props.maxSession && { maxSessionSeconds: this.seconds('maxSession', props.maxSession, MIN_SESSION, MAX_SESSION) },
      ...props.minRemaining && { minRemainingSeconds: this.seconds('minRemaining', props.minRemaining, Duration.seconds(0), MAX_SESSION) },
      clientIds: clientIds?.claim,
    };
  }

  private seconds(prop: string, value: Duration, least: Duration, most: Duration): number {
    if (value.isUnresolved()) {
      throw invalid(this, `'${prop}' must be known when the app is synthesized, got a token`);
    }
    const seconds = value.toSeconds({ integral: false });
    if (seconds < least.toSeconds() || seconds > most.toSeconds()) {
      throw invalid(this, `'${prop}' must be from ${least.toHumanString()} to ${most.toHumanString()}, got ${value.toHumanString()}`);
    }
    return Math.floor(seconds);
  }

  private requireSpace(settings: TokenSettings): void {
    const json = JSON.stringify(settings, (_, value: unknown) => (typeof value === 'string' && Token.isUnresolved(value) ? ' '.repeat(UNKNOWN_CHARS) : value));
    const size = Buffer.byteLength(json);
    if (size > MAX_SETTINGS_BYTES) {
      throw invalid(this, `'issuer' and 'allow' must take at most ${MAX_SETTINGS_BYTES} bytes as JSON, got ${size}; allow fewer channels, or write a function with 'cdk-iot-warden/authorizer'`);
    }
  }

  private requireClaims({ access, clientIds }: TokenSettings, { _userPool: userPool }: JwtIssuer): void {
    const taken = access.flatMap((each) => Object.entries(each.scope).flatMap(([place, settings]): readonly Taken[] => (
      settings !== 'any' && 'claim' in settings ? [[`'${place}' of ${nameOf(each)}`, settings.claim]] : []
    )));
    if (userPool !== undefined) {
      requireClaimsOfOthers(this, userPool, [...taken, ...clientIds === undefined ? [] : [['the client id', clientIds] as const]], 'cdk-iot-warden:JwtAuthorizer.claimsNotChecked');
    }
  }
}
