import type { StreamGrants } from '../access';

/** The streams that the devices of a fleet read. */
export class FleetStreams {
  /** What apps and users of AWS can be permitted with them. */
  public readonly grants: StreamGrants;

  /** @internal */
  constructor(grants: StreamGrants) {
    this.grants = grants;
  }
}
