import { App, CfnParameter, Stack } from 'aws-cdk-lib';
import { Annotations, Match, Template } from 'aws-cdk-lib/assertions';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import * as s3 from 'aws-cdk-lib/aws-s3';
import * as fc from 'fast-check';
import {
  Channel, CredentialVariable, DeviceFleet, IotReadRole, JobAccess, JobDocument, JobTemplate, PresignedUrls, RoleAlias, Shadow, StreamAccess, SubjectField, Thing, ThingGroup,
  type DeviceFleetProps, type DeviceScope, type IotPolicyStatement,
} from '../../../lib';
import { NAMES, SITES, concreteTopic, spaces, thing } from '../../topics/arbitraries';
import { Caller } from '../device';

const DATA_ACTIONS = ['iot:Publish', 'iot:RetainPublish', 'iot:Subscribe', 'iot:Receive', 'iot:GetRetainedMessage'];
const SHADOW_ACTIONS = ['iot:GetThingShadow', 'iot:UpdateThingShadow', 'iot:DeleteThingShadow'];
const EVERYTHING: DeviceFleetProps = {
  topics: {
    telemetry: Channel.fromDevice('dt/sensors/{thing}/telemetry'),
    commands: Channel.toDevice('cmd/sensors/{thing}/+'),
    files: Channel.bidirectional('files/{thing}/#'),
    alerts: Channel.broadcast('alerts/{attribute:site}'),
    bulk: Channel.basicIngest('Bulk', 'dt/{thing}'),
  },
  shadows: [Shadow.named('config'), Shadow.named('status')],
  jobs: JobAccess.EXECUTE,
  things: ['pump-1'],
};

let stack: Stack;
let role: iam.Role;
beforeEach(() => {
  stack = new Stack(new App(), 'Stack');
  role = new iam.Role(stack, 'Role', { assumedBy: new iam.ServicePrincipal('lambda.amazonaws.com') });
});
const define = (props: DeviceFleetProps = EVERYTHING) => new DeviceFleet(stack, 'Sensors', props);

/** The resources of an action in the policies of a stack, without what is the same in all ARNs. */
function resourcesOf(action: string, of = stack): string[] {
  const policies = Object.values(Template.fromStack(of).findResources('AWS::IAM::Policy'));
  const statements = policies.flatMap((policy) => policy.Properties.PolicyDocument.Statement as { Action: string | string[]; Resource: unknown }[]);
  return statements.filter(({ Action }) => [Action].flat().includes(action)).flatMap(({ Resource }) => [Resource].flat()).map((resource) => {
    const text = typeof resource === 'string' ? resource : (resource as { 'Fn::Join': [string, unknown[]] })['Fn::Join'][1].map((part) => (typeof part === 'string' ? part : `<${JSON.stringify(part)}>`)).join('');
    return text.replace(/^arn:(<[^>]*>|[^:]*):iot:(<[^>]*>|[^:]*):(<[^>]*>|[^:]*):/, '');
  });
}

describe('a channel', () => {
  test('that devices publish on can be subscribed to', () => {
    define().channel('telemetry').grants.subscribe(role);
    const caller = new Caller(stack);

    expect(caller.allowed(DATA_ACTIONS, 'dt/sensors/+/telemetry')).toEqual(['iot:Subscribe', 'iot:Receive']);
    expect(caller.allowed(DATA_ACTIONS, 'dt/sensors/any/telemetry')).toEqual(['iot:Receive']);
    for (const topic of ['dt/sensors/#', '#', '+/+/+/+', 'dt/pumps/any/telemetry', 'dt/sensors/any/other', 'cmd/sensors/any/x', '$aws/things/any/shadow/get', '$aws/rules/Bulk/dt/a']) {
      expect(caller.allowed(DATA_ACTIONS, topic)).toEqual([]);
    }
    expect(caller.decide('iot:Connect', 'any')).toBe('deny');
  });

  test('that devices listen to can be published on', () => {
    define().channel('commands').grants.publish(role, { thing: 'pump-1' });
    const caller = new Caller(stack);

    expect(caller.allowed(DATA_ACTIONS, 'cmd/sensors/pump-1/start')).toEqual(['iot:Publish']);
    for (const topic of ['cmd/sensors/pump-10/start', 'cmd/sensors/pump-2/start', 'cmd/sensors/pump-1', 'dt/sensors/pump-1/telemetry']) {
      expect(caller.allowed(DATA_ACTIONS, topic)).toEqual([]);
    }
  });

  test('can have retained messages', () => {
    define().channel('alerts').grants.retain(role, { attributes: { site: 'berlin' } });
    const caller = new Caller(stack);
    expect(caller.allowed(DATA_ACTIONS, 'alerts/berlin')).toEqual(['iot:Publish', 'iot:RetainPublish']);
    expect(caller.allowed(DATA_ACTIONS, 'alerts/paris')).toEqual([]);
  });

  test('can have its retained messages read', () => {
    define().channel('telemetry').grants.readRetained(role, { thing: 'pump-1' });
    expect(new Caller(stack).allowed(DATA_ACTIONS, 'dt/sensors/pump-1/telemetry')).toEqual(['iot:GetRetainedMessage']);
  });

  test('of both directions takes one grant for each', () => {
    const { grants } = define().channel('files');
    grants.subscribe(role, { thing: 'pump-1' });
    grants.publish(role, { thing: 'pump-1' });
    expect(new Caller(stack).allowed(DATA_ACTIONS, 'files/pump-1/a/b')).toEqual(['iot:Publish', 'iot:Receive']);
  });

  test('fails for the wrong direction, and says where', () => {
    const fleet = define();
    expect(() => fleet.channel('telemetry').grants.publish(role))
      .toThrow("topic 'dt/sensors/{thing}/telemetry' is published on by devices alone; use Channel.toDevice, broadcast or bidirectional (at Stack/Sensors)");
    expect(() => fleet.channel('commands').grants.subscribe(role)).toThrow('is for one device to listen to');
    expect(() => fleet.channel('bulk').grants.subscribe(role)).toThrow('goes past the message broker');
    Template.fromStack(stack).resourceCountIs('AWS::IAM::Policy', 0);
  });

  test('warns where a wildcard reaches what only devices publish on', () => {
    const fleet = define({ topics: { down: Channel.toDevice('x/{thing}/log'), up: Channel.fromDevice('x/{thing}/+/log') } });
    fleet.channel('down').grants.publish(role);
    expect(new Caller(stack).decide('iot:Publish', 'x/thing-b/any/log')).toBe('allow');
    Annotations.fromStack(stack).hasWarning('/Stack/Sensors', Match.stringLikeRegexp("who may publish on 'x/\\*/log' may publish on 'x/{thingB}/.*/log' too|'x/.*' too, where only devices do"));
  });

  test('does not warn where one thing is named, or nothing overlaps', () => {
    const fleet = define();
    fleet.channel('commands').grants.publish(role);
    fleet.channel('files').grants.publish(role, { thing: 'a' });
    Annotations.fromStack(stack).hasNoWarning('*', Match.stringLikeRegexp('speaksAsDevice'));
  });
});

