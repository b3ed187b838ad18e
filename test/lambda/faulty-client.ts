/** An error as the SDK throws it. */
export function awsError(name: string, message = `a message of ${name}`): Error {
  return Object.assign(new Error(message), { name });
}

/** What goes wrong with a request. */
export interface Fault {
  readonly error: string;

  /**
   * Whether the request is carried out all the same, and only its answer is lost.
   *
   * @default false
   */
  readonly isDone?: boolean;

  /**
   * How many requests it hits, from the first on.
   *
   * @default 1
   */
  readonly count?: number;
}

/** Services of AWS in memory, whose requests can be made to fail. */
export abstract class FaultyClient {
  /** The name of every request, in order. */
  public readonly requests: string[] = [];
  /** Every request, to try the serializers of the SDK with. */
  public readonly commands: object[] = [];
  private readonly faults = new Map<number, Fault>();

  /** For a client of any service. */
  protected readonly sender = { send: (command: object) => this.receive(command) } as never;

  /** What a request does, by its name. */
  protected abstract readonly operations: object;

  /** Makes the request with this number fail, counted from 0. */
  public failAt(request: number, fault: Fault): void {
    this.faults.set(request, fault);
  }

  /** Lets everything work again. */
  public heal(): void {
    this.faults.clear();
  }

  /** Told of a request before it does anything. */
  protected onRequest?(name: string): void;

  /**
   * What a fault says about a request.
   *
   * @default - an error with a message of no interest
   */
  protected refusal?(fault: Fault, input: unknown): Error;

  private async receive(command: object): Promise<unknown> {
    await Promise.resolve();
    const name = command.constructor.name.replace(/Command$/, '');
    const { input } = command as { readonly input: never };
    const number = this.requests.length;
    this.requests.push(name);
    this.commands.push(command);
    this.onRequest?.(name);
    const fault = [...this.faults].find(([from, { count = 1 }]) => number >= from && number < from + count)?.[1];
    const refusal = fault && (this.refusal?.(fault, input) ?? awsError(fault.error));
    if (refusal && fault.isDone !== true) {
      throw refusal;
    }
    const operation = (this.operations as Record<string, ((input: never) => unknown) | undefined>)[name];
    if (operation === undefined) {
      throw new Error(`the fake does not know ${name}`);
    }
    const answer = structuredClone(await operation(input));
    if (refusal) {
      throw refusal;
    }
    return answer;
  }
}
