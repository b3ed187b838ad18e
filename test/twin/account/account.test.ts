import { newAccount } from '../provisioning/account';
import { selfSigned } from '../support/certificates';
import { FakeClock } from '../support/fake-clock';

const DOCUMENT = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"iot:Connect","Resource":"*"}]}';
const ARN = 'arn:aws:iot:us-east-1:123456789012:';

let clock: FakeClock;
let account: ReturnType<typeof newAccount>;

beforeEach(() => {
  clock = new FakeClock();
  account = newAccount(clock);
});

/** The name and message of what a call answers. */
function failure(call: () => unknown): string {
  try {
    call();
  } catch (error) {
    return `${(error as Error).name}: ${(error as Error).message}`;
  }
  return 'no failure';
}

async function certificate(status: 'ACTIVE' | 'INACTIVE' = 'INACTIVE'): Promise<{ readonly id: string; readonly arn: string }> {
  const { certificatePem } = await selfSigned('EC', 'device');
  const { certificateId: id } = account.addIssuedCertificate({ certificatePem, status });
  return { id, arn: `${ARN}cert/${id}` };
}

describe('things', () => {
  test('are created once: the same again is fine, another is not', () => {
    const { thingId } = account.createThing({ thingName: 'a', attributePayload: { attributes: { site: 'oslo' } } });
    expect(account.createThing({ thingName: 'a', attributePayload: { attributes: { site: 'oslo' } } })).toEqual({ thingName: 'a', thingArn: `${ARN}thing/a`, thingId });
    expect(failure(() => account.createThing({ thingName: 'a' }))).toBe('ResourceAlreadyExistsException: Thing a already exists in account with different attributes');
  });

  test.each(['', 'a b', 'a/b', 'a'.repeat(129), undefined])('fail for the name %p', (thingName) => {
    expect(failure(() => account.createThing({ thingName }))).toMatch(/^InvalidRequestException: 1 validation error detected: .* at 'thingName'/);
  });

  test('change only in the version that was expected', () => {
    account.createThing({ thingName: 'a', attributePayload: { attributes: { site: 'oslo', room: '1' } } });
    account.updateThing({ thingName: 'a', expectedVersion: 1, attributePayload: { attributes: { room: '' , floor: '2' }, merge: true } });
    expect(account.describeThing({ thingName: 'a' })).toMatchObject({ attributes: { site: 'oslo', floor: '2' }, version: 2 });
    expect(failure(() => account.updateThing({ thingName: 'a', expectedVersion: 1 }))).toMatch(/^VersionConflictException/);
  });

  test('cannot be deleted while a certificate is attached, and then twice', async () => {
    const { arn } = await certificate();
    account.createThing({ thingName: 'a' });
    account.attachThingPrincipal({ thingName: 'a', principal: arn });
    expect(failure(() => account.deleteThing({ thingName: 'a' }))).toBe('InvalidRequestException: Cannot delete. Thing a is still attached to one or more principals');
    account.detachThingPrincipal({ thingName: 'a', principal: arn });
    account.detachThingPrincipal({ thingName: 'a', principal: arn });
    account.deleteThing({ thingName: 'a' });
    account.deleteThing({ thingName: 'a' });
    expect(failure(() => account.describeThing({ thingName: 'a' }))).toBe('ResourceNotFoundException: Thing a not found');
  });

  test('have few attributes without a type', () => {
    const attributes = { a: '1', b: '2', c: '3', d: '4' };
    expect(failure(() => account.createThing({ thingName: 'a', attributePayload: { attributes } }))).toMatch(/at most 3 attributes/);
    account.createThingType({ thingTypeName: 'T' });
    account.createThing({ thingName: 'a', thingTypeName: 'T', attributePayload: { attributes } });
  });

  test('are listed in pages, none left out when others are deleted in between', () => {
    for (let i = 0; i < 60; i++) {
      account.createThing({ thingName: `thing-${String(i).padStart(2, '0')}` });
    }
    const seen: string[] = [];
    let nextToken: string | undefined;
    do {
      const page = account.listThings({ nextToken, maxResults: 20 });
      page.things.forEach(({ thingName }) => {
        seen.push(thingName!);
        account.deleteThing({ thingName });
      });
      nextToken = page.nextToken;
    } while (nextToken !== undefined);
    expect(new Set(seen).size).toBe(60);
    expect(failure(() => account.listThings({ maxResults: 251 }))).toMatch(/^InvalidRequestException: a page has from 1 to 250 items/);
  });
});

