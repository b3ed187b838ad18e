import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import fc from 'fast-check';
import { createHandler, readSettings } from '../../lambda/authorize-token';
import { fetchJson } from '../../lambda/authorize-token/fetch-json';
import type { AuthorizerEvent } from '../../lib/authorizer-kit';
import { clientIdOf, principalIdOf, problemsOf } from '../../lib/authorizer-kit';
import type { TokenSettings } from '../../lib/authorizer/settings';
import { ChannelDirection } from '../../lib/topics';
import { AUDIENCE, claims, confusedToken, ecKey, edKey, ISSUER, jwks, rsaKey, token, unsignedToken, type IssuerKey } from '../authorizer/tokens';
import { Caller, CONTEXT, mqttEvent } from '../authorizer-kit/events';

const KEY = ecKey('one');
const RSA = rsaKey('rsa');
const SECOND = 1000;

const SETTINGS: TokenSettings = {
  issuer: { issuer: ISSUER, jwksUri: `${ISSUER}/keys`, audience: [AUDIENCE] },
  access: [
    { use: 'subscribe', pattern: 'dt/{thing}/telemetry', direction: ChannelDirection.FROM_DEVICE, scope: { thing: { claim: 'things' } } },
    { use: 'publish', pattern: 'cmd/{thing}/+', direction: ChannelDirection.TO_DEVICE, scope: { thing: { claim: 'things' } } },
    { use: 'subscribe', pattern: 'alerts/{attribute:site}', direction: ChannelDirection.BROADCAST, scope: { 'attributes.site': { claim: 'site' } } },
  ],
  sources: ['password', { header: 'Authorization' }],
  signed: false,
  clockToleranceSeconds: 10,
};

/** An issuer, and a function that asks it. */
class Scene {
  public readonly lines: string[] = [];
  public readonly asked: string[] = [];
  public keys: readonly IssuerKey[] = [KEY, RSA];
  private readonly handler;

  constructor(settings: Partial<TokenSettings> = {}, public answer: (uri: string) => unknown = () => jwks(...this.keys)) {
    this.handler = createHandler({ ...SETTINGS, ...settings }, {
      now: () => Date.now(),
      log: (line) => this.lines.push(line),
      fetchJson: (uri) => {
        this.asked.push(uri);
        return new Promise((resolve) => resolve(this.answer(uri)));
      },
    });
  }

  public ask(password: string | undefined, clientId?: string, more: AuthorizerEvent = {}) {
    return this.handler(mqttEvent({ username: 'ignored', password, clientId, ...more }), CONTEXT);
  }

  /** Why a caller is refused; nothing where it is not. */
  public async refusal(password: string, clientId?: string): Promise<string | undefined> {
    const { isAuthenticated } = await this.ask(password, clientId);
    return isAuthenticated ? undefined : (JSON.parse(this.lines.at(-1)!) as { reason: string }).reason;
  }
}

