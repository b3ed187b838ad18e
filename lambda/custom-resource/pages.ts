/** One page of a list, and what to ask the next one with. */
export interface Page<T> {
  readonly items: readonly T[] | undefined;
  readonly next: string | undefined;
}

/** All items of a list that AWS gives out in pages. */
export async function* allItems<T>(readPage: (from: string | undefined) => Promise<Page<T>>): AsyncGenerator<T> {
  let from: string | undefined;
  do {
    const { items, next } = await readPage(from);
    yield* items ?? [];
    from = next;
  } while (from !== undefined && from !== '');
}

/** The first items of a list, as many as wanted. */
export async function firstItems<T>(list: AsyncIterable<T>, count: number): Promise<T[]> {
  const items: T[] = [];
  for await (const item of list) {
    items.push(item);
    if (items.length === count) {
      break;
    }
  }
  return items;
}
