import { Account, Store, systemRandom } from '../../../lib/twin/account';
import type { ServiceRequest } from '../../../lib/twin/aws';
import { ControlPlane } from '../../../lib/twin/control-plane';
import api from '../../../lib/twin/control-plane/iot-api.json';
import { hasPermissions, iotNeeds } from '../../../lib/twin/control-plane/permissions';
import { startJobs } from '../../../lib/twin/jobs';
import { Journal } from '../../../lib/twin/journal';
import { Broker } from '../../../lib/twin/mqtt/broker';
import { NO_STORAGE } from '../../../lib/twin/storage';
import { FakeClock } from '../support/fake-clock';

const SCOPE = { accountId: '123456789012', region: 'eu-west-1', partition: 'aws' } as const;
const arn = (resource: string): string => `arn:aws:iot:eu-west-1:123456789012:${resource}`;
const ROLE = 'arn:aws:iam::123456789012:role/r';

function controlPlane(): ControlPlane {
  const clock = new FakeClock();
  const journal = new Journal(clock);
  const account = new Account(new Store(), SCOPE, clock, systemRandom);
  account.createThingGroup({ thingGroupName: 'tagged', tags: [{ Key: 'team', Value: 'a' }] });
  const jobs = startJobs({ account, broker: new Broker(clock, journal), clock, journal, storage: NO_STORAGE, readObject: () => Buffer.alloc(0), presign: () => '' });
  return new ControlPlane({
    account,
    authority: { deviceCertificate: () => Promise.reject(new Error()), issueForCsr: () => Promise.reject(new Error()) },
    clock,
    endpoints: () => ({ data: '', credentialProvider: '' }),
    operations: jobs.operations,
    registerThing: () => Promise.reject(new Error()),
    runTask: () => undefined,
    testInvokeAuthorizer: () => Promise.reject(new Error()),
  });
}

function request(operation: keyof typeof api): ServiceRequest {
  const { method, path } = api[operation];
  const written = path.replace(/\{[^}]+\}/g, 'x');
  return { method, url: written, path: written, query: new URLSearchParams(), headers: {}, body: Buffer.alloc(0) };
}

test('every operation that is served has its permissions, and no other has', () => {
  const plane = controlPlane();
  const operations = Object.keys(api) as (keyof typeof api)[];
  const isServed = (operation: keyof typeof api): boolean => {
    try {
      plane.needs(request(operation));
      return true;
    } catch (error) {
      expect(error).toMatchObject({ name: 'UnsupportedOperationException' });
      return false;
    }
  };
  const served = operations.filter(isServed);
  expect(served.length).toBeGreaterThan(100);
  expect(served.filter((operation) => !hasPermissions(operation))).toEqual([]);
  expect(operations.filter((operation) => hasPermissions(operation) && !served.includes(operation))).toEqual([]);
});

