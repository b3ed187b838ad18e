import { X509Certificate } from 'node:crypto';
import { DescribeCertificateCommand, IoTClient, ListCertificatesCommand } from '@aws-sdk/client-iot';
import { startTwin } from '../../lib/twin';
import { Account, Store, systemRandom } from '../../lib/twin/account';
import { systemClock } from '../../lib/twin/clock';
import { deploy } from '../../lib/twin/deploy';
import { readTemplate } from '../deployment/in-memory';
import { OpenSsl } from './provisioning/openssl';
import { MqttJs } from './support/mqttjs';
import { ANYTHING, allow, temporaryFolder, templateOf } from './support/test-twin';
import type { Device } from './support/test-twin';

const SCOPE = { partition: 'aws', region: 'us-east-1', accountId: '123456789012' } as const;
const ROLE = 'arn:aws:iam::123456789012:role/r';
const openssl = new OpenSsl();
const folder = temporaryFolder();

let account: Account;

beforeEach(() => {
  account = new Account(new Store(), SCOPE, systemClock, systemRandom);
});

function apply(devices: { readonly [thing: string]: Device }, more: object = {}): readonly string[] {
  const { Resources } = templateOf(devices) as { Resources: object };
  return deploy(readTemplate({ Resources: { ...Resources, ...more } }, SCOPE), account, 1, new Map());
}

/** The certificate of a thing. */
function certificateOf(thingName: string): string {
  return account.listThingPrincipals({ thingName }).principals[0]!;
}

describe('a deployment', () => {
  test('makes what the template declares', () => {
    apply({ sensor: { may: ANYTHING, attributes: { site: 'oslo' } } }, {
      Template: { Type: 'AWS::IoT::ProvisioningTemplate', Properties: { TemplateName: 't', TemplateBody: '{}', ProvisioningRoleArn: ROLE, Enabled: true } },
      Alias: { Type: 'AWS::IoT::RoleAlias', Properties: { RoleAlias: 'r', RoleArn: ROLE } },
    });
    expect(account.describeThing({ thingName: 'sensor' })).toMatchObject({ attributes: { site: 'oslo' } });
    expect(account.listAttachedPolicies({ target: certificateOf('sensor') }).policies).toMatchObject([{ policyName: 'policy-of-sensor' }]);
    expect(account.describeProvisioningTemplate({ templateName: 't' })).toMatchObject({ enabled: true, templateBody: '{}' });
    expect(account.describeRoleAlias({ roleAlias: 'r' }).roleAliasDescription).toMatchObject({ credentialDurationSeconds: 3600 });
  });

  test('the same again changes nothing, so that what was done while the twin ran lasts', () => {
    const devices = { sensor: { may: ANYTHING } };
    apply(devices);
    const principal = certificateOf('sensor');
    account.updateCertificate({ certificateId: principal.split('/')[1], newStatus: 'INACTIVE' });
    account.updateThing({ thingName: 'sensor', attributePayload: { attributes: { x: '1' } } });
    account.createThing({ thingName: 'late' });
    account.attachThingPrincipal({ thingName: 'late', principal });
    account.detachPolicy({ policyName: 'policy-of-sensor', target: principal });
    const before = JSON.stringify([...account.store.all('certificates'), ...account.store.all('things')]);
    apply(devices);
    expect(JSON.stringify([...account.store.all('certificates'), ...account.store.all('things')])).toBe(before);
  });

  test('changes what the template changed, and leaves the rest', () => {
    apply({ sensor: { may: ANYTHING, attributes: { site: 'oslo' } } });
    const principal = certificateOf('sensor');
    account.createPolicy({ policyName: 'extra', policyDocument: '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"iot:Connect","Resource":"*"}]}' });
    account.attachPolicy({ policyName: 'extra', target: principal });
    apply({ sensor: { may: [allow('iot:Connect', '*')], attributes: { site: 'bergen' }, status: 'INACTIVE' } });
    expect(account.describeThing({ thingName: 'sensor' }).attributes).toEqual({ site: 'bergen' });
    expect(account.describeCertificate({ certificateId: principal.split('/')[1] }).certificateDescription.status).toBe('INACTIVE');
    expect(account.listAttachedPolicies({ target: principal }).policies.map(({ policyName }) => policyName)).toEqual(['extra', 'policy-of-sensor']);
    expect(account.getPolicy({ policyName: 'policy-of-sensor' })).toMatchObject({ defaultVersionId: '2', policyDocument: expect.stringContaining('iot:Connect') });
  });

  test('removes what is gone with what hangs on it, and nothing that was made while the twin ran', () => {
    apply({ sensor: { may: ANYTHING }, other: { may: ANYTHING } });
    account.createThing({ thingName: 'late' });
    account.attachThingPrincipal({ thingName: 'other', principal: certificateOf('sensor') });
    account.attachPolicy({ policyName: 'policy-of-other', target: certificateOf('sensor') });
    apply({ sensor: { may: ANYTHING } });
    expect(account.listThings({}).things.map(({ thingName }) => thingName)).toEqual(['late', 'sensor']);
    expect(account.listCertificates({}).certificates).toHaveLength(1);
    expect(account.listPrincipalThings({ principal: certificateOf('sensor') }).things).toEqual(['sensor']);
    expect(account.listAttachedPolicies({ target: certificateOf('sensor') }).policies).toMatchObject([{ policyName: 'policy-of-sensor' }]);
  });

  test('keeps at most five versions of a policy', () => {
    for (let i = 0; i < 8; i++) {
      apply({ sensor: { may: [allow('iot:Connect', `client/${i}`)] } });
    }
    expect(account.listPolicyVersions({ policyName: 'policy-of-sensor' }).policyVersions.map(({ versionId }) => versionId)).toEqual(['8', '7', '6', '5', '4']);
  });
});

