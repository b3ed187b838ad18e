import { randomUUID } from 'node:crypto';
import type { Clock } from '../../clock';
import { ServiceError } from '../service';
import type { StateFile } from '../state-file';
import type { PasswordHash } from './passwords';
import { attributeRule, isCaseSensitive, signsInWith } from './pools';
import type { UserPool } from './pools';

/** More than a test needs, and less than would fill a computer. */
const MAX_USERS = 10_000;
const MAX_NAME_LENGTH = 128;
const MAX_ATTRIBUTE_LENGTH = 2048;

export type Attributes = Readonly<Record<string, string>>;

export interface User {
  readonly username: string;
  readonly sub: string;
  readonly enabled: boolean;
  readonly status: 'CONFIRMED' | 'FORCE_CHANGE_PASSWORD';

  /** Without `sub`. */
  readonly attributes: Attributes;
  readonly password?: PasswordHash;

  /** Groups besides those of the template. */
  readonly groups: readonly string[];

  /** What may be exchanged for new tokens, by its SHA-256. */
  readonly refreshTokens: Readonly<Record<string, RefreshToken>>;

  /** In milliseconds since the epoch. */
  readonly created: number;
  readonly modified: number;
}

export interface RefreshToken {
  readonly clientId: string;

  /** When the user signed in, in seconds since the epoch. */
  readonly authTime: number;
  readonly originJti: string;
  readonly expires: number;
}

/** The users of a pool by name. */
export type UserFile = StateFile<Readonly<Record<string, User>>>;

/** The users of a pool as it is declared at the moment. */
export class Users {
  constructor(private readonly file: UserFile, private readonly clock: Clock, private readonly pool: UserPool) {}

  public all(): readonly User[] {
    return Object.values(this.file.read());
  }

  /** A user by name, by `sub`, or by an attribute that users sign in with. */
  public find(name: string): User | undefined {
    const isName = (value: string | undefined): boolean => value !== undefined && this.folded(value) === this.folded(name);
    return this.all().find(({ username, sub, attributes }) => (
      isName(username) || sub === name || ['email', 'phone_number', 'preferred_username'].some((attribute) => signsInWith(this.pool, attribute) && isName(attributes[attribute]))
    ));
  }

  /** @throws ServiceError as Amazon Cognito does for one that is not there. */
  public get(name: string): User {
    const found = this.find(name);
    if (found === undefined) {
      throw new ServiceError('UserNotFoundException', 'User does not exist.');
    }
    return found;
  }

  /** @throws ServiceError for one that is there already, or for attributes that the pool has not. */
  public create(name: string, given: Attributes, password?: PasswordHash): User {
    const byAttribute = ['email', 'phone_number'].find((attribute) => signsInWith(this.pool, attribute) && looksLike(attribute, name));
    const attributes = { ...given, ...byAttribute && { [byAttribute]: name } };
    this.check(attributes);
    const names = [name, attributes.email, attributes.phone_number].flatMap((one) => one ?? []);
    if (name.length > MAX_NAME_LENGTH || !/^[\p{L}\p{M}\p{S}\p{N}\p{P}]+$/u.test(name)) {
      throw new ServiceError('InvalidParameterException', `'username' must have from 1 to ${MAX_NAME_LENGTH} letters, digits, signs or punctuation marks`);
    }
    if (names.some((one) => this.find(one) !== undefined)) {
      throw new ServiceError('UsernameExistsException', 'User account already exists');
    }
    if (this.all().length >= MAX_USERS) {
      throw new ServiceError('LimitExceededException', `the twin keeps at most ${MAX_USERS} users in a pool`);
    }
    const sub = randomUUID();
    const now = this.clock.now();
    return this.put({
      username: byAttribute === undefined ? name : sub, sub, enabled: true, status: 'FORCE_CHANGE_PASSWORD', attributes, ...password && { password }, groups: [], refreshTokens: {}, created: now, modified: now,
    });
  }

  /** Change what a user is by now. */
  public change({ sub }: User, changes: Partial<User>): User {
    return this.put({ ...this.get(sub), ...changes, modified: this.clock.now() });
  }

  /** @throws ServiceError for attributes that the pool has not, or that stay as they are. */
  public changeAttributes(user: User, attributes: Attributes): User {
    this.check(attributes);
    const current = this.get(user.sub);
    const fixed = Object.keys(attributes).find((name) => attributeRule(this.pool, name)?.mutable === false && current.attributes[name] !== undefined);
    if (fixed !== undefined) {
      throw new ServiceError('InvalidParameterException', `user.${fixed}: Attribute cannot be updated.`);
    }
    return this.change(current, { attributes: { ...current.attributes, ...attributes } });
  }

  public remove({ username }: User): void {
    this.file.write(Object.fromEntries(Object.entries(this.file.read()).filter(([name]) => name !== username)));
  }

  private put(user: User): User {
    // A name such as `__proto__` is only a name.
    this.file.write(Object.fromEntries([...Object.entries(this.file.read()).filter(([name]) => name !== user.username), [user.username, user]]));
    return user;
  }

  private check(attributes: Attributes): void {
    for (const [name, value] of Object.entries(attributes)) {
      if (attributeRule(this.pool, name) === undefined) {
        throw new ServiceError('InvalidParameterException', `Attributes did not conform to the schema: ${name.replace(/[^\w:]+/g, '?').slice(0, 60)}: Attribute does not exist in the schema.`);
      }
      if (value.length > MAX_ATTRIBUTE_LENGTH) {
        throw new ServiceError('InvalidParameterException', `Attributes did not conform to the schema: ${name}: String is longer than ${MAX_ATTRIBUTE_LENGTH}.`);
      }
    }
  }

  private folded(name: string): string {
    return isCaseSensitive(this.pool) ? name : name.toLowerCase();
  }
}

function looksLike(attribute: string, name: string): boolean {
  return attribute === 'email' ? name.includes('@') : /^\+\d{1,15}$/.test(name);
}