test('a scope by a tag is what the tag of the caller says', () => {
  define().channel('commands').grants.publish(role, { thing: '${aws:PrincipalTag/device}' });
  const caller = new Caller(stack, { principalTags: { device: 'pump-1' } });
  expect(['pump-1', 'pump-10', 'pump-2'].map((name) => caller.decide('iot:Publish', `cmd/sensors/${name}/x`))).toEqual(['allow', 'deny', 'deny']);
  expect(new Caller(stack).decide('iot:Publish', 'cmd/sensors/pump-1/x')).toBe('deny');
});

describe('a shadow', () => {
  test.each([
    ['read', 'iot:GetThingShadow'], ['update', 'iot:UpdateThingShadow'], ['remove', 'iot:DeleteThingShadow'],
  ] as const)('can be allowed to %s over HTTPS, for the things of the fleet', (use, action) => {
    define().shadow('config').grants[use](role);
    const caller = new Caller(stack);

    for (const thing of ['Sensors-1', 'pump-1']) {
      expect(caller.allowed(SHADOW_ACTIONS, `${thing}/config`)).toEqual([action]);
      expect(caller.allowed(SHADOW_ACTIONS, `${thing}/status`)).toEqual([]);
      expect(caller.allowed(SHADOW_ACTIONS, thing)).toEqual([]);
    }
    expect(caller.allowed(SHADOW_ACTIONS, 'pump-10/config')).toEqual([]);
    expect(caller.allowed(DATA_ACTIONS, `$aws/things/pump-1/shadow/name/config/${{ read: 'get', update: 'update', remove: 'delete' }[use]}`)).toEqual([]);
  });

  test('of one thing is of no other', () => {
    define().shadow('config').grants.read(role, { thing: 'pump-2' });
    expect(['pump-2/config', 'pump-1/config', 'Sensors-1/config', 'pump-2'].map((shadow) => new Caller(stack).decide('iot:GetThingShadow', shadow)))
      .toEqual(['allow', 'deny', 'deny', 'deny']);
  });

  test('can be read with MQTT by name, with one filter for all things', () => {
    define().shadow('config').grants.read(role, { mqtt: true });
    const caller = new Caller(stack);
    const topics = (thing: string) => ['get', 'get/accepted', 'update/delta', 'update', 'update/accepted'].map((topic) => `$aws/things/${thing}/shadow/name/config/${topic}`);

    expect(topics('pump-1').map((topic) => caller.allowed(DATA_ACTIONS, topic))).toEqual([['iot:Publish'], ['iot:Subscribe', 'iot:Receive'], ['iot:Subscribe', 'iot:Receive'], [], []]);
    expect(topics('+').map((topic) => caller.allowed(DATA_ACTIONS, topic))).toEqual([[], ['iot:Subscribe'], ['iot:Subscribe'], [], []]);
    expect(topics('other-1').flatMap((topic) => caller.allowed(DATA_ACTIONS, topic))).toEqual([]);
  });

  test('of one thing can be updated with MQTT', () => {
    define().shadow('config').grants.update(role, { thing: 'pump-1', mqtt: true });
    const caller = new Caller(stack);
    expect(caller.allowed(DATA_ACTIONS, '$aws/things/pump-1/shadow/name/config/update')).toEqual(['iot:Publish']);
    expect(caller.allowed(DATA_ACTIONS, '$aws/things/Sensors-1/shadow/name/config/update')).toEqual([]);
    expect(caller.allowed(DATA_ACTIONS, '$aws/things/+/shadow/name/config/update/accepted')).toEqual([]);
  });

  test('warns where the classic one takes named ones with it', () => {
    const fleet = define({ shadows: [Shadow.classic(), Shadow.named('config')] });
    fleet.shadow().grants.read(role, { thing: 'a' });
    fleet.shadow('config').grants.read(role);
    Annotations.fromStack(stack).hasNoWarning('*', Match.stringLikeRegexp('namedShadowsToo'));
    fleet.shadow().grants.read(role);
    Annotations.fromStack(stack).hasWarning('/Stack/Sensors', Match.stringLikeRegexp('who may read the classic shadow of all things may read their named shadows too'));
  });

  test.each([
    [{ thingType: 'pump' }, 'has no {type}'],
    [{ thing: '*' }, "'thing' must be one level of a topic"],
    [{ thing: 'a/b' }, "'thing' must be one level of a topic"],
  ])('fails for %j', (devices: DeviceScope, message) => {
    expect(() => define().shadow('config').grants.read(role, devices)).toThrow(message);
  });

  test('fails for one that was not declared', () => {
    expect(() => define().shadow()).toThrow("there is no shadow the classic one, expected one of: 'config', 'status' (at Stack/Sensors)");
    expect(() => new DeviceFleet(stack, 'Empty').shadow('x')).toThrow("there is no shadow 'x', expected one of: (none declared)");
  });
});

