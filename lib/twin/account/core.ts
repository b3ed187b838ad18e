import { randomBytes, randomUUID } from 'node:crypto';
import type * as api from '@aws-sdk/client-iot';
import type { AccountScope } from '../../policy';
import type { Clock } from '../clock';
import { invalidRequest } from './errors';
import { checkName } from './names';
import type { NameKind } from './names';
import { tagsOf } from './tags';
import type { Store } from './store';

/** Randomness, passed in so that a test can hold it. */
export interface Random {
  uuid(): string;

  /** So many hexadecimal digits. */
  hex(digits: number): string;
}

export const systemRandom: Random = {
  uuid: () => randomUUID(),
  hex: (digits) => randomBytes(Math.ceil(digits / 2)).toString('hex').slice(0, digits),
};

/** How many items a list gives at once, unless the caller says. */
const DEFAULT_PAGE = 25;
const MAX_PAGE = 250;

/**
 * What every part of the account builds on. The account is made in layers, one file for each subject of the API; each
 * layer may use those below it.
 */
export abstract class AccountCore {
  constructor(
    public readonly store: Store,
    public readonly scope: AccountScope,
    protected readonly clock: Clock,
    protected readonly random: Random,
  ) {}

  /** The ARN of a resource such as `thing/NAME`. */
  public arn(resource: string): string {
    const { partition, region, accountId } = this.scope;
    return `arn:${partition}:iot:${region}:${accountId}:${resource}`;
  }

  /** The name in an ARN of this account, or in a name alone. */
  protected nameIn(kind: NameKind, prefix: string, name: string | undefined, arn: string | undefined): string {
    const start = this.arn(`${prefix}/`);
    if (arn === undefined) {
      return checkName(kind, name);
    }
    if (!arn.startsWith(start)) {
      throw invalidRequest(`'${arn}' is not an ARN of this account that begins with ${start}`);
    }
    return checkName(kind, arn.slice(start.length));
  }

  protected now(): number {
    return this.clock.now();
  }

  /** What every new record has. */
  protected fresh(tags?: readonly api.Tag[]): { readonly creationDate: number; readonly tags?: Readonly<Record<string, string>> } {
    return { creationDate: this.now(), ...(tags === undefined ? {} : { tags: tagsOf(tags) }) };
  }

  /**
   * One page of a list, and what to ask for the next one with. A page goes on behind the last item of the one before it,
   * so that nothing is left out when items are removed between the two.
   *
   * @param keyOf tells items apart and puts them in order
   */
  public page<T>(items: Iterable<T>, keyOf: (item: T) => string, asked: {
    readonly limit?: number | undefined; readonly token?: string | undefined; readonly descending?: boolean;
  }): { readonly items: T[]; readonly next?: string } {
    const limit = asked.limit ?? DEFAULT_PAGE;
    if (!Number.isInteger(limit) || limit < 1 || limit > MAX_PAGE) {
      throw invalidRequest(`a page has from 1 to ${MAX_PAGE} items, got ${limit}`);
    }
    const direction = asked.descending === true ? -1 : 1;
    const compare = (a: string, b: string): number => (a === b ? 0 : a < b ? -direction : direction);
    const after = asked.token === undefined ? undefined : Buffer.from(asked.token, 'base64url').toString();
    const rest = [...items].map((item) => ({ item, key: keyOf(item) }))
      .filter(({ key }) => after === undefined || compare(key, after) > 0)
      .sort((a, b) => compare(a.key, b.key));
    const page = rest.slice(0, limit);
    return {
      items: page.map(({ item }) => item),
      ...(rest.length > limit ? { next: Buffer.from(page.at(-1)!.key).toString('base64url') } : {}),
    };
  }
}

/** A list that is paged with `nextToken`. */
export function nextToken({ next }: { readonly next?: string }): { readonly nextToken?: string } {
  return next === undefined ? {} : { nextToken: next };
}

/** A list that is paged with `marker`. */
export function nextMarker({ next }: { readonly next?: string }): { readonly nextMarker?: string } {
  return next === undefined ? {} : { nextMarker: next };
}

/** Orders by time, then by name. */
export function byDate(creationDate: number, name: string): string {
  return `${String(creationDate).padStart(15, '0')} ${name}`;
}

/** A name alone, for lists of names. */
export function itself(name: string): string {
  return name;
}
