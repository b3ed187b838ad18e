import { App, Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import * as cognito from 'aws-cdk-lib/aws-cognito';
import { Channel, CognitoAccess, DeviceFleet, JobAccess, LoginProvider, Shadow, SocialLogin, StreamAccess, UserVariable, type GuestAccess } from '../../../lib';
import { AppUser } from './app-user';

const ALICE = 'eu-west-1:11111111-2222-3333-4444-555555555555';
const BOB = 'eu-west-1:11111111-2222-3333-4444-555555555556';
const TOPIC_ACTIONS = ['iot:Publish', 'iot:RetainPublish', 'iot:Subscribe', 'iot:Receive', 'iot:GetRetainedMessage'];
const SHADOW_ACTIONS = ['iot:GetThingShadow', 'iot:UpdateThingShadow', 'iot:DeleteThingShadow'];

let stack: Stack;
let access: CognitoAccess;
let fleet: DeviceFleet;
let guests: GuestAccess;

beforeAll(() => {
  stack = new Stack(new App(), 'Stack');
  const userPool = new cognito.UserPool(stack, 'Users', { customAttributes: { device: new cognito.StringAttribute({ mutable: true }) } });
  access = new CognitoAccess(stack, 'Access', { providers: [LoginProvider.userPool(userPool, userPool.addClient('App'), { principalTags: { device: 'custom:device' } })] });
  fleet = new DeviceFleet(stack, 'Doors', {
    topics: {
      telemetry: Channel.fromDevice('dt/doors/{thing}/telemetry'),
      commands: Channel.toDevice('cmd/doors/{thing}/+'),
      chat: Channel.bidirectional('chat/{thing}/text'),
      news: Channel.broadcast('news/doors'),
    },
    shadows: [Shadow.named('config')],
  });
  const own = { thing: UserVariable.principalTag('device') };
  fleet.channel('telemetry').grants.subscribe(access, own);
  fleet.channel('commands').grants.publish(access, own);
  fleet.channel('chat').grants.subscribe(access, { thing: UserVariable.identityId() });
  fleet.shadow('config').grants.update(access, { ...own, mqtt: true });
  guests = access.allowGuestsWithoutLogin();
  fleet.channel('news').grants.subscribe(guests);
});

const user = (identityId: string, device?: string, more: object = {}) => new AppUser(stack, { identityId, ...device !== undefined && { tags: { device } }, ...more });

describe('a user', () => {
  test('reaches the own device, in all ways that were granted and in no other', () => {
    const alice = user(ALICE, 'door-1');

    expect(alice.allowed(TOPIC_ACTIONS, 'dt/doors/door-1/telemetry')).toEqual(['iot:Subscribe', 'iot:Receive']);
    expect(alice.allowed(TOPIC_ACTIONS, 'cmd/doors/door-1/open')).toEqual(['iot:Publish']);
    expect(alice.allowed(TOPIC_ACTIONS, `chat/${ALICE}/text`)).toEqual(['iot:Subscribe', 'iot:Receive']);
    expect(alice.allowed(SHADOW_ACTIONS, 'door-1/config')).toEqual(['iot:UpdateThingShadow']);
    expect(alice.allowed(TOPIC_ACTIONS, '$aws/things/door-1/shadow/name/config/update')).toEqual(['iot:Publish']);
  });

  test.each([['door-1', 'door-2'], ['door-1', 'door-10'], ['door-10', 'door-1'], ['Door-1', 'door-1'], ['door', 'door-1']])('of %s can neither read nor command %s', (own, other) => {
    const alice = user(ALICE, own);
    const topics = [
      `dt/doors/${other}/telemetry`, `cmd/doors/${other}/open`, `$aws/things/${other}/shadow/name/config/update`, `$aws/things/${other}/shadow/name/config/get`,
      `$aws/things/${other}/shadow/name/config/update/accepted`, `chat/${BOB}/text`, `chat/${other}/text`,
    ];
    for (const topic of topics) {
      expect({ topic, allowed: alice.allowed(TOPIC_ACTIONS, topic) }).toEqual({ topic, allowed: [] });
    }
    expect(alice.allowed(SHADOW_ACTIONS, `${other}/config`)).toEqual([]);
    expect(alice.allowed(SHADOW_ACTIONS, own)).toEqual([]);
  });

  test.each(['#', '+/+/+/+', 'dt/#', 'dt/doors/+/telemetry', 'dt/doors/#', 'cmd/doors/+/+', 'chat/+/text', '$aws/things/+/shadow/name/config/update/accepted', '$aws/things/#'])('cannot subscribe to %s', (filter) => {
    expect(user(ALICE, 'door-1').decide('iot:Subscribe', filter)).toBe('deny');
  });

  test.each([
    ['without the claim', undefined], ['with more than one level', 'door-1/telemetry/../../door-2'], ['with a slash', 'a/b'], ['with a wildcard of MQTT', '+'], ['with one in it', 'door+'],
  ])('%s in the tag reaches no device', (_, device) => {
    const mallory = user(ALICE, device);
    for (const name of [device ?? '', 'door-1', 'door-2']) {
      for (const topic of [`dt/doors/${name}/telemetry`, `cmd/doors/${name}/open`, `$aws/things/${name}/shadow/name/config/update`]) {
        expect(mallory.allowed(TOPIC_ACTIONS, topic)).toEqual([]);
      }
      expect(mallory.allowed(SHADOW_ACTIONS, `${name}/config`)).toEqual([]);
    }
  });

  test('without attached policies can do nothing, not even connect', () => {
    const alice = user(ALICE, 'door-1', { isAttached: false });
    expect(alice.connect()).toBe('deny');
    expect(alice.allowed(['iot:Publish', 'iot:Subscribe', 'iot:Receive'], 'dt/doors/door-1/telemetry')).toEqual([]);
    expect(alice.allowed(SHADOW_ACTIONS, 'door-1/config')).toEqual([]);
  });

  test.each(['iot:AttachPolicy', 'iot:DetachPolicy', 'iot:CreateThing', 'iot:DescribeThing', 'iot:UpdateThing', 'iot:ListThings', 'iot:SearchIndex', 'iot:ListRetainedMessages', 'iot:DeleteConnection'])('may not %s', (action) => {
    expect(user(ALICE, 'door-1').decide(action, '*')).toBe('deny');
    expect(user(ALICE, 'door-1').decide(action, 'door-1')).toBe('deny');
  });
});

describe('a connection', () => {
  test.each([ALICE, `${ALICE}-tab-1`, `${ALICE}-`])('of a user may be called %s', (clientId) => {
    expect(user(ALICE, 'door-1', { clientId }).connect()).toBe('allow');
  });

  test.each([BOB, `${BOB}-tab-1`, 'door-1', `guest-${ALICE}`, `${ALICE}x`, ALICE.slice(0, -1), `${ALICE}/tab`, '*', ''])('of a user may not be called %s', (clientId) => {
    expect(user(ALICE, 'door-1', { clientId }).connect()).toBe('deny');
  });

  test('may leave a will where the user may publish, and nowhere else', () => {
    expect(user(ALICE, 'door-1').connect({ lastWill: { topic: 'cmd/doors/door-1/lock' } })).toBe('allow');
    expect(user(ALICE, 'door-1').connect({ lastWill: { topic: 'cmd/doors/door-2/lock' } })).toBe('deny');
    expect(user(ALICE, 'door-1').connect({ lastWill: { topic: 'cmd/doors/door-1/lock', retain: true } })).toBe('deny');
  });

  test('ends with its session', () => {
    expect(user(ALICE, 'door-1').connect({ connectAttributes: ['PersistentConnect'] })).toBe('deny');
  });
});

describe('a guest', () => {
  const guest = (clientId: string, tags: object = {}) => new AppUser(stack, { identityId: BOB, clientId, isGuest: true, tags: tags as never });

  test('connects as a guest, and as nobody else', () => {
    expect(guest(`guest-${BOB}`).connect()).toBe('allow');
    for (const clientId of [BOB, ALICE, `guest-${ALICE}`, `guest-${BOB}-2`, 'guest-', 'door-1']) {
      expect(guest(clientId).connect()).toBe('deny');
    }
  });

  test('hears what guests were granted, and nothing else', () => {
    const someone = guest(`guest-${BOB}`, { device: 'door-1' });
    expect(someone.allowed(TOPIC_ACTIONS, 'news/doors')).toEqual(['iot:Subscribe', 'iot:Receive']);
    for (const topic of ['dt/doors/door-1/telemetry', 'cmd/doors/door-1/open', `chat/${BOB}/text`, 'news/#', '#', '$aws/things/door-1/shadow/name/config/update']) {
      expect(someone.allowed(TOPIC_ACTIONS, topic)).toEqual([]);
    }
    expect(someone.allowed(SHADOW_ACTIONS, 'door-1/config')).toEqual([]);
  });
});

describe('a grant of a fleet', () => {
  const message = /every user would reach all that the wildcard stands for, such as every device/;
  let fresh: CognitoAccess;
  let doors: DeviceFleet;

  beforeEach(() => {
    const other = new Stack(new App(), 'Other');
    const userPool = new cognito.UserPool(other, 'Users');
    fresh = new CognitoAccess(other, 'Access', { providers: [LoginProvider.userPool(userPool, userPool.addClient('App'))] });
    doors = new DeviceFleet(other, 'Doors', {
      topics: { telemetry: Channel.fromDevice('dt/doors/{thing}/telemetry'), commands: Channel.toDevice('cmd/doors/{thing}/+') }, shadows: [Shadow.named('config')], jobs: JobAccess.EXECUTE, streams: [StreamAccess.named('maps')], tunnels: true,
    });
  });

  test.each<[string, () => unknown]>([
    ['to subscribe', () => doors.channel('telemetry').grants.subscribe(fresh)],
    ['to publish', () => doors.channel('commands').grants.publish(fresh)],
    ['to read a shadow', () => doors.shadow('config').grants.read(fresh)],
    ['to look things up', () => doors.grants.describe(fresh)],
    ['to send jobs', () => doors.jobs.grants.create(fresh)],
    ['to cancel jobs', () => doors.jobs.grants.cancel(fresh)],
    ['to list jobs', () => doors.jobs.grants.list(fresh)],
    ['to run jobs', () => doors.jobs.grants.execute(fresh)],
    ['to hear of jobs', () => doors.jobs.grants.subscribeEvents(fresh)],
    ['to look at streams', () => doors.streams.grants.describe(fresh)],
    ['to open tunnels', () => doors.tunnels.grants.open(fresh, { services: ['SSH'] })],
    ['to list tunnels', () => doors.tunnels.grants.list(fresh)],
    ['to close tunnels', () => doors.tunnels.grants.manage(fresh)],
    ['to see everything', () => doors.grants.readOnly(fresh)],
    ['to run everything', () => doors.grants.operate(fresh)],
  ])('%s without a scope fails, before the role has it', (_, grant) => {
    expect(grant).toThrow(message);
    for (const { Properties: { PolicyDocument: document } } of Object.values(Template.fromStack(Stack.of(fresh)).findResources('AWS::IAM::Policy'))) {
      expect(JSON.stringify(document)).not.toMatch(/iot:(Subscribe|Publish|GetThingShadow|DescribeThing|\w+(Job|Stream|Tunnel)s?)\b|iotjobsdata/);
    }
  });

  test('to look at a device by a tag that nobody maps fails', () => {
    expect(() => doors.grants.describe(fresh, { thing: UserVariable.principalTag('device') })).toThrow("no login provider has the principal tag 'device'");
  });

  test('to send jobs is nothing for guests', () => {
    expect(() => doors.jobs.grants.create(fresh.allowGuestsWithoutLogin(), { thing: 'front-door' })).toThrow('guests may publish, subscribe and receive, got iot:CreateJob');
  });

  test('to connect as anybody fails', () => {
    expect(() => doors.grants.connect(fresh, { clientIdPrefix: 'app-' })).toThrow('with client/app-*, a user could end the connections of others');
  });

  test('in another Region fails, where the IoT policies of the users are none', () => {
    const app = new App();
    const inRegion = (id: string, region: string) => new Stack(app, id, { env: { account: '111122223333', region } });
    const far = new CognitoAccess(inRegion('Far', 'us-east-1'), 'Access', { providers: [LoginProvider.social(SocialLogin.GOOGLE, 'app')] });
    const here = new DeviceFleet(inRegion('Here', 'eu-west-1'), 'Doors', { topics: { news: Channel.broadcast('news/doors') } });
    expect(() => here.channel('news').grants.subscribe(far)).toThrow(new Error("'grantee' must be in the Region of the stack, eu-west-1, got one in us-east-1 (at Here/Doors)"));
    expect(() => here.channel('news').grants.subscribe(far.allowGuestsWithoutLogin())).not.toThrow();
  });

  test('of the telemetry of one named device is for all users, as it says', () => {
    doors.channel('telemetry').grants.subscribe(fresh, { thing: 'front-door' });
    Template.fromStack(Stack.of(fresh)).hasResourceProperties('AWS::IoT::Policy', Match.objectLike({
      PolicyDocument: { Statement: Match.arrayWith([Match.objectLike({ Action: 'iot:Subscribe', Resource: { 'Fn::Join': ['', Match.arrayWith([':topicfilter/dt/doors/front-door/telemetry'])] } })]) },
    }));
  });
});
