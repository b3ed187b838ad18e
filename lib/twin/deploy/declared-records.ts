import { X509Certificate } from 'node:crypto';
import { asText, propertyOf } from '../../deployment';
import type { Certificate, Deployment, IotPolicy, Resource, Thing, Value } from '../../deployment';
import { PolicyError, isUnknownPart, parsePolicy, showText } from '../../policy';
import type { Records, Table } from '../account';
import { TwinError } from '../errors';
import { readCertificate } from '../pki/certificate-checks';
import { certificateId } from '../pki/certificate-facts';
import type { RequestedCertificates } from './issue-declared';

/** What a template says of records, by table and key: the fields that a deployment owns. */
export type DeclaredRecords = { readonly [K in Table]?: Readonly<Record<string, Declared<K>>> };

/** The fields that a template sets. Of a policy it is one document; the versions are the account's. */
export type Declared<K extends Table> = Partial<Records[K]> & { readonly document?: Value };

export interface Reading {
  readonly records: DeclaredRecords;

  /** What could not be followed, for a person. */
  readonly warnings: readonly string[];
}

/**
 * Read the records out of a deployment.
 *
 * @throws TwinError when a policy is one that AWS would refuse.
 */
export function declaredRecords(deployment: Deployment, issued: RequestedCertificates): Reading {
  const warnings = deployment.external.map(({ path, what }) => `${path}: ${what} is not part of the deployment`);
  const reader = new Reader(deployment, issued, warnings);
  return { records: reader.read(), warnings };
}

class Reader {
  private readonly policyNames: ReadonlySet<string>;
  private readonly uncertainThings: ReadonlySet<string>;

  constructor(private readonly deployment: Deployment, private readonly issued: RequestedCertificates, private readonly warnings: string[]) {
    this.policyNames = new Set(deployment.policies.map(({ name }) => showText(name)));
    this.uncertainThings = new Set(deployment.things.filter(isUncertain).map(({ name }) => showText(name)));
  }

  public read(): DeclaredRecords {
    const { policies, things, thingTypes, thingGroups, billingGroups, certificates, caCertificates } = this.deployment;
    return {
      // Handlers make those of custom resources.
      policies: Object.fromEntries(policies.filter(({ byCustomResource }) => byCustomResource === undefined).map((policy) => [showText(policy.name), this.policy(policy)])),
      things: Object.fromEntries(things.flatMap((thing) => this.thing(thing))),
      thingTypes: Object.fromEntries(thingTypes.map(({ name, logicalId, searchableAttributes, propagatingAttributes }) => [showText(name), {
        thingTypeName: showText(name),
        logicalId,
        searchableAttributes: searchableAttributes.map(showText),
        propagatingAttributes: propagatingAttributes.map(({ userPropertyKey, thingAttribute, connectionAttribute }) => ({
          userPropertyKey: showText(userPropertyKey),
          ...(thingAttribute === undefined ? {} : { thingAttribute: showText(thingAttribute) }),
          ...(connectionAttribute === undefined ? {} : { connectionAttribute: showText(connectionAttribute) }),
        })),
      }])),
      thingGroups: Object.fromEntries(thingGroups.map(({ name, logicalId, parent, attributes = {}, query, policies: attached }) => [showText(name), {
        thingGroupName: showText(name),
        logicalId,
        ...(parent === undefined ? {} : { parentGroupName: showText(parent) }),
        attributes: Object.fromEntries(Object.entries(attributes).map(([key, value]) => [key, showText(value)])),
        ...(query === undefined ? {} : { queryString: showText(query) }),
        policies: attached.map(showText),
      }])),
      billingGroups: Object.fromEntries(billingGroups.map(({ name, logicalId }) => [showText(name), { billingGroupName: showText(name), logicalId }])),
      certificates: Object.fromEntries(certificates.map((certificate) => this.certificate(certificate)).map((record) => [record.certificateId, record])),
      caCertificates: Object.fromEntries(caCertificates.flatMap(({ path, logicalId, pem, status, mode, autoRegistrationStatus, registrationConfig }) => {
        const certificate = typeof pem === 'string' ? readCertificate(pem) : undefined;
        if (certificate === undefined || typeof pem !== 'string') {
          this.warnings.push(`${path}: its CA certificate ${pem === undefined || typeof pem === 'string' ? 'is not valid' : 'is not known offline'}, so it is left out`);
          return [];
        }
        const id = certificateId(certificate);
        return [[id, {
          certificateId: id,
          logicalId,
          certificatePem: pem,
          status: status === 'ACTIVE' ? 'ACTIVE' : 'INACTIVE',
          mode: mode === 'SNI_ONLY' ? 'SNI_ONLY' : 'DEFAULT',
          autoRegistrationStatus: autoRegistrationStatus === 'ENABLE' ? 'ENABLE' : 'DISABLE',
          ...this.registrationConfig(registrationConfig),
        }] as const];
      })),
      ...this.others(),
    };
  }

