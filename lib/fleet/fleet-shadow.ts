import type { ShadowGrants } from '../access';
import type { Shadow } from '../topics';

/** A shadow that the things of a fleet have. */
export class FleetShadow {
  /** The shadow as declared. */
  public readonly shadow: Shadow;

  /** What apps and users of AWS can be permitted on it. */
  public readonly grants: ShadowGrants;

  /** @internal */
  constructor(shadow: Shadow, grants: ShadowGrants) {
    this.shadow = shadow;
    this.grants = grants;
  }
}
