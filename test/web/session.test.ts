import mqtt from 'mqtt';
import { signIn, type SignInOptions } from '../../lib/web';
import { BROWSER } from '../../lib/web/surroundings';
import { dateOf, expectedAuthorization, expectedUrlSignature, IDENTITY, LocalAws, REGION } from './local-aws';

const PROVIDER = 'cognito-idp.eu-central-1.amazonaws.com/eu-central-1_AbCdEfGhI';
const ENDPOINT = 'abc-ats.iot.eu-central-1.amazonaws.com';

let aws: LocalAws;
let pauses: number[];
let repeated: (readonly [number, () => Promise<void>])[];
let ahead = 0;
let tokens = 0;

beforeEach(async () => {
  aws = await LocalAws.start();
  [pauses, repeated, ahead, tokens] = [[], [], 0, 0];
});
afterEach(() => aws.stop());

const around = {
  ...BROWSER,
  now: () => Date.now() + ahead,
  sleep: async (milliseconds: number) => {
    await Promise.resolve();
    pauses.push(milliseconds);
  },
  every: (milliseconds: number, action: () => Promise<void>) => {
    repeated.push([milliseconds, action]);
    return () => void repeated.splice(0, Infinity);
  },
  random: () => 0.5,
};

function session(options: Partial<SignInOptions> = {}) {
  return signIn({
    region: REGION,
    identityPoolId: 'eu-central-1:99999999-aaaa-bbbb-cccc-dddddddddddd',
    iotEndpoint: ENDPOINT,
    attachUrl: aws.url,
    login: { provider: PROVIDER, token: () => `token-${++tokens}` },
    endpoints: { cognitoIdentity: aws.url },
    ...options,
  }, around);
}

describe('tokens and signatures', () => {
  test.each<[string, Partial<SignInOptions>]>([
    ['attachUrl', { attachUrl: 'http://api.example.com' }],
    ['attachUrl', { attachUrl: 'api.example.com' }],
    ['attachUrl', { attachUrl: 'http://localhost.example.com' }],
    ['attachUrl', { attachUrl: 'http://localhost:80@example.com/' }],
    ['cognitoIdentity', { endpoints: { cognitoIdentity: 'http://10.0.0.1:8080' } }],
    ['brokerUrl', { endpoints: { mqtt: 'ws://broker.example.com/mqtt' } }],
  ])('go nowhere without TLS but to this computer: %s', (name, options) => {
    expect(() => session(options)).toThrow(`'${name}' must begin with https:// or wss://`);
    expect(aws.tokens).toEqual([]);
  });
});

describe('credentials', () => {
  test('are those of the identity, fetched once', async () => {
    const user = session();

    const [id, { accessKeyId, sessionToken }] = await Promise.all([user.identityId(), user.credentials()]);
    expect([id, accessKeyId, sessionToken]).toEqual([IDENTITY, 'ASIA1', 'a/token+1==']);
    expect(await user.clientId()).toBe(IDENTITY);
    expect(await user.clientId('tab-1')).toBe(`${IDENTITY}-tab-1`);
    expect(aws.tokens).toEqual([`${PROVIDER} token-1`, `${PROVIDER} token-1`]);
  });

  test('are fetched again five minutes before their end, with a new token and for the same identity', async () => {
    const user = session();
    await user.credentials();
    ahead = 54 * 60_000;
    expect((await user.credentials()).accessKeyId).toBe('ASIA1');
    ahead = 56 * 60_000;
    expect((await user.credentials()).accessKeyId).toBe('ASIA2');
    expect(aws.tokens.slice(2)).toEqual([`${PROVIDER} token-2`]);
  });

  test('that are refused say why, and not with which token', async () => {
    aws.refusal = 'NotAuthorizedException';
    const user = session();
    await expect(user.credentials()).rejects.toThrow(/^cannot get credentials: NotAuthorizedException: Invalid login token\.$/);
    aws.refusal = undefined;
    expect((await user.credentials()).accessKeyId).toBe('ASIA1');
  });
});