describe('jobs', () => {
  test('are created for the things and groups of the fleet, with ids of its own', () => {
    define({ ...EVERYTHING, thingGroups: [ThingGroup.fromThingGroupName(stack, 'Group', 'sensors')] }).jobs.grants.create(role);
    expect(resourcesOf('iot:CreateJob')).toEqual(['job/Sensors-*', 'thing/Sensors-*', 'thing/pump-1', 'thinggroup/sensors']);
  });

  test('are created for one thing', () => {
    define({ ...EVERYTHING, thingGroups: [ThingGroup.fromThingGroupName(stack, 'Group', 'sensors')] }).jobs.grants.create(role, { thing: 'pump-1', jobIdPrefix: 'reboot-' });
    expect(resourcesOf('iot:CreateJob')).toEqual(['job/reboot-*', 'thing/pump-1']);
  });

  test.each([
    ['describe', ['iot:DescribeJob', 'iot:DescribeJobExecution', 'iot:GetJobDocument', 'iot:ListJobExecutionsForJob', 'iot:ListJobExecutionsForThing']],
    ['cancel', ['iot:CancelJob', 'iot:CancelJobExecution']],
    ['remove', ['iot:DeleteJob', 'iot:DeleteJobExecution']],
  ] as const)('can be allowed to %s', (use, actions) => {
    define().jobs.grants[use](role);
    for (const action of actions) {
      expect(resourcesOf(action)).toEqual(['job/Sensors-*', 'thing/Sensors-*', 'thing/pump-1']);
    }
  });

  test.each([
    ['describe', ['iot:DescribeJobExecution', 'iot:ListJobExecutionsForThing'], ['iot:DescribeJob', 'iot:GetJobDocument', 'iot:ListJobExecutionsForJob']],
    ['cancel', ['iot:CancelJobExecution'], ['iot:CancelJob']],
    ['remove', ['iot:DeleteJobExecution'], ['iot:DeleteJob']],
  ] as const)('of one thing are not those of others: %s', (use, ofThing, ofAll) => {
    define().jobs.grants[use](role, { thing: 'pump-1' });
    ofThing.forEach((action) => expect(resourcesOf(action)).toEqual(['job/Sensors-*', 'thing/pump-1']));
    ofAll.forEach((action) => expect(resourcesOf(action)).toEqual([]));
  });

  test('are listed for the whole account or not at all', () => {
    define().jobs.grants.list(role);
    expect(resourcesOf('iot:ListJobs')).toEqual(['*']);
  });

  test('have ids without colons', () => {
    define({ ...EVERYTHING, thingNamePrefix: 'plant:1:' }).jobs.grants.cancel(role);
    expect(resourcesOf('iot:CancelJob')).toContain('job/plant-1-*');
  });

  test.each(['', 'a:b', 'a*', 'x'.repeat(64)])('fail for the prefix %j', (jobIdPrefix) => {
    expect(() => define().jobs.grants.create(role, { jobIdPrefix })).toThrow("'jobIdPrefix' must have 1 to 63 of a-z, A-Z, 0-9, \"_\" and \"-\", got ");
  });

  test('take a prefix that only the deployment knows', () => {
    const { valueAsString } = new CfnParameter(stack, 'Prefix');
    define().jobs.grants.create(role, { jobIdPrefix: valueAsString });
    expect(resourcesOf('iot:CreateJob')[0]).toBe('job/<{"Ref":"Prefix"}>*');
  });

  test('fail where devices have none', () => {
    expect(() => define({}).jobs.grants.create(role)).toThrow("the devices have no access to jobs; set 'jobs' of the fleet, such as to JobAccess.EXECUTE (at Stack/Sensors)");
  });
});

