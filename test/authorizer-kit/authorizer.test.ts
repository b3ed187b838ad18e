import { ANY, AnswerError, authorizer, Channel, clientIdOf, principalIdOf, problemsOf, publish, Refusal, statement, subscribe } from '../../lib/authorizer-kit';
import type { AuthorizerOptions, Permission, PolicyStatement, User } from '../../lib/authorizer-kit';
import { ARN, Caller, CONTEXT, mqttEvent } from './events';

const NOW = Date.parse('2026-01-01T00:00:00Z');
const TELEMETRY = Channel.fromDevice('dt/{thing}/telemetry');
const COMMANDS = Channel.toDevice('cmd/{thing}/+');

interface Claims { readonly thing?: string }

let lines: string[];
beforeEach(() => { lines = []; });

/** A handler for users who say their name as the password. */
function define(options: Partial<AuthorizerOptions<Claims>> = {}) {
  return authorizer<Claims>({
    acceptUnsigned: true,
    now: () => NOW,
    log: (line) => lines.push(line),
    verify: ({ password, userName }) => (password === undefined ? undefined : { subject: password, claims: { thing: userName } }),
    allow: ({ claims }) => [subscribe(TELEMETRY, { thing: claims.thing }), publish(COMMANDS, { thing: claims.thing })],
    ...options,
  });
}

const ask = (options?: Partial<AuthorizerOptions<Claims>>, event = mqttEvent({ username: 'sensor-1', password: 'ann' })) => define(options)(event, CONTEXT);
const allowing = (...permissions: Permission[]) => ask({ allow: () => permissions });
const reason = () => (JSON.parse(lines.at(-1)!) as { reason: string }).reason;
const until = (seconds: number): Partial<AuthorizerOptions<Claims>> => ({ verify: () => ({ subject: 'ann', expiresAt: NOW + seconds * 1000, claims: { thing: 'sensor-1' } }) });

describe('a good caller', () => {
  test('uses the topics of its own device and of no other', async () => {
    const caller = new Caller(await ask());
    const requests = (thing: string): [string, string][] => [
      ['iot:Subscribe', `dt/${thing}/telemetry`], ['iot:Receive', `dt/${thing}/telemetry`], ['iot:Publish', `cmd/${thing}/reboot`],
    ];
    expect(requests('sensor-1').map((request) => caller.decide(...request))).toEqual(['allow', 'allow', 'allow']);
    expect(requests('sensor-10').map((request) => caller.decide(...request))).toEqual(['deny', 'deny', 'deny']);
    expect(caller.decide('iot:Publish', 'dt/sensor-1/telemetry')).toBe('deny');
    expect(caller.decide('iot:Publish', 'cmd/sensor-1/reboot', { retain: true })).toBe('deny');
    expect(problemsOf(caller.answer)).toEqual([]);
  });

  test('is known by the hash of its subject, in the alphabet of AWS IoT', async () => {
    const { principalId } = await ask({}, mqttEvent({ username: 'sensor-1', password: 'auth0|Ann@example.com' }));
    expect(principalId).toBe(principalIdOf('auth0|Ann@example.com'));
    expect(principalId).toMatch(/^[0-9a-f]{64}$/);
  });

  test('is logged in one line without its credentials', async () => {
    await ask({}, mqttEvent({ username: 'sensor-1', password: 'secret-ann', clientId: clientIdOf('secret-ann') }));
    expect(lines).toHaveLength(1);
    expect(JSON.parse(lines[0]!)).toMatchObject({ level: 'INFO', message: 'caller allowed', principalId: principalIdOf('secret-ann') });
    expect(lines[0]).not.toContain('secret');
  });

  test('has ARNs of the partition, Region and account of the function', async () => {
    const answer = await define()(mqttEvent({ username: 'a', password: 'ann' }), { invokedFunctionArn: 'arn:aws-cn:lambda:cn-north-1:999999999999:function:authorizer:live' });
    expect(JSON.stringify(answer)).toContain('arn:aws-cn:iot:cn-north-1:999999999999:topic/cmd/a/*');
  });

  test('may retain what it may publish, if that is said', async () => {
    const caller = new Caller(await allowing(publish(COMMANDS, { thing: 'a' }, { retain: true })));
    expect(caller.decide('iot:Publish', 'cmd/a/x', { retain: true })).toBe('allow');
  });

  test('may use the topics of all devices with ANY alone', async () => {
    const caller = new Caller(await allowing(subscribe(TELEMETRY, { thing: ANY })));
    expect(caller.decide('iot:Subscribe', 'dt/+/telemetry')).toBe('allow');
    expect(caller.decide('iot:Receive', 'dt/b/telemetry')).toBe('allow');
  });

  test('has what a statement of the policy language says', async () => {
    const caller = new Caller(await allowing(
      statement({ Effect: 'Allow', Action: 'iot:Receive', Resource: ARN('topic/news/*') }), statement({ Effect: 'Deny', Action: ['iot:Receive'], Resource: [ARN('topic/news/secret')] }),
    ));
    expect(['news/a', 'news/secret'].map((topic) => caller.decide('iot:Receive', topic))).toEqual(['allow', 'deny']);
  });
});

