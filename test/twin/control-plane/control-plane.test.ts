import { execFileSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import * as iot from '@aws-sdk/client-iot';
import { CertificateStateException, IoTClient, ResourceAlreadyExistsException, ResourceNotFoundException } from '@aws-sdk/client-iot';
import { OpenSsl } from '../provisioning/openssl';
import { MqttJs } from '../support/mqttjs';
import { ANYTHING, TestTwin } from '../support/test-twin';

const ROLE = 'arn:aws:iam::123456789012:role/provisioning';
const DOCUMENT = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"iot:*","Resource":"*"}]}';
const openssl = new OpenSsl();

let twin: TestTwin;
let client: IoTClient;

beforeAll(async () => {
  twin = await TestTwin.start({ sensor: { may: ANYTHING }, reader: { may: ANYTHING } });
  const { endpointUrl: endpoint, region, accessKeyId, secretAccessKey } = twin.twin.aws;
  client = new IoTClient({ endpoint, region, credentials: { accessKeyId, secretAccessKey } });
});

afterAll(async () => {
  client.destroy();
  await twin.stop();
});

test('the table of calls is the one that the SDK has', () => {
  const current = execFileSync('node', ['--input-type=module', '-e', "import('./scripts/iot-api.mjs').then(({ describeApi }) => process.stdout.write(describeApi()))"], { encoding: 'utf8' });
  // Mend it with: node scripts/iot-api.mjs
  expect(readFileSync('lib/twin/control-plane/iot-api.json', 'utf8')).toBe(current);
});

