import { failure } from './errors';
import { allOrNothing, type Task } from './lifecycle';
import type { Memory } from './memory';

/**
 * What is remembered under a key, or what `make` gives, remembered from then on: the same for each repetition of an event
 * and after a rollback. Nothing stays remembered where it fails.
 */
export async function once<T>(task: Task, memory: Memory, key: string, make: () => Promise<T>): Promise<T> {
  const remembered = await memory.get<T>(task.call, key);
  if (remembered !== undefined) {
    return remembered;
  }
  const made = await make();
  await allOrNothing(task, [{
    isDone: () => Promise.resolve(false),
    run: () => put(task, memory, key, made),
    undo: () => memory.remove(task.undo, key),
  }]);
  return made;
}

async function put({ call }: Task, memory: Memory, key: string, value: unknown): Promise<void> {
  try {
    await memory.put(call, key, value);
  } catch (error) {
    throw failure('remember what was made', error);
  }
}

/** Forgets everything. */
export async function forget({ call }: Task, memory: Memory): Promise<void> {
  for (const key of (await memory.all(call)).keys()) {
    await memory.remove(call, key);
  }
}
