import type * as api from '@aws-sdk/client-iot';
import type { Value } from '../../deployment';
import { MAX_POLICY_SIZE, PolicyError, isPartialText, parsePolicy, policySize, showText } from '../../policy';
import { itself, nextMarker } from './core';
import { IotError, invalidRequest, notFound } from './errors';
import { checkName } from './names';
import type { PolicyRecord, PolicyVersionRecord } from './records';
import { ThingPrincipals } from './thing-principals';

/** @see https://docs.aws.amazon.com/general/latest/gr/iot-core.html */
const MAX_VERSIONS = 5;

/** @see https://docs.aws.amazon.com/iot/latest/developerguide/iot-policies.html */
export abstract class Policies extends ThingPrincipals {
  public createPolicy({ policyName, policyDocument, tags }: api.CreatePolicyRequest): { readonly policyName: string; readonly policyArn: string; readonly policyDocument: string; readonly policyVersionId: string } {
    const name = checkName('policyName', policyName);
    const document = checkDocument(policyDocument);
    if (this.store.get('policies', name) !== undefined) {
      throw new IotError('ResourceAlreadyExistsException', `Policy cannot be created - name already exists (name=${name})`, { resourceId: name, resourceArn: this.arn(`policy/${name}`) });
    }
    const common = this.fresh(tags);
    this.store.put('policies', name, {
      policyName: name, versions: [{ versionId: '1', document, creationDate: common.creationDate }], defaultVersionId: '1', lastVersion: 1, ...common,
    });
    return { policyName: name, policyArn: this.arn(`policy/${name}`), policyDocument: document, policyVersionId: '1' };
  }

  public getPolicy({ policyName }: api.GetPolicyRequest): Omit<api.GetPolicyResponse, '$metadata'> {
    const record = this.policy(policyName);
    const { document, creationDate } = defaultVersion(record);
    return {
      policyName: record.policyName,
      policyArn: this.arn(`policy/${record.policyName}`),
      policyDocument: documentText(document),
      defaultVersionId: record.defaultVersionId,
      creationDate: new Date(record.creationDate),
      lastModifiedDate: new Date(creationDate),
      generationId: record.defaultVersionId,
    };
  }

  public deletePolicy({ policyName }: api.DeletePolicyRequest): object {
    const { policyName: name, versions } = this.policy(policyName);
    if (versions.length > 1) {
      throw new IotError('DeleteConflictException', `Cannot delete the policy because it has one or more policy versions attached to it (name=${name})`);
    }
    if (this.targetsOf(name).length > 0) {
      throw new IotError('DeleteConflictException', `The policy cannot be deleted as the policy is attached to one or more principals (name=${name})`);
    }
    this.store.remove('policies', name);
    return {};
  }

  public listPolicies({ pageSize, marker, ascendingOrder }: api.ListPoliciesRequest): { readonly policies: api.Policy[]; readonly nextMarker?: string } {
    const names = [...this.store.all('policies')].map(({ policyName }) => policyName);
    const page = this.page(names, itself, { limit: pageSize, token: marker, descending: ascendingOrder === false });
    return { policies: page.items.map((name) => this.policyNameAndArn(name)), ...nextMarker(page) };
  }

  public createPolicyVersion({ policyName, policyDocument, setAsDefault }: api.CreatePolicyVersionRequest): { readonly policyArn: string; readonly policyDocument: string; readonly policyVersionId: string; readonly isDefaultVersion: boolean } {
    const record = this.policy(policyName);
    const document = checkDocument(policyDocument);
    if (record.versions.length >= MAX_VERSIONS) {
      throw new IotError('VersionsLimitExceededException', `The policy ${record.policyName} already has the maximum number of versions (${MAX_VERSIONS})`);
    }
    this.store.put('policies', record.policyName, withVersion(record, document, this.now(), setAsDefault === true));
    return {
      policyArn: this.arn(`policy/${record.policyName}`),
      policyDocument: document,
      policyVersionId: String(record.lastVersion + 1),
      isDefaultVersion: setAsDefault === true,
    };
  }

