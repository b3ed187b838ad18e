import { showText } from '../policy/text';
import { readAttachments } from './attachments';
import { fromJsonText } from './json-text';
import { readMemberships } from './memberships';
import type { Attributes, Declared, IotModel, PropagatingAttribute, Resource, StackInfo, Unknown } from './model';
import { asText, isList, isValueObject, propertyOf } from './values';
import type { Value } from './values';
import { isText, joinText } from '../policy/text';
import type { Text } from '../policy/text';

/**
 * Read the AWS IoT Core part out of all resources.
 *
 * @param stacks tell in which account and region a resource is, since names are unique only there
 */
export function iotModel(stacks: readonly Pick<StackInfo, 'path' | 'account'>[], resources: readonly Resource[]): IotModel {
  const unknowns: Unknown[] = [];
  const ofType = (type: string): Resource[] => resources.filter((resource) => resource.type === `AWS::IoT::${type}`);
  const attachments = readAttachments(stacks, resources);
  const memberships = readMemberships(stacks, resources);
  return {
    things: ofType('Thing').map((resource) => ({
      ...named(resource),
      attributes: attributesOf(resource, unknowns, 'AttributePayload'),
      thingType: memberships.thingTypes.get(resource),
      groups: memberships.groups.get(resource),
    })),
    thingTypes: ofType('ThingType').map((resource) => ({
      ...named(resource),
      searchableAttributes: listAt(resource, 'ThingTypeProperties', 'SearchableAttributes').flatMap((item) => asText(item) ?? []),
      propagatingAttributes: listAt(resource, 'ThingTypeProperties', 'Mqtt5Configuration', 'PropagatingAttributes').map(readPropagating),
      deprecated: textAt(resource, 'DeprecateThingType') === 'true',
    })),
    thingGroups: ofType('ThingGroup').map((resource) => ({
      ...named(resource),
      parent: textAt(resource, 'ParentGroupName'),
      attributes: attributesOf(resource, unknowns, 'ThingGroupProperties', 'AttributePayload'),
      query: textAt(resource, 'QueryString'),
      policies: memberships.groupPolicies.get(resource) ?? [],
    })),
    billingGroups: ofType('BillingGroup').map(named),
    certificates: ofType('Certificate').map((resource) => ({
      ...certificate(resource),
      pem: textAt(resource, 'CertificatePem'),
      csr: textAt(resource, 'CertificateSigningRequest'),
      caPem: textAt(resource, 'CACertificatePem'),
      policies: attachments.certain.policies.get(resource) ?? [],
      things: attachments.certain.things.get(resource) ?? [],
      perhaps: { policies: attachments.perhaps.policies.get(resource) ?? [], things: attachments.perhaps.things.get(resource) ?? [] },
    })),
    caCertificates: ofType('CACertificate').map((resource) => ({
      ...certificate(resource),
      pem: textAt(resource, 'CACertificatePem'),
      verificationPem: textAt(resource, 'VerificationCertificatePem'),
      autoRegistrationStatus: textAt(resource, 'AutoRegistrationStatus') ?? 'DISABLE',
      registrationConfig: resource.properties.RegistrationConfig,
    })),
    otherCertificates: attachments.others,
    policies: [
      ...ofType('Policy').map((resource) => ({ ...named(resource), document: documentOf(resource, unknowns) })),
      ...resources.filter(({ type }) => type === 'Custom::IotPolicy')
        .map((resource) => ({ ...named(resource), document: documentOf(resource, unknowns), byCustomResource: true as const })),
    ],
    external: [...attachments.external, ...memberships.external],
    unknowns: [...unknowns, ...memberships.unknowns],
  };
}

/** Whether there is anything of AWS IoT Core. */
export function hasIotResources(deployment: { readonly resources: readonly Resource[] }): boolean {
  return deployment.resources.some(({ type }) => type.startsWith('AWS::IoT::'));
}

function declared({ path, logicalId, arn, condition }: Resource): Declared {
  return { path, logicalId, arn: arn ?? '', condition };
}

function named(resource: Resource): Declared & { readonly name: Text } {
  return { ...declared(resource), name: resource.physicalId };
}

function certificate(resource: Resource): Declared & { readonly id: string; readonly status: Text; readonly mode: Text } {
  return {
    ...declared(resource),
    id: showText(resource.physicalId),
    status: textAt(resource, 'Status') ?? 'INACTIVE',
    mode: textAt(resource, 'CertificateMode') ?? 'DEFAULT',
  };
}

function textAt(resource: Resource, property: string): Text | undefined {
  return asText(propertyOf(resource.properties, property));
}

function listAt(resource: Resource, ...keys: readonly string[]): readonly Value[] {
  const list = propertyOf(resource.properties, ...keys);
  return isList(list) ? list : [];
}

function readPropagating(value: Value): PropagatingAttribute {
  return {
    userPropertyKey: asText(propertyOf(value, 'UserPropertyKey')) ?? '',
    thingAttribute: asText(propertyOf(value, 'ThingAttribute')),
    connectionAttribute: asText(propertyOf(value, 'ConnectionAttribute')),
  };
}

function attributesOf(resource: Resource, unknowns: Unknown[], ...keys: readonly string[]): Attributes | undefined {
  const attributes = propertyOf(resource.properties, ...keys, 'Attributes') ?? {};
  const place = `${resource.path}.${keys.join('.')}.Attributes`;
  if (!isValueObject(attributes)) {
    unknowns.push({ path: place, reason: 'it is unknown which attributes there are' });
    return undefined;
  }
  return Object.fromEntries(Object.entries(attributes).map(([name, value]) => {
    const text = asText(value);
    if (text === undefined) {
      unknowns.push({ path: `${place}.${name}`, reason: 'the attribute is not a string' });
    }
    return [name, text ?? joinText([{ unknown: `${place}.${name}` }])];
  }));
}

/** CloudFormation takes the document as an object or as JSON text. */
function documentOf(resource: Resource, unknowns: Unknown[]): Value {
  const document = resource.properties.PolicyDocument ?? '';
  const parsed = isText(document) ? fromJsonText(document) : document;
  if (parsed === undefined) {
    unknowns.push({ path: `${resource.path}.PolicyDocument`, reason: 'the text is not JSON, or only partly known' });
  }
  return parsed ?? document;
}
