import type { Call, Iot, Task } from '../custom-resource';
import type { Ssm } from '../custom-resource/memory';
import type { Kms } from '../x509';
import type { Secrets } from './delivery';
import type { Ledger } from './ledger';

/** The services that certificates are made with. */
export interface Clients {
  readonly iot: Iot;
  readonly ssm: Ssm;
  readonly secrets: Secrets;
  readonly kms: Kms;
}

/** What making one certificate takes. */
export interface Workshop extends Clients {
  readonly call: Call;
  readonly task: Task;
  readonly ledger: Ledger;
  /** The physical id of the set that is made. */
  readonly owner: string;
  /** Milliseconds since 1970. */
  readonly now: number;
}
