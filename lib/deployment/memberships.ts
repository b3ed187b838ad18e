import type { External, Resource, StackInfo, Unknown } from './model';
import { byName, nameKeys } from './name-keys';
import { asText, isList, own } from './values';
import { joinText, partsOf, showText } from '../policy/text';
import type { Text } from '../policy/text';

/** What custom resources of this library say of things and groups, which CloudFormation has no types for. */
export interface Memberships {
  readonly groups: ReadonlyMap<Resource, readonly Text[]>;
  readonly thingTypes: ReadonlyMap<Resource, Text>;
  readonly groupPolicies: ReadonlyMap<Resource, readonly Text[]>;
  readonly external: readonly External[];
  readonly unknowns: readonly Unknown[];
}

/** How a custom resource puts members into a group; see the constructs in `lib/membership`. */
interface MembershipType {
  readonly group: string;
  readonly members: string;

  /** The type of what is kept in the model. */
  readonly of: string;
}

const TYPES: Readonly<Record<string, MembershipType>> = {
  'Custom::IotThingGroupMembership': { group: 'ThingGroupName', members: 'ThingNames', of: 'AWS::IoT::Thing' },
  'Custom::IotThingTypeAssociation': { group: 'ThingTypeName', members: 'ThingNames', of: 'AWS::IoT::Thing' },
  'Custom::IotThingGroupPolicyAttachment': { group: 'ThingGroupArn', members: 'PolicyNames', of: 'AWS::IoT::ThingGroup' },
};

/** Read the memberships that certainly or perhaps exist; of one that may not, the group is a text that is unknown. */
export function readMemberships(stacks: readonly Pick<StackInfo, 'path' | 'account'>[], resources: readonly Resource[]): Memberships {
  const keyOf = nameKeys(stacks);
  const declared = byName(resources, keyOf);
  const groups = new Map<Resource, readonly Text[]>();
  const thingTypes = new Map<Resource, Text>();
  const groupPolicies = new Map<Resource, readonly Text[]>();
  const external: External[] = [];
  const unknowns: Unknown[] = [];

  for (const resource of resources) {
    const type = own(TYPES, resource.type);
    if (type === undefined) {
      continue;
    }
    const list = own(resource.properties, type.members);
    const group = asText(own(resource.properties, type.group)) ?? '';
    if (!isList(list)) {
      unknowns.push({ path: `${resource.path}.${type.members}`, reason: 'it is unknown what belongs to the group' });
      continue;
    }
    const sure = (text: Text): Text => (resource.condition === undefined ? text : joinText([{ unknown: `${resource.path}.${showText(text)}` }]));
    const members = list.flatMap((member) => asText(member) ?? []);
    const find = (of: string, name: Text, property: string): Resource | undefined => {
      const found = declared.get(keyOf(resource, of, name));
      if (found === undefined) {
        external.push({ path: resource.path, what: `${property} '${showText(name)}'` });
      }
      return found;
    };
    if (type.of === 'AWS::IoT::ThingGroup') {
      const owner = find(type.of, nameInArn(group), type.group);
      if (owner !== undefined) {
        groupPolicies.set(owner, [...groupPolicies.get(owner) ?? [], ...members.map(sure)]);
      }
      continue;
    }
    for (const thing of members.flatMap((name) => find(type.of, name, type.members) ?? [])) {
      if (type.group === 'ThingTypeName') {
        thingTypes.set(thing, sure(group));
      } else {
        groups.set(thing, [...groups.get(thing) ?? [], sure(group)]);
      }
    }
  }
  return { groups, thingTypes, groupPolicies, external, unknowns };
}

/** The name at the end of an ARN, which is known even where the account and region are not. */
function nameInArn(arn: Text): Text {
  const end = partsOf(arn).at(-1);
  return (typeof end === 'string' ? /:thinggroup\/([^/]+)$/.exec(end)?.[1] : undefined) ?? arn;
}