describe('thing types', () => {
  test('take no more things once deprecated, and can be deleted five minutes later', () => {
    account.createThingType({ thingTypeName: 'T', thingTypeProperties: { searchableAttributes: ['site'] } });
    account.createThing({ thingName: 'old', thingTypeName: 'T' });
    account.deprecateThingType({ thingTypeName: 'T' });
    expect(failure(() => account.createThing({ thingName: 'new', thingTypeName: 'T' }))).toMatch(/deprecated thing type : T$/);
    account.updateThing({ thingName: 'old', removeThingType: true });
    expect(failure(() => account.deleteThingType({ thingTypeName: 'T' }))).toMatch(/wait for 5 minutes/);
    clock.advance(300);
    account.deleteThingType({ thingTypeName: 'T' });
    expect(account.listThingTypes({}).thingTypes).toEqual([]);
  });
});

describe('thing groups', () => {
  beforeEach(() => {
    account.createThing({ thingName: 'a' });
    account.createThingGroup({ thingGroupName: 'plant' });
    account.createThingGroup({ thingGroupName: 'hall', parentGroupName: 'plant' });
    account.createThingGroup({ thingGroupName: 'office', parentGroupName: 'plant' });
  });

  test('hold a thing once in a hierarchy', () => {
    account.addThingToThingGroup({ thingName: 'a', thingGroupName: 'hall' });
    account.addThingToThingGroup({ thingName: 'a', thingGroupName: 'hall' });
    expect(failure(() => account.addThingToThingGroup({ thingName: 'a', thingGroupName: 'office' }))).toMatch(/of the same hierarchy as office$/);
    expect(account.listThingsInThingGroup({ thingGroupName: 'plant', recursive: true }).things).toEqual(['a']);
    expect(account.listThingsInThingGroup({ thingGroupName: 'plant' }).things).toEqual([]);
    account.updateThingGroupsForThing({ thingName: 'a', thingGroupsToRemove: ['hall'], thingGroupsToAdd: ['office'] });
    expect(account.listThingGroupsForThing({ thingName: 'a' }).thingGroups).toEqual([{ groupName: 'office', groupArn: `${ARN}thinggroup/office` }]);
  });

  test('are at most ten for a thing', () => {
    for (let i = 0; i <= 10; i++) {
      account.createThingGroup({ thingGroupName: `g${i}` });
    }
    for (let i = 0; i < 10; i++) {
      account.addThingToThingGroup({ thingName: 'a', thingGroupName: `g${i}` });
    }
    expect(failure(() => account.addThingToThingGroup({ thingName: 'a', thingGroupName: 'g10' }))).toMatch(/the most there can be$/);
  });

  test('cannot be deleted before their children, and let their things go', () => {
    account.addThingToThingGroup({ thingName: 'a', thingGroupName: 'hall' });
    expect(failure(() => account.deleteThingGroup({ thingGroupName: 'plant' }))).toMatch(/child groups/);
    account.deleteThingGroup({ thingGroupName: 'hall' });
    expect(account.listThingGroupsForThing({ thingName: 'a' }).thingGroups).toEqual([]);
  });
});

