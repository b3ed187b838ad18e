import { X509Certificate } from 'node:crypto';
import { IotError } from '../account';
import type { Account } from '../account';
import type { IotErrorName } from '../account/errors';
import { certificateId } from '../pki/certificate-facts';
import { allOrNothing } from './all-or-nothing';
import { ProvisioningError } from './errors';
import type { ProvisioningErrorCode } from './errors';
import type { Plan, PlannedCertificate, PlannedPolicy, PlannedThing } from './plan';

/** What became of a plan. */
export interface Provisioned {
  readonly thingName?: string;
  readonly certificateId?: string;
  readonly certificatePem?: string;
  readonly deviceConfiguration: Readonly<Record<string, string>>;

  /** By the logical name in the template. */
  readonly resourceArns: Readonly<Record<string, string>>;
}

/** How refusals of the registry are told to a device. */
const CODES: { readonly [name in IotErrorName]?: ProvisioningErrorCode } = {
  CertificateConflictException: 'ResourceConflict',
  CertificateStateException: 'InvalidCertificate',
  CertificateValidationException: 'InvalidCertificate',
  ConflictingResourceUpdateException: 'ResourceConflict',
  InvalidRequestException: 'InvalidParameters',
  LimitExceededException: 'LimitExceeded',
  MalformedPolicyException: 'InvalidParameters',
  ResourceAlreadyExistsException: 'ResourceConflict',
  ResourceNotFoundException: 'ResourceNotFound',
  VersionConflictException: 'ResourceConflict',
};

/**
 * Carry a plan out, in whole or not at all.
 *
 * @param issuedPem the certificate issued for the plan's signing request
 * @throws ProvisioningError
 */
export function applyPlan(account: Account, plan: Plan, issuedPem?: string): Provisioned {
  try {
    return allOrNothing(account.store, () => apply(account, plan, issuedPem));
  } catch (error) {
    throw error instanceof IotError ? new ProvisioningError(CODES[error.name] ?? 'InternalFailure', error.message) : error;
  }
}

function apply(account: Account, { thing, certificate, policies, deviceConfiguration }: Plan, issuedPem: string | undefined): Provisioned {
  const arns: Record<string, string> = {};
  const id = certificate === undefined ? undefined : applyCertificate(account, certificate, issuedPem);
  const principal = account.arn(`cert/${id}`);
  if (certificate !== undefined) {
    arns[certificate.logicalName] = principal;
  }
  for (const policy of policies) {
    applyPolicy(account, policy);
    account.attachPolicy({ policyName: policy.policyName, target: principal });
    arns[policy.logicalName] = account.arn(`policy/${policy.policyName}`);
  }
  if (thing !== undefined) {
    applyThing(account, thing);
    arns[thing.logicalName] = account.arn(`thing/${thing.thingName}`);
    if (certificate !== undefined) {
      account.attachThingPrincipal({ thingName: thing.thingName, principal, thingPrincipalType: certificate.thingPrincipalType });
    }
  }
  const pem = id === undefined ? undefined : account.store.get('certificates', id)?.certificatePem;
  return {
    deviceConfiguration,
    resourceArns: arns,
    ...(thing === undefined ? {} : { thingName: thing.thingName }),
    ...(id === undefined ? {} : { certificateId: id }),
    ...(pem === undefined ? {} : { certificatePem: pem }),
  };
}

function applyCertificate(account: Account, { source, status, overrides }: PlannedCertificate, issuedPem: string | undefined): string {
  if ('signingRequest' in source) {
    return account.addIssuedCertificate({ certificatePem: issuedPem!, status }).certificateId;
  }
  const id = 'pem' in source ? idOf(source.pem) : source.certificateId;
  const existing = account.store.get('certificates', id);
  if (existing === undefined) {
    if (!('pem' in source)) {
      throw new ProvisioningError('ResourceNotFound', `certificate ${id} not found`);
    }
    account.registerCertificate({ certificatePem: source.pem, status, ...(source.caPem === undefined ? {} : { caCertificatePem: source.caPem }) });
    return id;
  }
  // A certificate that waits for its activation is what provisioning is for; any other existed before.
  if (existing.status !== 'PENDING_ACTIVATION' && overrides.Status === 'FAIL') {
    throw conflict(`certificate ${id}`);
  }
  if (existing.status !== status && (existing.status === 'PENDING_ACTIVATION' || overrides.Status !== 'DO_NOTHING')) {
    account.updateCertificate({ certificateId: id, newStatus: status });
  }
  return id;
}

function applyPolicy(account: Account, { policyName, document }: PlannedPolicy): void {
  if (document !== undefined && account.store.get('policies', policyName) === undefined) {
    account.createPolicy({ policyName, policyDocument: document });
  }
}

function applyThing(account: Account, thing: PlannedThing): void {
  const { thingName, thingTypeName, attributes, thingGroups = [], billingGroup } = thing;
  const existing = account.store.get('things', thingName);
  if (existing !== undefined) {
    updateThing(account, thing, existing.groups);
    return;
  }
  account.createThing({
    thingName,
    ...(thingTypeName === undefined ? {} : { thingTypeName }),
    ...(attributes === undefined ? {} : { attributePayload: { attributes } }),
    ...(billingGroup === undefined ? {} : { billingGroupName: billingGroup }),
  });
  thingGroups.forEach((thingGroupName) => account.addThingToThingGroup({ thingGroupName, thingName }));
}

/**
 * What becomes of a thing that exists. AWS does not say what holds without a setting: the thing is left as it is, which
 * gives a device that chooses its name the least.
 */
function updateThing(account: Account, { thingName, thingTypeName, attributes, thingGroups, overrides }: PlannedThing, groups: readonly string[]): void {
  if (Object.values(overrides).includes('FAIL')) {
    throw conflict(`thing '${thingName}'`);
  }
  const { AttributePayload, ThingTypeName, ThingGroups } = overrides;
  if (attributes !== undefined && (AttributePayload === 'REPLACE' || AttributePayload === 'MERGE')) {
    account.updateThing({ thingName, attributePayload: { attributes, merge: AttributePayload === 'MERGE' } });
  }
  if (thingTypeName !== undefined && ThingTypeName === 'REPLACE') {
    account.updateThing({ thingName, thingTypeName });
  }
  if (thingGroups !== undefined && (ThingGroups === 'REPLACE' || ThingGroups === 'MERGE')) {
    account.updateThingGroupsForThing({
      thingName,
      thingGroupsToAdd: thingGroups.filter((group) => !groups.includes(group)),
      thingGroupsToRemove: ThingGroups === 'MERGE' ? [] : groups.filter((group) => !thingGroups.includes(group)),
    });
  }
}

function idOf(pem: string): string {
  try {
    return certificateId(new X509Certificate(pem));
  } catch {
    throw new ProvisioningError('InvalidCertificate', 'CertificatePem is no certificate');
  }
}

function conflict(what: string): ProvisioningError {
  return new ProvisioningError('ResourceConflict', `${what} exists already`);
}
