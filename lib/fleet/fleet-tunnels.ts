import type { TunnelGrants } from '../access';

/** The secure tunnels to the devices of a fleet. */
export class FleetTunnels {
  /** What apps and users of AWS can be permitted with them. */
  public readonly grants: TunnelGrants;

  /** @internal */
  constructor(grants: TunnelGrants) {
    this.grants = grants;
  }
}
