import type * as api from '@aws-sdk/client-iot';
import { itself, nextToken } from './core';
import { IotError, invalidRequest, notFound } from './errors';
import { checkName } from './names';
import { PolicyAttachments } from './policy-attachments';
import type { ProvisioningTemplateRecord, TemplateVersionRecord } from './records';

/** @see https://docs.aws.amazon.com/general/latest/gr/iot-core.html */
const MAX_BODY_BYTES = 10_240;
const MAX_TEMPLATES = 256;
const MAX_VERSIONS = 5;

/** @see https://docs.aws.amazon.com/iot/latest/developerguide/provision-template.html */
export abstract class ProvisioningTemplates extends PolicyAttachments {
  public createProvisioningTemplate(input: api.CreateProvisioningTemplateRequest): { readonly templateArn: string; readonly templateName: string; readonly defaultVersionId: number } {
    const { templateName, description, templateBody, enabled, provisioningRoleArn, preProvisioningHook, tags, type = 'FLEET_PROVISIONING' } = input;
    const name = checkName('templateName', templateName);
    if (this.store.get('provisioningTemplates', name) !== undefined) {
      throw new IotError('ResourceAlreadyExistsException', `Provisioning template ${name} already exists`, { resourceId: name, resourceArn: this.arn(`provisioningtemplate/${name}`) });
    }
    if (this.store.count('provisioningTemplates') >= MAX_TEMPLATES) {
      throw new IotError('LimitExceededException', `There are ${MAX_TEMPLATES} provisioning templates already, the most there can be`);
    }
    if (!['FLEET_PROVISIONING', 'JITP'].includes(type)) {
      throw invalidRequest(`'${type}' is no type of template; there are FLEET_PROVISIONING and JITP`);
    }
    const common = this.fresh(tags);
    const body = checkTemplateBody(templateBody);
    this.store.put('provisioningTemplates', name, {
      templateName: name,
      ...(description === undefined ? {} : { description }),
      templateBody: body,
      versions: [{ versionId: 1, templateBody: body, creationDate: common.creationDate }],
      defaultVersionId: 1,
      enabled: enabled ?? false,
      provisioningRoleArn: checkName('roleArn', provisioningRoleArn),
      ...(preProvisioningHook === undefined ? {} : { preProvisioningHook: checkHook(preProvisioningHook, type) }),
      type,
      lastModifiedDate: common.creationDate,
      ...common,
    });
    return { templateArn: this.arn(`provisioningtemplate/${name}`), templateName: name, defaultVersionId: 1 };
  }

  public describeProvisioningTemplate({ templateName }: api.DescribeProvisioningTemplateRequest): Omit<api.DescribeProvisioningTemplateResponse, '$metadata'> {
    const record = this.provisioningTemplate(templateName);
    return {
      ...this.summaryOf(record),
      defaultVersionId: record.defaultVersionId,
      templateBody: record.templateBody,
      provisioningRoleArn: record.provisioningRoleArn,
      ...(record.preProvisioningHook === undefined ? {} : { preProvisioningHook: record.preProvisioningHook }),
    };
  }

  /** A hook stays unless it is replaced or asked to be removed. */
  public updateProvisioningTemplate(input: api.UpdateProvisioningTemplateRequest): object {
    const { preProvisioningHook: before, ...record } = this.provisioningTemplate(input.templateName);
    const { versionId, templateBody } = versionOf(record, input.defaultVersionId ?? record.defaultVersionId);
    const hook = input.removePreProvisioningHook === true ? undefined
      : input.preProvisioningHook === undefined ? before : checkHook(input.preProvisioningHook, record.type);
    this.store.put('provisioningTemplates', record.templateName, {
      ...record,
      description: input.description ?? record.description,
      enabled: input.enabled ?? record.enabled,
      defaultVersionId: versionId,
      templateBody,
      provisioningRoleArn: input.provisioningRoleArn === undefined ? record.provisioningRoleArn : checkName('roleArn', input.provisioningRoleArn),
      ...(hook === undefined ? {} : { preProvisioningHook: hook }),
      lastModifiedDate: this.now(),
    });
    return {};
  }

  public deleteProvisioningTemplate({ templateName }: api.DeleteProvisioningTemplateRequest): object {
    const { templateName: name } = this.provisioningTemplate(templateName);
    for (const { certificateId, registrationConfig } of this.store.all('caCertificates')) {
      if (registrationConfig?.templateName === name) {
        throw new IotError('DeleteConflictException', `Provisioning template ${name} is used by CA certificate ${certificateId}`);
      }
    }
    this.store.remove('provisioningTemplates', name);
    return {};
  }

  public listProvisioningTemplates({ maxResults, nextToken: token }: api.ListProvisioningTemplatesRequest): { readonly templates: api.ProvisioningTemplateSummary[]; readonly nextToken?: string } {
    const names = [...this.store.all('provisioningTemplates')].map(({ templateName }) => templateName);
    const page = this.page(names, itself, { limit: maxResults, token });
    return { templates: page.items.map((name) => this.summaryOf(this.provisioningTemplate(name))), ...nextToken(page) };
  }

