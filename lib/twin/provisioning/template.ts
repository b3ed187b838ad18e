import { ProvisioningError } from './errors';

/** JSON, as templates are written in. */
export type Json = null | boolean | number | string | readonly Json[] | JsonObject;

export interface JsonObject {
  readonly [key: string]: Json;
}

/** What to do about a part of a resource that exists already. */
export type OverrideSetting = 'DO_NOTHING' | 'REPLACE' | 'FAIL' | 'MERGE';

export type ResourceType = 'AWS::IoT::Thing' | 'AWS::IoT::Certificate' | 'AWS::IoT::Policy';

export interface TemplateResource {
  readonly logicalName: string;
  readonly type: ResourceType;

  /** Not evaluated yet. */
  readonly properties: JsonObject;
  readonly overrides: Readonly<Record<string, OverrideSetting>>;
}

/** The body of a provisioning template, checked as far as it can be without parameters. */
export interface Template {
  /** The parameters that are declared, with their defaults. */
  readonly parameters: ReadonlyMap<string, { readonly defaultValue?: string }>;
  readonly mappings: JsonObject;
  readonly resources: readonly TemplateResource[];
  readonly deviceConfiguration: JsonObject;
}

/**
 * What a template may be used for: all of fleet provisioning and just-in-time provisioning take the certificate by its id
 * alone, the API and registration tasks also a signing request or a certificate.
 */
export type TemplateUse = 'fleet' | 'just-in-time' | 'register-thing';

/** https://docs.aws.amazon.com/general/latest/gr/iot-core.html */
const MAX_BODY_BYTES = 10_240;

/** Deeper than anybody writes; what reads a template calls itself for each level. */
const MAX_DEPTH = 32;

const SETTINGS: readonly OverrideSetting[] = ['DO_NOTHING', 'REPLACE', 'FAIL'];

/** The properties of each kind of resource, and the settings for when it exists. */
const RESOURCES: Readonly<Record<ResourceType, {
  readonly properties: readonly string[];
  readonly overrides: Readonly<Record<string, readonly OverrideSetting[]>>;
  readonly most: number;
}>> = {
  'AWS::IoT::Thing': {
    properties: ['ThingName', 'AttributePayload', 'ThingTypeName', 'ThingGroups', 'BillingGroup', 'PackageVersions'],
    overrides: { AttributePayload: [...SETTINGS, 'MERGE'], ThingTypeName: SETTINGS, ThingGroups: [...SETTINGS, 'MERGE'] },
    most: 1,
  },
  'AWS::IoT::Certificate': {
    properties: ['CertificateSigningRequest', 'CertificateId', 'CertificatePem', 'CACertificatePem', 'Status', 'ThingPrincipalType'],
    overrides: { Status: SETTINGS },
    most: 1,
  },
  'AWS::IoT::Policy': { properties: ['PolicyName', 'PolicyDocument'], overrides: {}, most: Infinity },
};

/**
 * Read the body of a provisioning template.
 *
 * @see https://docs.aws.amazon.com/iot/latest/developerguide/provision-template.html
 * @throws ProvisioningError `InvalidTemplate`, saying where
 */
