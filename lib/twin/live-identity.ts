import type { Authorizer } from '../policy';

/** Who a client is, for as long as its connection lasts. */
export interface Identity {
  /** What decides for the client, by what the account holds now. */
  readonly authorizer: Authorizer;

  /** The thing that the client stood for when it came. */
  readonly thingName?: string;
}

/** What decides about a client at one time. */
export interface Reading {
  /** All of it, to tell whether anything changed. */
  readonly records: readonly unknown[];
  readonly make: () => Authorizer;
}

/** Changes of the account count at the next decision. Most are about others: only one that is about this client costs an authorizer. */
export class LiveIdentity implements Identity {
  private generation: number;
  private records: readonly unknown[];
  private current: Authorizer;

  constructor(private readonly generationNow: () => number, private readonly read: () => Reading) {
    const { records, make } = read();
    this.generation = generationNow();
    this.records = records;
    this.current = make();
  }

  public get authorizer(): Authorizer {
    const generation = this.generationNow();
    if (this.generation !== generation) {
      this.generation = generation;
      const { records, make } = this.read();
      if (records.length !== this.records.length || records.some((record, index) => record !== this.records[index])) {
        this.records = records;
        this.current = make();
      }
    }
    return this.current;
  }
}
