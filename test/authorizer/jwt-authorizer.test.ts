import { App, CfnParameter, Duration, Stack } from 'aws-cdk-lib';
import { Annotations, Match, Template } from 'aws-cdk-lib/assertions';
import * as cognito from 'aws-cdk-lib/aws-cognito';
import type { CustomAuthorizer} from '../../lib/authorizer';
import { Claim, JwtAuthorizer, JwtIssuer, TokenAccess, TokenSigning, TokenSource, TokenUse, type JwtAuthorizerProps, type OidcIssuerProps } from '../../lib/authorizer';
import { DeviceFleet } from '../../lib/fleet';
import { Channel, Shadow } from '../../lib/topics';
import { createHandler } from '../../lambda/authorize-token';
import type { TokenSettings } from '../../lib/authorizer/settings';
import { clientIdOf } from '../../lib/authorizer-kit';
import { Caller, CONTEXT, mqttEvent } from '../authorizer-kit/events';
import { AUDIENCE, claims, ecKey, ISSUER, jwks, token } from './tokens';

const TELEMETRY = Channel.fromDevice('dt/{thing}/telemetry');
let stack: Stack;
beforeEach(() => { stack = new Stack(new App(), 'Stack'); });

const oidc = (props: Partial<OidcIssuerProps> = {}) => JwtIssuer.oidc({ issuer: ISSUER, audience: [AUDIENCE], ...props });
const define = (props: Partial<JwtAuthorizerProps> = {}) => new JwtAuthorizer(stack, 'Users', { issuer: oidc(), tokenSigning: TokenSigning.unsignedAnyoneMayInvoke(), ...props });

/** What the function is told, with a name for what only the deployment knows. */
function settings(): TokenSettings {
  const [resource] = Object.values(Template.fromStack(stack).findResources('AWS::Lambda::Function'));
  const variable = (resource!.Properties as { Environment: { Variables: { SETTINGS: string | { 'Fn::Join': [string, unknown[]] } } } }).Environment.Variables.SETTINGS;
  const text = typeof variable === 'string' ? variable : variable['Fn::Join'][1].map((part) => (typeof part === 'string' ? part : `<${String(Object.values(part as object)[0])}>`)).join('');
  return JSON.parse(text) as TokenSettings;
}

describe('claims of a user pool', () => {
  const issue = (props: Partial<JwtAuthorizerProps>, writeAttributes?: cognito.ClientAttributes) => {
    const userPool = new cognito.UserPool(stack, 'Pool', { customAttributes: { thing: new cognito.StringAttribute({ mutable: true }) } });
    define({ issuer: JwtIssuer.userPool(userPool, [userPool.addClient('App', { writeAttributes })]), ...props });
  };
  const own = (claim: string) => ({ allow: [TokenAccess.subscribe(TELEMETRY, { thing: Claim.of(claim) })] });
  const writable = new cognito.ClientAttributes().withCustomAttributes('thing');

  test('fail where users can write them, and with them name the devices of others', () => {
    issue(own('custom:thing'), writable);
    expect(() => Template.fromStack(stack)).toThrow(/users can write 'custom:thing', from which 'thing' of the channel 'dt\/\{thing\}\/telemetry' is taken, by Stack\/Pool\/App\/Resource; leave it out of 'writeAttributes' there/);
  });

  test('fail where users can write the thing of a shadow', () => {
    issue({ allow: [TokenAccess.readShadow(Shadow.named('config'), Claim.of('custom:thing'))] }, writable);
    expect(() => Template.fromStack(stack)).toThrow("users can write 'custom:thing', from which 'thing' of the shadow 'config' is taken, by Stack/Pool/App/Resource");
  });

  test('fail where users can write their client ids', () => {
    issue({ clientIds: Claim.of('email') });
    expect(() => Template.fromStack(stack)).toThrow("users can write 'email', from which the client id is taken");
  });

  test('are good where nobody but the app can write them', () => {
    issue({ ...own('custom:thing'), clientIds: Claim.of('sub') });
    expect(() => Template.fromStack(stack)).not.toThrow();
    Annotations.fromStack(stack).hasNoWarning('*', Match.stringLikeRegexp('claimsNotChecked'));
  });

  test('are warned about where the user pool is not of this app', () => {
    const pool = cognito.UserPool.fromUserPoolId(stack, 'Imported', 'eu-west-1_abc');
    define({ issuer: JwtIssuer.userPool(pool, [cognito.UserPoolClient.fromUserPoolClientId(stack, 'App', 'app')]), ...own('custom:thing') });
    Annotations.fromStack(stack).hasWarning('/Stack/Users', Match.stringLikeRegexp('cannot tell whether users may write custom:thing.*JwtAuthorizer.claimsNotChecked'));
  });
});