describe('attaching', () => {
  test('is a request that says nothing but who has signed it', async () => {
    await session().attach();

    const [request] = aws.attachments;
    expect([request!.method, request!.url.pathname, request!.url.search, request!.body]).toEqual(['POST', '/attachment', '', '']);
    expect(request!.headers['x-amz-security-token']).toBe('a/token+1==');
    expect(request!.headers.authorization).toBe(await expectedAuthorization(request!, 1));
  });

  test('is taken back the same way', async () => {
    await session({ attachUrl: `${aws.url}/` }).detach();
    expect(aws.attachments.map(({ method, url }) => `${method} ${url.pathname}`)).toEqual(['DELETE /attachment']);
  });

  test('is tried again while it may pass, with pauses that grow', async () => {
    aws.answers.push([429, {}], [503, {}], [500, {}]);
    await session().attach();
    expect(aws.attachments).toHaveLength(4);
    expect(pauses).toEqual([750, 1500, 3000]);
  });

  test('is given up in the end', async () => {
    aws.answers.push(...Array.from({ length: 10 }, () => [503, { message: 'AWS IoT is not available; try again later' }] as const));
    await expect(session().attach()).rejects.toMatchObject({ name: 'IotWebError', status: 503, message: 'the attach service answers 503: AWS IoT is not available; try again later' });
    expect(aws.attachments).toHaveLength(6);
  });

  test.each<readonly [number, object, string]>([
    [403, { message: 'sign in first: guests have no policies' }, 'the attach service answers 403: sign in first: guests have no policies; check that the user has signed in, and the clock of this device'],
    [409, { message: 'the identity has as many policies as AWS IoT allows' }, 'the attach service answers 409: the identity has as many policies as AWS IoT allows'],
    [404, {}, 'the attach service answers 404'],
  ])('is not tried again after %d', async (status, body, message) => {
    aws.answers.push([status, body]);
    await expect(session().attach()).rejects.toMatchObject({ status, message });
    expect(aws.attachments).toHaveLength(1);
  });

  test('says what to check when nobody answers', async () => {
    await expect(session({ attachUrl: 'http://127.0.0.1:1' }).attach()).rejects.toThrow("cannot reach the attach service; check 'attachUrl', and that 'allowedOrigins' of the service has the origin of this page");
    expect(pauses).toHaveLength(5);
  });
});

describe('a URL to connect with', () => {
  test('is signed as AWS IoT wants it: without the token, which comes after', async () => {
    const url = new URL(await session().mqttUrl());

    expect(url.href).toMatch(/^wss:\/\/abc-ats\.iot\.eu-central-1\.amazonaws\.com\/mqtt\?X-Amz-Expires=120&X-Amz-Date=\d{8}T\d{6}Z&X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=ASIA1%2F\d{8}%2Feu-central-1%2Fiotdevicegateway%2Faws4_request&X-Amz-SignedHeaders=host&X-Amz-Signature=[0-9a-f]{64}&X-Amz-Security-Token=a%2Ftoken%2B1%3D%3D$/);
    expect(url.searchParams.get('X-Amz-Signature')).toBe(await expectedUrlSignature({ url }, 1));
  });

  test('is good for as long as it is told', async () => {
    expect(await session({ urlExpirySeconds: 5 }).mqttUrl()).toContain('X-Amz-Expires=5&');
  });

  test.each([0, 3601, 1.5, Number.NaN])('fails to be good for %d seconds', (urlExpirySeconds) => {
    expect(() => session({ urlExpirySeconds })).toThrow(`'urlExpirySeconds' must be 1 to 3600, got ${urlExpirySeconds}`);
  });

  test('goes to another place when told', async () => {
    const user = session({ endpoints: { cognitoIdentity: aws.url, mqtt: 'ws://localhost:8080/mqtt' } });
    expect(user.brokerUrl).toBe('ws://localhost:8080/mqtt');
    expect(await user.mqttUrl()).toMatch(/^ws:\/\/localhost:8080\/mqtt\?/);
  });
});

describe('mqtt.js', () => {
  test('connects, and comes again with a URL that is signed anew', async () => {
    const signatures = (): readonly unknown[] => aws.upgrades.map(({ url }) => url.searchParams.get('X-Amz-Signature'));
    aws.hangsUp = true;
    const user = session({ endpoints: { cognitoIdentity: aws.url, mqtt: `${aws.url.replace('http', 'ws')}/mqtt` } });
    const options = await user.mqttOptions('tab-1');
    const client = mqtt.connect(user.brokerUrl, { ...options, reconnectPeriod: 20 });
    try {
      // mqtt.js does not wait for a URL: on a busy machine, one may be used twice.
      while (new Set(signatures()).size < 3) {
        await new Promise<void>((closed) => client.once('close', closed));
        ahead += 1000;
      }
    } finally {
      await client.endAsync(true);
      user.close();
    }
    expect(options).toMatchObject({ clientId: `${IDENTITY}-tab-1`, clean: true });
    expect(signatures()).toEqual(await Promise.all(aws.upgrades.map((upgrade) => expectedUrlSignature(upgrade, 1))));
  });

  test('finds a URL that is not old after a while without connections, until the session is closed', async () => {
    const user = session();
    const { transformWsUrl } = await user.mqttOptions();
    const [[milliseconds, renew]] = repeated as [[number, () => Promise<void>]];
    ahead = 45 * 60_000;
    await renew();
    const { searchParams } = new URL(transformWsUrl());
    expect(Math.abs(dateOf(searchParams.get('X-Amz-Date')!).getTime() - around.now())).toBeLessThan(5000);
    expect(milliseconds).toBeLessThan(60_000);
    user.close();
    expect(repeated).toEqual([]);
  });

  test('keeps the URL that it has while there is no network', async () => {
    const user = session();
    const { transformWsUrl } = await user.mqttOptions();
    ahead = 59 * 60_000;
    aws.stop();
    await repeated[0]![1]();
    expect(transformWsUrl()).toContain('X-Amz-Signature');
  });
});
