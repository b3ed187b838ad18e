import { execFile } from 'node:child_process';
import { Agent, request } from 'node:https';
import { join } from 'node:path';
import { promisify } from 'node:util';
import * as iot from '@aws-sdk/client-iot';
import * as data from '@aws-sdk/client-iot-jobs-data-plane';
import { CfnResource, aws_iam as iam, aws_iot } from 'aws-cdk-lib';
import type { Stack } from 'aws-cdk-lib';
import { Channel, DeviceFleet, IotAction, IotPolicy, IotResource, JobAccess } from '../../../lib';
import type { ConnectionKit } from '../../../lib/twin';
import { ExampleTwin } from '../../examples/support/example-twin';
import { makeRequest } from '../../examples/support/openssl';
import { stackOf } from '../../flows/flow';
import { within } from '../support/inbox';
import { MqttJs } from '../support/mqttjs';
import type { JobsSeen } from '../support/sdk-jobs';

const NAMES = ['sensor-1', 'sensor-2'];
const REQUESTS = NAMES.map((name) => makeRequest(name));
const ARN = 'arn:aws:iot:us-east-1:123456789012:';

/** A fleet that does jobs; one of its devices may use HTTPS too. */
const define = (document: string, declaresJob: boolean) => (stack: Stack): void => {
  const fleet = new DeviceFleet(stack, 'Sensors', { topics: { telemetry: Channel.fromDevice('dt/{thing}') }, jobs: JobAccess.EXECUTE });
  const things = fleet.addThings(NAMES);
  REQUESTS.forEach(({ pem }, index) => fleet.addCertificate(`Certificate${index}`, { thing: things[index]!, csr: pem }));
  const https = new IotPolicy(stack, 'Https', { statements: [{ actions: [IotAction.GET_PENDING_JOB_EXECUTIONS, IotAction.UPDATE_JOB_EXECUTION], resources: [IotResource.thing('sensor-2')] }] });
  new aws_iot.CfnPolicyPrincipalAttachment(stack, 'HttpsOfSensor2', { policyName: https.policyName, principal: fleet.node.findAll().filter((one) => one instanceof aws_iot.CfnCertificate).at(-1)!.attrArn });
  const template = new aws_iot.CfnJobTemplate(stack, 'Template', { jobTemplateId: 'reboot', description: 'reboots', document, timeoutConfig: { inProgressTimeoutInMinutes: 5 } });
  if (declaresJob) {
    new CfnResource(stack, 'Declared', { type: 'AWS::IoT::Job', properties: { JobId: 'declared', Targets: [`${ARN}thing/sensor-2`], JobTemplateArn: template.attrArn, JobExecutionsRolloutConfig: { ExponentialRate: { BaseRatePerMinute: 1, IncrementFactor: 2, RateIncreaseCriteria: { NumberOfNotifiedThings: 1 } } } } });
  }
  new iam.Role(stack, 'Backend', {
    roleName: 'Backend', assumedBy: new iam.AccountRootPrincipal(),
    inlinePolicies: { jobs: new iam.PolicyDocument({ statements: [new iam.PolicyStatement({ actions: ['iotjobsdata:*'], resources: [`${ARN}thing/sensor-1`] })] }) },
  });
};

let flow: ExampleTwin;
let client: iot.IoTClient;

beforeAll(async () => {
  flow = await ExampleTwin.start(stackOf(define('{"do":"reboot"}', true)));
  expect(flow.twin.warnings).toEqual([]);
  const { endpointUrl: endpoint, region, accessKeyId, secretAccessKey } = flow.twin.aws;
  client = new iot.IoTClient({ endpoint, region, credentials: { accessKeyId, secretAccessKey } });
});

afterAll(async () => {
  client.destroy();
  await flow.stop();
});

function create(jobId: string, thing = 'sensor-1', document = `{"id":"${jobId}"}`): Promise<iot.CreateJobResponse> {
  return client.send(new iot.CreateJobCommand({ jobId, targets: [`${ARN}thing/${thing}`], document }));
}

