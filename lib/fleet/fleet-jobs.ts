import type { JobGrants } from '../access';

/** The jobs of a fleet. */
export class FleetJobs {
  /** What apps and users of AWS can be permitted with them. */
  public readonly grants: JobGrants;

  /** @internal */
  constructor(grants: JobGrants) {
    this.grants = grants;
  }
}
