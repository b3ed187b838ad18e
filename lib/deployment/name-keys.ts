import type { Resource, StackInfo } from './model';
import { showText } from '../policy/text';
import type { Text } from '../policy/text';

/** A key for a name of a resource type, seen from another resource: names are unique in one account and region alone. */
export type NameKey = (near: Resource, type: string, name: Text) => string;

/** Custom resources of this library that stand for a type of CloudFormation. */
const STANDS_FOR: Readonly<Record<string, string>> = { 'Custom::IotPolicy': 'AWS::IoT::Policy' };

export function nameKeys(stacks: readonly Pick<StackInfo, 'path' | 'account'>[]): NameKey {
  const places = new Map(stacks.map(({ path, account }) => [path, `${showText(account.accountId)}/${showText(account.region)}`]));
  return (near, type, name) => `${places.get(near.stack)} ${STANDS_FOR[type] ?? type} ${showText(name)}`;
}

/** Resources by their own name. */
export function byName(resources: readonly Resource[], keyOf: NameKey): ReadonlyMap<string, Resource> {
  return new Map(resources.map((resource) => [keyOf(resource, resource.type, resource.physicalId), resource]));
}