describe('a good token', () => {
  test.each([
    KEY, RSA, rsaKey('r384', 2048, 'RS384'), rsaKey('r512', 2048, 'RS512'), ecKey('e384', 'P-384', 'ES384'), ecKey('e512', 'P-521', 'ES512'), edKey('ed'),
  ].map((key) => [key.alg, key] as const))('with %s lets its bearer use what its claims name, and nothing of others', async (_, key) => {
    const scene = new Scene({}, () => jwks(key));
    const caller = new Caller(await scene.ask(token(key, claims({ things: ['a', 'b'], site: 'hall' }))));
    const requests = (thing: string): [string, string][] => [['iot:Subscribe', `dt/${thing}/telemetry`], ['iot:Receive', `dt/${thing}/telemetry`], ['iot:Publish', `cmd/${thing}/x`]];
    expect(['a', 'b'].flatMap(requests).map((request) => caller.decide(...request))).toEqual(Array(6).fill('allow'));
    expect(requests('c').map((request) => caller.decide(...request))).toEqual(Array(3).fill('deny'));
    expect(['alerts/hall', 'alerts/yard'].map((topic) => caller.decide('iot:Receive', topic))).toEqual(['allow', 'deny']);
    expect(problemsOf(caller.answer)).toEqual([]);
  });

  test('opens the shadows of the things that it names, to read or to update, and no others', async () => {
    const access: TokenSettings['access'] = [
      { use: 'read-shadow', shadowName: 'status', scope: { thing: { claim: 'things' } } },
      { use: 'update-shadow', shadowName: 'config', scope: { thing: { claim: 'things' } } },
    ];
    const caller = new Caller(await new Scene({ access }).ask(token(KEY, claims({ things: ['a', 'shadow'] }))));
    const open = (thing: string): [string, string][] => [
      ['iot:GetThingShadow', `${thing}/status`], ['iot:UpdateThingShadow', `${thing}/config`], ['iot:Publish', `$aws/things/${thing}/shadow/name/status/get`],
      ['iot:Receive', `$aws/things/${thing}/shadow/name/status/update/delta`], ['iot:Subscribe', `$aws/things/${thing}/shadow/name/status/get/accepted`],
      ['iot:Publish', `$aws/things/${thing}/shadow/name/config/update`], ['iot:Subscribe', `$aws/things/${thing}/shadow/name/config/update/+`],
    ];
    const closed = (thing: string): [string, string][] => [
      ['iot:UpdateThingShadow', `${thing}/status`], ['iot:GetThingShadow', `${thing}/config`], ['iot:GetThingShadow', thing], ['iot:DeleteThingShadow', `${thing}/config`],
      ['iot:Publish', `$aws/things/${thing}/shadow/name/status/update`], ['iot:Publish', `$aws/things/${thing}/shadow/get`], ['iot:Subscribe', `$aws/things/${thing}/shadow/#`],
      ['iot:Publish', `$aws/things/${thing}/jobs/start-next`],
    ];
    expect(['a', 'shadow'].flatMap(open).filter((request) => caller.decide(...request) !== 'allow')).toEqual([]);
    expect([...['a', 'shadow'].flatMap(closed), ...open('b'), ...open('+')].filter((request) => caller.decide(...request) !== 'deny')).toEqual([]);
    expect(problemsOf(caller.answer)).toEqual([]);
  });

  test('opens the classic shadow, of any thing where that is said', async () => {
    const caller = new Caller(await new Scene({ access: [{ use: 'read-shadow', scope: { thing: 'any' } }] }).ask(token(KEY)));
    expect([caller.decide('iot:GetThingShadow', 'b'), caller.decide('iot:Publish', '$aws/things/b/shadow/get'), caller.decide('iot:UpdateThingShadow', 'b')]).toEqual(['allow', 'allow', 'deny']);
  });

  test('is refused for a thing that is no level of a topic', async () => {
    const access: TokenSettings['access'] = [{ use: 'read-shadow', shadowName: 'status', scope: { thing: { claim: 'things' } } }];
    expect(await new Scene({ access }).refusal(token(KEY, claims({ things: 'a/b' })))).toContain("the claim 'things' must be one level of a topic");
    const many = [...Array(201).keys()].map(String);
    expect(await new Scene({ access }).refusal(token(KEY, claims({ things: many })))).toContain('200');
  });

  test('is found in the header of a request over HTTPS', async () => {
    const answer = await new Scene().ask(undefined, undefined, { protocols: ['tls', 'http'], protocolData: { http: { headers: { authorization: `Bearer ${token(KEY)}` } } } });
    expect(answer.isAuthenticated).toBe(true);
  });

  test('without a claim gives nothing by it', async () => {
    const caller = new Caller(await new Scene().ask(token(KEY)), 'x');
    expect([caller.decide('iot:Publish', 'cmd/a/x'), caller.decide('iot:Receive', 'alerts/hall')]).toEqual(['deny', 'deny']);
    expect(caller.answer.isAuthenticated).toBe(true);
  });

  test('ends the connection when it expires, and not before', async () => {
    const { disconnectAfterInSeconds, refreshAfterInSeconds } = await new Scene().ask(token(KEY));
    expect(disconnectAfterInSeconds).toBeGreaterThan(3590);
    expect(disconnectAfterInSeconds).toBeLessThanOrEqual(3600);
    expect(refreshAfterInSeconds).toBe(disconnectAfterInSeconds);
  });

  test('is good again, and is not when it has expired meanwhile', async () => {
    jest.useFakeTimers();
    try {
      const scene = new Scene();
      const good = token(KEY);
      expect([await scene.refusal(good), await scene.refusal(good)]).toEqual([undefined, undefined]);
      jest.setSystemTime(Date.now() + 3605 * SECOND);
      scene.answer = () => jwks(KEY);
      expect(await scene.refusal(good)).toBe(undefined); // within the tolerance
      jest.setSystemTime(Date.now() + 10 * SECOND);
      expect(await scene.refusal(good)).toBe('the token has expired');
    } finally {
      jest.useRealTimers();
    }
  });

  test('of another user names another principal and other client ids', async () => {
    const [ann, bob] = [`${ISSUER} ann`, `${ISSUER} bob`];
    const scene = new Scene();
    expect((await scene.ask(token(KEY), clientIdOf(ann))).principalId).toBe(principalIdOf(ann));
    expect(await scene.refusal(token(KEY), clientIdOf(bob))).toBe('the client id is not the hash of the subject, nor begins with it and a hyphen');
    expect(await scene.refusal(token(KEY), clientIdOf(bob, 'phone'))).toMatch(/^the client id is not/);
    expect(await scene.refusal(token(KEY, claims({ sub: 'bob' })), clientIdOf(bob, 'phone'))).toBeUndefined();
  });

  test('names its client ids in a claim, where that is said', async () => {
    const scene = new Scene({ clientIds: 'things' });
    const good = token(KEY, claims({ things: ['a', 'b'] }));
    expect([await scene.refusal(good, 'a'), await scene.refusal(good, 'b')]).toEqual([undefined, undefined]);
    expect(await scene.refusal(good, 'c')).toBe('the client id is none of those that the subject may have');
  });
});

