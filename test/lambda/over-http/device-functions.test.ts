import '../../certificates/reflect';
import { X509Certificate as NodeCertificate } from 'node:crypto';
import { GetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import { X509CrlGenerator, X509Certificate } from '@peculiar/x509';
import { Duration, RemovalPolicy, type Stack } from 'aws-cdk-lib';
import * as dynamodb from 'aws-cdk-lib/aws-dynamodb';
import * as s3 from 'aws-cdk-lib/aws-s3';
import * as checkAllowList from '../../../lambda/check-allow-list';
import * as registerDevice from '../../../lambda/register-device';
import * as signDeviceRequest from '../../../lambda/sign-device-request';
import { readSettings } from '../../../lambda/sign-device-request/settings';
import { IotAction, IotPolicy, IotResource } from '../../../lib/access';
import { CertificateAuthority, CertificateProvider } from '../../../lib/certificates';
import { AllowList, AllowListHook, ClaimProvisioningTemplate, JustInTimeRegistration } from '../../../lib/provisioning';
import { BillingGroup, ThingGroup, ThingType } from '../../../lib/registry';
import { certificateId } from '../../../lib/twin/pki/certificate-facts';
import { issue, request, type Holder } from '../../certificates/pki';
import type { Formation } from './formation';
import { SCOPE, type LocalAccount } from './local-account';
import { proveFunction, type Environment } from './prove-function';

let ca: Holder;
let device: Holder;
let csr: string;

beforeAll(async () => {
  ca = await issue('Factory', { ca: true });
  device = await issue('1', { issuer: ca });
  csr = await request();
});

const table = (stack: Stack): dynamodb.Table => new dynamodb.Table(stack, 'Table', { tableName: 'devices', partitionKey: { name: 'serialNumber', type: dynamodb.AttributeType.STRING } });
const policy = (stack: Stack): IotPolicy => new IotPolicy(stack, 'Policy', { policyName: 'sensor', statements: [{ actions: [IotAction.CONNECT], resources: [IotResource.client('sensor')] }] });
const allow = (local: LocalAccount): Promise<unknown> => local.clients.dynamoDb.send(new PutItemCommand({ TableName: 'devices', Item: { serialNumber: { S: '1' } } }));

/** The entry of the device, without the time. */
async function entry({ clients }: LocalAccount): Promise<unknown> {
  const { Item: { boundAt: _, ...item } = {} } = await clients.dynamoDb.send(new GetItemCommand({ TableName: 'devices', Key: { serialNumber: { S: '1' } }, ConsistentRead: true }));
  return item;
}

/** A certificate that a device has been given, and not used. */
function putPending({ account: { store } }: LocalAccount, certificatePem: string, caCertificateId?: string): string {
  const id = certificateId(new NodeCertificate(certificatePem));
  store.put('certificates', id, {
    certificateId: id, certificatePem, status: 'PENDING_ACTIVATION', mode: 'DEFAULT', creationDate: 0, lastModifiedDate: 0, policies: [], things: [], ...caCertificateId !== undefined && { caCertificateId },
  });
  return id;
}

function hook(stack: Stack): void {
  new ClaimProvisioningTemplate(stack, 'Template', {
    templateName: 'sensors',
    thingName: 'sensor-{SerialNumber}',
    parameters: { SerialNumber: {} },
    policies: [policy(stack)],
    hook: new AllowListHook(stack, 'Hook', { allowList: new AllowList(stack, 'List', { table: table(stack) }) }),
  });
}

const ids: string[] = [];

const checkIn = ({ local }: Formation, { SETTINGS, ALLOW_LIST_TABLE: name, SERIAL_NUMBERS }: Environment) => checkAllowList.createHandler(
  local.clients, JSON.parse(SETTINGS!), { name: name!, serialNumbers: JSON.parse(SERIAL_NUMBERS!) }, local,
)({
  certificateId: ids.at(-1)!,
  certificatePem: local.account.store.get('certificates', ids.at(-1)!)!.certificatePem!,
  templateArn: local.account.arn('provisioningtemplate/sensors'),
  clientId: 'claim',
  parameters: { SerialNumber: '1' },
});

proveFunction('check-allow-list', 'Hook/Default/', [
  {
    name: 'a device that comes for the first time',
    define: hook,
    arrange: async (local) => {
      ids.splice(0, Infinity, putPending(local, await local.authority.issueForCsr(csr)));
      await allow(local);
    },
    call: checkIn,
    answer: { allowProvisioning: true, parameterOverrides: { SerialNumber: '1' } },
    refusal: { allowProvisioning: false },
    also: entry,
  },
  {
    name: 'a device that comes again, with a certificate to be retired',
    define: hook,
    arrange: async (local) => {
      const { account } = local;
      ids.splice(0, Infinity, putPending(local, await local.authority.issueForCsr(csr)));
      await allow(local);
      const environment = local.environmentOf('Hook/Default/');
      await checkIn({ local } as Formation, environment);
      account.createThing({ thingName: 'sensor-1' });
      account.attachThingPrincipal({ thingName: 'sensor-1', principal: account.arn(`cert/${ids[0]}`) });
      account.updateCertificate({ certificateId: ids[0]!, newStatus: 'ACTIVE' });
      ids.push(putPending(local, await local.authority.issueForCsr(csr)));
    },
    call: checkIn,
    answer: { allowProvisioning: true, parameterOverrides: { SerialNumber: '1' } },
    refusal: { allowProvisioning: false },
    also: entry,
  },
]);

proveFunction('register-device', 'Registration/Registration/', [{
  name: 'a device of the CA with everything',
  define: (stack) => {
    new JustInTimeRegistration(stack, 'Registration', {
      certificateAuthority: CertificateAuthority.fromPem(stack, 'Ca', { certificatePem: ca.pem }),
      thingName: 'sensor-{AWS::IoT::Certificate::CommonName}',
      policies: [policy(stack)],
      thingType: new ThingType(stack, 'Type', { thingTypeName: 'sensor' }),
      thingGroups: [new ThingGroup(stack, 'Group', { thingGroupName: 'indoor' })],
      billingGroup: new BillingGroup(stack, 'Billing', { billingGroupName: 'research' }),
      allowList: new AllowList(stack, 'List', { table: table(stack) }),
      revocationList: { bucket: new s3.Bucket(stack, 'Bucket', { bucketName: 'lists' }), key: 'ca.crl' },
    });
  },
  arrange: async (local) => {
    ids.splice(0, Infinity, putPending(local, device.pem, certificateId(new NodeCertificate(ca.pem))));
    await allow(local);
    const list = await X509CrlGenerator.create({
      issuer: new X509Certificate(ca.pem).subject,
      thisUpdate: new Date(local.now() - 60_000),
      nextUpdate: new Date(local.now() + 86_400_000),
      signingKey: ca.keys.privateKey,
      signingAlgorithm: ca.algorithm,
    });
    await local.clients.s3.send(new PutObjectCommand({ Bucket: 'lists', Key: 'ca.crl', Body: Buffer.from(list.rawData) }));
  },
  call: ({ local }, { SETTINGS, ALLOW_LIST_TABLE: name, SERIAL_NUMBERS }) => registerDevice.createHandler(
    local.clients, JSON.parse(SETTINGS!), { name: name!, serialNumbers: JSON.parse(SERIAL_NUMBERS!) }, local,
  )({ certificateId: ids[0]!, caCertificateId: certificateId(new NodeCertificate(ca.pem)), certificateStatus: 'PENDING_ACTIVATION' }),
  answer: 'registered',
  also: entry,
}], {
  'iot:AddThingToBillingGroup': 'CreateThing takes it when the thing goes into a billing group',
  [`iot:AttachPolicy on arn:aws:iot:${SCOPE.region}:${SCOPE.accountId}:policy`]: 'documented for the principal; with the policy, nothing is lost should AWS ask for it',
});

proveFunction('sign-device-request', 'Provider/', [{
  name: 'a request that is allowed',
  define: (stack) => {
    const certificateAuthority = CertificateAuthority.createInKms(stack, 'Ca', { subject: { commonName: 'Own' }, keyRemovalPolicy: RemovalPolicy.DESTROY });
    new CertificateProvider(stack, 'Provider', { certificateAuthority, csrPolicy: { commonNames: ['device'] }, validity: Duration.days(30) });
  },
  arrange: () => Promise.resolve(),
  call: ({ local }, environment) => signDeviceRequest.createHandler(readSettings(environment), local.clients.kms, local)({
    certificateSigningRequest: csr, principalId: 'c1'.repeat(32), clientId: 'client',
  }),
  answer: { certificatePem: expect.stringContaining('BEGIN CERTIFICATE') as string },
}]);
