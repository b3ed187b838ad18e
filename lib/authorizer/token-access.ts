import { Token } from 'aws-cdk-lib';
import type { IConstruct } from 'constructs';
import type { AccessSettings, ClaimSettings } from './settings';
import type { FleetChannel } from '../fleet/fleet-channel';
import { invalid, quote } from '../private/errors';
import { Channel } from '../topics';
import { appPublish, appSubscribe, isLevel, type DeviceScope } from '../topics/app-side';

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

/** A channel that callers of a `JwtAuthorizer` may use. */
export class TokenAccess {
  /** Publish on a channel that devices listen to. */
  public static publish(channel: Channel | FleetChannel, scope: ClaimPublishScope = {}): TokenAccess {
    return new TokenAccess('publish', channelOf(channel), scope, scope.retain ?? false);
  }

  /** Subscribe to a channel that devices publish on, or that they are told together. */
  public static subscribe(channel: Channel | FleetChannel, scope: ClaimScope = {}): TokenAccess {
    return new TokenAccess('subscribe', channelOf(channel), scope, false);
  }

  private constructor(
    private readonly use: 'publish' | 'subscribe',
    private readonly channel: Channel,
    private readonly scope: ClaimScope,
    private readonly retain: boolean,
  ) {}

  /**
   * What the function is told; fails for what it could not grant.
   *
   * @internal
   */
  public _render(scope: IConstruct): AccessSettings {
    const { channel, use, retain } = this;
    const { thing, thingType, attributes = {} } = this.scope;
    const places = new Set(channel._levels.flatMap((level) => (
      level.kind === 'attribute' ? [`attributes.${level.name}`] : level.kind === 'thing' ? ['thing'] : level.kind === 'type' ? ['thingType'] : []
    )));
    const given = new Map(Object.entries({ thing, thingType, ...Object.fromEntries(Object.entries(attributes).map(([name, claim]) => [`attributes.${name}`, claim])) })
      .filter((entry): entry is [string, Claim] => entry[1] !== undefined));
    for (const place of places) {
      if (!given.has(place)) {
        throw invalid(scope, `'${place}' of the channel '${channel.pattern}' must have a claim, or callers could use the topics of all devices; to let them, say Claim.anyForEveryCaller()`);
      }
    }
    for (const [place, { _settings: settings }] of given) {
      if (!places.has(place)) {
        throw invalid(scope, `'${place}' is no placeholder of the channel '${channel.pattern}'; leave it out`);
      }
      requireClaim(scope, place, settings);
    }
    tryOut(scope, this.channel, use, given);
    return {
      use,
      pattern: channel.pattern,
      direction: channel.direction,
      ...retain && { retain },
      thing: thing?._settings,
      thingType: thingType?._settings,
      ...Object.keys(attributes).length > 0 && { attributes: Object.fromEntries(Object.entries(attributes).map(([name, claim]) => [name, claim._settings])) },
    };
  }
}

function channelOf(channel: Channel | FleetChannel): Channel {
  return channel instanceof Channel ? channel : channel.channel;
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

/** Fails now for a direction or a scope for which the function could only refuse every caller. */
function tryOut(scope: IConstruct, channel: Channel, use: 'publish' | 'subscribe', given: ReadonlyMap<string, Claim>): void {
  const value = (place: string): string | undefined => (given.get(place)?._settings === 'any' ? undefined : 'x');
  const names = [...given.keys()].filter((place) => place.startsWith('attributes.')).map((place) => place.slice('attributes.'.length));
  const attributes = Object.fromEntries(names.flatMap((name) => {
    const text = value(`attributes.${name}`);
    return text === undefined ? [] : [[name, text]];
  }));
  const devices: DeviceScope = {
    ...given.has('thing') && { thing: value('thing') },
    ...given.has('thingType') && { thingType: value('thingType') },
    ...Object.keys(attributes).length > 0 && { attributes },
  };
  try {
    if (use === 'publish') {
      appPublish(channel, devices);
    } else {
      appSubscribe(channel, devices);
    }
  } catch (error) {
    throw invalid(scope, (error as Error).message);
  }
}