describe('a token is refused', () => {
  const now = Math.floor(Date.now() / 1000);
  const other = ecKey('one');
  const altered = (good: string, part: number, change: (text: string) => string) => good.split('.').map((text, index) => (index === part ? change(text) : text)).join('.');
  const payloadOf = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');

  test.each<[string, string, string]>([
    ['for another audience', token(KEY, claims({ aud: 'other' })), 'the token is for another audience'],
    ['for no audience', token(KEY, claims({ aud: undefined })), 'the token is for another audience'],
    ['of another issuer', token(KEY, claims({ iss: 'https://evil.example.com' })), 'the token is of another issuer'],
    ['of an issuer that begins alike', token(KEY, claims({ iss: `${ISSUER}/` })), 'the token is of another issuer'],
    ['that has expired', token(KEY, claims({ exp: now - 11 })), 'the token has expired'],
    ['that is not valid yet', token(KEY, claims({ nbf: now + 60 })), 'the token is not valid yet'],
    ['that never expires', token(KEY, claims({ exp: undefined })), "the claim 'exp' of the token is missing or not of its type"],
    ['that expires as a text', token(KEY, claims({ exp: '9999999999' })), "the claim 'exp' of the token is missing or not of its type"],
    ['without a subject', token(KEY, claims({ sub: undefined })), "the claim 'sub' of the token is missing or not of its type"],
    ['with alg none', unsignedToken(KEY), 'the token has an algorithm that its key is not for'],
    ['with alg none and something for a signature', unsignedToken(KEY, claims(), 'AAAA'), 'the token has an algorithm that its key is not for'],
    ['with HS256 and the public key as the secret', confusedToken(RSA), 'the token has an algorithm that its key is not for'],
    ['with another algorithm than that of the key', token({ ...RSA, alg: 'RS512' }), 'the token has an algorithm that its key is not for'],
    ['with ES256 and an RSA key', token({ ...RSA, kid: 'rsa' }, claims(), { alg: 'ES256' }), 'the token has an algorithm that its key is not for'],
    ['signed with another key of the same id', token(other), 'the signature of the token is not good'],
    ['signed with a key that the issuer does not publish', token(ecKey('two')), 'the issuer publishes no key with the id that the token names'],
    ['with an extension that must be understood', token(KEY, claims(), { crit: ['b64'], b64: false }), "the header of the token has 'crit': it must not be taken by who does not understand all of it"],
    ['without a key id', token(KEY, claims(), { kid: undefined }), "the header of the token must have 'alg' and 'kid'"],
    ['whose claims were altered', altered(token(KEY), 1, () => payloadOf(claims({ things: ['b'] }))), 'the signature of the token is not good'],
    ['whose signature was altered', altered(token(KEY), 2, (text) => `A${text.slice(1)}x`), 'the signature of the token is not good'],
    ['whose signature is missing', altered(token(KEY), 2, () => ''), 'the signature of the token is not good'],
    ['with a character that decoding leaves out', altered(token(KEY), 1, (text) => `${text.slice(0, 9)}\u0141${text.slice(10)}`), 'the token does not hold JSON objects'],
    // Read as Latin-1, they would still be those that are signed.
    ['with characters that decoding leaves out for others of the same last byte', altered(token(KEY, claims({ x: 'x'.repeat(40) })), 1, (text) => text.replace('eHh4', [...'eHh4'].map((one) => String.fromCharCode(one.charCodeAt(0) + 0x100)).join(''))), 'the signature of the token is not good'],
    ['with four parts', `${token(KEY)}.x`, 'the token does not have the three parts of a JWT'],
    ['that is none', 'hello', 'the token does not have the three parts of a JWT'],
    ['that is no JSON', 'a.b.c', 'the token does not hold JSON objects'],
    ['whose payload is a list', token(KEY, []), 'the token does not hold JSON objects'],
    ['with claims that are too large', token(KEY, claims({ x: 'x'.repeat(20_000) })), 'the token has more than 16384 characters'],
  ])('%s', async (_, bad, reason) => {
    const scene = new Scene();
    expect(await scene.refusal(bad)).toBe(reason);
    expect(scene.lines.join()).not.toContain(bad);
  });

  test.each(['#', '+', '*', 'a/b', '/', '${iot:ClientId}', '$aws', '?', '', 'a\u0000', 'x'.repeat(129), 5, { a: 1 }, ['a', '#'], ['a', 5]])('with %j for the name of a device', async (things) => {
    expect(await new Scene().refusal(token(KEY, claims({ things })))).toMatch(/^the claim 'things' must be /);
  });

  test('with more devices than documents hold', async () => {
    const names = (count: number) => Array.from({ length: count }, (_, index) => `sensor-${'x'.repeat(40)}-${index}`);
    expect(await new Scene().refusal(token(KEY, claims({ things: names(150) })))).toContain('AWS IoT takes 10');
    expect(await new Scene().refusal(token(KEY, claims({ things: Array.from({ length: 201 }, (_, index) => `${index}`) })))).toContain('a list of at most 200 texts');
  });

  test('that is not there', async () => {
    const scene = new Scene();
    expect((await scene.ask(undefined)).isAuthenticated).toBe(false);
    expect(scene.lines.at(-1)).toContain('there is no token where the authorizer looks for it');
  });

  test('without a signature that AWS IoT has checked, where it does that', async () => {
    const scene = new Scene({ signed: true, sources: ['token'] });
    const good = token(KEY);
    const ask = async (event: AuthorizerEvent) => (await scene.ask(undefined, undefined, event)).isAuthenticated;
    expect([await ask({ token: good, signatureVerified: false }), await ask({ token: good }), await ask({ token: good, signatureVerified: true })]).toEqual([false, false, true]);
    expect((await scene.ask(good, undefined, { signatureVerified: true })).isAuthenticated).toBe(false);
  });

  test('too close to its expiry, where that is said', async () => {
    expect(await new Scene({ minRemainingSeconds: 300 }).refusal(token(KEY, claims({ exp: now + 200 })))).toBe('the credentials expire too soon');
  });

  test('without one of the scopes', async () => {
    const scene = new Scene({ issuer: { ...SETTINGS.issuer, scopes: ['iot', 'admin'] } });
    expect(await scene.refusal(token(KEY, claims({ scope: 'openid' })))).toBe('the token has none of the scopes');
    expect(await scene.refusal(token(KEY, claims({ scope: 'openid iot' })))).toBeUndefined();
  });
});

