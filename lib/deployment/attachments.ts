import type { AttachedThing, External, Resource, StackInfo } from './model';
import { asText, own } from './values';
import { partsOf, showText } from '../policy/text';
import type { Text } from '../policy/text';

/** What is attached to the certificates of a deployment. */
export interface Attachments {
  readonly certain: AttachedTo;
  readonly perhaps: AttachedTo;
  readonly external: readonly External[];
}

/** By certificate. */
interface AttachedTo {
  readonly policies: Map<Resource, Text[]>;
  readonly things: Map<Resource, AttachedThing[]>;
}

/**
 * Follow `AWS::IoT::PolicyPrincipalAttachment` and `AWS::IoT::ThingPrincipalAttachment` to the certificates.
 *
 * What is attached to a certificate is kept even if no resource declares it: it still counts in AWS.
 */
export function readAttachments(stacks: readonly Pick<StackInfo, 'path' | 'account'>[], resources: readonly Resource[]): Attachments {
  const places = new Map(stacks.map(({ path, account }) => [path, `${showText(account.accountId)}/${showText(account.region)}`]));
  // Names are unique in one account and region; an attachment cannot reach into another.
  const keyOf = (near: Resource, type: string, name: Text): string => `${places.get(near.stack)} ${type} ${showText(name)}`;
  const declared = new Map(resources.map((resource) => [keyOf(resource, resource.type, resource.physicalId), resource]));
  const certain: AttachedTo = { policies: new Map(), things: new Map() };
  const perhaps: AttachedTo = { policies: new Map(), things: new Map() };
  const external: External[] = [];

  const follow = (attachment: Resource, nameProperty: string, targetType: string): { name: Text; certificate?: Resource } => {
    const name = asText(own(attachment.properties, nameProperty)) ?? '';
    const principal = asText(own(attachment.properties, 'Principal')) ?? '';
    const certificate = declared.get(keyOf(attachment, 'AWS::IoT::Certificate', certificateIdIn(principal)));
    const isCertain = certificate !== undefined && !contradicts(principal, certificate.arn);
    const missing = [
      ...(declared.has(keyOf(attachment, targetType, name)) ? [] : [`${nameProperty} '${showText(name)}'`]),
      ...(isCertain ? [] : [`Principal '${showText(principal)}'`]),
    ];
    external.push(...missing.map((what) => ({ path: attachment.path, what })));
    return { name, certificate: isCertain ? certificate : undefined };
  };

  for (const attachment of resources) {
    const { policies, things } = attachment.condition === undefined ? certain : perhaps;
    if (attachment.type === 'AWS::IoT::PolicyPrincipalAttachment') {
      const { name, certificate } = follow(attachment, 'PolicyName', 'AWS::IoT::Policy');
      append(policies, certificate, name);
    } else if (attachment.type === 'AWS::IoT::ThingPrincipalAttachment') {
      const { name, certificate } = follow(attachment, 'ThingName', 'AWS::IoT::Thing');
      append(things, certificate, { name, exclusive: asText(own(attachment.properties, 'ThingPrincipalType')) === 'EXCLUSIVE_THING' });
    }
  }
  return { certain, perhaps, external };
}

/** The end of a certificate ARN, which is known even where the account and region are not. */
function certificateIdIn(principal: Text): string {
  const end = partsOf(principal).at(-1);
  return typeof end === 'string' ? /:cert\/([0-9a-f]{64})$/.exec(end)?.[1] ?? '' : '';
}

/** Two ARNs that are known and differ, in account or region. */
function contradicts(principal: Text, arn: Text | undefined): boolean {
  return typeof principal === 'string' && typeof arn === 'string' && principal !== arn;
}

function append<T>(lists: Map<Resource, T[]>, certificate: Resource | undefined, item: T): void {
  if (certificate) {
    lists.set(certificate, [...(lists.get(certificate) ?? []), item]);
  }
}
