import { randomUUID } from 'node:crypto';
import type { Clock } from '../../clock';
import { ServiceError } from '../service';
import { StateFile } from '../state-file';
import type { Surroundings } from '../surroundings';
import type { Login } from './logins';

/** More than a test needs, and less than would fill a computer: who knows the id of a pool can make guests. */
const MAX_IDENTITIES = 10_000;

export interface Identity {
  readonly identityId: string;
  readonly poolId: string;

  /** Who logs in with it, by provider; a guest has none. */
  readonly logins: Readonly<Record<string, string>>;

  /** In milliseconds since the epoch. */
  readonly created: number;
  readonly modified: number;
}

/** The identities of all pools: a user has one of each pool, which stays the same. */
export class Identities {
  private readonly file: StateFile<Readonly<Record<string, Identity>>>;
  private readonly clock: Clock;
  private readonly region: string;

  constructor({ folder, clock, scope }: Surroundings) {
    this.file = new StateFile(folder, 'cognito-identities', {});
    this.clock = clock;
    this.region = scope.region;
  }

  public of(poolId: string): readonly Identity[] {
    return Object.values(this.file.read()).filter((identity) => identity.poolId === poolId);
  }

  /** @throws ServiceError as Amazon Cognito does for one that is not there. */
  public get(identityId: string): Identity {
    const known = this.file.read();
    if (!Object.hasOwn(known, identityId)) {
      throw new ServiceError('ResourceNotFoundException', `Identity '${identityId.replace(/[^\w:-]+/g, '?').slice(0, 55)}' not found.`);
    }
    return known[identityId]!;
  }

  /**
   * The identity of a user; a new one for who logs in for the first time, and for every guest.
   *
   * @throws ServiceError where the logins are those of several.
   */
  public identify(poolId: string, logins: readonly Login[]): Identity {
    const known = [...new Set(logins.flatMap((login) => this.find(poolId, login) ?? []))];
    if (known.length > 1) {
      throw new ServiceError('ResourceConflictException', 'The logins belong to different identities.', 409);
    }
    return this.link(known[0] ?? this.create(poolId), logins);
  }

  /** Let a guest, or somebody who logs in in another way already, log in in these ways from now on. */
  public link(identity: Identity, logins: readonly Login[]): Identity {
    const added = logins.filter(({ provider }) => !Object.hasOwn(identity.logins, provider)).map(({ provider, sub }) => [provider, sub]);
    return added.length === 0 ? identity : this.put({ ...identity, logins: { ...identity.logins, ...Object.fromEntries(added) as Record<string, string> }, modified: this.clock.now() });
  }

  public find(poolId: string, { provider, sub }: Login): Identity | undefined {
    return this.of(poolId).find(({ logins }) => logins[provider] === sub);
  }

  public remove(identityId: string): void {
    this.file.write(Object.fromEntries(Object.entries(this.file.read()).filter(([id]) => id !== identityId)));
  }

  private create(poolId: string): Identity {
    if (Object.keys(this.file.read()).length >= MAX_IDENTITIES) {
      throw new ServiceError('LimitExceededException', `the twin keeps at most ${MAX_IDENTITIES} identities`);
    }
    const now = this.clock.now();
    return this.put({ identityId: `${this.region}:${randomUUID()}`, poolId, logins: {}, created: now, modified: now });
  }

  private put(identity: Identity): Identity {
    this.file.write({ ...this.file.read(), [identity.identityId]: identity });
    return identity;
  }
}