describe('policies', () => {
  test('keep five versions, of which the default stays', () => {
    account.createPolicy({ policyName: 'p', policyDocument: DOCUMENT });
    for (let i = 2; i <= 5; i++) {
      account.createPolicyVersion({ policyName: 'p', policyDocument: DOCUMENT, setAsDefault: i === 5 });
    }
    expect(failure(() => account.createPolicyVersion({ policyName: 'p', policyDocument: DOCUMENT }))).toMatch(/^VersionsLimitExceededException/);
    expect(failure(() => account.deletePolicyVersion({ policyName: 'p', policyVersionId: '5' }))).toMatch(/^DeleteConflictException/);
    account.deletePolicyVersion({ policyName: 'p', policyVersionId: '1' });
    expect(account.createPolicyVersion({ policyName: 'p', policyDocument: DOCUMENT }).policyVersionId).toBe('6');
  });

  test.each([
    ['text', 'no json'],
    ['a statement without an action', '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Resource":"*"}]}'],
    ['too long a document', JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: 'iot:Connect', Resource: 'x'.repeat(2048) }] })],
  ])('fail for %s', (_, policyDocument) => {
    expect(failure(() => account.createPolicy({ policyName: 'p', policyDocument }))).toMatch(/^MalformedPolicyException: Policy document is malformed: /);
  });

  test('are at most ten on a certificate and two on a group, and the same again is fine', async () => {
    const { arn } = await certificate();
    account.createThingGroup({ thingGroupName: 'g' });
    for (let i = 0; i <= 10; i++) {
      account.createPolicy({ policyName: `p${i}`, policyDocument: DOCUMENT });
    }
    for (let i = 0; i < 10; i++) {
      account.attachPolicy({ policyName: `p${i}`, target: arn });
    }
    account.attachPolicy({ policyName: 'p0', target: arn });
    expect(failure(() => account.attachPolicy({ policyName: 'p10', target: arn }))).toMatch(/^LimitExceededException: At most 10/);
    const target = `${ARN}thinggroup/g`;
    account.attachPolicy({ policyName: 'p0', target });
    account.attachPolicy({ policyName: 'p1', target });
    expect(failure(() => account.attachPolicy({ policyName: 'p2', target }))).toMatch(/^LimitExceededException: At most 2/);
    expect(account.listTargetsForPolicy({ policyName: 'p0' }).targets).toEqual([arn, target].sort());
    expect(account.listAttachedPolicies({ target, pageSize: 1 })).toMatchObject({ policies: [{ policyName: 'p0' }], nextMarker: expect.any(String) });
  });

  test('cannot be deleted while attached or in several versions', async () => {
    const { arn } = await certificate();
    account.createPolicy({ policyName: 'p', policyDocument: DOCUMENT });
    account.attachPolicy({ policyName: 'p', target: arn });
    expect(failure(() => account.deletePolicy({ policyName: 'p' }))).toMatch(/^DeleteConflictException: .* attached to one or more principals/);
    account.detachPolicy({ policyName: 'p', target: arn });
    account.detachPolicy({ policyName: 'p', target: arn });
    account.createPolicyVersion({ policyName: 'p', policyDocument: DOCUMENT });
    expect(failure(() => account.deletePolicy({ policyName: 'p' }))).toMatch(/^DeleteConflictException/);
    account.deletePolicyVersion({ policyName: 'p', policyVersionId: '2' });
    account.deletePolicy({ policyName: 'p' });
    expect(failure(() => account.getPolicy({ policyName: 'p' }))).toMatch(/^ResourceNotFoundException/);
  });
});

