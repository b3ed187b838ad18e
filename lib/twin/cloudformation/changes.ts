import { isDeepStrictEqual } from 'node:util';
import { resourceKey } from '../../deployment';
import type { Deployment, Resource } from '../../deployment';

/** What has changed between two deployments, one line each. Custom resources are left out: their handlers' work is told. */
export function changesBetween(before: Deployment, after: Deployment): readonly string[] {
  const [old, now] = [byKey(before), byKey(after)];
  return [
    ...[...now].flatMap(([key, resource]) => {
      const known = old.get(key);
      return known === undefined ? [`added ${resource.path}`] : isSame(known, resource) ? [] : [`changed ${resource.path}`];
    }),
    ...[...old].filter(([key]) => !now.has(key)).map(([, { path }]) => `removed ${path}`),
  ];
}

function byKey({ resources }: Deployment): ReadonlyMap<string, Resource> {
  const native = resources.filter(({ type }) => !type.startsWith('Custom::') && type !== 'AWS::CloudFormation::CustomResource');
  return new Map(native.map((resource) => [resourceKey(resource.stack, resource.logicalId), resource]));
}

function isSame(a: Resource, b: Resource): boolean {
  return a.type === b.type && isDeepStrictEqual(a.physicalId, b.physicalId) && isDeepStrictEqual(a.properties, b.properties);
}