describe('a signing request of the template', () => {
  test('is signed, so that the device connects with its own key; the certificate stays the same', async () => {
    const { csrPem, privateKeyPem } = openssl.csr('/CN=sensor');
    const { Resources } = templateOf({ sensor: { may: ANYTHING } }) as { Resources: Record<string, { Properties: Record<string, unknown> }> };
    Resources.Certificate0!.Properties.CertificateSigningRequest = csrPem;
    const options = { assembly: readTemplate({ Resources }, SCOPE), stateDirectory: `${folder}/signed` };
    const ids: string[] = [];
    for (let start = 0; start < 2; start++) {
      const twin = await startTwin(options);
      const kit = await twin.issueKit('sensor');
      const { endpointUrl: endpoint, region, ...credentials } = twin.aws;
      const iot = new IoTClient({ endpoint, region, credentials });
      const { certificates } = await iot.send(new ListCertificatesCommand({}));
      const described = await Promise.all(certificates!.map(({ certificateId }) => iot.send(new DescribeCertificateCommand({ certificateId }))));
      const certificate = described.map(({ certificateDescription }) => certificateDescription!).find(({ certificatePem }) => certificatePem !== kit.certificatePem)!;
      ids.push(certificate.certificateId!);
      expect(new X509Certificate(certificate.certificatePem!).subject).toBe('CN=sensor');
      const device = await MqttJs.connect({ ...kit, certificatePem: certificate.certificatePem!, privateKeyPem });
      await device.publish('a', 'x');
      await device.end();
      // The kit stands in its place.
      await (await MqttJs.connect(kit)).end();
      await twin.stop();
    }
    expect(ids[0]).toBe(ids[1]);
  });

  test('that cannot be read is told, and the thing still has a kit', async () => {
    const twin = await startTwin({ assembly: readTemplate(templateOf({ sensor: { may: ANYTHING } }), SCOPE) });
    expect(twin.warnings).toEqual([expect.stringMatching(/Certificate0: no certificate is issued for it: the certificate signing request cannot be read/)]);
    await (await MqttJs.connect(await twin.issueKit('sensor'))).end();
    await twin.stop();
  });
});

describe('a certificate without a thing', () => {
  test('has a kit whose client id its policy allows, another each time', async () => {
    const { Resources } = templateOf({ claim: { may: [allow('iot:Connect', 'client/claim-*'), allow('iot:Publish', 'topic/*')] } }) as { Resources: Record<string, unknown> };
    delete Resources.CertificateOf0;
    const twin = await startTwin({ assembly: readTemplate({ Resources }, SCOPE) });
    const [one, two] = [await twin.issueKit(undefined, 'Certificate0'), await twin.issueKit(undefined, 'Certificate0')];
    expect(one.clientId).toMatch(/^claim-[0-9a-f]{12}$/);
    expect(one.thingName).toBe(one.clientId);
    expect(two.clientId).not.toBe(one.clientId);
    expect(two.certificatePem).toBe(one.certificatePem);
    const device = await MqttJs.connect(one);
    await device.publish('a', 'x');
    await device.end();
    await expect(twin.issueKit(undefined)).rejects.toThrow('name a thing, or with --certificate a certificate that is attached to none; there are Certificate0');
    await expect(twin.issueKit(undefined, 'Nothing')).rejects.toThrow("certificate 'Nothing' is not one of the deployment that is attached to no thing; there are Certificate0");
    await twin.stop();
  });
});