describe('policies of an identity of Cognito', () => {
  const target = 'us-east-1:01234567-89ab-4cde-8f01-23456789abcd';

  beforeEach(() => {
    for (let i = 0; i <= 10; i++) {
      account.createPolicy({ policyName: `p${i}`, policyDocument: DOCUMENT });
    }
  });

  test('are attached, listed and detached by its id', () => {
    account.attachPolicy({ policyName: 'p0', target });
    account.attachPolicy({ policyName: 'p0', target });
    expect(account.listAttachedPolicies({ target, recursive: true }).policies).toEqual([{ policyName: 'p0', policyArn: `${ARN}policy/p0` }]);
    expect(account.listTargetsForPolicy({ policyName: 'p0' })).toEqual({ targets: [target] });
    expect(account.getEffectivePolicies({ principal: target })).toEqual({ effectivePolicies: [{ policyName: 'p0', policyArn: `${ARN}policy/p0`, policyDocument: DOCUMENT }] });
    account.detachPolicy({ policyName: 'p0', target });
    account.detachPolicy({ policyName: 'p0', target });
    expect(account.listTargetsForPolicy({ policyName: 'p0' })).toEqual({ targets: [] });
    expect(account.store.count('identities')).toBe(0);
  });

  test('are at most ten, and keep a policy from being deleted', () => {
    for (let i = 0; i < 10; i++) {
      account.attachPolicy({ policyName: `p${i}`, target });
    }
    expect(failure(() => account.attachPolicy({ policyName: 'p10', target }))).toMatch(/^LimitExceededException: At most 10/);
    expect(failure(() => account.deletePolicy({ policyName: 'p9' }))).toMatch(/^DeleteConflictException/);
  });

  test.each(['us-east-1:', 'us-east-1:01234567', '01234567-89ab-4cde-8f01-23456789abcd', 'us-east-1:01234567-89ab-4cde-8f01-23456789abcd/x'])('fail for %s', (wrong) => {
    expect(failure(() => account.attachPolicy({ policyName: 'p0', target: wrong }))).toMatch(/^InvalidRequestException/);
  });
});

test('what counts for a certificate is its own policies, and those of the groups of a thing that it is attached to', async () => {
  const { arn } = await certificate();
  account.createThingGroup({ thingGroupName: 'plant' });
  account.createThingGroup({ thingGroupName: 'hall', parentGroupName: 'plant' });
  ['own', 'group'].forEach((policyName) => account.createPolicy({ policyName, policyDocument: DOCUMENT }));
  account.createThing({ thingName: 'a' });
  account.createThing({ thingName: 'b' });
  ['a', 'b'].forEach((thingName) => account.addThingToThingGroup({ thingGroupName: 'hall', thingName }));
  account.attachThingPrincipal({ thingName: 'a', principal: arn });
  account.attachPolicy({ policyName: 'own', target: arn });
  account.attachPolicy({ policyName: 'group', target: `${ARN}thinggroup/plant` });
  const names = (asked: object): unknown => account.getEffectivePolicies(asked).effectivePolicies.map(({ policyName }) => policyName);
  expect(names({ principal: arn, thingName: 'a' })).toEqual(['own', 'group']);
  expect(names({ principal: arn, thingName: 'b' })).toEqual(['own']);
  expect(names({ principal: arn })).toEqual(['own']);
  expect(names({ principal: `${ARN}thinggroup/hall` })).toEqual(['group']);
});

describe('an exclusive certificate', () => {
  test('has one thing alone', async () => {
    const { arn } = await certificate();
    account.createThing({ thingName: 'a' });
    account.createThing({ thingName: 'b' });
    account.attachThingPrincipal({ thingName: 'a', principal: arn, thingPrincipalType: 'EXCLUSIVE_THING' });
    expect(failure(() => account.attachThingPrincipal({ thingName: 'b', principal: arn }))).toMatch(/^InvalidRequestException: .* exclusively to thing a/);
    account.attachThingPrincipal({ thingName: 'a', principal: arn, thingPrincipalType: 'NON_EXCLUSIVE_THING' });
    account.attachThingPrincipal({ thingName: 'b', principal: arn });
    expect(failure(() => account.attachThingPrincipal({ thingName: 'a', principal: arn, thingPrincipalType: 'EXCLUSIVE_THING' }))).toMatch(/^InvalidRequestException/);
    expect(account.listPrincipalThingsV2({ principal: arn }).principalThingObjects).toHaveLength(2);
  });
});