describe('the client id', () => {
  const own = principalIdOf('ann');
  const connects = async (clientId: string | undefined, others: readonly string[], options: Partial<AuthorizerOptions<Claims>> = {}) => {
    const caller = new Caller(await ask(options, mqttEvent({ username: 'sensor-1', password: 'ann', clientId })), clientId);
    return others.filter((id) => caller.decide('iot:Connect', id) === 'allow');
  };
  const candidates = [own, `${own}-phone`, `${own}x`, principalIdOf('bob'), `${principalIdOf('bob')}-phone`, 'sensor-1', own.slice(0, 63)];

  test.each([own, `${own}-phone`])('%s is granted alone to a client that has it', async (clientId) => {
    expect(await connects(clientId, candidates)).toEqual([clientId]);
  });

  test.each([
    principalIdOf('bob'), `${principalIdOf('bob')}-phone`, `${own}x`, 'sensor-1', '', `${own}-*`, `${own}-?`, `${own}-\${iot:ClientId}`, `${own}-a/b`, `${own}-#`, '*',
  ])('%s is refused', async (clientId) => {
    expect(await connects(clientId, candidates)).toEqual([]);
    expect(reason()).toBe('the client id is not the hash of the subject, nor begins with it and a hyphen');
  });

  test('that is missing leaves those that the subject may have', async () => {
    expect(await connects(undefined, candidates)).toEqual([own, `${own}-phone`]);
  });

  test('is one of a list, where there is a list', async () => {
    const options = { clientIds: ({ claims }: User<Claims>) => [claims.thing!, 'spare'] };
    expect(await connects('sensor-1', [...candidates, 'spare'], options)).toEqual(['sensor-1']);
    expect(await connects(undefined, [...candidates, 'spare'], options)).toEqual(['sensor-1', 'spare']);
    expect(await connects(own, candidates, options)).toEqual([]);
    expect(reason()).toBe('the client id is none of those that the subject may have');
  });

  test.each(['*', 'a*', '', '${iot:ClientId}', '$a', 'a?', 'é'.repeat(65)])('of a list fails for %j', async (id) => {
    expect((await ask({ clientIds: () => [id] })).isAuthenticated).toBe(false);
    expect(reason()).toContain("'clientIds' must have 1 to 128 bytes each");
  });

  test('has a suffix that fits', () => {
    expect(clientIdOf('ann', 'phone')).toBe(`${own}-phone`);
    expect(() => clientIdOf('ann', 'a/b')).toThrow(AnswerError);
    expect(() => clientIdOf('ann', 'x'.repeat(64))).toThrow('must have 1 to 63 letters');
  });
});

