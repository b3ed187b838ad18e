import { failure, MISSING, unless } from './errors';
import { allOrNothing, type Lifecycle, type Task } from './lifecycle';
import type { Call } from './retry';

/** What one custom resource declares: these members belong to this group. */
export interface Membership {
  readonly group: string;
  readonly members: readonly string[];
}

/** How members of one kind belong to a group of one kind. */
export interface Register<M extends Membership = Membership> {
  /** What the members and the group are, for messages. */
  readonly memberKind: string;
  readonly groupKind: string;

  /** Whether the member belongs to the group; fails where it could never be added. */
  has(call: Call, member: string, membership: M): Promise<boolean>;
  add(call: Call, member: string, membership: M): Promise<void>;

  /** A member that is not there, or no longer, is not an error. */
  remove(call: Call, member: string, membership: M): Promise<void>;

  /** Takes a member from one group to another. */
  move(call: Call, member: string, from: M, to: M): Promise<void>;

  /**
   * How many members a group can have.
   *
   * @default - any number
   */
  readonly capacity?: number;
}

/** The life cycle of memberships: an update compares the lists and changes the difference. */
export function membershipLifecycle<M extends Membership>(register: Register<M>, read: Lifecycle<M>['read']): Lifecycle<M> {
  return {
    read,
    create: (task, wanted) => allOrNothing(task, wanted.members.map((member) => ({
      isDone: () => adding(register, member, wanted, () => register.has(task.call, member, wanted)),
      run: () => adding(register, member, wanted, () => register.add(task.call, member, wanted)),
      undo: () => unless(MISSING, () => register.remove(task.undo, member, wanted)),
    }))),
    update: async (task, wanted, before) => {
      const dropped = before.members.filter((member) => !wanted.members.includes(member));
      const isCrowded = new Set([...wanted.members, ...before.members]).size > (register.capacity ?? Infinity);
      // Members of both lists never leave. Of the others, the new come first, unless there is no room for them: a
      // thing or a group must not be without its policies in between.
      const steps = [() => addMissing(register, task, wanted, before), () => removeAll(register, task, dropped, before)];
      for (const step of isCrowded ? steps.reverse() : steps) {
        await step();
      }
    },
    remove: (task, before) => removeAll(register, task, before.members, before),
  };
}

async function addMissing<M extends Membership>(register: Register<M>, task: Task, wanted: M, before: M): Promise<void> {
  for (const member of wanted.members) {
    await adding(register, member, wanted, async () => {
      if (wanted.group !== before.group && before.members.includes(member)) {
        await register.move(task.call, member, before, wanted);
      } else if (!await register.has(task.call, member, wanted)) {
        await register.add(task.call, member, wanted);
      }
    });
  }
}

async function removeAll<M extends Membership>(register: Register<M>, task: Task, members: readonly string[], membership: M): Promise<void> {
  for (const member of members) {
    try {
      await unless(MISSING, () => register.remove(task.call, member, membership));
    } catch (error) {
      throw failure(`remove ${register.memberKind} "${member}" from ${register.groupKind} "${membership.group}"`, error);
    }
  }
}

async function adding<T, M extends Membership>(register: Register<M>, member: string, { group }: M, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    throw failure(`add ${register.memberKind} "${member}" to ${register.groupKind} "${group}"`, error);
  }
}
