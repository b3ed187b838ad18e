import type { AttachedThing, External, OtherCertificate, Resource, StackInfo } from './model';
import { byName, nameKeys } from './name-keys';
import { asText, own } from './values';
import { partsOf, showText } from '../policy/text';
import type { Text } from '../policy/text';

/** What is attached to the certificates of a deployment. */
export interface Attachments {
  readonly certain: AttachedTo;
  readonly perhaps: AttachedTo;
  readonly external: readonly External[];

  /** What is certainly attached to certificates that no resource declares. */
  readonly others: readonly OtherCertificate[];
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
  // An attachment cannot reach into another account or region.
  const keyOf = nameKeys(stacks);
  const declared = byName(resources, keyOf);
  const certain: AttachedTo = { policies: new Map(), things: new Map() };
  const perhaps: AttachedTo = { policies: new Map(), things: new Map() };
  const external: External[] = [];
  const others = new Map<string, OtherCertificate>();

  const follow = (attachment: Resource, nameProperty: string, targetType: string): { name: Text; certificate?: Resource; other?: OtherCertificate } => {
    const name = asText(own(attachment.properties, nameProperty)) ?? '';
    const principal = asText(own(attachment.properties, 'Principal')) ?? '';
    const certificate = declared.get(keyOf(attachment, 'AWS::IoT::Certificate', certificateIdIn(principal)));
    const isCertain = certificate !== undefined && !contradicts(principal, certificate.arn);
    const id = certificateIdIn(principal);
    const isOther = certificate === undefined && id !== '' && attachment.condition === undefined;
    const missing = [
      ...(declared.has(keyOf(attachment, targetType, name)) ? [] : [`${nameProperty} '${showText(name)}'`]),
      ...(isCertain || isOther ? [] : [`Principal '${showText(principal)}'`]),
    ];
    external.push(...missing.map((what) => ({ path: attachment.path, what })));
    const { paths = [], ...known } = others.get(id) ?? { policies: [], things: [] };
    return { name, certificate: isCertain ? certificate : undefined, other: isOther ? { ...known, id, paths: [...paths, attachment.path] } : undefined };
  };

  for (const attachment of resources) {
    const { policies, things } = attachment.condition === undefined ? certain : perhaps;
    if (attachment.type === 'AWS::IoT::PolicyPrincipalAttachment') {
      const { name, certificate, other } = follow(attachment, 'PolicyName', 'AWS::IoT::Policy');
      append(policies, certificate, name);
      if (other !== undefined) {
        others.set(other.id, { ...other, policies: [...other.policies, name] });
      }
    } else if (attachment.type === 'AWS::IoT::ThingPrincipalAttachment') {
      const { name, certificate, other } = follow(attachment, 'ThingName', 'AWS::IoT::Thing');
      const thing = { name, exclusive: asText(own(attachment.properties, 'ThingPrincipalType')) === 'EXCLUSIVE_THING' };
      append(things, certificate, thing);
      if (other !== undefined) {
        others.set(other.id, { ...other, things: [...other.things, thing] });
      }
    }
  }
  return { certain, perhaps, external, others: [...others.values()] };
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
