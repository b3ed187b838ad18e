import { RequestError } from './errors';
import type { Membership, Register } from './membership';
import { UNTIL_FOUND, type Call, type Patience } from './retry';

/** A place of a thing that takes one group, such as its thing type. */
export interface Slot {
  /** What the place takes, for messages. */
  readonly what: string;

  /** What is in the place now. */
  read(call: Call, thing: string, patience?: Patience): Promise<string | undefined>;
  fill(call: Call, thing: string, group: string): Promise<void>;
  clear(call: Call, thing: string, group: string): Promise<void>;

  /** Puts another group in the place. */
  change(call: Call, thing: string, from: string, to: string): Promise<void>;
}

/** Memberships of which a thing has at most one. What somebody else has put there stays. */
export function slotRegister(slot: Slot): Register {
  const occupied = (thing: string, other: string, group: string): RequestError => new RequestError(
    `cannot give thing "${thing}" the ${slot.what} "${group}": it has "${other}" from elsewhere; take that away first, or declare it here instead`,
  );
  return {
    memberKind: 'thing',
    groupKind: slot.what,
    has: async (call, thing, { group }) => {
      const current = await slot.read(call, thing, UNTIL_FOUND);
      if (current !== undefined && current !== group) {
        throw occupied(thing, current, group);
      }
      return current === group;
    },
    add: (call, thing, { group }) => slot.fill(call, thing, group),
    remove: async (call, thing, { group }) => {
      if (await slot.read(call, thing) === group) {
        await slot.clear(call, thing, group);
      }
    },
    move: async (call, thing, from: Membership, to: Membership) => {
      const current = await slot.read(call, thing, UNTIL_FOUND);
      if (current === from.group) {
        await slot.change(call, thing, from.group, to.group);
      } else if (current === undefined) {
        await slot.fill(call, thing, to.group);
      } else if (current !== to.group) {
        throw occupied(thing, current, to.group);
      }
    },
  };
}