describe('certificates', () => {
  test('are deleted when they are inactive and nothing hangs on them', async () => {
    const { id, arn } = await certificate('ACTIVE');
    account.createThing({ thingName: 'a' });
    account.createPolicy({ policyName: 'p', policyDocument: DOCUMENT });
    account.attachThingPrincipal({ thingName: 'a', principal: arn });
    account.attachPolicy({ policyName: 'p', target: arn });
    expect(failure(() => account.deleteCertificate({ certificateId: id }))).toMatch(/^CertificateStateException/);
    account.updateCertificate({ certificateId: id, newStatus: 'INACTIVE' });
    expect(failure(() => account.deleteCertificate({ certificateId: id, forceDelete: true }))).toMatch(/^DeleteConflictException: Things must be detached/);
    account.detachThingPrincipal({ thingName: 'a', principal: arn });
    expect(failure(() => account.deleteCertificate({ certificateId: id }))).toMatch(/^DeleteConflictException: Certificate policies/);
    account.deleteCertificate({ certificateId: id, forceDelete: true });
    expect(account.listTargetsForPolicy({ policyName: 'p' }).targets).toEqual([]);
  });

  test('stay revoked, and are set to no state of the service', async () => {
    const { id } = await certificate('ACTIVE');
    expect(failure(() => account.updateCertificate({ certificateId: id, newStatus: 'PENDING_ACTIVATION' }))).toMatch(/^InvalidRequestException/);
    account.updateCertificate({ certificateId: id, newStatus: 'REVOKED' });
    account.updateCertificate({ certificateId: id, newStatus: 'REVOKED' });
    expect(failure(() => account.updateCertificate({ certificateId: id, newStatus: 'ACTIVE' }))).toMatch(/^CertificateStateException: .*final/);
  });
});

describe('provisioning templates', () => {
  const ROLE = 'arn:aws:iam::123456789012:role/r';

  test('have a JSON object of at most 10 KB as their body, and a hook only for claims', () => {
    expect(failure(() => account.createProvisioningTemplate({ templateName: 't', templateBody: '[]', provisioningRoleArn: ROLE }))).toMatch(/not a JSON object$/);
    expect(failure(() => account.createProvisioningTemplate({ templateName: 't', templateBody: `{"a":"${'x'.repeat(10_240)}"}`, provisioningRoleArn: ROLE }))).toMatch(/at most 10240 bytes$/);
    expect(failure(() => account.createProvisioningTemplate({ templateName: 't', templateBody: '{}', provisioningRoleArn: ROLE, type: 'JITP', preProvisioningHook: { targetArn: 'x' } }))).toMatch(/JITP has no preProvisioningHook$/);
  });

  test('keep their hook until it is asked to be removed', () => {
    account.createProvisioningTemplate({ templateName: 't', templateBody: '{}', provisioningRoleArn: ROLE, enabled: true, preProvisioningHook: { targetArn: 'arn' } });
    account.updateProvisioningTemplate({ templateName: 't', description: 'd' });
    expect(account.describeProvisioningTemplate({ templateName: 't' })).toMatchObject({ description: 'd', enabled: true, preProvisioningHook: { targetArn: 'arn' } });
    account.updateProvisioningTemplate({ templateName: 't', removePreProvisioningHook: true });
    expect(account.describeProvisioningTemplate({ templateName: 't' }).preProvisioningHook).toBeUndefined();
  });
});