describe('running jobs over HTTPS', () => {
  const EXECUTION = ['DescribeJobExecution', 'GetPendingJobExecutions', 'StartNextPendingJobExecution', 'UpdateJobExecution'].map((action) => `iotjobsdata:${action}`);

  test('is for the things of the fleet', () => {
    define().jobs.grants.execute(role);
    const caller = new Caller(stack);
    expect(['Sensors-1', 'pump-1', 'pump-10', 'other'].map((thing) => caller.allowed(EXECUTION, thing))).toEqual([EXECUTION, EXECUTION, [], []]);
    expect(resourcesOf('iot:UpdateJobExecution')).toEqual([]);
  });

  test.each([[{ thing: 'pump-1' }, 'thing/pump-1'], [{ thing: CredentialVariable.THING_NAME }, 'thing/${credentials-iot:ThingName}']])('is for one thing: %j', (devices, resource) => {
    define().jobs.grants.execute(role, devices);
    EXECUTION.forEach((action) => expect(resourcesOf(action)).toEqual([resource]));
  });

  test('fails where devices have no jobs, and for what is no thing', () => {
    expect(() => new DeviceFleet(stack, 'Empty').jobs.grants.execute(role)).toThrow('the devices have no access to jobs');
    expect(() => define().jobs.grants.execute(role, { thing: 'a/b' })).toThrow("'thing' must be one level of a topic");
  });
});

test('a device with credentials from a role alias gets its own shadows, and no others', () => {
  const alias = new RoleAlias(stack, 'Alias');
  define().shadow('config').grants.update(alias.role, { thing: CredentialVariable.THING_NAME });
  expect(resourcesOf('iot:UpdateThingShadow')).toEqual(['thing/${credentials-iot:ThingName}/config']);
});

describe('the events of jobs', () => {
  const events = (id: string) => [`$aws/events/job/${id}/completed`, `$aws/events/jobExecution/${id}/failed`];

  test('are heard of jobs that begin alike, with one filter', () => {
    define().jobs.grants.subscribeEvents(role);
    const caller = new Caller(stack);
    expect(events('Sensors-1').map((topic) => caller.allowed(DATA_ACTIONS, topic))).toEqual([['iot:Subscribe', 'iot:Receive'], ['iot:Subscribe', 'iot:Receive']]);
    expect(events('+').map((topic) => caller.allowed(DATA_ACTIONS, topic))).toEqual([['iot:Subscribe'], ['iot:Subscribe']]);
    for (const topic of [...events('Sensor'), ...events('other-1'), '$aws/events/#', '$aws/events/job/#', '$aws/events/+/Sensors-1/completed', '$aws/events/presence/connected/Sensors-1', '#']) {
      expect(caller.allowed(DATA_ACTIONS, topic)).toEqual([]);
    }
  });

  test('can have another prefix', () => {
    define().jobs.grants.subscribeEvents(role, { jobIdPrefix: 'reboot-' });
    expect(events('reboot-1').map((topic) => new Caller(stack).decide('iot:Receive', topic))).toEqual(['allow', 'allow']);
  });

  test('fail for a bad prefix and without jobs', () => {
    expect(() => define().jobs.grants.subscribeEvents(role, { jobIdPrefix: '*' })).toThrow("'jobIdPrefix' must have 1 to 63");
    expect(() => new DeviceFleet(stack, 'Empty').jobs.grants.subscribeEvents(role)).toThrow('the devices have no access to jobs');
  });
});

describe('jobs of a template', () => {
  const template = (presigned = true) => {
    const urls = PresignedUrls.ofBucket(s3.Bucket.fromBucketName(stack, 'Files', 'files'), { keyPrefix: 'fw/' });
    return new JobTemplate(stack, 'Template', { description: 'x', document: JobDocument.fromObject({ url: 'x' }), ...presigned && { presignedUrls: urls } });
  };

  test('take the template and the role that presigns its URLs, which AWS IoT alone gets', () => {
    define().jobs.grants.create(role, { templates: [template()] });
    expect(resourcesOf('iot:CreateJob')).toEqual(['job/Sensors-*', 'thing/Sensors-*', 'thing/pump-1', expect.stringMatching(/^jobtemplate\/<.*Template.*>$|^<.*Template.*Arn.*>$/)]);
    Template.fromStack(stack).hasResourceProperties('AWS::IAM::Policy', {
      PolicyDocument: {
        Statement: Match.arrayWith([{
          Action: 'iam:PassRole', Effect: 'Allow', Resource: { 'Fn::GetAtt': [Match.stringLikeRegexp('TemplatePresignedUrlRole'), 'Arn'] },
          Condition: { StringEquals: { 'iam:PassedToService': 'iot.amazonaws.com' } },
        }]),
      },
      Roles: [{ Ref: Match.stringLikeRegexp('^Role') }],
    });
  });

  test('take no role where there is none to pass', () => {
    define().jobs.grants.create(role, { templates: [template(false), JobTemplate.fromJobTemplateId(stack, 'Imported', 'reboot')] });
    expect(resourcesOf('iot:DescribeJobTemplate')).toContain('jobtemplate/reboot');
    expect(resourcesOf('iam:PassRole')).toEqual([]);
  });

  test('fail for a template of another Region', () => {
    const here = new Stack(new App(), 'Here', { env: { account: '111122223333', region: 'eu-west-1' } });
    const foreign = JobTemplate.fromJobTemplateArn(here, 'T', 'arn:aws:iot:us-east-1:111122223333:jobtemplate/reboot');
    const user = new iam.User(here, 'User');
    expect(() => new DeviceFleet(here, 'Sensors', EVERYTHING).jobs.grants.create(user, { templates: [foreign] })).toThrow("'templates' must be in the Region of the stack, eu-west-1, got one in us-east-1");
  });
});