describe('a client of the SDK', () => {
  test('works with things, types and groups', async () => {
    await client.send(new iot.CreateThingTypeCommand({ thingTypeName: 'Pump', thingTypeProperties: { thingTypeDescription: 'a pump', searchableAttributes: ['site'] } }));
    await client.send(new iot.CreateThingGroupCommand({ thingGroupName: 'plant' }));
    await client.send(new iot.CreateThingGroupCommand({ thingGroupName: 'hall:1', parentGroupName: 'plant', thingGroupProperties: { attributePayload: { attributes: { floor: '2' } } } }));
    await client.send(new iot.CreateBillingGroupCommand({ billingGroupName: 'cost' }));
    const { thingArn, thingId } = await client.send(new iot.CreateThingCommand({ thingName: 'pump:1', thingTypeName: 'Pump', attributePayload: { attributes: { site: 'oslo' } } }));
    expect(thingArn).toBe('arn:aws:iot:us-east-1:123456789012:thing/pump:1');
    await client.send(new iot.AddThingToThingGroupCommand({ thingName: 'pump:1', thingGroupName: 'hall:1' }));
    await client.send(new iot.AddThingToBillingGroupCommand({ thingName: 'pump:1', billingGroupName: 'cost' }));
    expect(await client.send(new iot.DescribeThingCommand({ thingName: 'pump:1' }))).toMatchObject({
      thingName: 'pump:1', thingId, thingTypeName: 'Pump', attributes: { site: 'oslo' }, billingGroupName: 'cost', defaultClientId: 'pump:1', version: expect.any(Number),
    });
    const { thingTypeMetadata } = await client.send(new iot.DescribeThingTypeCommand({ thingTypeName: 'Pump' }));
    expect(thingTypeMetadata).toEqual({ deprecated: false, creationDate: expect.any(Date) });
    expect(await client.send(new iot.DescribeThingGroupCommand({ thingGroupName: 'hall:1' }))).toMatchObject({
      thingGroupProperties: { attributePayload: { attributes: { floor: '2' } } },
      thingGroupMetadata: { parentGroupName: 'plant', rootToParentThingGroups: [{ groupName: 'plant' }] },
    });
    expect((await client.send(new iot.ListThingGroupsForThingCommand({ thingName: 'pump:1' }))).thingGroups).toEqual([expect.objectContaining({ groupName: 'hall:1' })]);
    expect((await client.send(new iot.ListThingsInThingGroupCommand({ thingGroupName: 'plant', recursive: true }))).things).toEqual(['pump:1']);
    expect((await client.send(new iot.ListThingsCommand({ attributeName: 'site', attributeValue: 'os', usePrefixAttributeValue: true }))).things).toMatchObject([{ thingName: 'pump:1' }]);
    await client.send(new iot.UpdateThingCommand({ thingName: 'pump:1', removeThingType: true, attributePayload: { attributes: { site: '' }, merge: true } }));
    await client.send(new iot.RemoveThingFromThingGroupCommand({ thingName: 'pump:1', thingGroupName: 'hall:1' }));
    await client.send(new iot.RemoveThingFromBillingGroupCommand({ thingName: 'pump:1', billingGroupName: 'cost' }));
    await client.send(new iot.UpdateThingGroupsForThingCommand({ thingName: 'pump:1', thingGroupsToAdd: ['plant'] }));
    await client.send(new iot.UpdateThingGroupCommand({ thingGroupName: 'plant', thingGroupProperties: { thingGroupDescription: 'd' } }));
    await client.send(new iot.DeleteThingCommand({ thingName: 'pump:1' }));
    await client.send(new iot.DeprecateThingTypeCommand({ thingTypeName: 'Pump' }));
    await client.send(new iot.DeleteThingGroupCommand({ thingGroupName: 'hall:1' }));
    await client.send(new iot.DeleteBillingGroupCommand({ billingGroupName: 'cost' }));
  });

  test('gives a device keys, a policy and a thing, and the device connects', async () => {
    const { certificateArn, certificateId, certificatePem, keyPair } = await client.send(new iot.CreateKeysAndCertificateCommand({ setAsActive: true }));
    await client.send(new iot.CreatePolicyCommand({ policyName: 'late', policyDocument: DOCUMENT, tags: [{ Key: 'owner', Value: 'me' }] }));
    await client.send(new iot.CreateThingCommand({ thingName: 'late' }));
    await client.send(new iot.AttachPolicyCommand({ policyName: 'late', target: certificateArn }));
    await client.send(new iot.AttachThingPrincipalCommand({ thingName: 'late', principal: certificateArn, thingPrincipalType: 'EXCLUSIVE_THING' }));
    expect((await client.send(new iot.ListPrincipalThingsCommand({ principal: certificateArn }))).things).toEqual(['late']);
    expect((await client.send(new iot.ListThingPrincipalsV2Command({ thingName: 'late' }))).thingPrincipalObjects).toEqual([{ principal: certificateArn, thingPrincipalType: 'EXCLUSIVE_THING' }]);
    expect((await client.send(new iot.ListAttachedPoliciesCommand({ target: certificateArn }))).policies).toMatchObject([{ policyName: 'late' }]);
    expect((await client.send(new iot.ListTargetsForPolicyCommand({ policyName: 'late' }))).targets).toEqual([certificateArn]);
    expect((await client.send(new iot.ListTagsForResourceCommand({ resourceArn: 'arn:aws:iot:us-east-1:123456789012:policy/late' }))).tags).toEqual([{ Key: 'owner', Value: 'me' }]);
    const { certificateDescription } = await client.send(new iot.DescribeCertificateCommand({ certificateId }));
    expect(certificateDescription).toMatchObject({ certificatePem, status: 'ACTIVE', validity: { notAfter: expect.any(Date) } });
    expect(new X509Certificate(certificatePem!).publicKey.export({ type: 'spki', format: 'pem' })).toBe(keyPair!.PublicKey);

    const device = await MqttJs.connect({ ...await twin.kit('sensor'), clientId: 'late', certificatePem: certificatePem!, privateKeyPem: keyPair!.PrivateKey! });
    await device.publish('a/b', 'x');
    await device.end();
    await expect(twin.kit('late')).rejects.toThrow("thing 'late' was registered while the twin ran: its device has its own key, which the twin does not know");
  });

  test('has signing requests signed, and told what is wrong with one', async () => {
    const { csrPem, privateKeyPem } = openssl.csr('/O=Acme/CN=own');
    const { certificatePem, certificateId } = await client.send(new iot.CreateCertificateFromCsrCommand({ certificateSigningRequest: csrPem }));
    const issued = new X509Certificate(certificatePem!);
    expect(issued.subject).toBe('O=Acme\nCN=own');
    expect(issued.validTo).toContain('2049');
    expect((await client.send(new iot.DescribeCertificateCommand({ certificateId }))).certificateDescription?.status).toBe('INACTIVE');
    expect(privateKeyPem).toContain('PRIVATE KEY');
    await expect(client.send(new iot.CreateCertificateFromCsrCommand({ certificateSigningRequest: 'no request' }))).rejects.toMatchObject({
      name: 'InvalidRequestException', message: 'the certificate signing request cannot be read: it must be PKCS #10 in PEM form',
    });
  });

  test('registers a CA and certificates of it', async () => {
    const ca = openssl.authority('/CN=Factory');
    const { registrationCode } = await client.send(new iot.GetRegistrationCodeCommand({}));
    const { certificateId: caId } = await client.send(new iot.RegisterCACertificateCommand({
      caCertificate: ca.certificatePem, verificationCertificate: openssl.issue(ca, `/CN=${registrationCode}`).certificatePem, setAsActive: true, allowAutoRegistration: true,
    }));
    const { certificateId } = await client.send(new iot.RegisterCertificateCommand({ certificatePem: openssl.issue(ca, '/CN=d').certificatePem, status: 'ACTIVE' }));
    expect((await client.send(new iot.ListCertificatesByCACommand({ caCertificateId: caId }))).certificates).toMatchObject([{ certificateId, creationDate: expect.any(Date) }]);
    await client.send(new iot.UpdateCACertificateCommand({ certificateId: caId, newStatus: 'INACTIVE', newAutoRegistrationStatus: 'DISABLE' }));
    expect((await client.send(new iot.DescribeCACertificateCommand({ certificateId: caId }))).certificateDescription).toMatchObject({ status: 'INACTIVE', autoRegistrationStatus: 'DISABLE' });
    expect((await client.send(new iot.ListCACertificatesCommand({}))).certificates).toHaveLength(1);
    await client.send(new iot.DeleteCACertificateCommand({ certificateId: caId }));
    await client.send(new iot.RegisterCertificateWithoutCACommand({ certificatePem: openssl.issue(ca, '/CN=e').certificatePem }));
  });

  test('changes policies in versions', async () => {
    await client.send(new iot.CreatePolicyCommand({ policyName: 'p', policyDocument: DOCUMENT }));
    expect(await client.send(new iot.CreatePolicyVersionCommand({ policyName: 'p', policyDocument: DOCUMENT, setAsDefault: true }))).toMatchObject({ policyVersionId: '2', isDefaultVersion: true });
    expect((await client.send(new iot.ListPolicyVersionsCommand({ policyName: 'p' }))).policyVersions).toMatchObject([{ versionId: '2', isDefaultVersion: true, createDate: expect.any(Date) }, { versionId: '1' }]);
    await client.send(new iot.SetDefaultPolicyVersionCommand({ policyName: 'p', policyVersionId: '1' }));
    expect(await client.send(new iot.GetPolicyVersionCommand({ policyName: 'p', policyVersionId: '1' }))).toMatchObject({ policyDocument: DOCUMENT, isDefaultVersion: true });
    await client.send(new iot.DeletePolicyVersionCommand({ policyName: 'p', policyVersionId: '2' }));
    expect(await client.send(new iot.GetPolicyCommand({ policyName: 'p' }))).toMatchObject({ policyDocument: DOCUMENT, defaultVersionId: '1' });
    await client.send(new iot.DeletePolicyCommand({ policyName: 'p' }));
  });

  test('works with provisioning templates, role aliases and registration tasks', async () => {
    await client.send(new iot.CreateProvisioningTemplateCommand({ templateName: 't', templateBody: '{"Parameters":{},"Resources":{}}', provisioningRoleArn: ROLE, enabled: true }));
    await client.send(new iot.UpdateProvisioningTemplateCommand({ templateName: 't', description: 'd' }));
    expect(await client.send(new iot.DescribeProvisioningTemplateCommand({ templateName: 't' }))).toMatchObject({ enabled: true, description: 'd', type: 'FLEET_PROVISIONING' });
    expect(await client.send(new iot.CreateProvisioningTemplateVersionCommand({ templateName: 't', templateBody: '{}', setAsDefault: true }))).toMatchObject({ versionId: 2 });
    expect((await client.send(new iot.ListProvisioningTemplatesCommand({}))).templates).toMatchObject([{ templateName: 't' }]);
    await client.send(new iot.CreateRoleAliasCommand({ roleAlias: 'r', roleArn: ROLE, credentialDurationSeconds: 900 }));
    await client.send(new iot.UpdateRoleAliasCommand({ roleAlias: 'r', credentialDurationSeconds: 1800 }));
    expect((await client.send(new iot.DescribeRoleAliasCommand({ roleAlias: 'r' }))).roleAliasDescription).toMatchObject({ roleArn: ROLE, credentialDurationSeconds: 1800 });
    expect((await client.send(new iot.ListRoleAliasesCommand({}))).roleAliases).toEqual(['r']);
    await client.send(new iot.DeleteRoleAliasCommand({ roleAlias: 'r' }));
    await expect(client.send(new iot.CreateRoleAliasCommand({ roleAlias: 'r', roleArn: ROLE, credentialDurationSeconds: 60 }))).rejects.toMatchObject({ name: 'InvalidRequestException' });
    const { taskId } = await client.send(new iot.StartThingRegistrationTaskCommand({ templateBody: '{}', inputFileBucket: 'b', inputFileKey: 'k', roleArn: ROLE }));
    expect((await client.send(new iot.ListThingRegistrationTasksCommand({}))).taskIds).toEqual([taskId]);
    expect(await client.send(new iot.DescribeThingRegistrationTaskCommand({ taskId }))).toMatchObject({ taskId, creationDate: expect.any(Date) });
    expect(await client.send(new iot.ListThingRegistrationTaskReportsCommand({ taskId, reportType: 'ERRORS' }))).toMatchObject({ reportType: 'ERRORS' });
  });

  test('sees the settings of the account, and where the twin is', async () => {
    const { mqtt, https } = twin.twin.endpoints;
    expect(mqtt).toContain('localhost');
    expect((await client.send(new iot.DescribeEndpointCommand({ endpointType: 'iot:Data-ATS' }))).endpointAddress).toBe(new URL(https).host);
    await client.send(new iot.UpdateEventConfigurationsCommand({ eventConfigurations: { THING: { Enabled: true } } }));
    expect((await client.send(new iot.DescribeEventConfigurationsCommand({}))).eventConfigurations?.THING).toEqual({ Enabled: true });
    await client.send(new iot.UpdateIndexingConfigurationCommand({ thingIndexingConfiguration: { thingIndexingMode: 'REGISTRY' } }));
    expect((await client.send(new iot.GetIndexingConfigurationCommand({}))).thingIndexingConfiguration).toEqual({ thingIndexingMode: 'REGISTRY' });
    await expect(client.send(new iot.GetV2LoggingOptionsCommand({}))).rejects.toMatchObject({ name: 'NotConfiguredException' });
    await client.send(new iot.SetV2LoggingOptionsCommand({ roleArn: ROLE, defaultLogLevel: 'ERROR' }));
    await expect(client.send(new iot.DescribeDefaultAuthorizerCommand({}))).rejects.toBeInstanceOf(ResourceNotFoundException);
  });

  test('pages through a list with the paginators of the SDK', async () => {
    await Promise.all(Array.from({ length: 30 }, (_, i) => client.send(new iot.CreateThingCommand({ thingName: `page-${i}` }))));
    const names: string[] = [];
    for await (const { things } of iot.paginateListThings({ client, pageSize: 7 }, {})) {
      expect(things!.length).toBeLessThanOrEqual(7);
      names.push(...things!.map(({ thingName }) => thingName!));
    }
    expect(names.filter((name) => name.startsWith('page-'))).toHaveLength(30);
    expect(new Set(names).size).toBe(names.length);
  });

  test('gets errors of their own classes, with what they say', async () => {
    await expect(client.send(new iot.DescribeThingCommand({ thingName: 'nobody' }))).rejects.toBeInstanceOf(ResourceNotFoundException);
    await client.send(new iot.CreateThingCommand({ thingName: 'twice' }));
    const error = await client.send(new iot.CreateThingCommand({ thingName: 'twice', attributePayload: { attributes: { a: 'b' } } })).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ResourceAlreadyExistsException);
    expect(error).toMatchObject({ resourceArn: 'arn:aws:iot:us-east-1:123456789012:thing/twice', $metadata: { httpStatusCode: 409 } });
  });

  test('is told which call the twin does not serve, at once', async () => {
    const error = await client.send(new iot.ListStreamsCommand({})).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ name: 'UnsupportedOperationException', message: 'the twin does not serve ListStreams of AWS IoT', $metadata: { attempts: 1 } });
  });
});

