import type * as iam from 'aws-cdk-lib/aws-iam';
import { checkScope, type DeviceScope } from '../../topics/app-side';
import { TopicError } from '../../topics/errors';

/**
 * The names of the things of a fleet, as patterns of the policy language: those that provisioning makes begin alike,
 * others are named one by one.
 */
export class FleetThings {
  private readonly patterns: string[];
  private readonly listeners: ((pattern: string) => void)[] = [];

  constructor(private readonly prefix: string) {
    this.patterns = [`${prefix}*`];
  }

  /** Adds a thing, or things of a pattern, to what has been granted and will be. */
  public add(pattern: string): void {
    if (!pattern.startsWith(this.prefix) && !this.patterns.includes(pattern)) {
      this.patterns.push(pattern);
      this.listeners.forEach((listen) => listen(pattern));
    }
  }

  /** Tells each thing or pattern, now and when it is added. */
  public forEach(listen: (pattern: string) => void): void {
    this.patterns.forEach(listen);
    this.listeners.push(listen);
  }

  /**
   * Grants something on the things of a scope: on one, or on all of the fleet, those that are added later included.
   *
   * @throws TopicError for a scope by type or attributes, which ARNs do not tell, and for what is no name.
   */
  public grant(devices: DeviceScope, make: (patterns: readonly string[]) => iam.Grant): iam.Grant {
    checkScope(devices);
    const { thing, thingType, attributes } = devices;
    if (thing !== undefined) {
      return make([thing]);
    }
    if (thingType !== undefined || attributes !== undefined) {
      throw new TopicError("'thingType' and 'attributes' cannot narrow a permission on things, whose ARNs do not tell them; name one 'thing', or leave them out");
    }
    const grant = make([...this.patterns]);
    this.listeners.push((pattern) => make([pattern]));
    return grant;
  }
}