describe('an authorizer of tokens', () => {
  test('without options lets callers of the issuer connect, and nothing else', () => {
    define();
    expect(settings()).toEqual({
      issuer: { issuer: ISSUER, audience: [AUDIENCE] }, access: [], sources: ['password', { header: 'Authorization' }], signed: false, clockToleranceSeconds: 10,
    });
  });

  test('is a function with a log of its own, and no permission but to write there', () => {
    define({ reservedConcurrentExecutions: 20 });
    const template = Template.fromStack(stack);
    template.hasResourceProperties('AWS::Lambda::Function', { Runtime: 'nodejs24.x', Architectures: ['arm64'], Timeout: 5, ReservedConcurrentExecutions: 20 });
    template.hasResourceProperties('AWS::IAM::Role', { ManagedPolicyArns: Match.absent() });
    template.hasResourceProperties('AWS::IAM::Policy', { PolicyDocument: { Statement: [{ Action: ['logs:CreateLogStream', 'logs:PutLogEvents'], Effect: 'Allow', Resource: { 'Fn::GetAtt': [Match.stringLikeRegexp('^UsersFunctionLogs'), 'Arn'] } }] } });
    template.resourceCountIs('AWS::IoT::Authorizer', 1);
  });

  test('passes on what authorizers have', () => {
    const authorizer = define({ authorizerName: 'users', enableCachingForHttp: true });
    Template.fromStack(stack).hasResourceProperties('AWS::IoT::Authorizer', { AuthorizerName: 'users', EnableCachingForHttp: true, SigningDisabled: true });
    expect(authorizer.authorizerRef).toEqual((authorizer.node.findChild('Authorizer') as CustomAuthorizer).authorizerRef);
  });

  test('looks for the token in the token key where AWS IoT checks its signature', () => {
    define({ tokenSigning: TokenSigning.keys({ one: new CfnParameter(stack, 'Key').valueAsString }, 'jwt') });
    expect(settings()).toMatchObject({ sources: ['token'], signed: true });
  });

  test('tells its function what the props say', () => {
    define({
      tokenSources: [TokenSource.httpHeader('X-Token'), TokenSource.mqttPassword()],
      clientIds: Claim.of('device'),
      clockTolerance: Duration.minutes(1),
      maxSession: Duration.hours(1),
      minRemaining: Duration.minutes(5),
    });
    expect(settings()).toMatchObject({
      sources: [{ header: 'X-Token' }, 'password'], clientIds: 'device', clockToleranceSeconds: 60, maxSessionSeconds: 3600, minRemainingSeconds: 300,
    });
  });

  test.each<[Partial<JwtAuthorizerProps>, string]>([
    [{ tokenSources: [] }, "'tokenSources' must have a place to look for tokens"],
    [{ tokenSources: [TokenSource.tokenKey()] }, "'tokenSources' must not have the token key, which an authorizer without token signing has not"],
    [{ tokenSources: [TokenSource.httpHeader('a b')] }, "'tokenSources' must consist of letters, digits and _-, got \"a b\""],
    [{ clientIds: Claim.anyForEveryCaller() }, "'clientIds' must be Claim.of(…), or callers could end each other's connections"],
    [{ clientIds: Claim.always('x') }, "'clientIds' must be Claim.of(…), or callers could end each other's connections"],
    [{ clockTolerance: Duration.minutes(6) }, "'clockTolerance' must be from 0 seconds to 5 minutes, got 6 minutes"],
    [{ maxSession: Duration.minutes(4) }, "'maxSession' must be from 5 minutes to 1 day, got 4 minutes"],
    [{ maxSession: Duration.hours(25) }, "'maxSession' must be from 5 minutes to 1 day, got 1 day 1 hour"],
    [{ allow: Array.from({ length: 40 }, (_, index) => TokenAccess.subscribe(Channel.fromDevice(`dt/{thing}/${index}`), { thing: Claim.of('custom:thing') })) }, "'issuer' and 'allow' must take at most 3800 bytes as JSON, got "],
  ])('fails for %j', (props, message) => {
    expect(() => define(props)).toThrow(message);
  });
});