test.each<[string, object, readonly string[]]>([
  ['DescribeThing', { thingName: 'pump' }, ['iot:DescribeThing thing/pump']],
  ['ListThings', {}, ['iot:ListThings *']],
  ['AddThingToThingGroup', { thingName: 'pump', thingGroupName: 'g' }, ['iot:AddThingToThingGroup thing/pump', 'iot:AddThingToThingGroup thinggroup/g']],
  ['AddThingToThingGroup', { thingArn: arn('thing/pump'), thingName: 'other', thingGroupArn: arn('thinggroup/g') }, ['iot:AddThingToThingGroup thing/other', 'iot:AddThingToThingGroup thing/pump', 'iot:AddThingToThingGroup thinggroup/g']],
  ['UpdateThingGroupsForThing', { thingName: 'pump', thingGroupsToAdd: ['a'], thingGroupsToRemove: ['b', 'c'] }, ['thing/pump', 'thinggroup/a', 'thinggroup/b', 'thinggroup/c'].map((one) => `iot:UpdateThingGroupsForThing ${one}`)],
  ['CreateThing', { thingName: 'pump', billingGroupName: 'b', thingTypeName: 't' }, ['iot:CreateThing thing/pump', 'iot:CreateThing billinggroup/b']],
  ['AttachPolicy', { policyName: 'p', target: arn('cert/c') }, ['iot:AttachPolicy cert/c']],
  ['AttachPolicy', { policyName: 'p', target: 'eu-west-1:an-identity' }, ['iot:AttachPolicy *']],
  ['AttachThingPrincipal', { thingName: 'pump', principal: arn('cert/c') }, ['iot:AttachThingPrincipal cert/c']],
  ['CreateJob', { jobId: 'j', targets: [arn('thing/pump'), arn('thinggroup/g')], jobTemplateArn: arn('jobtemplate/t'), presignedUrlConfig: { roleArn: ROLE } },
    [...['job/j', 'jobtemplate/t', 'thing/pump', 'thinggroup/g'].map((one) => `iot:CreateJob ${one}`), `iam:PassRole ${ROLE}`]],
  ['CreateJob', { jobId: 'j', targets: [], documentSource: 'https://files.s3.eu-west-1.amazonaws.com/a%20b.json' }, ['iot:CreateJob job/j', 's3:GetObject arn:aws:s3:::files/a b.json']],
  ['CreateJobTemplate', { jobTemplateId: 't', documentSource: 's3://files/a.json' }, ['iot:CreateJobTemplate jobtemplate/t', 's3:GetObject arn:aws:s3:::files/a.json']],
  ['CreateRoleAlias', { roleAlias: 'a', roleArn: ROLE }, ['iot:CreateRoleAlias rolealias/a', `iam:PassRole ${ROLE}`]],
  ['CreateProvisioningTemplate', { templateName: 't', provisioningRoleArn: ROLE }, ['iot:CreateProvisioningTemplate provisioningtemplate/t', `iam:PassRole ${ROLE}`]],
  ['UpdateCACertificate', { certificateId: 'c', registrationConfig: { roleArn: ROLE } }, ['iot:UpdateCACertificate cacert/c', `iam:PassRole ${ROLE}`]],
  ['TagResource', { resourceArn: arn('policy/p'), tags: [] }, ['iot:TagResource policy/p']],
])('%s of %j needs what it is about', (operation, input, expected) => {
  const needs = iotNeeds({ operation, input: input as Record<string, unknown> }, SCOPE, () => ({}))!;
  expect(needs.map(({ action, resource }) => `${action} ${resource?.replace(arn(''), '') ?? '*'}`)).toEqual(expected);
});

test('conditions may be about the thing, the tags of a request and those of a resource, and the service that a role is passed to', () => {
  const keys = (operation: string, input: Record<string, unknown>): readonly unknown[] => iotNeeds({ operation, input }, SCOPE, (resource) => ({ of: resource }))!.map(({ values }) => values);
  expect(keys('DetachThingPrincipal', { thingName: 'pump', principal: arn('cert/c') })[0]).toMatchObject({ 'iot:thingArn': arn('thing/pump'), 'aws:ResourceTag/of': arn('cert/c') });
  expect(keys('CreateThingGroup', { thingGroupName: 'g', tags: [{ Key: 'team', Value: 'a' }] })[0]).toMatchObject({ 'aws:RequestTag/team': 'a', 'aws:TagKeys': ['team'] });
  expect(keys('CreateRoleAlias', { roleAlias: 'a', roleArn: ROLE })[1]).toEqual({ 'iam:PassedToService': 'iot.amazonaws.com' });
  const tagged = request('DescribeThingGroup');
  expect(controlPlane().needs({ ...tagged, path: tagged.path.replace('x', 'tagged') })![0]!.values).toMatchObject({ 'aws:ResourceTag/team': 'a' });
});

test('an operation without a row takes a permission that nobody knows', () => {
  expect(iotNeeds({ operation: 'CreateStream', input: {} }, SCOPE, () => ({}))).toBeUndefined();
});