describe('a claim for a trusted user', () => {
  test('provisions with its template alone, for five minutes', async () => {
    await client.send(new iot.CreateProvisioningTemplateCommand({ templateName: 'trusted', templateBody: '{"Parameters":{},"Resources":{}}', provisioningRoleArn: ROLE, enabled: true }));
    const { certificateId, certificatePem, keyPair, expiration } = await client.send(new iot.CreateProvisioningClaimCommand({ templateName: 'trusted' }));
    expect(expiration!.getTime() - Date.now()).toBeGreaterThan(4 * 60_000);
    const { certificates } = await client.send(new iot.ListCertificatesCommand({ pageSize: 250 }));
    expect(certificates!.map((one) => one.certificateId)).not.toContain(certificateId);
    const device = await MqttJs.connect({ ...await twin.kit('sensor'), clientId: 'phone', certificatePem: certificatePem!, privateKeyPem: keyPair!.PrivateKey! });
    expect(await device.subscribe('$aws/provisioning-templates/trusted/provision/json/accepted')).toEqual([1]);
    expect(await device.subscribe('$aws/provisioning-templates/other/provision/json/accepted')).toEqual([128]);
    await device.end();
  });
});

describe('while a device is connected', () => {
  async function principalOf(thingName: string): Promise<{ readonly arn: string; readonly id: string }> {
    const { principals } = await client.send(new iot.ListThingPrincipalsCommand({ thingName }));
    return { arn: principals![0]!, id: principals![0]!.split('/')[1]! };
  }

  test('a changed policy counts at its next packet', async () => {
    const device = await MqttJs.connect(await twin.kit('reader'));
    await device.publish('a', 'x');
    const { arn } = await principalOf('reader');
    await client.send(new iot.DetachPolicyCommand({ policyName: 'policy-of-reader', target: arn }));
    device.send('a', 'x');
    await device.disconnected();
    await client.send(new iot.AttachPolicyCommand({ policyName: 'policy-of-reader', target: arn }));
    const again = await MqttJs.connect(await twin.kit('reader'));
    await client.send(new iot.CreatePolicyVersionCommand({ policyName: 'policy-of-reader', setAsDefault: true, policyDocument: DOCUMENT.replace('iot:*', 'iot:Connect') }));
    again.send('a', 'x');
    await again.disconnected();
  });

  test('its certificate is deactivated, and the connection is cut', async () => {
    const device = await MqttJs.connect(await twin.kit('sensor'), { protocolVersion: 5 });
    const { id: certificateId } = await principalOf('sensor');
    await expect(client.send(new iot.DeleteCertificateCommand({ certificateId }))).rejects.toBeInstanceOf(CertificateStateException);
    await client.send(new iot.UpdateCertificateCommand({ certificateId, newStatus: 'INACTIVE' }));
    expect(await device.disconnected()).toMatchObject({ properties: { reasonString: 'the certificate is INACTIVE' } });
    await expect(MqttJs.connect(await twin.kit('sensor'))).rejects.toThrow(/closed|ECONNRESET|socket hang up/);
  });
});
