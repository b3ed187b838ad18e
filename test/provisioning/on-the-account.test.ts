import '../certificates/reflect';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { IoTClient } from '@aws-sdk/client-iot';
import * as x509 from '@peculiar/x509';
import { App, Stack } from 'aws-cdk-lib';
import * as s3 from 'aws-cdk-lib/aws-s3';
import { IotPolicy } from '../../lib/access';
import { AllowListHook, BulkCertificates, BulkFile, BulkRegistration, ClaimProvisioningTemplate, type BulkRegistrationProps } from '../../lib/provisioning';
import { ThingGroup } from '../../lib/registry';
import { ControlPlane } from '../../lib/twin/control-plane';
import { parseTemplate } from '../../lib/twin/provisioning/template';
import { Provisioner } from '../../lib/twin/provisioning/provisioner';
import { createHandler as createHook } from '../../lambda/check-allow-list';
import { createHandler as createGuard } from '../../lambda/guard-fleet';
import { createHandler as createRegistrar } from '../../lambda/register-device';
import { createHandler as createStarter } from '../../lambda/start-registration-task';
import { issue, request, type Holder } from '../certificates/pki';
import { FakeTable } from '../lambda/fake-table';
import { FakeStack, FakeSystem } from '../lambda/stack';
import { addPolicy, newAccount } from '../twin/provisioning/account';
import { FakeClock } from '../twin/support/fake-clock';
import { body, properties } from './deployed';

const TEMPLATE = 'arn:aws:iot:us-east-1:123456789012:provisioningtemplate/sensors';

let server: Server;
let iot: IoTClient;
let account: ReturnType<typeof newAccount>;
let table: FakeTable;
beforeAll(async () => {
  server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk)).on('end', () => {
      const url = new URL(request.url!, 'http://iot');
      const plane = new ControlPlane({
        account, clock: new FakeClock(), authority: {} as never, endpoints: () => ({}) as never, registerThing: () => Promise.reject(new Error('unused')), runTask: () => undefined,
      });
      void plane.handle({ method: request.method!, url: request.url!, path: url.pathname, query: url.searchParams, headers: request.headers, body: Buffer.concat(chunks) })
        .then(({ status, headers, body: answer }) => response.writeHead(status, { ...headers }).end(answer));
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  iot = new IoTClient({ endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, region: 'us-east-1', credentials: { accessKeyId: 'id', secretAccessKey: 'none' } });
});
afterAll(async () => {
  iot.destroy();
  server.close();
  await once(server, 'close');
});
beforeEach(() => {
  account = newAccount();
  addPolicy(account, 'sensor');
  account.createThingGroup({ thingGroupName: 'indoor' });
  table = new FakeTable().add('1');
});

/** The template as the app makes it. */
function claimTemplate() {
  const stack = new Stack(new App(), 'Stack');
  new ClaimProvisioningTemplate(stack, 'Claim', {
    templateName: 'sensors', parameters: { SerialNumber: {}, Site: { defaultValue: 'hall-0' } }, thingName: 'sensor-{SerialNumber}', attributes: { site: '{Site}' },
    policies: [IotPolicy.fromPolicyName(stack, 'Policy', 'sensor')], thingGroups: [ThingGroup.fromThingGroupName(stack, 'Group', 'indoor')], hook: new AllowListHook(stack, 'Hook'),
  });
  return parseTemplate(JSON.stringify(body(stack)), 'fleet');
}

const states = () => [...account.store.all('certificates')].map(({ status, things }) => ({ status, things: things.map(({ thingName }) => thingName) }));

/** Another certificate for the same key. */
async function issueFor({ keys, algorithm }: Holder, issuer: Holder): Promise<Holder> {
  const certificate = await x509.X509CertificateGenerator.create({
    subject: 'CN=device', issuer: 'CN=Factory', publicKey: keys.publicKey, signingKey: issuer.keys.privateKey, signingAlgorithm: issuer.algorithm,
    notBefore: new Date(Date.now() - 1000), notAfter: new Date(Date.now() + 1e9),
  });
  return { pem: certificate.toString('pem'), keys, algorithm };
}