  /** The kinds that the model of deployments does not read. */
  private others(): DeclaredRecords {
    return {
      provisioningTemplates: this.resources('ProvisioningTemplate', ['TemplateBody', 'ProvisioningRoleArn'], ({ id, text, resource }) => ({
        templateName: id,
        logicalId: resource.logicalId,
        ...(text('Description') === undefined ? {} : { description: text('Description')! }),
        templateBody: text('TemplateBody')!,
        enabled: text('Enabled') === 'true',
        provisioningRoleArn: text('ProvisioningRoleArn')!,
        ...(text('PreProvisioningHook', 'TargetArn') === undefined ? {} : {
          preProvisioningHook: {
            targetArn: text('PreProvisioningHook', 'TargetArn')!,
            ...(text('PreProvisioningHook', 'PayloadVersion') === undefined ? {} : { payloadVersion: text('PreProvisioningHook', 'PayloadVersion')! }),
          },
        }),
        type: text('TemplateType') === 'JITP' ? 'JITP' : 'FLEET_PROVISIONING',
      })),
      roleAliases: this.resources('RoleAlias', ['RoleArn'], ({ id, text, resource }) => ({
        roleAlias: id,
        logicalId: resource.logicalId,
        roleArn: text('RoleArn')!,
        credentialDurationSeconds: Number(text('CredentialDurationSeconds') ?? 3600),
      })),
      authorizers: this.resources('Authorizer', ['AuthorizerFunctionArn'], ({ id, text, resource }) => ({
        authorizerName: id,
        logicalId: resource.logicalId,
        authorizerFunctionArn: text('AuthorizerFunctionArn')!,
        status: text('Status') === 'INACTIVE' ? 'INACTIVE' : 'ACTIVE',
      })),
    };
  }

  /** The resources of a type of which all that matters is known. */
  private resources<T>(type: string, needed: readonly string[], read: (from: {
    readonly id: string; readonly resource: Resource; readonly text: (...property: readonly string[]) => string | undefined;
  }) => T): Record<string, T> {
    return Object.fromEntries(this.deployment.resources.filter((resource) => resource.type === `AWS::IoT::${type}`).flatMap((resource) => {
      const text = (...property: readonly string[]): string | undefined => {
        const value = asText(propertyOf(resource.properties, ...property));
        return value === undefined ? undefined : showText(value);
      };
      const unknown = needed.find((property) => typeof asText(propertyOf(resource.properties, property)) !== 'string');
      if (typeof resource.physicalId !== 'string' || unknown !== undefined || resource.condition !== undefined) {
        this.warnings.push(`${resource.path}: ${unknown ?? 'whether and as what it exists'} is not known offline, so it is left out`);
        return [];
      }
      return [[resource.physicalId, read({ id: resource.physicalId, resource, text })]];
    }));
  }

  private policy({ path, name, logicalId, document, condition }: IotPolicy): Declared<'policies'> {
    try {
      parsePolicy(document, { name: showText(name) });
    } catch (error) {
      throw error instanceof PolicyError ? new TwinError(`${path}: AWS would refuse this policy: ${error.message}`) : error;
    }
    const open = unknownsIn(document);
    if (open.length > 0) {
      this.warnings.push(`${path}: not known offline: ${open.join(', ')}; what hangs on it is refused`);
    }
    return { policyName: showText(name), logicalId, document, ...(condition === undefined ? {} : { isUncertain: true }) };
  }

