import type { KnownResource } from '../../deployment';
import type { StateFolder } from '../pki/state-folder';
import type { FunctionConfig } from '../lambda';
import type { Subject } from './events';

/** A custom resource that exists. */
export interface CustomResourceRecord extends Subject {
  /** The construct path, for messages. */
  readonly path: string;
  readonly physicalId: string;
  readonly attributes: Required<KnownResource>['attributes'];
  readonly retain: boolean;

  /** The function as it was, which takes the resource away when it has left the template. */
  readonly handler: FunctionConfig;

  /** Present when the handler takes it away although nothing names it any more. */
  readonly removed?: true;
}

const FILE = 'custom-resources.json';

/** The custom resources that exist, in the order in which they were made. What their handlers answered may be secret. */
export class CustomResourceRecords {
  private readonly records: Map<string, CustomResourceRecord>;

  constructor(private readonly folder: StateFolder) {
    const kept = folder.readJson(FILE);
    this.records = new Map(Array.isArray(kept) ? kept as [string, CustomResourceRecord][] : []);
  }

  public get(key: string): CustomResourceRecord | undefined {
    return this.records.get(key);
  }

  public put(key: string, record: CustomResourceRecord): void {
    this.records.set(key, record);
    this.save();
  }

  public remove(key: string): void {
    this.records.delete(key);
    this.save();
  }

  /** All of them, the oldest first. */
  public get all(): readonly (readonly [string, CustomResourceRecord])[] {
    return [...this.records];
  }

  private save(): void {
    this.folder.write(FILE, JSON.stringify([...this.records]));
  }
}