test('the clients of the AWS IoT Device SDK do jobs, of both generations and over both protocols, with the policy of the fleet', async () => {
  for (let index = 0; index < 8; index++) {
    await create(`sdk-${index}`);
  }
  const { stdout } = await promisify(execFile)(process.execPath, ['--import', 'tsx', join(__dirname, '..', 'support', 'sdk-jobs.ts'), JSON.stringify(await flow.twin.issueKit('sensor-1'))], { timeout: 40_000 });
  const seen = JSON.parse(stdout.trim().split('\n').at(-1)!) as JobsSeen[];
  expect(seen).toEqual([0, 1, 2, 3].map((session) => ({
    pending: 8 - 2 * session,
    started: `sdk-${2 * session}`,
    document: { id: `sdk-${2 * session}` },
    state: { status: 'SUCCEEDED', statusDetails: {}, versionNumber: 3 },
    next: `sdk-${2 * session + 1}`,
    described: `sdk-${2 * session + 1}`,
    rejected: { code: 'VersionMismatch', version: 1 },
  })));
  const { job } = await client.send(new iot.DescribeJobCommand({ jobId: 'sdk-7' }));
  expect(job).toMatchObject({ status: 'COMPLETED', jobProcessDetails: { numberOfFailedThings: 1 }, completedAt: expect.any(Date) });
});

test('the answers reach the device that asked without a subscription, and nobody else', async () => {
  await create('quiet');
  const [device, other] = await Promise.all(NAMES.map(async (name) => MqttJs.connect(await flow.twin.issueKit(name))));
  await other!.subscribe(['$aws/things/sensor-2/jobs/get/+', '$aws/things/sensor-2/jobs/notify']);
  await device!.publish('$aws/things/sensor-1/jobs/quiet/update', '{"status":"SUCCEEDED","clientToken":"t"}');
  expect(JSON.parse(await device!.payload('$aws/things/sensor-1/jobs/quiet/update/accepted'))).toEqual({ clientToken: 't', timestamp: expect.any(Number) });
  await device!.publish('$aws/things/sensor-1/jobs/quiet/get', 'no JSON');
  expect(JSON.parse(await device!.payload('$aws/things/sensor-1/jobs/quiet/get/rejected'))).toMatchObject({ code: 'InvalidJson' });
  await other!.publish('$aws/things/sensor-2/jobs/get', '{}');
  expect((await other!.message()).topic).toBe('$aws/things/sensor-2/jobs/get/accepted');
  await device!.end();
  await other!.end();
});

test('a device does nobody else\'s jobs', async () => {
  await create('theirs', 'sensor-2');
  const kit = await flow.twin.issueKit('sensor-1');
  for (const request of ['get', 'start-next', 'theirs/get', 'theirs/update']) {
    const device = await MqttJs.connect(kit);
    device.send(`$aws/things/sensor-2/jobs/${request}`, '{"status":"SUCCEEDED"}', { qos: 1 });
    await device.disconnected();
  }
  const device = await MqttJs.connect(kit);
  expect(await device.subscribe('$aws/things/sensor-2/jobs/notify')).toEqual([128]);
  await device.end();
  expect((await client.send(new iot.DescribeJobExecutionCommand({ jobId: 'theirs', thingName: 'sensor-2' }))).execution?.status).toBe('QUEUED');
  await client.send(new iot.DeleteJobCommand({ jobId: 'theirs', force: true }));
});

