import { asText, propertyOf, resourceKey } from '../../deployment';
import type { Deployment, Resource } from '../../deployment';
import { isUnknownPart } from '../../policy';
import type { LambdaFunctions } from '../lambda';
import type { Subject } from './events';
import { textProperties } from './properties';

/** A custom resource of the template. */
export interface Wanted {
  readonly key: string;
  readonly resource: Resource;
}

/** Helpers of the CDK for what there is nothing of in the twin. */
const SKIPPED: Readonly<Record<string, string>> = {
  'Custom::LogRetention': 'the twin keeps no logs',
  'Custom::VpcRestrictDefaultSG': 'the twin has no networks',
};

/** The custom resources of a deployment. */
export function customResourcesOf({ resources }: Deployment): readonly Wanted[] {
  return resources.filter(({ type }) => type.startsWith('Custom::') || type === 'AWS::CloudFormation::CustomResource')
    .map((resource) => ({ key: resourceKey(resource.stack, resource.logicalId), resource }));
}

/** Why a custom resource is not run, whatever else happens. */
export function objectionTo({ type, condition, properties }: Resource, functions: Pick<LambdaFunctions, 'find'>): string | undefined {
  const token = asText(propertyOf(properties, 'ServiceToken'));
  if (Object.hasOwn(SKIPPED, type)) {
    return `it is left out: ${SKIPPED[type]}`;
  }
  if (condition !== undefined) {
    return 'it is left out: it cannot be told whether it exists';
  }
  return typeof token === 'string' && functions.find(token) === undefined
    ? 'it is left out: its ServiceToken names no function of the assembly'
    : undefined;
}

/** What events say of a custom resource; nothing while a part of it is unknown. */
export function subjectOf(deployment: Deployment, { stack, logicalId, type, properties }: Resource): Subject | undefined {
  const text = textProperties(properties);
  const stackId = deployment.stacks.find(({ path }) => path === stack)?.id;
  return text === undefined || typeof text.ServiceToken !== 'string' || typeof stackId !== 'string'
    ? undefined
    : { stackId, logicalId, type, serviceToken: text.ServiceToken, properties: text };
}

/** What a resource waits for by its `DependsOn`, and theirs. */
export class Dependencies {
  private readonly resources: ReadonlyMap<string, Resource>;

  constructor({ resources }: Deployment) {
    this.resources = new Map(resources.map((resource) => [resourceKey(resource.stack, resource.logicalId), resource]));
  }

  /** All of them, by key. */
  public of({ stack, dependsOn }: Resource, seen = new Map<string, Resource>()): ReadonlyMap<string, Resource> {
    for (const logicalId of dependsOn) {
      const key = resourceKey(stack, logicalId);
      const resource = this.resources.get(key);
      if (resource !== undefined && !seen.has(key)) {
        seen.set(key, resource);
        this.of(resource, seen);
      }
    }
    return seen;
  }
}

/** The first thing in a resource that is unknown. */
export function unknownIn(value: unknown): string | undefined {
  if (isUnknownPart(value)) {
    return value.unknown;
  }
  if (typeof value !== 'object' || value === null) {
    return undefined;
  }
  for (const entry of Object.values(value)) {
    const found = unknownIn(entry);
    if (found !== undefined) {
      return found;
    }
  }
  return undefined;
}
