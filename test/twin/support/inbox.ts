import { within } from './within';

export { within };

/** What came in, in order, and whoever waits for more. */
export class Inbox<T> {
  private readonly items: T[] = [];
  private wake: (() => void)[] = [];

  public push(item: T): void {
    this.items.push(item);
    this.wake.splice(0).forEach((wake) => wake());
  }

  /** Everything that is there now. */
  public take(): T[] {
    return this.items.splice(0);
  }

  /** The next item that fits; those before it stay. */
  public async next(what: string, fits: (item: T) => boolean = () => true): Promise<T> {
    const found = (): T | undefined => {
      const index = this.items.findIndex(fits);
      return index < 0 ? undefined : this.items.splice(index, 1)[0];
    };
    const wait = async (): Promise<T> => {
      for (;;) {
        const item = found();
        if (item !== undefined) {
          return item;
        }
        await new Promise<void>((resolve) => this.wake.push(resolve));
      }
    };
    try {
      return await within(what, wait());
    } catch (error) {
      throw new Error(`${(error as Error).message}; there is ${JSON.stringify(this.items).slice(0, 1000)}`);
    }
  }
}