describe('a user pool', () => {
  const issuer = (tokenUse: 'id' | 'access') => ({ issuer: ISSUER, jwksUri: `${ISSUER}/keys`, userPool: { id: 'pool', tokenUse, clientIds: ['web', 'phone'] } });

  test.each([
    ['id', { aud: 'web', token_use: 'id' }, undefined],
    ['id', { aud: 'other', token_use: 'id' }, 'the token is for another client'],
    ['id', { aud: undefined, client_id: 'web', token_use: 'access' }, 'the token is for another use: an access token in place of an id token, or the other way round'],
    ['access', { aud: undefined, client_id: 'phone', token_use: 'access' }, undefined],
    ['access', { aud: undefined, client_id: 'other', token_use: 'access' }, 'the token is for another client'],
    ['access', { aud: 'web', token_use: 'id' }, 'the token is for another use: an access token in place of an id token, or the other way round'],
  ] as const)('that gives %s tokens answers %j with %j', async (tokenUse, more, reason) => {
    expect(await new Scene({ issuer: issuer(tokenUse) }).refusal(token(KEY, claims(more)))).toBe(reason);
  });

  test('has its keys at AWS, or at the local AWS IoT Core', () => {
    const SETTINGS_TEXT = JSON.stringify({ ...SETTINGS, issuer: issuer('id') });
    expect(readSettings({ SETTINGS: SETTINGS_TEXT }).issuer.jwksUri).toBe(`${ISSUER}/keys`);
    expect(readSettings({ SETTINGS: SETTINGS_TEXT, AWS_ENDPOINT_URL: 'http://127.0.0.1:4566' }).issuer.jwksUri).toBe('http://127.0.0.1:4566/pool/.well-known/jwks.json');
    expect(readSettings({ SETTINGS: JSON.stringify(SETTINGS), AWS_ENDPOINT_URL: 'http://127.0.0.1:4566' }).issuer.jwksUri).toBe(`${ISSUER}/keys`);
  });
});