describe('streams', () => {
  const files = () => new IotReadRole(stack, 'Files', { bucket: s3.Bucket.fromBucketName(stack, 'Bucket', 'files'), keyPrefix: 'fw/' }).role;

  test('are created by name or prefix, with a role that AWS IoT alone gets', () => {
    define({ streams: [StreamAccess.named('maps'), StreamAccess.any()] }).streams.grants.create(role, { role: files() });
    for (const action of ['iot:CreateStream', 'iot:UpdateStream']) {
      expect(resourcesOf(action)).toEqual(['stream/maps', 'stream/Sensors-*']);
    }
    Template.fromStack(stack).hasResourceProperties('AWS::IAM::Policy', {
      PolicyDocument: { Statement: Match.arrayWith([Match.objectLike({ Action: 'iam:PassRole', Condition: { StringEquals: { 'iam:PassedToService': 'iot.amazonaws.com' } } })]) },
    });
  });

  test.each([['describe', 'iot:DescribeStream'], ['remove', 'iot:DeleteStream']] as const)('can be allowed to %s', (use, action) => {
    define({ streams: [StreamAccess.any()], thingNamePrefix: 'plant:1:' }).streams.grants[use](role);
    expect(resourcesOf(action)).toEqual(['stream/plant-1-*']);
    expect(resourcesOf('iot:CreateStream')).toEqual([]);
  });

  test('are listed for the whole account or not at all', () => {
    define({ streams: [StreamAccess.any()] }).streams.grants.list(role);
    expect(resourcesOf('iot:ListStreams')).toEqual(['*']);
  });

  test('take a prefix, also one that only the deployment knows', () => {
    const fleet = define({ streams: [StreamAccess.any()] });
    fleet.streams.grants.describe(role, { streamIdPrefix: 'AFR_OTA-' });
    fleet.streams.grants.remove(role, { streamIdPrefix: new CfnParameter(stack, 'Prefix').valueAsString });
    expect(resourcesOf('iot:DescribeStream')).toEqual(['stream/AFR_OTA-*']);
    expect(resourcesOf('iot:DeleteStream')).toEqual(['stream/<{"Ref":"Prefix"}>*']);
    expect(() => fleet.streams.grants.describe(role, { streamIdPrefix: 'a*' })).toThrow("'streamIdPrefix' must have 1 to 127 of a-z, A-Z, 0-9, \"_\" and \"-\", got \"a*\" (at Stack/Sensors)");
  });

  test('fail where devices have none', () => {
    expect(() => define({}).streams.grants.describe(role)).toThrow("the devices have no access to streams; set 'streams' of the fleet, such as to [StreamAccess.any()] (at Stack/Sensors)");
  });
});

describe('tunnels', () => {
  const group = () => ThingGroup.fromThingGroupName(stack, 'Group', 'sensors');
  const conditions = (action: string) => Object.values(Template.fromStack(stack).findResources('AWS::IAM::Policy'))
    .flatMap((policy) => policy.Properties.PolicyDocument.Statement as { Action: string | string[]; Condition?: unknown }[])
    .filter(({ Action }) => [Action].flat().includes(action)).map(({ Condition }) => Condition);

  test.each(['iot:OpenTunnel', 'iot:RotateTunnelAccessToken'])('need %s for services of things in the groups of the fleet', (action) => {
    define({ ...EVERYTHING, tunnels: true, thingGroups: [group()] }).tunnels.grants.open(role, { services: ['SSH'] });
    expect(resourcesOf(action)).toEqual(['tunnel/*', 'thing/Sensors-*', 'thing/pump-1']);
    expect(conditions(action)).toEqual([{
      'ForAllValues:StringEquals': { 'iot:TunnelDestinationService': ['SSH'] },
      'Null': { 'iot:TunnelDestinationService': 'false' },
      'ForAnyValue:StringEquals': { 'iot:ThingGroupArn': [{ 'Fn::Join': ['', ['arn:', { Ref: 'AWS::Partition' }, ':iot:', { Ref: 'AWS::Region' }, ':', { Ref: 'AWS::AccountId' }, ':thinggroup/sensors']] }] },
    }]);
    Annotations.fromStack(stack).hasNoWarning('*', Match.stringLikeRegexp('unclearScope|AWS does not say'));
  });

  test('without groups come with a warning', () => {
    define({ tunnels: true }).tunnels.grants.open(role, { services: ['SSH'] });
    Annotations.fromStack(stack).hasWarning('/Stack/Sensors', Match.stringLikeRegexp("set 'thingGroups' of the fleet and leave out 'thing', which is sure to"));
  });

  test('to one thing of a group come with a warning too', () => {
    define({ tunnels: true, thingGroups: [group()] }).tunnels.grants.open(role, { services: ['SSH', 'RDP'], thing: 'pump-1' });
    expect(resourcesOf('iot:OpenTunnel')).toEqual(['tunnel/*', 'thing/pump-1']);
    Annotations.fromStack(stack).hasWarning('/Stack/Sensors', Match.stringLikeRegexp('AWS does not say clearly'));
  });

  test('can be listed and closed', () => {
    const fleet = define({ tunnels: true });
    fleet.tunnels.grants.list(role, 'pump-1');
    fleet.tunnels.grants.manage(role);
    expect(resourcesOf('iot:ListTunnels')).toEqual(['tunnel/*', 'thing/pump-1']);
    expect(['iot:DescribeTunnel', 'iot:CloseTunnel'].map((action) => resourcesOf(action))).toEqual([['tunnel/*'], ['tunnel/*']]);
    expect(resourcesOf('iot:OpenTunnel')).toEqual([]);
  });

  test('fail where devices are not told of them, and without services', () => {
    const closed = define({});
    for (const grant of [() => closed.tunnels.grants.open(role, { services: ['SSH'] }), () => closed.tunnels.grants.list(role), () => closed.tunnels.grants.manage(role)]) {
      expect(grant).toThrow("the devices are not told of tunnels; set 'tunnels' of the fleet (at Stack/Sensors)");
    }
    expect(() => new DeviceFleet(stack, 'Open', { tunnels: true }).tunnels.grants.open(role, { services: [] })).toThrow("'services' must have at least one, such as SSH");
  });
});