describe('a device with a claim', () => {
  const hook = () => createHook({ iot, dynamoDb: table.client }, {
    templates: [{ templateName: 'sensors', thingName: 'sensor-{SerialNumber}', parameters: { SerialNumber: null, Site: 'hall-0' }, keysInAws: false }],
    serialNumberParameter: 'SerialNumber', uncheckedParameters: [], claimCertificateIds: [],
  }, { name: 'table', serialNumbers: [] }, new FakeSystem());

  /** Goes through the steps of provisioning until it is killed; each time with another certificate for the same key. */
  async function attempt(device: readonly Holder[], round: number, steps: number): Promise<void> {
    const { certificateId } = account.addIssuedCertificate({ certificatePem: device[round]!.pem, status: 'PENDING_ACTIVATION' });
    if (steps < 2) {
      return;
    }
    const { allowProvisioning, parameterOverrides } = await hook()({ certificateId, certificatePem: device[round]!.pem, templateArn: TEMPLATE, parameters: { SerialNumber: '1' } });
    expect(allowProvisioning).toBe(true);
    if (steps === 3) {
      // AWS IoT itself was stopped half-way.
      account.createThing({ thingName: 'sensor-1', attributePayload: { attributes: { site: 'hall-0' } } });
    }
    if (steps > 3) {
      new Provisioner(account, {} as never).provision(claimTemplate(), new Map([...Object.entries(parameterOverrides!), ['AWS::IoT::Certificate::Id', certificateId]]));
    }
  }

  test.each([1, 2, 3, 4])('that is killed after step %i has one certificate and one thing in the end', async (steps) => {
    const first = await issue('device');
    const ca = await issue('Factory');
    // The same key, in certificates that differ.
    const again = await issueFor(first, ca);
    await attempt([first, again], 0, steps);
    await attempt([first, again], 1, 4);

    expect(states().filter(({ status }) => status === 'ACTIVE')).toEqual([{ status: 'ACTIVE', things: ['sensor-1'] }]);
    // What nobody has asked the hook about is deleted by AWS IoT after an hour.
    expect(states()).toHaveLength(steps === 1 ? 2 : 1);
    expect(account.listThings({}).things.map(({ thingName, attributes }) => ({ thingName, attributes }))).toEqual([{ thingName: 'sensor-1', attributes: { site: 'hall-0' } }]);
    expect(account.listThingsInThingGroup({ thingGroupName: 'indoor' }).things).toEqual(['sensor-1']);
  });
});

test('a device of a CA is registered just in time', async () => {
  const ca = await issue('Factory', { ca: true });
  const { certificateId: caCertificateId } = account.registerCaCertificate({ caCertificate: ca.pem, certificateMode: 'SNI_ONLY', setAsActive: true, allowAutoRegistration: true });
  const { certificateId } = account.addIssuedCertificate({ certificatePem: (await issue('1', { issuer: ca })).pem, status: 'PENDING_ACTIVATION', caCertificateId });
  const system = new FakeSystem();
  system.time = Date.now();
  const run = createRegistrar({ iot, dynamoDb: table.client, s3: {} as never }, {
    caCertificateId, thingName: 'sensor-{AWS::IoT::Certificate::CommonName}', attributes: {}, thingGroupNames: ['indoor'], policyNames: ['sensor'],
    serialNumberParameter: 'AWS::IoT::Certificate::CommonName', acceptsRenewals: false,
  }, { name: 'table', serialNumbers: [] }, system);
  const event = { certificateId, caCertificateId, certificateStatus: 'PENDING_ACTIVATION' };

  expect([await run(event), await run(event)]).toEqual(['registered', 'ignored']);
  expect(states()).toEqual([{ status: 'ACTIVE', things: ['sensor-1'] }]);
  expect(account.listAttachedPolicies({ target: account.arn(`cert/${certificateId}`) }).policies).toHaveLength(1);
});

