import type { StateFolder } from '../pki/state-folder';

/** What a service keeps, as one JSON file of the state folder. */
export class StateFile<T extends object> {
  private current: T | undefined;

  constructor(private readonly folder: StateFolder, private readonly name: string, private readonly empty: T) {}

  public read(): T {
    this.current ??= (this.folder.readJson('aws', `${this.name}.json`) as T | undefined) ?? this.empty;
    return this.current;
  }

  public write(state: T): T {
    this.folder.write(['aws', `${this.name}.json`], JSON.stringify(state));
    this.current = state;
    return state;
  }
}