describe('connecting', () => {
  test('is for client ids that begin alike', () => {
    define().grants.connect(role, { clientIdPrefix: 'backend-' });
    const caller = new Caller(stack);
    expect(['backend-1', 'backend-', 'backend', 'Sensors-1', 'pump-1', '*', 'x-backend-1'].map((id) => caller.decide('iot:Connect', id)))
      .toEqual(['allow', 'allow', 'deny', 'deny', 'deny', 'deny', 'deny']);
    expect(caller.allowed(DATA_ACTIONS, 'backend-1')).toEqual([]);
  });

  test.each(['app-${cognito-identity.amazonaws.com:sub}', 'app-${aws:PrincipalTag/tenant}-'])('can be bound to the user: %s', (clientIdPrefix) => {
    define().grants.connect(role, { clientIdPrefix });
    expect(resourcesOf('iot:Connect')).toEqual([`client/${clientIdPrefix}*`]);
  });

  test.each(['', '*', 'a*', 'a/b', '+', '#', '${iot:ClientId}', '${cognito-identity.amazonaws.com:sub}', 'x'.repeat(128)])('fails for the prefix %j', (clientIdPrefix) => {
    expect(() => define().grants.connect(role, { clientIdPrefix })).toThrow("'clientIdPrefix' must be known in the app and begin with some of");
  });

  test('fails for a prefix that only the deployment knows', () => {
    const { valueAsString } = new CfnParameter(stack, 'Prefix');
    expect(() => define().grants.connect(role, { clientIdPrefix: valueAsString })).toThrow("'clientIdPrefix' must be known in the app");
  });

  test.each(['S', 'Sensors-', 'Sensors-backend-', 'p', 'pump-1', 'Sensors-${aws:PrincipalTag/a}'])('fails for %j, which a thing may be called', (clientIdPrefix) => {
    expect(() => define().grants.connect(role, { clientIdPrefix })).toThrow("'clientIdPrefix' must not be how a thing of the fleet may be called");
  });

  test('takes a longer text than the name of a thing', () => {
    define().grants.connect(role, { clientIdPrefix: 'pump-1-app-' });
    expect(new Caller(stack).decide('iot:Connect', 'pump-1')).toBe('deny');
  });

  test('fails for a thing that comes later', () => {
    const fleet = define();
    fleet.grants.connect(role, { clientIdPrefix: 'backend-' });
    expect(() => fleet.addThing('backend-1')).toThrow('a client "backend-…" could be "backend-1" and end the connection of that device');
  });
});

describe('bundles', () => {
  /** What another fleet in the account has. */
  const FOREIGN = [
    'dt/pumps/a/telemetry', 'cmd/pumps/a/x', 'dt/pumps/+/telemetry', '#', '$aws/things/a/shadow/name/config/get', '$aws/events/presence/connected/a', '$aws/things/pump-1/jobs/get',
    '$aws/rules/Bulk/dt/pump-1',
  ];

  test('readOnly sees everything and changes nothing', () => {
    define().grants.readOnly(role);
    const caller = new Caller(stack);

    expect(caller.allowed(DATA_ACTIONS, 'dt/sensors/+/telemetry')).toEqual(['iot:Subscribe', 'iot:Receive']);
    expect(caller.allowed(DATA_ACTIONS, 'files/pump-1/x')).toEqual(['iot:Receive']);
    expect(caller.allowed(DATA_ACTIONS, 'cmd/sensors/pump-1/start')).toEqual([]);
    expect(caller.allowed(DATA_ACTIONS, 'alerts/berlin')).toEqual([]);
    expect(caller.allowed(SHADOW_ACTIONS, 'pump-1/config')).toEqual(['iot:GetThingShadow']);
    expect(caller.allowed(SHADOW_ACTIONS, 'pump-1/other')).toEqual([]);
    expect(FOREIGN.flatMap((topic) => caller.allowed(DATA_ACTIONS, topic))).toEqual([]);
    expect(caller.allowed(SHADOW_ACTIONS, 'other-1/config')).toEqual([]);
    expect(resourcesOf('iot:DescribeThing')).toEqual(['thing/Sensors-*', 'thing/pump-1']);
    expect(resourcesOf('iot:CreateJob')).toEqual([]);
  });

  test('operate also commands, configures and sends jobs', () => {
    define().grants.operate(role);
    const caller = new Caller(stack);

    expect(caller.allowed(DATA_ACTIONS, 'dt/sensors/pump-1/telemetry')).toEqual(['iot:Receive']);
    expect(caller.allowed(DATA_ACTIONS, 'cmd/sensors/pump-1/start')).toEqual(['iot:Publish']);
    expect(caller.allowed(DATA_ACTIONS, 'alerts/berlin')).toEqual(['iot:Publish']);
    expect(caller.allowed(SHADOW_ACTIONS, 'pump-1/config')).toEqual(['iot:GetThingShadow', 'iot:UpdateThingShadow']);
    expect(FOREIGN.flatMap((topic) => caller.allowed(DATA_ACTIONS, topic))).toEqual([]);
    expect(resourcesOf('iot:CreateJob')).toEqual(['job/Sensors-*', 'thing/Sensors-*', 'thing/pump-1']);
    expect(resourcesOf('iot:DeleteJob')).toEqual([]);
  });

  test('operate of one thing reaches no other', () => {
    define().grants.operate(role, { thing: 'pump-1' });
    const caller = new Caller(stack);
    const topics = (thing: string) => [`dt/sensors/${thing}/telemetry`, `cmd/sensors/${thing}/x`, `files/${thing}/x`];

    expect(topics('pump-1').map((topic) => caller.allowed(DATA_ACTIONS, topic))).toEqual([['iot:Subscribe', 'iot:Receive'], ['iot:Publish'], ['iot:Publish', 'iot:Receive']]);
    for (const other of ['pump-10', 'pump-2', 'Sensors-1', '+']) {
      expect(topics(other).flatMap((topic) => caller.allowed(DATA_ACTIONS, topic))).toEqual([]);
      expect(caller.allowed(SHADOW_ACTIONS, `${other}/config`)).toEqual([]);
    }
    expect(caller.allowed(DATA_ACTIONS, 'alerts/berlin')).toEqual([]);
    expect(resourcesOf('iot:DescribeThing')).toEqual(['thing/pump-1']);
  });

  test('operate has no jobs where the fleet has none', () => {
    define({}).grants.operate(role);
    expect(resourcesOf('iot:CreateJob')).toEqual([]);
  });

  test('fail for a scope that ARNs do not tell', () => {
    expect(() => define({}).grants.readOnly(role, { thingType: 'pump' })).toThrow("'thingType' and 'attributes' cannot narrow a permission on things");
  });

  test('stay small, in an order that does not change', () => {
    define().grants.operate(role);
    const [policy, ...others] = Object.values(Template.fromStack(stack).findResources('AWS::IAM::Policy'));
    expect(others).toEqual([]);
    expect(policy!.Properties.PolicyDocument.Statement.map(({ Action }: { Action: string | string[] }) => [Action].flat()[0])).toEqual([
      'iot:DescribeThing', 'iot:Subscribe', 'iot:Receive', 'iot:GetThingShadow', 'iot:Publish', 'iot:UpdateThingShadow', 'iot:CreateJob', 'iot:DescribeJob', 'iot:CancelJob',
    ]);
  });
});