test('the client of the control plane does everything else', async () => {
  expect(await create('ops')).toMatchObject({ jobArn: `${ARN}job/ops`, jobId: 'ops' });
  await expect(create('ops')).rejects.toBeInstanceOf(iot.ResourceAlreadyExistsException);
  await expect(client.send(new iot.DescribeJobCommand({ jobId: 'none' }))).rejects.toBeInstanceOf(iot.ResourceNotFoundException);
  await client.send(new iot.UpdateJobCommand({ jobId: 'ops', description: 'd', timeoutConfig: { inProgressTimeoutInMinutes: 1 } }));
  expect((await client.send(new iot.GetJobDocumentCommand({ jobId: 'ops' }))).document).toBe('{"id":"ops"}');
  expect((await client.send(new iot.ListJobsCommand({ status: 'IN_PROGRESS' }))).jobs).toEqual(expect.arrayContaining([expect.objectContaining({ jobId: 'ops', createdAt: expect.any(Date) })]));
  expect((await client.send(new iot.ListJobExecutionsForJobCommand({ jobId: 'ops' }))).executionSummaries).toMatchObject([{ thingArn: `${ARN}thing/sensor-1`, jobExecutionSummary: { status: 'QUEUED', queuedAt: expect.any(Date) } }]);
  expect((await client.send(new iot.ListJobExecutionsForThingCommand({ thingName: 'sensor-1', jobId: 'ops' }))).executionSummaries).toHaveLength(1);
  await client.send(new iot.CancelJobExecutionCommand({ jobId: 'ops', thingName: 'sensor-1', statusDetails: { why: 'so' } }));
  await expect(client.send(new iot.CancelJobExecutionCommand({ jobId: 'ops', thingName: 'sensor-1' }))).rejects.toBeInstanceOf(iot.InvalidStateTransitionException);
  expect((await client.send(new iot.DescribeJobExecutionCommand({ jobId: 'ops', thingName: 'sensor-1', executionNumber: 1 }))).execution).toMatchObject({ status: 'CANCELED', statusDetails: { detailsMap: { why: 'so' } } });
  await client.send(new iot.DeleteJobExecutionCommand({ jobId: 'ops', thingName: 'sensor-1', executionNumber: 1 }));
  await client.send(new iot.DeleteJobCommand({ jobId: 'ops' }));
  await client.send(new iot.CreateThingGroupCommand({ thingGroupName: 'late' }));
  await client.send(new iot.CreateJobCommand({ jobId: 'on', targets: [`${ARN}thinggroup/late`], targetSelection: 'CONTINUOUS', jobTemplateArn: `${ARN}jobtemplate/reboot` }));
  await client.send(new iot.AssociateTargetsWithJobCommand({ jobId: 'on', targets: [`${ARN}thing/sensor-2`] }));
  expect(await client.send(new iot.CancelJobCommand({ jobId: 'on', comment: 'c', reasonCode: 'R_1' }))).toMatchObject({ jobId: 'on', description: 'reboots' });
  await client.send(new iot.CreateJobTemplateCommand({ jobTemplateId: 'again', description: 'd', jobArn: `${ARN}job/on` }));
  expect((await client.send(new iot.DescribeJobTemplateCommand({ jobTemplateId: 'again' }))).document).toBe('{"do":"reboot"}');
  expect((await client.send(new iot.ListJobTemplatesCommand({}))).jobTemplates).toHaveLength(2);
  await client.send(new iot.DeleteJobTemplateCommand({ jobTemplateId: 'again' }));
  await client.send(new iot.DeleteJobCommand({ jobId: 'on' }));
});