describe('what the account has once', () => {
  test('the registration code stays the same until it is deleted', () => {
    const { registrationCode } = account.getRegistrationCode();
    expect(registrationCode).toMatch(/^[0-9a-f]{64}$/);
    expect(account.getRegistrationCode()).toEqual({ registrationCode });
    account.deleteRegistrationCode();
    expect(account.getRegistrationCode()).not.toEqual({ registrationCode });
  });

  test('logging is not configured at first', () => {
    expect(failure(() => account.getV2LoggingOptions())).toMatch(/^NotConfiguredException/);
    account.setV2LoggingOptions({ roleArn: 'arn:aws:iam::123456789012:role/r', defaultLogLevel: 'INFO' });
    expect(account.getV2LoggingOptions()).toMatchObject({ defaultLogLevel: 'INFO', disableAllLogs: false });
  });

  test('its endpoints have a TLS policy, each its own, and nothing else that can be changed', () => {
    const policies = () => ['iot:Data-ATS', 'iot:CredentialProvider', 'iot:Jobs'].map((domainConfigurationName) => account.describeDomainConfiguration({ domainConfigurationName }).tlsConfig?.securityPolicy);
    const [strict, usual] = ['IoTSecurityPolicy_TLS13_1_3_2022_10', 'IoTSecurityPolicy_TLS13_1_2_2022_10'];
    expect(policies()).toEqual([usual, usual, usual]);
    expect(account.updateDomainConfiguration({ domainConfigurationName: 'iot:Jobs', tlsConfig: { securityPolicy: strict } })).toEqual({
      domainConfigurationName: 'iot:Jobs', domainConfigurationArn: `${ARN}domainconfiguration/iot:Jobs`,
    });
    expect(policies()).toEqual([usual, usual, strict]);
    expect(account.describeDomainConfiguration({ domainConfigurationName: 'iot:Data-ATS' })).toMatchObject({ serviceType: 'DATA', domainType: 'ENDPOINT', authenticationType: 'DEFAULT' });
    expect(failure(() => account.updateDomainConfiguration({ domainConfigurationName: 'iot:Jobs', tlsConfig: { securityPolicy: 'IoTSecurityPolicy_SSL3' } }))).toMatch(/^InvalidRequestException: 'IoTSecurityPolicy_SSL3' is no security policy; there are /);
    expect(failure(() => account.updateDomainConfiguration({ domainConfigurationName: 'iot:Jobs', authenticationType: 'AWS_X509' }))).toBe("InvalidRequestException: the twin does not change 'authenticationType' of a domain configuration");
    expect(failure(() => account.describeDomainConfiguration({ domainConfigurationName: 'mine' }))).toMatch(/^ResourceNotFoundException/);
  });

  test('events are off until they are switched on, each by itself', () => {
    account.updateEventConfigurations({ eventConfigurations: { THING: { Enabled: true } } });
    expect(account.describeEventConfigurations().eventConfigurations).toMatchObject({ THING: { Enabled: true }, JOB: { Enabled: false } });
  });
});

describe('a registration task', () => {
  test('runs alone', () => {
    const start = (): { readonly taskId: string } => account.startThingRegistrationTask({ templateBody: '{}', inputFileBucket: 'b', inputFileKey: 'k', roleArn: 'arn:aws:iam::123456789012:role/r' });
    const { taskId } = start();
    expect(failure(start)).toMatch(/^LimitExceededException/);
    account.stopThingRegistrationTask({ taskId });
    expect(account.describeThingRegistrationTask({ taskId })).toMatchObject({ status: 'Cancelled' });
    start();
  });
});

describe('ten thousand devices', () => {
  test('are found by what they are attached to without a search', async () => {
    account.createPolicy({ policyName: 'p', policyDocument: DOCUMENT });
    account.createThingGroup({ thingGroupName: 'g' });
    const { certificatePem } = await selfSigned('EC', 'device');
    for (let i = 0; i < 10_000; i++) {
      const thingName = `t${i}`;
      const certificateId = i.toString(16).padStart(64, '0');
      account.store.put('certificates', certificateId, {
        certificateId, certificatePem, status: 'ACTIVE', mode: 'DEFAULT', policies: [], things: [], creationDate: i, lastModifiedDate: i,
      });
      account.createThing({ thingName });
      account.attachThingPrincipal({ thingName, principal: `${ARN}cert/${certificateId}` });
      account.attachPolicy({ policyName: 'p', target: `${ARN}cert/${certificateId}` });
      account.addThingToThingGroup({ thingName, thingGroupName: 'g' });
      expect(account.listThingPrincipals({ thingName }).principals).toHaveLength(1);
    }
    expect(account.listThingsInThingGroup({ thingGroupName: 'g', maxResults: 250 }).things).toHaveLength(250);
  });
});