  public createProvisioningTemplateVersion({ templateName, templateBody, setAsDefault }: api.CreateProvisioningTemplateVersionRequest): { readonly templateArn: string; readonly templateName: string; readonly versionId: number; readonly isDefaultVersion: boolean } {
    const record = this.provisioningTemplate(templateName);
    const body = checkTemplateBody(templateBody);
    if (record.versions.length >= MAX_VERSIONS) {
      throw new IotError('VersionsLimitExceededException', `Provisioning template ${record.templateName} has ${MAX_VERSIONS} versions already`);
    }
    const versionId = Math.max(...record.versions.map((version) => version.versionId)) + 1;
    this.store.put('provisioningTemplates', record.templateName, {
      ...record,
      versions: [...record.versions, { versionId, templateBody: body, creationDate: this.now() }],
      ...(setAsDefault === true ? { defaultVersionId: versionId, templateBody: body } : {}),
      lastModifiedDate: this.now(),
    });
    return { templateArn: this.arn(`provisioningtemplate/${record.templateName}`), templateName: record.templateName, versionId, isDefaultVersion: setAsDefault === true };
  }

  public describeProvisioningTemplateVersion({ templateName, versionId }: api.DescribeProvisioningTemplateVersionRequest): Omit<api.DescribeProvisioningTemplateVersionResponse, '$metadata'> {
    const record = this.provisioningTemplate(templateName);
    const version = versionOf(record, versionId);
    return { versionId: version.versionId, creationDate: new Date(version.creationDate), templateBody: version.templateBody, isDefaultVersion: version.versionId === record.defaultVersionId };
  }

  public listProvisioningTemplateVersions({ templateName, maxResults, nextToken: token }: api.ListProvisioningTemplateVersionsRequest): { readonly versions: api.ProvisioningTemplateVersionSummary[]; readonly nextToken?: string } {
    const { versions, defaultVersionId } = this.provisioningTemplate(templateName);
    const page = this.page(versions, ({ versionId }) => String(versionId).padStart(10, '0'), { limit: maxResults, token });
    return {
      versions: page.items.map(({ versionId, creationDate }) => ({ versionId, creationDate: new Date(creationDate), isDefaultVersion: versionId === defaultVersionId })),
      ...nextToken(page),
    };
  }

  public deleteProvisioningTemplateVersion({ templateName, versionId }: api.DeleteProvisioningTemplateVersionRequest): object {
    const record = this.provisioningTemplate(templateName);
    const version = versionOf(record, versionId);
    if (version.versionId === record.defaultVersionId) {
      throw new IotError('DeleteConflictException', `Version ${version.versionId} is the default version of provisioning template ${record.templateName}`);
    }
    this.store.put('provisioningTemplates', record.templateName, { ...record, versions: record.versions.filter((one) => one !== version) });
    return {};
  }

  public provisioningTemplate(templateName: string | undefined): ProvisioningTemplateRecord {
    const name = checkName('templateName', templateName);
    const record = this.store.get('provisioningTemplates', name);
    if (record === undefined) {
      throw notFound(`Provisioning template ${name}`);
    }
    return record;
  }

  private summaryOf({ templateName, description, enabled, type, creationDate, lastModifiedDate }: ProvisioningTemplateRecord): api.ProvisioningTemplateSummary {
    return {
      templateArn: this.arn(`provisioningtemplate/${templateName}`),
      templateName,
      ...(description === undefined ? {} : { description }),
      creationDate: new Date(creationDate),
      lastModifiedDate: new Date(lastModifiedDate),
      enabled,
      type,
    };
  }
}

/** A template with one more version, the default one; the oldest gives way where there are as many as there can be. */
export function withTemplateBody(record: ProvisioningTemplateRecord, templateBody: string, creationDate: number): ProvisioningTemplateRecord {
  const versionId = Math.max(...record.versions.map((version) => version.versionId)) + 1;
  const versions = [...record.versions.slice(1 - MAX_VERSIONS), { versionId, templateBody, creationDate }];
  return { ...record, versions, defaultVersionId: versionId, templateBody };
}

/** @throws IotError for what is no JSON object, or too long. */
export function checkTemplateBody(templateBody: string | undefined): string {
  if (typeof templateBody !== 'string' || Buffer.byteLength(templateBody) > MAX_BODY_BYTES) {
    throw invalidRequest(`'templateBody' must be JSON text of at most ${MAX_BODY_BYTES} bytes`);
  }
  try {
    const body = JSON.parse(templateBody) as unknown;
    if (typeof body === 'object' && body !== null && !Array.isArray(body)) {
      return templateBody;
    }
  } catch {
    // Said below.
  }
  throw invalidRequest("'templateBody' is not a JSON object");
}

function checkHook({ targetArn, payloadVersion }: api.ProvisioningHook, type: string): NonNullable<ProvisioningTemplateRecord['preProvisioningHook']> {
  if (type === 'JITP') {
    throw invalidRequest('A template of type JITP has no preProvisioningHook');
  }
  if (typeof targetArn !== 'string' || targetArn === '') {
    throw invalidRequest("'preProvisioningHook.targetArn' must be the ARN of a Lambda function");
  }
  return { targetArn, ...(payloadVersion === undefined ? {} : { payloadVersion }) };
}

function versionOf({ templateName, versions }: Pick<ProvisioningTemplateRecord, 'templateName' | 'versions'>, wanted: number | undefined): TemplateVersionRecord {
  const version = versions.find(({ versionId }) => versionId === wanted);
  if (version === undefined) {
    throw notFound(`Version ${String(wanted)} of provisioning template ${templateName}`);
  }
  return version;
}
