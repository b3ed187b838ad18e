import { Token } from 'aws-cdk-lib';
import type { IConstruct } from 'constructs';
import type { AccessSettings, ChannelSettings, ClaimSettings, ShadowSettings } from './settings';
import { ANY, placesOf, publish, scopeOf, subscribe } from '../authorizer-kit/permission';
import type { FleetChannel } from '../fleet/fleet-channel';
import type { FleetShadow } from '../fleet/fleet-shadow';
import { invalid, quote } from '../private/errors';
import { Channel, Shadow } from '../topics';
import { isLevel } from '../topics/app-side';

/** Longer names are no use, and all must fit into the environment of a function. */
const CLAIM = /^[\w:./@-]{1,128}$/;

/** What fills a placeholder of a channel. */
export class Claim {
  /**
   * The value of a claim, or each of its values where it is a list.
   *
   * A caller without the claim gets nothing by it; one whose claim is no level of a topic, as with `/`, `+` or `#` in it, is
   * refused.
   */
  public static of(name: string): Claim {
    return new Claim({ claim: name });
  }

  /** One value for all callers. */
  public static always(value: string): Claim {
    return new Claim({ value });
  }

  /** All values: every caller may use the topics of all devices. */
  public static anyForEveryCaller(): Claim {
    return new Claim('any');
  }

  private constructor(
    /** @internal */ public readonly _settings: ClaimSettings,
  ) {}
}

/** For which devices a channel may be used. Each placeholder of the channel needs a claim. */
export interface ClaimScope {
  /**
   * For `{thing}`.
   *
   * @default - the channel has no `{thing}`
   */
  readonly thing?: Claim;

  /**
   * For `{type}`.
   *
   * @default - the channel has no `{type}`
   */
  readonly thingType?: Claim;

  /**
   * For each `{attribute:NAME}`, by name.
   *
   * @default - the channel has none
   */
  readonly attributes?: { [name: string]: Claim };
}

/** For which devices a channel may be published on, and how. */
export interface ClaimPublishScope extends ClaimScope {
  /**
   * Whether callers may set the RETAIN flag.
   *
   * @default false
   */
  readonly retain?: boolean;
}

/** A channel or shadow that callers of a `JwtAuthorizer` may use. */
export class TokenAccess {
  /** Publish on a channel that devices listen to. */
  public static publish(channel: Channel | FleetChannel, scope: ClaimPublishScope = {}): TokenAccess {
    return TokenAccess.ofChannel('publish', channelOf(channel), scope, scope.retain ?? false);
  }

  /** Subscribe to a channel that devices publish on, or that they are told together. */
  public static subscribe(channel: Channel | FleetChannel, scope: ClaimScope = {}): TokenAccess {
    return TokenAccess.ofChannel('subscribe', channelOf(channel), scope, false);
  }

  /**
   * Read a shadow of a thing and hear of changes, with MQTT and over HTTPS.
   *
   * With `Claim.anyForEveryCaller()`, the classic shadow takes named ones with it over HTTPS.
   */
  public static readShadow(shadow: Shadow | FleetShadow, thing: Claim): TokenAccess {
    return TokenAccess.ofShadow('read-shadow', shadow, thing);
  }

  /**
   * Update a shadow of a thing, without reading it, with MQTT and over HTTPS.
   *
   * With `Claim.anyForEveryCaller()`, the classic shadow takes named ones with it over HTTPS.
   */
  public static updateShadow(shadow: Shadow | FleetShadow, thing: Claim): TokenAccess {
    return TokenAccess.ofShadow('update-shadow', shadow, thing);
  }

  private static ofShadow(use: ShadowSettings['use'], given: Shadow | FleetShadow, { _settings: thing }: Claim): TokenAccess {
    const { shadowName } = given instanceof Shadow ? given : given.shadow;
    return new TokenAccess((scope) => {
      requireClaim(scope, 'thing', thing);
      return { use, ...shadowName !== undefined && { shadowName }, scope: { thing } };
    });
  }

  private static ofChannel(use: ChannelSettings['use'], channel: Channel, claims: ClaimScope, retain: boolean): TokenAccess {
    return new TokenAccess((scope) => renderChannel(scope, use, channel, claims, retain));
  }

  private constructor(
    /**
     * What the function is told; fails for what it could not grant.
     *
     * @internal
     */
    public readonly _render: (scope: IConstruct) => AccessSettings,
  ) {}
}

function renderChannel(scope: IConstruct, use: ChannelSettings['use'], channel: Channel, claims: ClaimScope, retain: boolean): ChannelSettings {
  const { thing, thingType, attributes = {} } = claims;
  const given = Object.entries({ thing, thingType, ...Object.fromEntries(Object.entries(attributes).map(([name, claim]) => [`attributes.${name}`, claim])) })
    .flatMap(([place, claim]) => (claim === undefined ? [] : [[place, claim._settings] as const]));
  requireSame(scope, channel, placesOf(channel), given.map(([place]) => place));
  given.forEach(([place, settings]) => requireClaim(scope, place, settings));
  // A direction or a scope for which the function could only refuse every caller fails now.
  const example = scopeOf(given.map(([place, settings]) => [place, settings === 'any' ? ANY : 'x'] as const));
  try {
    void (use === 'publish' ? publish(channel, example) : subscribe(channel, example));
  } catch (error) {
    throw invalid(scope, (error as Error).message);
  }
  return { use, pattern: channel.pattern, direction: channel.direction, ...retain && { retain }, scope: Object.fromEntries(given) };
}

function channelOf(channel: Channel | FleetChannel): Channel {
  return channel instanceof Channel ? channel : channel.channel;
}

function requireSame(scope: IConstruct, { pattern }: Channel, places: readonly string[], given: readonly string[]): void {
  const missing = places.find((place) => !given.includes(place));
  if (missing !== undefined) {
    throw invalid(scope, `'${missing}' of the channel '${pattern}' must have a claim, or callers could use the topics of all devices; to let them, say Claim.anyForEveryCaller()`);
  }
  const unknown = given.find((place) => !places.includes(place));
  if (unknown !== undefined) {
    throw invalid(scope, `'${unknown}' is no placeholder of the channel '${pattern}'; leave it out`);
  }
}

function requireClaim(scope: IConstruct, place: string, settings: ClaimSettings): void {
  if (settings === 'any') {
    return;
  }
  if ('claim' in settings) {
    if (!Token.isUnresolved(settings.claim) && !CLAIM.test(settings.claim)) {
      throw invalid(scope, `'${place}' must name a claim with 1 to 128 letters, digits and _:./@-, got ${quote(settings.claim)}`);
    }
  } else if (!Token.isUnresolved(settings.value) && !isLevel(settings.value)) {
    throw invalid(scope, `'${place}' must be one level of a topic, 1 to 128 characters without / + # * ? $ { }, got ${quote(settings.value)}`);
  }
}