describe('the times', () => {
  test.each([
    [3600, 3600], [300, 300], [301.9, 301], [86_400, 86_400], [100_000, 86_400], [10, 300],
  ])('for credentials that expire in %d seconds end the connection after %d, and not before', async (remaining, seconds) => {
    expect(await ask(until(remaining))).toMatchObject({ isAuthenticated: true, disconnectAfterInSeconds: seconds, refreshAfterInSeconds: seconds });
  });

  test('are an hour for credentials that do not expire', async () => {
    expect(await ask()).toMatchObject({ disconnectAfterInSeconds: 3600, refreshAfterInSeconds: 3600 });
    expect(await ask({ maxSessionSeconds: 600 })).toMatchObject({ disconnectAfterInSeconds: 600 });
    expect(await ask({ maxSessionSeconds: 7200 })).toMatchObject({ disconnectAfterInSeconds: 7200 });
  });

  test('are bounded by maxSessionSeconds, and the refresh by them', async () => {
    expect(await ask({ ...until(9000), maxSessionSeconds: 600, refreshAfterSeconds: 900 })).toMatchObject({ disconnectAfterInSeconds: 600, refreshAfterInSeconds: 600 });
    expect(await ask({ ...until(9000), refreshAfterSeconds: 900 })).toMatchObject({ disconnectAfterInSeconds: 9000, refreshAfterInSeconds: 900 });
  });

  test.each([0, -1])('refuse credentials that have expired (%d)', async (remaining) => {
    expect((await ask(until(remaining))).isAuthenticated).toBe(false);
    expect(reason()).toBe('the credentials have expired');
  });

  test('refuse credentials that expire too soon, where that matters', async () => {
    expect((await ask({ ...until(299), minRemainingSeconds: 300 })).isAuthenticated).toBe(false);
    expect(reason()).toBe('the credentials expire too soon');
    expect((await ask({ ...until(300), minRemainingSeconds: 300 })).isAuthenticated).toBe(true);
  });

  test.each([{ maxSessionSeconds: 299 }, { refreshAfterSeconds: 86_401 }, { minRemainingSeconds: -1 }, { maxSessionSeconds: 300.5 }])('fail for %j', (options) => {
    expect(() => define(options)).toThrow(AnswerError);
  });

  test('refuse an expiry in seconds, and say what it must be', async () => {
    expect((await ask({ verify: () => ({ subject: 'ann', expiresAt: NOW / 1000 + 3600, claims: { thing: 'a' } }) })).isAuthenticated).toBe(false);
    expect(reason()).toBe("'expiresAt' must be milliseconds since the epoch; multiply seconds, such as the 'exp' of a token, by 1000");
  });

  test.each([NaN, Infinity])('refuse an expiry that is none (%d)', async (expiresAt) => {
    const answer = await ask({ verify: () => ({ subject: 'ann', expiresAt, claims: { thing: 'a' } }) });
    expect(problemsOf(answer)).toEqual([]);
    expect(answer.isAuthenticated).toBe(expiresAt === Infinity);
  });
});

describe('documents', () => {
  const channels = (count: number, length = 20) => Array.from({ length: count }, (_, index) => subscribe(Channel.fromDevice(`dt/{thing}/${String(index).padStart(length, '0')}`), { thing: 'a' }));

  test('are as few as the topics fit into, each of at most 2,048 characters', async () => {
    const few = await allowing(...channels(5));
    const many = await allowing(...channels(80));
    expect(few.policyDocuments).toHaveLength(1);
    expect(problemsOf(many)).toEqual([]);
    expect(many.policyDocuments.length).toBeGreaterThan(4);
    const caller = new Caller(many);
    expect(caller.decide('iot:Subscribe', `dt/a/${'79'.padStart(20, '0')}`)).toBe('allow');
  });

  test('that are more than 10 are refused, with what to do', async () => {
    expect((await allowing(...channels(400))).isAuthenticated).toBe(false);
    expect(reason()).toMatch(/^the permissions need \d+ documents of 2048 characters, AWS IoT takes 10; allow fewer topics/);
  });

  test('are refused for a statement that no document can hold', async () => {
    expect((await allowing(statement({ Effect: 'Allow', Action: 'iot:Receive', Resource: ARN(`topic/${'x'.repeat(2000)}`) }))).isAuthenticated).toBe(false);
    expect(reason()).toContain('a statement must have at most 2048 characters');
  });

  test.each<[string, object]>([
    ["'Effect'", { Effect: 'allow', Action: 'iot:Publish', Resource: '*' }], ["'Action'", { Effect: 'Allow', Action: 's3:GetObject', Resource: '*' }],
    ["'Action'", { Effect: 'Allow', Action: [], Resource: '*' }], ["'Resource'", { Effect: 'Allow', Action: 'iot:Publish', Resource: 'topic/a' }], ["'Resource'", { Effect: 'Allow', Action: 'iot:Publish' }],
  ])('are refused for a bad %s', async (name, given) => {
    expect((await allowing(statement(given as PolicyStatement))).isAuthenticated).toBe(false);
    expect(reason()).toContain(`${name} of a statement must`);
  });
});

describe('a scope', () => {
  test.each([undefined, '', '+', '#', '*', 'a/b', 'a#', '${iot:ClientId}', '?', '\n', 'x'.repeat(129)])('refuses the caller for %j', async (thing) => {
    expect((await ask({ allow: () => [subscribe(TELEMETRY, { thing })] })).isAuthenticated).toBe(false);
    expect(reason()).toMatch(/^'thing' of the channel 'dt\/{thing}\/telemetry' (has no value|must be one level)/);
  });

  test('does not take what every object has for an attribute', async () => {
    expect((await ask({ allow: () => [subscribe(Channel.broadcast('a/{attribute:constructor}'), { attributes: {} })] })).isAuthenticated).toBe(false);
    expect(reason()).toContain("'attributes.constructor' of the channel");
  });

  test('refuses the wrong direction', async () => {
    expect((await ask({ allow: () => [publish(TELEMETRY, { thing: 'a' })] })).isAuthenticated).toBe(false);
    expect(reason()).toContain('is published on by devices alone');
  });
});