describe('the keys of the issuer', () => {
  beforeEach(() => { jest.useFakeTimers(); });
  afterEach(() => { jest.useRealTimers(); });
  const pass = (seconds: number) => jest.setSystemTime(Date.now() + seconds * SECOND);
  const DAY = 86_400;
  const fail = () => { throw new Error('connect ECONNREFUSED'); };

  test('are fetched once, when the function starts', async () => {
    const scene = new Scene();
    expect(scene.asked).toEqual([`${ISSUER}/keys`]);
    await scene.ask(token(KEY));
    await scene.ask(token(RSA));
    expect(scene.asked).toHaveLength(1);
  });

  test('are found through the discovery document of the issuer, and no other', async () => {
    const discovering = async (document: unknown) => {
      const scene = new Scene({ issuer: { issuer: ISSUER, audience: [AUDIENCE] } }, (uri) => (uri.endsWith('/openid-configuration') ? document : jwks(KEY)));
      return [await scene.refusal(token(KEY)), scene.asked.at(-1), scene.lines.join()] as const;
    };
    expect((await discovering({ issuer: ISSUER, jwks_uri: 'https://keys.example.com' })).slice(0, 2)).toEqual([undefined, 'https://keys.example.com']);
    expect((await discovering({ issuer: `${ISSUER}/`, jwks_uri: 'https://keys.example.com' }))[2]).toContain('the discovery document is of another issuer');
    expect((await discovering({ issuer: ISSUER, jwks_uri: 'http://keys.example.com' }))[2]).toContain("must have a 'jwks_uri' with https:");
  });

  test('are fetched again for a key id that is not known, at most every 10 seconds', async () => {
    const scene = new Scene();
    await scene.ask(token(KEY));
    const next = ecKey('next');
    scene.keys = [KEY, next];
    for (let attempt = 0; attempt < 5; attempt++) {
      expect(await scene.refusal(token(next))).toBe('the issuer publishes no key with the id that the token names');
    }
    expect(scene.asked).toHaveLength(1);
    pass(10);
    expect(await scene.refusal(token(next))).toBeUndefined();
    for (let attempt = 0; attempt < 5; attempt++) {
      await scene.refusal(token(ecKey(`made-up-${attempt}`)));
    }
    expect(scene.asked).toHaveLength(2);
  });

  test('that the issuer has withdrawn are no good after an hour, for tokens that were good before as well', async () => {
    const scene = new Scene();
    const good = token(KEY, claims({ exp: Date.now() / 1000 + DAY }));
    expect(await scene.refusal(good)).toBeUndefined();
    scene.keys = [RSA];
    pass(3600);
    expect(await scene.refusal(good)).toBe('the issuer publishes no key with the id that the token names');
  });

  test('that the issuer has replaced under the same id are no good after an hour', async () => {
    const scene = new Scene();
    const good = token(KEY, claims({ exp: Date.now() / 1000 + DAY }));
    expect(await scene.refusal(good)).toBeUndefined();
    scene.keys = [ecKey(KEY.kid)];
    pass(3600);
    expect(await scene.refusal(good)).toBe('the signature of the token is not good');
  });

  test('are kept for a day while the issuer cannot be reached, and the log says so', async () => {
    const scene = new Scene();
    const good = token(KEY, claims({ exp: Date.now() / 1000 + 3 * DAY }));
    expect(await scene.refusal(good)).toBeUndefined();
    scene.answer = fail;
    pass(3600);
    expect(await scene.refusal(good)).toBeUndefined();
    expect(scene.lines.map((line) => JSON.parse(line) as object)).toContainEqual({ level: 'ERROR', message: 'the keys of the issuer cannot be fetched', issuer: ISSUER, reason: 'connect ECONNREFUSED' });
    pass(DAY - 3600 - 1);
    expect(await scene.refusal(good)).toBeUndefined();
    pass(1);
    expect(await scene.refusal(good)).toBe('the keys of the issuer are not at hand, as the log says before');
    pass(10);
    scene.answer = () => jwks(KEY);
    expect(await scene.refusal(good)).toBeUndefined();
  });

  test('that could never be fetched let nobody in', async () => {
    const scene = new Scene({}, fail);
    expect(await scene.refusal(token(KEY))).toBe('the keys of the issuer are not at hand, as the log says before');
  });

  test.each<[string, unknown]>([
    ['a text', 'x'], ['nothing', null], ['no list', { keys: {} }], ['a key without a type', { keys: [{ kid: 'one' }] }],
  ])('that are %s let nobody in', async (_, answer) => {
    const scene = new Scene({}, () => answer);
    expect(await scene.refusal(token(KEY))).toBe('the keys of the issuer are not at hand, as the log says before');
  });

  test('that are too short, or for something else, are left out', async () => {
    const short = rsaKey('short', 1024);
    const scene = new Scene({}, () => ({ keys: [
      ...jwks(KEY, short).keys, { ...RSA.publicKey.export({ format: 'jwk' }), kid: 'rsa', use: 'enc' }, { kty: 'oct', kid: 'shared', k: 'c2VjcmV0' }, { kty: 'EC', kid: 'broken', crv: 'P-256', x: 'AA', y: 'AA' },
    ] }));
    const unknown = 'the issuer publishes no key with the id that the token names';
    expect([await scene.refusal(token(KEY)), await scene.refusal(token(short)), await scene.refusal(token(RSA)), await scene.refusal(confusedToken({ ...RSA, kid: 'shared' }))])
      .toEqual([undefined, unknown, unknown, unknown]);
  });

  test('without an algorithm are for those that go with their kind', async () => {
    const scene = new Scene({}, () => ({ keys: [{ ...RSA.publicKey.export({ format: 'jwk' }), kid: 'rsa' }] }));
    expect([await scene.refusal(token({ ...RSA, alg: 'RS512' })), await scene.refusal(token(RSA))]).toEqual([undefined, undefined]);
    expect(await scene.refusal(confusedToken(RSA))).toBe('the token has an algorithm that its key is not for');
  });
});

