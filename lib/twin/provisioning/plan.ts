import { createHash } from 'node:crypto';
import { ProvisioningError } from './errors';
import { evaluate, list, text } from './intrinsics';
import type { Scope } from './intrinsics';
import { isObject } from './template';
import type { Json, JsonObject, OverrideSetting, Template, TemplateResource } from './template';

/** What a template asks for with certain parameters: plain values, nothing applied yet. */
export interface Plan {
  readonly thing?: PlannedThing;
  readonly certificate?: PlannedCertificate;
  readonly policies: readonly PlannedPolicy[];
  readonly deviceConfiguration: Readonly<Record<string, string>>;
}

export interface PlannedThing {
  readonly logicalName: string;
  readonly thingName: string;
  readonly attributes?: Readonly<Record<string, string>>;
  readonly thingTypeName?: string;
  readonly thingGroups?: readonly string[];
  readonly billingGroup?: string;
  readonly overrides: Readonly<Record<string, OverrideSetting>>;
}

export type CertificateSource =
  | { readonly certificateId: string }
  | { readonly signingRequest: string }
  | { readonly pem: string; readonly caPem?: string };

export interface PlannedCertificate {
  readonly logicalName: string;
  readonly source: CertificateSource;
  readonly status: 'ACTIVE' | 'INACTIVE';
  readonly thingPrincipalType: 'EXCLUSIVE_THING' | 'NON_EXCLUSIVE_THING';
  readonly overrides: Readonly<Record<string, OverrideSetting>>;
}

export interface PlannedPolicy {
  readonly logicalName: string;
  readonly policyName: string;

  /** Present when the template brings the policy along. */
  readonly document?: string;
}

/** The id of the certificate, which every template may refer to. */
export const CERTIFICATE_ID = 'AWS::IoT::Certificate::Id';

/** https://docs.aws.amazon.com/iot/latest/apireference/API_RegisterThing.html */
const MAX_KEY_LENGTH = 2048;
const MAX_VALUE_LENGTH = 4096;

/** A certificate and a signing request are longer than other values. */
const MAX_PEM_LENGTH = 65_536;
const PEM = /^\s*-----BEGIN /;

const STATUSES = ['ACTIVE', 'INACTIVE'] as const;
const PRINCIPAL_TYPES = ['NON_EXCLUSIVE_THING', 'EXCLUSIVE_THING'] as const;

/**
 * Parameters as they were sent.
 *
 * @throws ProvisioningError `InvalidParameters`
 */
export function readParameters(value: unknown): ReadonlyMap<string, string> {
  if (!isObject(value)) {
    throw invalid('parameters must be an object of strings');
  }
  return new Map(Object.entries(value).map(([name, one]) => {
    if (typeof one !== 'string') {
      throw invalid(`parameter '${name.slice(0, 128)}' must be a string`);
    }
    if (name.length > MAX_KEY_LENGTH || one.length > (PEM.test(one) ? MAX_PEM_LENGTH : MAX_VALUE_LENGTH)) {
      throw invalid(`parameter '${name.slice(0, 128)}' is too long: a name has at most ${MAX_KEY_LENGTH} characters, a value ${MAX_VALUE_LENGTH}`);
    }
    return [name, one];
  }));
}

/**
 * Evaluate a template.
 *
 * @throws ProvisioningError `InvalidParameters`
 */
export function planOf(template: Template, sent: ReadonlyMap<string, string>): Plan {
  const defaults = [...template.parameters].flatMap(([name, { defaultValue }]) => (defaultValue === undefined ? [] : [[name, defaultValue] as const]));
  const scope: Scope = { parameters: new Map([...defaults, ...sent]), mappings: template.mappings };
  const find = (type: TemplateResource['type']): readonly TemplateResource[] => template.resources.filter((resource) => resource.type === type);
  const [thing] = find('AWS::IoT::Thing');
  const [certificate] = find('AWS::IoT::Certificate');
  return {
    ...(thing === undefined ? {} : { thing: planThing(thing, scope) }),
    ...(certificate === undefined ? {} : { certificate: planCertificate(certificate, scope) }),
    policies: find('AWS::IoT::Policy').map((policy) => planPolicy(policy, scope)),
    deviceConfiguration: strings(evaluate(template.deviceConfiguration, scope), 'DeviceConfiguration'),
  };
}

