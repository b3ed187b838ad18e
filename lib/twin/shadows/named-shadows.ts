import { SAFETY } from '../limits';
import { ShadowError } from './shadow-error';
import type { ShadowTarget } from './target';

/** What a thing has of named shadows. */
interface Share {
  readonly names: Set<string>;

  /** Of all their documents. */
  characters: number;

  /** The names of deleted ones whose version is remembered, the first deleted first. */
  readonly deleted: Set<string>;
}

/**
 * What each thing has of named shadows, of which it may have many: no thing takes the room of others. A classic shadow is one of
 * its thing, and is not looked at here.
 */
export class NamedShadows {
  private readonly shares = new Map<string, Share>();

  /** The names of the shadows of a thing. */
  public names(thingName: string): Iterable<string> {
    return this.shares.get(thingName)?.names ?? [];
  }

  /**
   * Fail where a thing has its share, and its shadow is to be made or to grow.
   *
   * @throws ShadowError
   */
  public requireRoom({ thingName, shadowName }: ShadowTarget, growth: number): void {
    const { names, characters } = this.shares.get(thingName) ?? NOTHING;
    const { namedShadowsPerThing: most, namedShadowCharactersPerThing: mostCharacters } = SAFETY;
    if (shadowName !== undefined && ((!names.has(shadowName) && names.size >= most) || (growth > 0 && characters + growth > mostCharacters))) {
      throw new ShadowError(500, `Internal service failure: the twin keeps no more than ${most} named shadows of ${mostCharacters} characters together for a thing`);
    }
  }

  /** A shadow is there, larger than before by so many characters. */
  public kept({ thingName, shadowName }: ShadowTarget, growth: number): void {
    if (shadowName !== undefined) {
      const share = this.shareOf(thingName);
      share.names.add(shadowName);
      share.characters += growth;
    }
  }

  /** A shadow of so many characters is gone. */
  public removed({ thingName, shadowName }: ShadowTarget, characters: number): void {
    const share = this.shares.get(thingName);
    if (shadowName !== undefined && share !== undefined) {
      share.names.delete(shadowName);
      share.characters -= characters;
      this.dropEmpty(thingName, share);
    }
  }

  /** The version of a deleted shadow is remembered. Returns another of the thing that is to be forgotten for it. */
  public remembered({ thingName, shadowName }: ShadowTarget): ShadowTarget | undefined {
    if (shadowName === undefined) {
      return undefined;
    }
    const { deleted } = this.shareOf(thingName);
    deleted.add(shadowName);
    const [oldest] = deleted;
    return deleted.size > SAFETY.namedShadowsPerThing ? { thingName, shadowName: oldest } : undefined;
  }

  /** The version of a deleted shadow is forgotten. */
  public forgotten({ thingName, shadowName }: ShadowTarget): void {
    const share = this.shares.get(thingName);
    if (shadowName !== undefined && share !== undefined) {
      share.deleted.delete(shadowName);
      this.dropEmpty(thingName, share);
    }
  }

  private shareOf(thingName: string): Share {
    const known = this.shares.get(thingName);
    const share = known ?? { names: new Set(), characters: 0, deleted: new Set() };
    if (known === undefined) {
      this.shares.set(thingName, share);
    }
    return share;
  }

  private dropEmpty(thingName: string, { names, deleted }: Share): void {
    if (names.size === 0 && deleted.size === 0) {
      this.shares.delete(thingName);
    }
  }
}

const NOTHING: Pick<Share, 'characters'> & { readonly names: ReadonlySet<string> } = { names: new Set(), characters: 0 };