describe('a line of a bulk registration', () => {
  const register = async (props: Partial<BulkRegistrationProps>, line: Record<string, string>, issued = '') => {
    const stack = new Stack(new App(), 'Stack');
    new BulkRegistration(stack, 'Bulk', {
      thingName: 'sensor-{ThingName}', policies: [IotPolicy.fromPolicyName(stack, 'Policy', 'sensor')], thingGroups: [ThingGroup.fromThingGroupName(stack, 'Group', 'indoor')],
      file: BulkFile.fromBucket(s3.Bucket.fromBucketName(stack, 'Bucket', 'devices'), 'k', '1'), ...props,
    });
    const template = parseTemplate(String(properties(stack, 'Custom::IotRegistrationTask').TemplateBody), 'register-thing');
    await new Provisioner(account, { issueForCsr: () => Promise.resolve(issued) }).register(template, new Map(Object.entries(line)));
    expect(states()).toEqual([{ status: 'ACTIVE', things: ['sensor-1'] }]);
    expect(account.listThingsInThingGroup({ thingGroupName: 'indoor' }).things).toEqual(['sensor-1']);
  };

  test('with a signing request makes a device', async () => {
    await register({}, { ThingName: '1', CSR: await request() }, (await issue('device')).pem);
  });

  test('with a certificate of a CA makes a device', async () => {
    const ca = await issue('Factory', { ca: true });
    account.registerCaCertificate({ caCertificate: ca.pem, certificateMode: 'SNI_ONLY', setAsActive: true });
    await register({ certificates: BulkCertificates.ISSUED, caCertificatePem: ca.pem }, { ThingName: '1', CertificatePem: (await issue('1', { issuer: ca })).pem });
  });
});

test('a registration task is started once, and stopped', async () => {
  const stack = new FakeStack(createStarter, iot);
  const values = { TemplateBody: JSON.stringify({ Resources: { thing: { Type: 'AWS::IoT::Thing', Properties: { ThingName: 'x' } } } }), InputFileBucket: 'b', InputFileKey: 'k', RoleArn: 'arn:aws:iam::123456789012:role/r' };
  const create = stack.create(values);
  const [one, two] = [await stack.send(create), await stack.send(create)];
  expect(one).toMatchObject({ Status: 'SUCCESS' });
  expect(two.PhysicalResourceId).toBe(one.PhysicalResourceId);
  expect(await stack.send(stack.remove(values, one.PhysicalResourceId))).toMatchObject({ Status: 'SUCCESS' });
  expect([...account.store.all('registrationTasks')].map(({ status }) => status)).toEqual(['Cancelled']);
});

test('a fleet says which devices it has before it is deleted', async () => {
  account.createThing({ thingName: 'sensor-1' });
  account.addThingToThingGroup({ thingName: 'sensor-1', thingGroupName: 'indoor' });
  const { certificateId } = account.addIssuedCertificate({ certificatePem: (await issue('1')).pem, status: 'ACTIVE' });
  account.attachPolicy({ policyName: 'sensor', target: account.arn(`cert/${certificateId}`) });
  account.attachThingPrincipal({ thingName: 'sensor-1', principal: account.arn(`cert/${certificateId}`) });
  const stack = new FakeStack(createGuard, iot);
  await stack.deploy({ FleetName: 'Sensors', PolicyNames: ['sensor'], ThingGroupNames: ['indoor'], ThingTypeNames: [], OwnCertificates: [], OwnThings: [], OnDeletion: 'fail-if-devices-remain' });

  expect((await stack.destroy()).Reason).toMatch(/^the fleet "Sensors" has devices that this stack has not made: 1 with the policy "sensor", such as sensor-1; 1 in the thing group "indoor", such as sensor-1\. /);
});