  public getPolicyVersion({ policyName, policyVersionId }: api.GetPolicyVersionRequest): Omit<api.GetPolicyVersionResponse, '$metadata'> {
    const record = this.policy(policyName);
    const { versionId, document, creationDate } = versionOf(record, policyVersionId);
    return {
      policyArn: this.arn(`policy/${record.policyName}`),
      policyName: record.policyName,
      policyDocument: documentText(document),
      policyVersionId: versionId,
      isDefaultVersion: versionId === record.defaultVersionId,
      creationDate: new Date(creationDate),
      lastModifiedDate: new Date(creationDate),
      generationId: versionId,
    };
  }

  public listPolicyVersions({ policyName }: api.ListPolicyVersionsRequest): { readonly policyVersions: api.PolicyVersion[] } {
    const { versions, defaultVersionId } = this.policy(policyName);
    return {
      policyVersions: versions.map(({ versionId, creationDate }) => ({ versionId, isDefaultVersion: versionId === defaultVersionId, createDate: new Date(creationDate) })).reverse(),
    };
  }

  public setDefaultPolicyVersion({ policyName, policyVersionId }: api.SetDefaultPolicyVersionRequest): object {
    const record = this.policy(policyName);
    const { versionId } = versionOf(record, policyVersionId);
    this.store.put('policies', record.policyName, { ...record, defaultVersionId: versionId });
    return {};
  }

  public deletePolicyVersion({ policyName, policyVersionId }: api.DeletePolicyVersionRequest): object {
    const record = this.policy(policyName);
    const { versionId } = versionOf(record, policyVersionId);
    if (versionId === record.defaultVersionId) {
      throw new IotError('DeleteConflictException', `The version ${versionId} of policy ${record.policyName} is the default version`);
    }
    this.store.put('policies', record.policyName, { ...record, versions: record.versions.filter((version) => version.versionId !== versionId) });
    return {};
  }

  protected policy(policyName: string | undefined): PolicyRecord {
    const name = checkName('policyName', policyName);
    const record = this.store.get('policies', name);
    if (record === undefined) {
      throw notFound(`Policy ${name}`);
    }
    return record;
  }

  protected policyNameAndArn(policyName: string): { readonly policyName: string; readonly policyArn: string } {
    return { policyName, policyArn: this.arn(`policy/${policyName}`) };
  }

  /** The ARNs of what a policy is attached to. */
  protected abstract targetsOf(policyName: string): string[];
}

/** The version that counts. */
export function defaultVersion({ versions, defaultVersionId }: PolicyRecord): PolicyVersionRecord {
  return versions.find(({ versionId }) => versionId === defaultVersionId)!;
}

/** A policy with one more version. */
export function withVersion(record: PolicyRecord, document: Value, creationDate: number, asDefault: boolean): PolicyRecord {
  const versionId = String(record.lastVersion + 1);
  return {
    ...record,
    versions: [...record.versions, { versionId, document, creationDate }],
    lastVersion: record.lastVersion + 1,
    ...(asDefault ? { defaultVersionId: versionId } : {}),
  };
}

/** A policy without its oldest versions that do not count, until there is room for one more. */
export function withRoomForVersion(record: PolicyRecord): PolicyRecord {
  const oldest = record.versions.find(({ versionId }) => versionId !== record.defaultVersionId);
  return record.versions.length < MAX_VERSIONS || oldest === undefined
    ? record
    : withRoomForVersion({ ...record, versions: record.versions.filter((version) => version !== oldest) });
}

function versionOf(record: PolicyRecord, wanted: string | undefined): PolicyVersionRecord {
  const version = record.versions.find(({ versionId }) => versionId === wanted);
  if (version === undefined) {
    throw notFound(`Policy version ${String(wanted)} of ${record.policyName}`);
  }
  return version;
}

function checkDocument(document: string | undefined): string {
  if (typeof document !== 'string') {
    throw invalidRequest("'policyDocument' must be JSON text");
  }
  if (policySize(document) > MAX_POLICY_SIZE) {
    throw new IotError('MalformedPolicyException', `Policy document is malformed: it is longer than ${MAX_POLICY_SIZE} characters without white space`);
  }
  try {
    parsePolicy(document, { name: 'policyDocument' });
    return document;
  } catch (error) {
    throw error instanceof PolicyError ? new IotError('MalformedPolicyException', `Policy document is malformed: ${error.message.replaceAll('\n', '; ')}`) : error;
  }
}

function documentText(document: Value): string {
  return typeof document === 'string' ? document : JSON.stringify(document, (_, value: unknown) => (isPartialText(value) ? showText(value) : value));
}
