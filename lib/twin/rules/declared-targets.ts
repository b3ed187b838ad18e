import { textAt } from '../../deployment';
import type { Deployment, Resource } from '../../deployment';
import type { Target } from './action-types';

/** The resources of a deployment, to be found by what actions call them. */
export class DeclaredTargets {
  private readonly byId = new Map<string, Resource>();

  constructor(private readonly deployment: Deployment) {
    for (const resource of deployment.resources) {
      for (const id of [resource.physicalId, resource.arn]) {
        if (typeof id === 'string') {
          this.byId.set(`${resource.type} ${id}`, resource);
        }
      }
    }
  }

  public find({ types, id, named }: Target): Resource | undefined {
    return types.map((type) => this.byId.get(`${type} ${id ?? ''}`)).find((resource) => resource !== undefined)
      ?? (named === undefined ? undefined : this.deployment.resources.find(({ type, properties }) => types.includes(type) && textAt(properties, named) === id));
  }
}