describe('an issuer', () => {
  test('may be a user pool, for tokens of its clients', () => {
    const pool = new cognito.UserPool(stack, 'Pool');
    define({ issuer: JwtIssuer.userPool(pool, [pool.addClient('Web')], { tokenUse: TokenUse.ACCESS }) });
    const { issuer } = settings();
    expect(issuer.issuer).toMatch(/^https:\/\/cognito-idp\.<AWS::Region>\.<AWS::URLSuffix>\/<Pool.*>$/);
    expect(issuer.jwksUri).toBe(`${issuer.issuer}/.well-known/jwks.json`);
    expect(issuer.userPool).toEqual({ id: expect.stringMatching(/^<Pool/), tokenUse: 'access', clientIds: [expect.stringMatching(/^<PoolWeb/)] });
  });

  test('may be an imported user pool, in its own Region', () => {
    const pool = cognito.UserPool.fromUserPoolArn(stack, 'Pool', 'arn:aws:cognito-idp:us-west-2:123456789012:userpool/us-west-2_abc');
    define({ issuer: JwtIssuer.userPool(pool, [cognito.UserPoolClient.fromUserPoolClientId(stack, 'Web', 'web')]) });
    expect(settings().issuer).toMatchObject({ issuer: 'https://cognito-idp.us-west-2.<AWS::URLSuffix>/us-west-2_abc', userPool: { id: 'us-west-2_abc', tokenUse: 'id', clientIds: ['web'] } });
  });

  test.each<[string, () => JwtIssuer, string]>([
    ['a pool without clients', () => JwtIssuer.userPool(new cognito.UserPool(stack, 'Pool'), []), "'clients' must have a client"],
    ['no audience', () => oidc({ audience: [] }), "'audience' must have a value"],
    ['an issuer without https', () => oidc({ issuer: 'http://issuer.example.com' }), `'issuer' must be a URL that begins with https://, got "http://issuer.example.com"`],
    ['an issuer that is no URL', () => oidc({ issuer: 'https://' }), "'issuer' must be a URL"],
    ['an issuer with its discovery document', () => oidc({ issuer: 'https://a.example/.well-known/openid-configuration' }), "'issuer' must be as in the claim 'iss' of its tokens, without /.well-known/openid-configuration"],
    ['an issuer with a query', () => oidc({ issuer: 'https://a.example/?b' }), "'issuer' must be as in the claim 'iss'"],
    ['keys without https', () => oidc({ jwksUri: 'file:///keys' }), "'jwksUri' must be a URL"],
  ])('fails for %s', (_, issuer, message) => {
    expect(() => define({ issuer: issuer() })).toThrow(message);
  });

  test.each(['http://127.0.0.1:9443', 'http://localhost:1/a', 'http://[::1]:1'])('may be on this computer, as %s', (issuer) => {
    define({ issuer: oidc({ issuer }) });
    expect(settings().issuer.issuer).toBe(issuer);
  });

  test.each(['http://localhost.example.com', 'http://127.0.0.1.example.com', 'http://localhost@example.com', 'ftp://localhost'])('fails for %s', (issuer) => {
    expect(() => define({ issuer: oidc({ issuer }) })).toThrow("'issuer' must be a URL that begins with https://");
  });

  test('says where its keys are, and which scopes count', () => {
    define({ issuer: oidc({ jwksUri: 'https://keys.example.com', scopes: ['iot'] }) });
    expect(settings().issuer).toEqual({ issuer: ISSUER, jwksUri: 'https://keys.example.com', audience: [AUDIENCE], scopes: ['iot'] });
  });
});