describe('fetching', () => {
  let server: Server;
  const serve = async (listener: RequestListener): Promise<string> => {
    server = createServer(listener);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  };
  afterEach(() => {
    server.closeAllConnections();
    server.close();
  });

  test('reads JSON', async () => {
    expect(await fetchJson(await serve((_, response) => response.end('{"keys":[]}')), 1000)).toEqual({ keys: [] });
  });

  test.each<[string, RequestListener, string]>([
    ['a redirect', (_, response) => response.writeHead(302, { location: 'https://example.com' }).end(), 'the answer has the status 302, expected 200'],
    ['text', (_, response) => response.end('<html>'), 'the answer is not JSON'],
    ['too much', (_, response) => response.end('x'.repeat(300_000)), 'the answer has more than 262144 bytes'],
    ['silence', () => undefined, 'no answer within 100 ms'],
    ['an answer that does not end', (_, response) => response.write('{'), 'no answer within 100 ms'],
  ])('fails for %s', async (_, listener, message) => {
    await expect(fetchJson(await serve(listener), 100)).rejects.toThrow(message);
  });
});

test('whatever the claims are, the answer is one that AWS IoT takes, and never more than the claims say', async () => {
  const scene = new Scene({ signed: true, sources: ['token'] });
  const text = fc.oneof(fc.string({ maxLength: 140, unit: 'binary' }), fc.constantFrom('a', 'b', '#', '+', '*', 'a/b', '${iot:ClientId}', '$aws'));
  const value = fc.oneof(text, fc.array(text, { maxLength: 12 }), fc.jsonValue());
  await fc.assert(fc.asyncProperty(fc.record({ things: value, site: value, sub: fc.oneof(text, fc.jsonValue()), more: fc.jsonValue() }), fc.option(text), async (more, clientId) => {
    const answer = await scene.ask(undefined, clientId ?? undefined, { token: token(KEY, claims(more)), signatureVerified: true });
    expect(problemsOf(answer)).toEqual([]);
    if (answer.isAuthenticated) {
      const things = [more.things].flat();
      const caller = new Caller(answer, clientId ?? undefined);
      for (const other of ['a', 'b', 'c', '$aws', '*']) {
        expect(caller.decide('iot:Publish', `cmd/${other}/x`) === 'deny' || things.includes(other)).toBe(true);
      }
      expect(caller.decide('iot:Connect', principalIdOf('somebody else'))).toBe('deny');
      expect(caller.decide('iot:Subscribe', '#')).toBe('deny');
    }
  }), { numRuns: 300 });
});
