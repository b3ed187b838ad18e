import type { Store } from '../account';

/** Make changes to an account that stay only if all of them could be made. */
export function allOrNothing<T>(store: Store, change: () => T): T {
  const undo: (() => void)[] = [];
  const stop = store.onChange((table, key, before) => {
    undo.push(() => (before === undefined ? store.remove(table, key) : store.put(table, key, before)));
  });
  try {
    return change();
  } catch (error) {
    stop();
    undo.reverse().forEach((step) => step());
    throw error;
  } finally {
    stop();
  }
}