export function parseTemplate(body: string, use: TemplateUse): Template {
  if (Buffer.byteLength(body) > MAX_BODY_BYTES) {
    throw invalid(`it is larger than ${MAX_BODY_BYTES} bytes`);
  }
  const { Parameters = {}, Mappings = {}, Resources, DeviceConfiguration = {}, ...others } = object(parseJson(body), 'it');
  const unknown = Object.keys(others)[0];
  if (unknown !== undefined) {
    throw invalid(`'${unknown}' is none of its sections: Parameters, Mappings, Resources and DeviceConfiguration`);
  }
  const resources = Object.entries(object(Resources, 'Resources')).map(([name, resource]) => readResource(name, resource, use));
  for (const [type, { most }] of Object.entries(RESOURCES)) {
    if (resources.filter((resource) => resource.type === type).length > most) {
      throw invalid(`it has more than one ${type}`);
    }
  }
  if (resources.some(({ type }) => type === 'AWS::IoT::Policy') && !resources.some(({ type }) => type === 'AWS::IoT::Certificate')) {
    throw invalid('a policy needs a certificate to be attached to');
  }
  return {
    parameters: readParameters(object(Parameters, 'Parameters')),
    mappings: object(Mappings, 'Mappings'),
    resources,
    deviceConfiguration: object(DeviceConfiguration, 'DeviceConfiguration'),
  };
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function parseJson(body: string): Json {
  let value: Json;
  try {
    value = JSON.parse(body) as Json;
  } catch {
    throw invalid('it is no JSON');
  }
  if (isDeeperThan(MAX_DEPTH, value)) {
    throw invalid(`it is nested deeper than ${MAX_DEPTH} levels`);
  }
  return value;
}

function isDeeperThan(levels: number, value: Json): boolean {
  return typeof value === 'object' && value !== null && (levels === 0 || Object.values(value).some((part) => isDeeperThan(levels - 1, part)));
}

function readParameters(parameters: JsonObject): Template['parameters'] {
  return new Map(Object.entries(parameters).map(([name, declaration]) => {
    const { Type, Default } = object(declaration, `Parameters.${name}`);
    if (Type !== 'String') {
      throw invalid(`Parameters.${name}.Type must be String`);
    }
    if (Default !== undefined && typeof Default !== 'string') {
      throw invalid(`Parameters.${name}.Default must be a string`);
    }
    return [name, Default === undefined ? {} : { defaultValue: Default }];
  }));
}

function readResource(logicalName: string, resource: Json, use: TemplateUse): TemplateResource {
  const where = `Resources.${logicalName}`;
  const { Type, Properties = {}, OverrideSettings = {} } = object(resource, where);
  if (!isResourceType(Type)) {
    throw invalid(`${where}.Type must be one of ${Object.keys(RESOURCES).join(', ')}`);
  }
  const known = RESOURCES[Type];
  // The guide's list spells it with two capitals, its examples and the service do not.
  const properties = Object.fromEntries(Object.entries(object(Properties, `${where}.Properties`)).map(([name, value]) => (
    [name === 'CertificateID' ? 'CertificateId' : name, value]
  )));
  const unknown = Object.keys(properties).find((name) => !known.properties.includes(name));
  if (unknown !== undefined) {
    throw invalid(`${where}.Properties: ${Type} has no '${unknown}'; it has ${known.properties.join(', ')}`);
  }
  requireShape(Type, properties, where, use);
  return { logicalName, type: Type, properties, overrides: readOverrides(object(OverrideSettings, `${where}.OverrideSettings`), Type, where) };
}

function requireShape(type: ResourceType, properties: JsonObject, where: string, use: TemplateUse): void {
  const given = (name: string): boolean => properties[name] !== undefined;
  if (type === 'AWS::IoT::Thing') {
    if (!given('ThingName')) {
      throw invalid(`${where}: a thing needs a ThingName`);
    }
  } else if (type === 'AWS::IoT::Policy') {
    if (!given('PolicyName') && !given('PolicyDocument')) {
      throw invalid(`${where}: neither policyName nor policyDocument is present`);
    }
    if (given('PolicyName') && given('PolicyDocument')) {
      throw invalid(`${where}: a policy takes PolicyName or PolicyDocument, not both`);
    }
    if (JSON.stringify(properties).includes('"Fn::Join"')) {
      throw invalid(`${where}: Fn::Join cannot be used in a policy`);
    }
  } else {
    const ways = ['CertificateId', 'CertificateSigningRequest', 'CertificatePem'].filter(given);
    if (ways.length !== 1) {
      throw invalid(`${where}: a certificate takes one of CertificateId, CertificateSigningRequest and CertificatePem, got ${ways.join(' and ') || 'none'}`);
    }
    if (given('CACertificatePem') && !given('CertificatePem')) {
      throw invalid(`${where}: CACertificatePem goes with CertificatePem`);
    }
    if (use !== 'register-thing' && !given('CertificateId')) {
      throw invalid(`${where}: only CertificateId can be used with ${use} provisioning`);
    }
  }
}

function readOverrides(settings: JsonObject, type: ResourceType, where: string): TemplateResource['overrides'] {
  const allowed = RESOURCES[type].overrides;
  return Object.fromEntries(Object.entries(settings).map(([name, setting]) => {
    const choices: readonly string[] = Object.hasOwn(allowed, name) ? allowed[name]! : [];
    if (typeof setting !== 'string' || !choices.includes(setting)) {
      throw invalid(`${where}.OverrideSettings.${name} ${choices.length === 0 ? `is not a setting of ${type}` : `must be one of ${choices.join(', ')}`}`);
    }
    return [name, setting as OverrideSetting];
  }));
}

function isResourceType(type: Json | undefined): type is ResourceType {
  return typeof type === 'string' && Object.hasOwn(RESOURCES, type);
}

function object(value: Json | undefined, where: string): JsonObject {
  if (!isObject(value)) {
    throw invalid(`${where} must be an object`);
  }
  return value;
}

function invalid(reason: string): ProvisioningError {
  return new ProvisioningError('InvalidTemplate', `the provisioning template is not valid: ${reason}`);
}
