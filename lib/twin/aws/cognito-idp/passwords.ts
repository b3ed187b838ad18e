import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';
import { numberAt, propertyOf, textAt } from '../../../deployment';
import { ServiceError } from '../service';
import type { UserPool } from './pools';

/** https://docs.aws.amazon.com/cognito/latest/developerguide/managing-users-passwords.html */
const MAX_LENGTH = 256;
const DEFAULT_MIN_LENGTH = 8;
const HASH_BYTES = 32;
const SALT_BYTES = 16;

/** What is kept of a password, in base64. */
export interface PasswordHash {
  readonly salt: string;
  readonly hash: string;
}

const KINDS: readonly { readonly rule: string; readonly characters: RegExp; readonly what: string }[] = [
  { rule: 'RequireLowercase', characters: /[a-z]/, what: 'lowercase' },
  { rule: 'RequireUppercase', characters: /[A-Z]/, what: 'uppercase' },
  { rule: 'RequireNumbers', characters: /[0-9]/, what: 'numeric' },
  { rule: 'RequireSymbols', characters: /[^A-Za-z0-9]/, what: 'symbol' },
];

/** @throws ServiceError for a password that the pool does not take. */
export function checkPassword({ properties }: UserPool, password: string): void {
  const policy = propertyOf(properties, 'Policies', 'PasswordPolicy');
  const least = numberAt(policy, 'MinimumLength') ?? DEFAULT_MIN_LENGTH;
  // A pool that says nothing asks for all of them, one that says something for those it names.
  const lacking = KINDS.find(({ rule, characters }) => (policy === undefined || textAt(policy, rule) === 'true') && !characters.test(password));
  const problem = password.length < least ? 'Password not long enough'
    : password.length > MAX_LENGTH ? 'Password too long'
      : lacking !== undefined ? `Password must have ${lacking.what} characters` : undefined;
  if (problem !== undefined) {
    throw new ServiceError('InvalidPasswordException', `Password did not conform with policy: ${problem}`);
  }
}

export async function hashPassword(password: string, salt = randomBytes(SALT_BYTES)): Promise<PasswordHash> {
  const hash = await promisify<string, Buffer, number, Buffer>(scrypt)(password, salt, HASH_BYTES);
  return { salt: salt.toString('base64'), hash: hash.toString('base64') };
}

/** A user that is not there takes as long as one that is. */
const NOBODY: PasswordHash = { salt: Buffer.alloc(SALT_BYTES).toString('base64'), hash: Buffer.alloc(HASH_BYTES).toString('base64') };

export async function isPassword(password: string, { salt, hash }: PasswordHash = NOBODY): Promise<boolean> {
  if (password.length > MAX_LENGTH) {
    return false;
  }
  const given = await hashPassword(password, Buffer.from(salt, 'base64'));
  return timingSafeEqual(Buffer.from(given.hash, 'base64'), Buffer.from(hash, 'base64'));
}

const FREE_ATTEMPTS = 5;
const LONGEST_LOCK_MS = 15 * 60_000;
const MAX_REMEMBERED = 1000;

/**
 * Whose password was wrong lately: after five wrong ones, each locks the user for twice as long as the one before.
 *
 * @see https://docs.aws.amazon.com/cognito/latest/developerguide/authentication.html
 */
export class Attempts {
  private readonly failed = new Map<string, { readonly count: number; readonly until: number }>();

  constructor(private readonly now: () => number) {}

  /** @throws ServiceError while a user is locked. */
  public check(user: string): void {
    if ((this.failed.get(user)?.until ?? 0) > this.now()) {
      throw new ServiceError('NotAuthorizedException', 'Password attempts exceeded');
    }
  }

  public count(user: string, isRight: boolean): void {
    const count = (this.failed.get(user)?.count ?? 0) + 1;
    // The last goes behind the others: the one that is longest ago is forgotten first.
    this.failed.delete(user);
    if (!isRight) {
      const lock = count < FREE_ATTEMPTS ? 0 : Math.min(1000 * 2 ** (count - FREE_ATTEMPTS), LONGEST_LOCK_MS);
      this.failed.set(user, { count, until: this.now() + lock });
      const [oldest = ''] = this.failed.keys();
      if (this.failed.size > MAX_REMEMBERED) {
        this.failed.delete(oldest);
      }
    }
  }
}