describe('a caller is refused, and nothing is thrown, when', () => {
  test.each<[string, Partial<AuthorizerOptions<Claims>>, string]>([
    ['it is not known', { verify: () => undefined }, 'the credentials are not good'],
    ['it is refused', { verify: () => { throw new Refusal('the account is closed'); } }, 'the account is closed'],
    ['verify throws', { verify: () => { throw new TypeError('token abc'); } }, 'the decision failed with TypeError'],
    ['verify rejects', { verify: () => Promise.reject(new Error('token abc')) }, 'the decision failed with Error'],
    ['verify throws a text', { verify: () => { throw 'token abc'; } }, 'the decision failed with string'], // eslint-disable-line @typescript-eslint/only-throw-error
    ['allow rejects', { allow: () => Promise.reject(new Error('token abc')) }, 'the decision failed with Error'],
    ['the subject is empty', { verify: () => ({ subject: '', claims: {} }) }, "'subject' must be text"],
    ['AWS IoT has checked no signature', { acceptUnsigned: false }, "the token has no signature that AWS IoT has checked; where the authorizer's signing is off, set 'acceptUnsigned'"],
  ])('%s', async (_, options, expected) => {
    expect(await ask(options)).toEqual({ isAuthenticated: false, principalId: 'refused', disconnectAfterInSeconds: 300, refreshAfterInSeconds: 300, policyDocuments: [] });
    expect(reason()).toBe(expected);
    expect(lines).toHaveLength(1);
    expect(lines[0]).not.toContain('abc');
  });

  test('it takes too long', async () => {
    jest.useFakeTimers();
    try {
      const answer = ask({ verify: () => new Promise(() => undefined) });
      await jest.advanceTimersByTimeAsync(4500);
      expect((await answer).isAuthenticated).toBe(false);
      expect(reason()).toBe('no decision within 4.5 seconds');
    } finally {
      jest.useRealTimers();
    }
  });

  test('both of its parts take too long together', async () => {
    jest.useFakeTimers();
    try {
      const after = <T>(ms: number, value: T) => new Promise<T>((resolve) => { setTimeout(() => resolve(value), ms); });
      const answer = ask({ verify: () => after(3000, { subject: 'ann', claims: {} }), allow: () => after(3000, []) });
      await jest.advanceTimersByTimeAsync(4500);
      expect((await answer).isAuthenticated).toBe(false);
      expect(reason()).toBe('no decision within 4.5 seconds');
    } finally {
      jest.useRealTimers();
    }
  });

  test.each([undefined, null, 'x', [], { protocolData: null }, { protocolData: { mqtt: { password: 5, clientId: {} } } }, { token: 5 }])('the event is %j', async (event) => {
    expect((await define()(event as never, CONTEXT)).isAuthenticated).toBe(false);
  });

  test('its function is not one of AWS Lambda', async () => {
    expect((await define()(mqttEvent({ username: 'a', password: 'ann' }), { invokedFunctionArn: 'x' })).isAuthenticated).toBe(false);
  });
});

test('a checked signature is enough without acceptUnsigned', async () => {
  expect((await ask({ acceptUnsigned: false }, mqttEvent({ username: 'a', password: 'ann', token: 't', signatureVerified: true }))).isAuthenticated).toBe(true);
});

describe('a caller with a certificate as well', () => {
  const certificate = 'c'.repeat(64);
  const event = mqttEvent({ username: 'sensor-1', password: 'ann', clientId: 'sensor-1' });
  const both = (principalId: string) => ({ ...event, protocolData: { ...event.protocolData, tls: { x509CertificatePem: '-----BEGIN CERTIFICATE-----', principalId } } });

  test('keeps the principal id of the certificate, whose policies say as what it connects', async () => {
    const answer = await ask({}, both(certificate));
    expect(answer.principalId).toBe(certificate);
    expect(JSON.stringify(answer)).not.toContain('iot:Connect');
    expect(new Caller(answer).decide('iot:Publish', 'cmd/sensor-1/x')).toBe('allow');
  });

  test('has the client ids of a list all the same', async () => {
    expect(new Caller(await ask({ clientIds: () => ['sensor-1'] }, both(certificate))).decide('iot:Connect', 'sensor-1')).toBe('allow');
    expect((await ask({ clientIds: () => ['sensor-2'] }, both(certificate))).isAuthenticated).toBe(false);
  });

  test('is refused for a principal id that AWS IoT would not take', async () => {
    expect((await ask({}, both('a-b'))).isAuthenticated).toBe(false);
  });
});