  private thing(thing: Thing): readonly (readonly [string, Declared<'things'>])[] {
    const { path, name, logicalId, thingType, attributes = {}, groups = [] } = thing;
    if (typeof name !== 'string') {
      this.warnings.push(`${path}: its name ${showText(name)} is not known offline, so it is left out`);
      return [];
    }
    for (const [attribute, value] of Object.entries(attributes)) {
      if (typeof value !== 'string') {
        this.warnings.push(`${path}: its attribute '${attribute}' is not known offline; what hangs on it is refused`);
      }
    }
    return [[name, {
      thingName: name,
      logicalId,
      ...(typeof thingType === 'string' ? { thingTypeName: thingType } : {}),
      attributes,
      groups: groups.map(showText),
      ...(isUncertain(thing) ? { isUncertain: true } : {}),
    }]];
  }

  private certificate(certificate: Certificate): Declared<'certificates'> & { readonly certificateId: string } {
    const { path, logicalId, id, status, mode, pem, caPem, condition, policies, things, perhaps } = certificate;
    const made = this.issued.get(id);
    if (made !== undefined && 'problem' in made) {
      this.warnings.push(`${path}: no certificate is issued for it: ${made.problem}`);
    }
    const text = made !== undefined && 'certificatePem' in made ? made.certificatePem : typeof pem === 'string' && readCertificate(pem) !== undefined ? pem : undefined;
    const known = text === undefined ? id : certificateId(new X509Certificate(text));
    const ca = typeof caPem === 'string' ? readCertificate(caPem) : undefined;
    const attached = [...things, ...perhaps.things];
    const unclear = [...things.filter(({ name }) => typeof name !== 'string'), ...perhaps.things].map(({ name }) => showText(name));
    this.warnAbout(certificate, condition !== undefined ? 'cannot tell whether it exists'
      : unclear.length > 0 || attached.some(({ name }) => this.uncertainThings.has(showText(name))) ? 'cannot tell which thing it is attached to, or what that thing is'
        : typeof status === 'string' ? undefined : 'cannot tell its status');
    return {
      certificateId: known,
      logicalId,
      ...(text === undefined ? {} : { certificatePem: text }),
      ...(known === id ? {} : { modelId: id }),
      ...(ca === undefined ? {} : { caCertificateId: certificateId(ca) }),
      // What is not known to be active is not let in.
      status: typeof status === 'string' ? status as Records['certificates']['status'] : 'INACTIVE',
      mode: mode === 'SNI_ONLY' ? 'SNI_ONLY' : 'DEFAULT',
      policies: policies.map(showText),
      things: things.flatMap(({ name, exclusive }) => (typeof name === 'string' ? [{ thingName: name, exclusive }] : [])),
      ...(perhaps.policies.length === 0 && unclear.length === 0 ? {} : { perhaps: { policies: perhaps.policies.map(showText), things: unclear } }),
      ...(condition === undefined ? {} : { isUncertain: true }),
    };
  }

  private warnAbout({ path, policies, perhaps }: Certificate, doubt: string | undefined): void {
    if (doubt !== undefined) {
      this.warnings.push(`${path}: ${doubt}, so it is taken as INACTIVE`);
    }
    for (const name of [...policies, ...perhaps.policies].map(showText)) {
      if (!this.policyNames.has(name)) {
        this.warnings.push(`${path}: the policy ${name} is attached, but not part of the deployment; it may deny anything, so everything is refused`);
      }
    }
  }

  private registrationConfig(config: Value | undefined): Pick<Declared<'caCertificates'>, 'registrationConfig'> {
    const text = (property: string): string | undefined => {
      const value = asText(propertyOf(config, property));
      return typeof value === 'string' ? value : undefined;
    };
    const [templateBody, roleArn, templateName] = ['TemplateBody', 'RoleArn', 'TemplateName'].map(text);
    return config === undefined || config === null ? {} : {
      registrationConfig: {
        ...(templateBody === undefined ? {} : { templateBody }),
        ...(roleArn === undefined ? {} : { roleArn }),
        ...(templateName === undefined ? {} : { templateName }),
      },
    };
  }
}

/** Whether it cannot be told offline whether a thing exists, or what it is. */
function isUncertain({ condition, attributes }: Thing): boolean {
  return condition !== undefined || attributes === undefined;
}

/** The paths of everything in a document that could not be resolved. */
function unknownsIn(value: unknown): readonly string[] {
  if (isUnknownPart(value)) {
    return [value.unknown];
  }
  return typeof value === 'object' && value !== null ? [...new Set(Object.values(value).flatMap(unknownsIn))] : [];
}