test('operate of one thing reaches nothing of another and all of its own, whatever the channels are', () => {
  const plainThing = thing(fc.constantFrom(...NAMES), fc.constantFrom(...SITES.filter((site) => !/[/#]/.test(site))));
  const pairs = fc.tuple(plainThing, plainThing).filter(([a, b]) => a.thingName !== b.thingName);
  fc.assert(fc.property(spaces, pairs, fc.array(fc.constantFrom(...NAMES), { minLength: 1, maxLength: 2 }), ({ channels }, [a, b], levels) => {
    const here = new Stack();
    const user = new iam.User(here, 'User');
    new DeviceFleet(here, 'Fleet', { topics: Object.fromEntries(channels.map((channel, index) => [`c${index}`, channel])) })
      .grants.operate(user, { thing: a.thingName, thingType: a.thingType, attributes: { site: a.site } });
    const caller = new Caller(here);
    for (const channel of channels.filter(({ direction }) => direction !== 'broadcast')) {
      const own = caller.allowed(DATA_ACTIONS, concreteTopic(channel, a, levels));
      // Two channels may have the same topics.
      expect(own).toEqual(expect.arrayContaining([...channel.direction !== 'from-device' ? ['iot:Publish'] : [], ...channel.direction !== 'to-device' ? ['iot:Receive'] : []]));
      expect(caller.allowed(DATA_ACTIONS, concreteTopic(channel, b, levels))).toEqual([]);
    }
  }), { numRuns: 50 });
});

describe('things that come later', () => {
  test('are part of what was granted on all things', () => {
    const fleet = define({ shadows: [Shadow.named('config')] });
    fleet.shadow('config').grants.read(role);
    fleet.addThing('late-1');
    fleet.addThing('Sensors-9');
    expect(resourcesOf('iot:GetThingShadow')).toEqual(['thing/Sensors-*/config', 'thing/late-1/config']);
  });

  test('count where they are not of the fleet by definition', () => {
    const fleet = define({ shadows: [Shadow.named('config')] });
    fleet.addCertificate('A', { thing: new Thing(stack, 'Named', { thingName: 'named' }), certificatePem: new CfnParameter(stack, 'A1').valueAsString });
    fleet.addCertificate('B', { thing: new Thing(stack, 'Generated'), certificatePem: new CfnParameter(stack, 'B1').valueAsString });
    fleet.addJustInTimeProvisioning('Jitp', { thingName: 'meter-{AWS::IoT::Certificate::CommonName}', subjectFields: [SubjectField.COMMON_NAME] });
    fleet.shadow('config').grants.read(role);
    expect(resourcesOf('iot:GetThingShadow')).toEqual([
      'thing/Sensors-*/config', 'thing/named/config', expect.stringMatching(/^thing\/<\{"Ref":"Generated.*"\}>\/config$/), 'thing/meter-*/config',
    ]);
  });

  test('are left out where one thing was named', () => {
    const fleet = define({ shadows: [Shadow.named('config')] });
    fleet.shadow('config').grants.read(role, { thing: 'a' });
    fleet.addThing('late-1');
    expect(resourcesOf('iot:GetThingShadow')).toEqual(['thing/a/config']);
  });
});

describe('a grantee', () => {
  test('can be a user', () => {
    define().channel('telemetry').grants.subscribe(new iam.User(stack, 'User'));
    Template.fromStack(stack).hasResourceProperties('AWS::IAM::Policy', { Users: [Match.anyValue()] });
    expect(new Caller(stack).decide('iot:Receive', 'dt/sensors/a/telemetry')).toBe('allow');
  });

  test('can be a function', () => {
    const fn = new lambda.Function(stack, 'Function', { code: lambda.Code.fromInline('x'), handler: 'index.handler', runtime: lambda.Runtime.NODEJS_24_X });
    define().channel('commands').grants.publish(fn);
    expect(new Caller(stack).decide('iot:Publish', 'cmd/sensors/a/x')).toBe('allow');
  });

  test('that takes no policies makes the grant fail', () => {
    const service = new iam.ServicePrincipal('lambda.amazonaws.com');
    const fleet = define();
    const all = [
      fleet.channel('telemetry').grants.subscribe(service), fleet.shadow('config').grants.read(service), fleet.jobs.grants.create(service),
      fleet.grants.operate(service), fleet.grants.connect(service, { clientIdPrefix: 'app-' }),
    ];
    expect(all.map(({ success }) => success)).toEqual([false, false, false, false, false]);
    expect(() => all[0]!.assertSuccess()).toThrow('could not be added on either identity or resource policy');
  });

  test('can be of another stack, and reaches the things of the fleet by name', () => {
    const app = new App();
    const env = { account: '111122223333', region: 'eu-west-1' };
    const fleetStack = new Stack(app, 'Fleet', { env });
    const other = new Stack(app, 'Other', { env: { ...env, region: 'us-east-1' } });
    const fleet = new DeviceFleet(fleetStack, 'Sensors', EVERYTHING);
    const elsewhere = new iam.Role(other, 'Role', { assumedBy: new iam.ServicePrincipal('lambda.amazonaws.com') });
    fleet.grants.operate(elsewhere);

    // The fleet's Region, not the one of the role.
    expect(new Caller(other).decide('iot:Publish', 'cmd/sensors/a/x')).toBe('allow');
    expect(resourcesOf('iot:DescribeThing', other)).toEqual(['thing/Sensors-*', 'thing/pump-1']);
    Template.fromStack(fleetStack).resourceCountIs('AWS::IAM::Policy', 0);
    expect(Template.fromStack(fleetStack).toJSON()).not.toHaveProperty('Outputs');
  });

  test('can be a role that exists', () => {
    define().channel('telemetry').grants.subscribe(iam.Role.fromRoleName(stack, 'Existing', 'backend'));
    Template.fromStack(stack).hasResourceProperties('AWS::IAM::Policy', { Roles: ['backend'] });
  });

  test('with AWS IoT policies of its own gets both', () => {
    const statements: IotPolicyStatement[] = [];
    const checked: string[] = [];
    const twoLayer = {
      grantPrincipal: role,
      _checkStatements: (asked: readonly IotPolicyStatement[]) => void checked.push(...asked.flatMap(({ otherActions = [], resources }) => [...otherActions, ...resources.map(({ _name }) => _name)])),
      _addIotStatements: (added: readonly IotPolicyStatement[]) => void statements.push(...added),
    };
    const fleet = define();
    fleet.channel('telemetry').grants.subscribe(twoLayer, { thing: '${cognito-identity.amazonaws.com:sub}' });
    fleet.shadow('config').grants.read(twoLayer, { thing: '${aws:PrincipalTag/device}' });
    fleet.jobs.grants.create(twoLayer, { thing: 'pump-1' });

    expect(statements.map(({ actions, resources }) => [...actions, ...resources.map(({ _name }) => _name)])).toEqual([
      ['iot:Subscribe', 'dt/sensors/${cognito-identity.amazonaws.com:sub}/telemetry'],
      ['iot:Receive', 'dt/sensors/${cognito-identity.amazonaws.com:sub}/telemetry'],
      ['iot:GetThingShadow', '${aws:PrincipalTag/device}/config'],
    ]);
    expect(resourcesOf('iot:Subscribe')).toEqual(['topicfilter/dt/sensors/${cognito-identity.amazonaws.com:sub}/telemetry']);
    expect(resourcesOf('iot:CreateJob')).not.toEqual([]);
    expect(checked).toEqual(['iot:CreateJob', 'pump-1']);
  });
});

test.each([
  ['cn-north-1', 'aws-cn'],
  ['us-gov-west-1', 'aws-us-gov'],
])('grants are for %s in the partition %s', (region, partition) => {
  const account = { accountId: '111122223333', region, partition };
  const there = new Stack(new App(), 'There', { env: { account: account.accountId, region } });
  new DeviceFleet(there, 'Sensors', EVERYTHING).grants.operate(new iam.User(there, 'User'));
  const decisions = (caller: Caller) => [caller.decide('iot:Publish', 'cmd/sensors/a/x'), caller.decide('iot:GetThingShadow', 'pump-1/config')];

  expect(decisions(new Caller(there, { account }))).toEqual(['allow', 'allow']);
  expect(decisions(new Caller(there, { account: { ...account, region: 'eu-west-1' } }))).toEqual(['deny', 'deny']);
  expect(JSON.stringify(Template.fromStack(there).toJSON())).not.toContain('arn:aws:');
});
