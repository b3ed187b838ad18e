/** A queue that takes as long for a long line as for a short one; taking from the front of an array moves all the rest. */
export class Fifo<T> implements Iterable<T> {
  /** The next one last. */
  private front: T[];
  private back: T[] = [];

  constructor(items: readonly T[] = []) {
    this.front = [...items].reverse();
  }

  public get length(): number {
    return this.front.length + this.back.length;
  }

  public push(item: T): void {
    this.back.push(item);
  }

  public shift(): T | undefined {
    if (this.front.length === 0) {
      this.front = this.back.reverse();
      this.back = [];
    }
    return this.front.pop();
  }

  public *[Symbol.iterator](): Iterator<T> {
    yield* [...this.front].reverse();
    yield* this.back;
  }
}