describe('the data API', () => {
  /** With AWS credentials at the device endpoint, or at that of all services. */
  const signed = (atDevices: boolean): data.IoTJobsDataPlaneClient => new data.IoTJobsDataPlaneClient({
    region: 'us-east-1', credentials: flow.twin.assumeRole('Backend'), maxAttempts: 1,
    ...(atDevices ? { endpoint: flow.twin.endpoints.https, requestHandler: { httpsAgent: new Agent({ ca: kit.rootCaPem }) } } : { endpoint: flow.twin.aws.endpointUrl }),
  });
  let kit: ConnectionKit;

  beforeAll(async () => {
    kit = await flow.twin.issueKit('sensor-2');
  });

  test.each([true, false])('works with the client of the SDK, as far as its role allows (device endpoint: %s)', async (atDevices) => {
    await create('rest');
    const sdk = signed(atDevices);
    expect(await sdk.send(new data.GetPendingJobExecutionsCommand({ thingName: 'sensor-1' }))).toMatchObject({ inProgressJobs: [], queuedJobs: [{ jobId: 'rest', versionNumber: 1 }] });
    expect((await sdk.send(new data.DescribeJobExecutionCommand({ thingName: 'sensor-1', jobId: '$next', includeJobDocument: false }))).execution).toEqual(expect.not.objectContaining({ jobDocument: expect.anything() }));
    expect((await sdk.send(new data.StartNextPendingJobExecutionCommand({ thingName: 'sensor-1', stepTimeoutInMinutes: 5 }))).execution).toMatchObject({ jobId: 'rest', status: 'IN_PROGRESS', jobDocument: '{"id":"rest"}', approximateSecondsBeforeTimedOut: expect.any(Number) });
    expect((await sdk.send(new data.DescribeJobExecutionCommand({ thingName: 'sensor-1', jobId: 'rest', executionNumber: 1 }))).execution).toMatchObject({ jobDocument: '{"id":"rest"}' });
    const update = (expectedVersion: number): Promise<data.UpdateJobExecutionResponse> => sdk.send(new data.UpdateJobExecutionCommand({ thingName: 'sensor-1', jobId: 'rest', status: 'SUCCEEDED', expectedVersion, includeJobExecutionState: true, includeJobDocument: true }));
    await expect(update(9)).rejects.toBeInstanceOf(data.InvalidStateTransitionException);
    expect(await update(2)).toMatchObject({ executionState: { status: 'SUCCEEDED', versionNumber: 3 }, jobDocument: '{"id":"rest"}' });
    await expect(sdk.send(new data.DescribeJobExecutionCommand({ thingName: 'sensor-1', jobId: 'rest' }))).rejects.toBeInstanceOf(data.TerminalStateException);
    await expect(sdk.send(new data.DescribeJobExecutionCommand({ thingName: 'sensor-1', jobId: 'none' }))).rejects.toBeInstanceOf(data.ResourceNotFoundException);
    await expect(sdk.send(new data.GetPendingJobExecutionsCommand({ thingName: 'sensor-2' }))).rejects.toMatchObject({ name: 'ForbiddenException' });
    await client.send(new iot.DeleteJobCommand({ jobId: 'rest' }));
    sdk.destroy();
  });

  test('asks the policies of a certificate', async () => {
    const agent = new Agent({ ca: kit.rootCaPem, cert: kit.certificatePem, key: kit.privateKeyPem });
    const status = async (method: string, path: string, body?: string): Promise<number> => within('the answer', new Promise((resolve, reject) => {
      request(`${flow.twin.endpoints.https}${path}`, { agent, method }, (response) => {
        response.resume();
        resolve(response.statusCode!);
      }).on('error', reject).end(body);
    }));
    expect(await status('GET', '/things/sensor-2/jobs')).toBe(200);
    expect(await status('PUT', '/things/sensor-2/jobs/$next')).toBe(403);
    expect(await status('GET', '/things/sensor-1/jobs')).toBe(403);
    expect(await status('POST', '/things/sensor-2/jobs/declared', '{"status":"IN_PROGRESS"}')).toBe(200);
    expect(await status('POST', '/things/sensor-2/jobs/declared', '[')).toBe(400);
    agent.destroy();
  });
});

test('what a template declares is there, and follows the template', async () => {
  const job = async (): Promise<iot.Job | undefined> => (await client.send(new iot.DescribeJobCommand({ jobId: 'declared' }))).job;
  expect(await job()).toMatchObject({ jobTemplateArn: `${ARN}jobtemplate/reboot`, timeoutConfig: { inProgressTimeoutInMinutes: 5 }, jobExecutionsRolloutConfig: { exponentialRate: { baseRatePerMinute: 1, rateIncreaseCriteria: { numberOfNotifiedThings: 1 } } } });
  const started = (await client.send(new iot.DescribeJobExecutionCommand({ jobId: 'declared', thingName: 'sensor-2' }))).execution;
  // What a device has done lasts while the template says the same of the job.
  expect((await flow.redeploy(stackOf(define('{"do":"halt"}', true)))).warnings).toEqual([]);
  expect((await client.send(new iot.DescribeJobExecutionCommand({ jobId: 'declared', thingName: 'sensor-2' }))).execution).toMatchObject({ versionNumber: started!.versionNumber });
  expect((await client.send(new iot.DescribeJobTemplateCommand({ jobTemplateId: 'reboot' }))).document).toBe('{"do":"halt"}');
  expect((await flow.redeploy(stackOf(define('{"do":"halt"}', false)))).warnings).toEqual([]);
  await expect(job()).rejects.toBeInstanceOf(iot.ResourceNotFoundException);
});