describe('access', () => {
  const allow = (...access: TokenAccess[]) => define({ allow: access });

  test('is to channels, of a fleet or not, for what claims say', () => {
    const fleet = new DeviceFleet(stack, 'Fleet', { topics: { commands: Channel.toDevice('cmd/{thing}/+') } });
    allow(
      TokenAccess.publish(fleet.channel('commands'), { thing: Claim.of('custom:thing'), retain: true }),
      TokenAccess.subscribe(Channel.broadcast('alerts/{attribute:site}/{type}'), { thingType: Claim.always('meter'), attributes: { site: Claim.of('site') } }),
      TokenAccess.subscribe(TELEMETRY, { thing: Claim.anyForEveryCaller() }),
    );
    expect(settings().access).toEqual([
      { use: 'publish', pattern: 'cmd/{thing}/+', direction: 'to-device', retain: true, scope: { thing: { claim: 'custom:thing' } } },
      { use: 'subscribe', pattern: 'alerts/{attribute:site}/{type}', direction: 'broadcast', scope: { 'thingType': { value: 'meter' }, 'attributes.site': { claim: 'site' } } },
      { use: 'subscribe', pattern: 'dt/{thing}/telemetry', direction: 'from-device', scope: { thing: 'any' } },
    ]);
  });

  test('is to shadows, of a fleet or not', () => {
    const fleet = new DeviceFleet(stack, 'Fleet', { shadows: [Shadow.named('config')] });
    allow(TokenAccess.updateShadow(fleet.shadow('config'), Claim.of('custom:thing')), TokenAccess.readShadow(Shadow.classic(), Claim.always('hall')));
    expect(settings().access).toEqual([
      { use: 'update-shadow', shadowName: 'config', scope: { thing: { claim: 'custom:thing' } } },
      { use: 'read-shadow', scope: { thing: { value: 'hall' } } },
    ]);
  });

  test.each<[string, () => TokenAccess, string]>([
    ['a thing of a shadow that is no level', () => TokenAccess.readShadow(Shadow.classic(), Claim.always('#')), "'thing' must be one level of a topic"],
    ['a placeholder without a claim', () => TokenAccess.subscribe(TELEMETRY), "'thing' of the channel 'dt/{thing}/telemetry' must have a claim, or callers could use the topics of all devices; to let them, say Claim.anyForEveryCaller()"],
    ['an attribute without a claim', () => TokenAccess.subscribe(Channel.broadcast('a/{attribute:site}')), "'attributes.site' of the channel 'a/{attribute:site}' must have a claim"],
    ['a claim without a placeholder', () => TokenAccess.subscribe(Channel.broadcast('a'), { thing: Claim.of('x') }), "'thing' is no placeholder of the channel 'a'; leave it out"],
    ['the wrong direction', () => TokenAccess.publish(TELEMETRY, { thing: Claim.of('x') }), 'is published on by devices alone'],
    ['basic ingest', () => TokenAccess.subscribe(Channel.basicIngest('r', '{thing}'), { thing: Claim.of('x') }), 'goes past the message broker'],
    ['a scope that cannot be kept', () => TokenAccess.subscribe(Channel.fromDevice('x/{type}/{thing}/#'), { thingType: Claim.anyForEveryCaller(), thing: Claim.of('x') }), 'cannot be narrowed by {thing}'],
    ['a bad name of a claim', () => TokenAccess.subscribe(TELEMETRY, { thing: Claim.of('') }), "'thing' must name a claim"],
    ['a value that is no level', () => TokenAccess.subscribe(TELEMETRY, { thing: Claim.always('a/b') }), `'thing' must be one level of a topic, 1 to 128 characters without / + # * ? $ { }, got "a/b"`],
  ])('fails for %s', (_, access, message) => {
    expect(() => allow(access())).toThrow(message);
  });

  test('is what a caller gets from the function, and users are kept apart', async () => {
    allow(TokenAccess.subscribe(TELEMETRY, { thing: Claim.of('custom:thing') }), TokenAccess.publish(Channel.toDevice('cmd/{thing}/+'), { thing: Claim.of('custom:thing') }));
    const key = ecKey('key');
    const handler = createHandler(settings(), { now: Date.now, log: () => undefined, fetchJson: (uri) => Promise.resolve(uri.endsWith('/openid-configuration') ? { issuer: ISSUER, jwks_uri: `${ISSUER}/keys` } : jwks(key)) });
    const connect = async (sub: string, thing: string) => {
      const clientId = clientIdOf(`${ISSUER} ${sub}`, 'phone');
      return new Caller(await handler(mqttEvent({ password: token(key, claims({ sub, 'custom:thing': thing })), clientId }), CONTEXT), clientId);
    };
    const users = { ann: await connect('ann', 'sensor-1'), bob: await connect('bob', 'sensor-10') };
    const requests = (sub: string, thing: string): [string, string][] => [
      ['iot:Connect', clientIdOf(`${ISSUER} ${sub}`, 'phone')], ['iot:Subscribe', `dt/${thing}/telemetry`], ['iot:Receive', `dt/${thing}/telemetry`], ['iot:Publish', `cmd/${thing}/reboot`],
    ];
    const decisions = (user: Caller, of: [string, string][]) => of.map((request) => user.decide(...request));
    expect([decisions(users.ann, requests('ann', 'sensor-1')), decisions(users.bob, requests('bob', 'sensor-10'))]).toEqual([Array(4).fill('allow'), Array(4).fill('allow')]);
    expect([decisions(users.ann, requests('bob', 'sensor-10')), decisions(users.bob, requests('ann', 'sensor-1'))]).toEqual([Array(4).fill('deny'), Array(4).fill('deny')]);
  });
});