function planThing({ logicalName, properties, overrides }: TemplateResource, scope: Scope): PlannedThing {
  const { ThingName, AttributePayload, ThingTypeName, ThingGroups, BillingGroup } = evaluate(properties, scope) as JsonObject;
  return {
    logicalName,
    overrides,
    thingName: text(ThingName, 'ThingName'),
    ...(AttributePayload === undefined ? {} : { attributes: strings(AttributePayload, 'AttributePayload') }),
    ...(ThingTypeName === undefined ? {} : { thingTypeName: text(ThingTypeName, 'ThingTypeName') }),
    ...(ThingGroups === undefined ? {} : { thingGroups: list(ThingGroups, 'ThingGroups').map((group) => text(group, 'ThingGroups')) }),
    ...(BillingGroup === undefined ? {} : { billingGroup: text(BillingGroup, 'BillingGroup') }),
  };
}

function planCertificate({ logicalName, properties, overrides }: TemplateResource, scope: Scope): PlannedCertificate {
  const values = evaluate(properties, scope) as JsonObject;
  return {
    logicalName,
    overrides,
    source: sourceOf(values),
    // The guide writes ACTIVE and Active.
    status: oneOf(STATUSES, values.Status, 'Status'),
    thingPrincipalType: oneOf(PRINCIPAL_TYPES, values.ThingPrincipalType, 'ThingPrincipalType'),
  };
}

function sourceOf({ CertificateId, CertificateSigningRequest, CertificatePem, CACertificatePem }: JsonObject): CertificateSource {
  if (CertificateId !== undefined) {
    return { certificateId: text(CertificateId, 'CertificateId') };
  }
  if (CertificateSigningRequest !== undefined) {
    return { signingRequest: text(CertificateSigningRequest, 'CertificateSigningRequest') };
  }
  return {
    pem: text(CertificatePem, 'CertificatePem'),
    ...(CACertificatePem === undefined ? {} : { caPem: text(CACertificatePem, 'CACertificatePem') }),
  };
}

function planPolicy({ logicalName, properties }: TemplateResource, scope: Scope): PlannedPolicy {
  const { PolicyName, PolicyDocument } = evaluate(properties, scope) as JsonObject;
  if (PolicyName !== undefined) {
    return { logicalName, policyName: text(PolicyName, 'PolicyName') };
  }
  const document = isObject(PolicyDocument) && PolicyDocument.Ref === undefined ? JSON.stringify(PolicyDocument) : text(PolicyDocument, 'PolicyDocument');
  // As the names of such policies look: https://docs.aws.amazon.com/iot/latest/developerguide/single-thing-provisioning.html
  return { logicalName, document, policyName: createHash('sha1').update(document).digest('hex').toUpperCase() };
}

function oneOf<T extends string>(choices: readonly T[], value: Json | undefined, where: string): T {
  const wanted = value === undefined ? choices[0]! : text(value, where).toUpperCase();
  const chosen = choices.find((choice) => choice === wanted);
  if (chosen === undefined) {
    throw invalid(`${where} must be one of ${choices.join(', ')}`);
  }
  return chosen;
}

function strings(value: Json, where: string): Readonly<Record<string, string>> {
  if (!isObject(value)) {
    throw invalid(`${where} must be an object of strings`);
  }
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, text(one, `${where}.${name}`)]));
}

function invalid(reason: string): ProvisioningError {
  return new ProvisioningError('InvalidParameters', reason);
}
