import { App, Aspects, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { Annotations, Match, Template } from 'aws-cdk-lib/assertions';
import * as cognito from 'aws-cdk-lib/aws-cognito';
import * as iam from 'aws-cdk-lib/aws-iam';
import { AwsSolutionsChecks } from 'cdk-nag';
import { AttachService, CognitoAccess, IotAction, IotResource, LoginProvider, SocialLogin, UserVariable, type CognitoAccessProps, type IotPolicyStatement } from '../../../lib/access';
import { granted, needed } from '../../lambda/permissions';

const AUDIENCE = 'cognito-identity.amazonaws.com:aud';
const POOL_ID = 'eu-west-1:11111111-2222-3333-4444-555555555555';

let stack: Stack;
let userPool: cognito.UserPool;
let client: cognito.UserPoolClient;

beforeEach(() => {
  stack = new Stack(new App(), 'Stack', { env: { account: '111122223333', region: 'eu-west-1' } });
  userPool = new cognito.UserPool(stack, 'Users', { customAttributes: { device: new cognito.StringAttribute({ mutable: true }) } });
  client = userPool.addClient('App');
});

const create = (props: Partial<CognitoAccessProps> = {}) => new CognitoAccess(stack, 'Access', { providers: [LoginProvider.userPool(userPool, client)], ...props });
const withTags = (props: Partial<CognitoAccessProps> = {}) => create({ providers: [LoginProvider.userPool(userPool, client, { principalTags: { device: 'custom:device' } })], ...props });
const template = () => Template.fromStack(stack);
const publish = (...topics: string[]): IotPolicyStatement => ({ actions: [IotAction.PUBLISH], resources: topics.map((topic) => IotResource.topic(topic)) });
const trust = (audience: unknown, state: string, actions: unknown = 'sts:AssumeRoleWithWebIdentity') => ({
  AssumeRolePolicyDocument: {
    Statement: [{
      Effect: 'Allow',
      Action: actions,
      Principal: { Federated: 'cognito-identity.amazonaws.com' },
      Condition: { 'StringEquals': { [AUDIENCE]: audience }, 'ForAnyValue:StringLike': { 'cognito-identity.amazonaws.com:amr': state } },
    }],
  },
});

describe('a new identity pool', () => {
  test('has no guests and no classic flow, and asks the user pool about its tokens', () => {
    create();

    template().hasResourceProperties('AWS::Cognito::IdentityPool', {
      AllowUnauthenticatedIdentities: false,
      AllowClassicFlow: false,
      CognitoIdentityProviders: [{ ClientId: { Ref: Match.stringLikeRegexp('^UsersApp') }, ProviderName: { 'Fn::GetAtt': [Match.stringLikeRegexp('^Users'), 'ProviderName'] }, ServerSideTokenCheck: true }],
      OpenIdConnectProviderARNs: Match.absent(),
      SamlProviderARNs: Match.absent(),
      SupportedLoginProviders: Match.absent(),
    });
  });

  test('takes all kinds of providers', () => {
    create({
      providers: [
        LoginProvider.openIdConnect(iam.OpenIdConnectProvider.fromOpenIdConnectProviderArn(stack, 'Oidc', 'arn:aws:iam::111122223333:oidc-provider/login.example.com')),
        LoginProvider.saml(iam.SamlProvider.fromSamlProviderArn(stack, 'Saml', 'arn:aws:iam::111122223333:saml-provider/office')),
        LoginProvider.social(SocialLogin.GOOGLE, 'google-app'),
        LoginProvider.social(SocialLogin.APPLE, 'apple-app'),
      ],
    });

    template().hasResourceProperties('AWS::Cognito::IdentityPool', {
      CognitoIdentityProviders: Match.absent(),
      OpenIdConnectProviderARNs: ['arn:aws:iam::111122223333:oidc-provider/login.example.com'],
      SamlProviderARNs: ['arn:aws:iam::111122223333:saml-provider/office'],
      SupportedLoginProviders: { 'accounts.google.com': 'google-app', 'appleid.apple.com': 'apple-app' },
    });
  });

  test('gives those who have signed in one role, and nobody else any', () => {
    create();

    template().hasResourceProperties('AWS::Cognito::IdentityPoolRoleAttachment', {
      IdentityPoolId: { Ref: Match.stringLikeRegexp('^Access') },
      Roles: { authenticated: { 'Fn::GetAtt': [Match.stringLikeRegexp('^AccessAuthenticatedRole'), 'Arn'] }, unauthenticated: Match.absent() },
      RoleMappings: Match.absent(),
    });
  });

  test('fails for two apps of one social login, of which it has one', () => {
    expect(() => create({ providers: [LoginProvider.social(SocialLogin.GOOGLE, 'one'), LoginProvider.social(SocialLogin.GOOGLE, 'two')] }))
      .toThrow("'providers' must have accounts.google.com once, as an identity pool has one app of it; for several, take an OpenID Connect provider");
  });

  test('fails without a provider', () => {
    expect(() => create({ providers: [] })).toThrow("'providers' must have at least one: nobody could sign in (at Stack/Access)");
  });
});

test.each(['us-gov-west-1', 'us-gov-east-1', 'cn-north-1'])('fails in %s, where roles trust something else', (region) => {
  const other = new Stack(new App(), 'Other', { env: { account: '111122223333', region } });
  expect(() => new CognitoAccess(other, 'Access', { providers: [LoginProvider.social(SocialLogin.GOOGLE, 'app')] }))
    .toThrow(`'CognitoAccess' is for the Regions of the partition "aws", in which roles trust cognito-identity.amazonaws.com, got ${region} (at Other/Access)`);
});

test('a stack without a Region of its own takes any', () => {
  const other = new Stack(new App(), 'Other');
  new CognitoAccess(other, 'Access', { providers: [LoginProvider.social(SocialLogin.GOOGLE, 'app')] });
  Template.fromStack(other).resourceCountIs('AWS::Cognito::IdentityPool', 1);
});

describe('the role of users', () => {
  test('is for identities of the pool that have signed in', () => {
    create();
    template().hasResourceProperties('AWS::IAM::Role', trust({ Ref: Match.stringLikeRegexp('^Access') }, 'authenticated'));
  });

  test('takes tags where some are mapped', () => {
    withTags();
    template().hasResourceProperties('AWS::IAM::Role', trust({ Ref: Match.stringLikeRegexp('^Access') }, 'authenticated', ['sts:AssumeRoleWithWebIdentity', 'sts:TagSession']));
  });
});

describe('an identity pool that exists', () => {
  const existing = () => cognito.CfnIdentityPool.fromIdentityPoolId(stack, 'Existing', POOL_ID);

  test('is left as it is', () => {
    const access = withTags({ identityPool: existing() });
    access.allowGuestsWithoutLogin();

    expect(access.identityPoolId).toBe(POOL_ID);
    template().resourceCountIs('AWS::Cognito::IdentityPool', 0);
    template().resourceCountIs('AWS::Cognito::IdentityPoolRoleAttachment', 0);
    template().resourceCountIs('AWS::Cognito::IdentityPoolPrincipalTag', 0);
    template().hasResourceProperties('AWS::IAM::Role', trust(POOL_ID, 'authenticated', ['sts:AssumeRoleWithWebIdentity', 'sts:TagSession']));
    template().hasResourceProperties('AWS::IAM::Role', trust(POOL_ID, 'unauthenticated'));
  });

  test('gets the roles and tags when asked for', () => {
    withTags({ identityPool: existing(), setsRolesOfIdentityPool: true });

    template().hasResourceProperties('AWS::Cognito::IdentityPoolRoleAttachment', { IdentityPoolId: POOL_ID });
    template().hasResourceProperties('AWS::Cognito::IdentityPoolPrincipalTag', { IdentityPoolId: POOL_ID });
  });

  test('may have providers and tags that nobody tells here', () => {
    const access = create({ identityPool: existing(), providers: [] });
    expect(() => access._addIotStatements([publish(`cmd/${UserVariable.principalTag('team')}/go`)])).not.toThrow();
  });

  test('fails for an id that is none', () => {
    expect(() => create({ identityPool: cognito.CfnIdentityPool.fromIdentityPoolId(stack, 'Existing', 'my-pool') }))
      .toThrow(`'identityPool' must consist of a Region, ":" and a UUID, got "my-pool"`);
  });

  test('fails to have roles set where there is none', () => {
    expect(() => create({ setsRolesOfIdentityPool: true })).toThrow("'setsRolesOfIdentityPool' is for an 'identityPool' that exists; a new one always has its roles set");
  });
});

describe('principal tags', () => {
  test('are taken from claims, by provider', () => {
    withTags();

    template().hasResourceProperties('AWS::Cognito::IdentityPoolPrincipalTag', {
      IdentityProviderName: { 'Fn::GetAtt': [Match.stringLikeRegexp('^Users'), 'ProviderName'] },
      PrincipalTags: { device: 'custom:device' },
      UseDefaults: false,
    });
  });

  test('are those of the user pool, whichever of its app clients names them', () => {
    create({
      providers: [
        LoginProvider.userPool(userPool, client, { principalTags: { device: 'custom:device' } }),
        LoginProvider.userPool(userPool, userPool.addClient('Other'), { principalTags: { team: 'custom:team' } }),
        LoginProvider.userPool(userPool, userPool.addClient('Third')),
      ],
    });

    template().resourceCountIs('AWS::Cognito::IdentityPoolPrincipalTag', 1);
    template().hasResourceProperties('AWS::Cognito::IdentityPoolPrincipalTag', { PrincipalTags: { device: 'custom:device', team: 'custom:team' } });
  });

  test('fail to be taken from two claims of one user pool', () => {
    const taking = (claim: string) => LoginProvider.userPool(userPool, client, { principalTags: { device: claim } });
    expect(() => create({ providers: [taking('custom:device'), taking('custom:thing')] }))
      .toThrow("'principalTags' must take 'device' from one claim for all app clients of a user pool, got 'custom:device' and 'custom:thing'");
  });

  test('stay with their provider when the list changes', () => {
    const idsBehind = (...before: LoginProvider[]): string[] => {
      const access = new CognitoAccess(new Stack(), 'Access', { providers: [...before, LoginProvider.social(SocialLogin.GOOGLE, 'app', { principalTags: { device: 'sub' } })] });
      return Object.keys(Template.fromStack(access.stack).findResources('AWS::Cognito::IdentityPoolPrincipalTag', { Properties: { IdentityProviderName: SocialLogin.GOOGLE } }));
    };
    expect(idsBehind(LoginProvider.social(SocialLogin.APPLE, 'app', { principalTags: { device: 'sub' } }))).toEqual(idsBehind());
  });

  test('fail for a name that STS does not take', () => {
    expect(() => create({ providers: [LoginProvider.social(SocialLogin.GOOGLE, 'app', { principalTags: { 'a b': 'sub' } })] })).toThrow('\'principalTags\' must have names of 1 to 128 letters, digits and _.:=+@-, got "a b"');
  });

  test('fail to be used where none is mapped', () => {
    expect(() => create()._addIotStatements([publish(`cmd/${UserVariable.principalTag('device')}/go`)])).toThrow("no login provider has the principal tag 'device'; map it in 'principalTags'");
  });

  describe('from claims', () => {
    test.each<[string, string, () => unknown]>([
      ['a custom attribute that the app may write', 'custom:device', () => userPool.addClient('Writer', { writeAttributes: new cognito.ClientAttributes().withCustomAttributes('device') })],
      ['a standard attribute, which every app may write that nobody has told what', 'email', () => undefined],
    ])('that users can write fail: %s', (_, claim, arrange) => {
      create({ providers: [LoginProvider.userPool(userPool, client, { principalTags: { device: claim } })] });
      arrange();

      expect(() => template()).toThrow(new RegExp(`users can write '${claim}', from which the principal tag 'device' is taken, by Stack/Users/\\w+/Resource; leave it out of 'writeAttributes' there`));
    });

    test.each<[string, string, () => unknown]>([
      ['a custom attribute that no app may write', 'custom:device', () => userPool.addClient('Other', { writeAttributes: new cognito.ClientAttributes().withCustomAttributes('color') })],
      ['a custom attribute that the app of another user pool may write', 'custom:device', () => new cognito.UserPool(stack, 'Others').addClient('App', { writeAttributes: new cognito.ClientAttributes().withCustomAttributes('device') })],
      ['what the user pool alone says', 'sub', () => undefined],
    ])('that users cannot write are good: %s', (_, claim, arrange) => {
      create({ providers: [LoginProvider.userPool(userPool, client, { principalTags: { device: claim } })] });
      arrange();

      expect(() => template()).not.toThrow();
      Annotations.fromStack(stack).hasNoWarning('*', Match.stringLikeRegexp('claimsNotChecked'));
    });

    test.each<[string, cognito.UserPoolProps, boolean]>([
      ['may sign up', { selfSignUpEnabled: true }, true],
      ['may sign up under a mail address', { selfSignUpEnabled: true, signInAliases: { email: true } }, false],
      ['are made by an administrator', {}, false],
    ])('about the name of the account are good unless users choose it: users %s', (_, props, isChosen) => {
      const pool = new cognito.UserPool(stack, 'Named', props);
      create({ providers: [LoginProvider.userPool(pool, pool.addClient('App'), { principalTags: { device: 'cognito:username' } })] });

      const message = "users choose 'cognito:username', from which the principal tag 'device' is taken, when they sign up at Stack/Named; turn off 'selfSignUpEnabled' there, or take 'sub'";
      if (isChosen) {
        expect(() => template()).toThrow(message);
      } else {
        expect(() => template()).not.toThrow();
      }
    });

    test('of a user pool of another app are warned about', () => {
      const other = cognito.UserPool.fromUserPoolId(stack, 'Imported', 'eu-west-1_abc');
      create({ providers: [LoginProvider.userPool(other, cognito.UserPoolClient.fromUserPoolClientId(stack, 'ImportedApp', 'app'), { principalTags: { device: 'custom:device' } })] });

      Annotations.fromStack(stack).hasWarning('/Stack/Access', Match.stringLikeRegexp('the user pool Stack/Imported is not of this app, which cannot tell whether users may write custom:device.*CognitoAccess.claimsNotChecked'));
    });
  });
});

describe('the IoT policies of identities', () => {
  test('let a user connect, and do what has been granted', () => {
    withTags()._addIotStatements([publish(`cmd/${UserVariable.principalTag('device')}/go`, `app/${UserVariable.identityId()}/out`)]);

    const arn = (resource: string) => ({ 'Fn::Join': ['', ['arn:', { Ref: 'AWS::Partition' }, `:iot:eu-west-1:111122223333:${resource}`]] });
    template().hasResourceProperties('AWS::IoT::Policy', {
      PolicyDocument: {
        Statement: [
          {
            Action: 'iot:Connect',
            Resource: [arn('client/${cognito-identity.amazonaws.com:sub}'), arn('client/${cognito-identity.amazonaws.com:sub}-*')],
            Condition: { 'ForAllValues:StringEquals': { 'iot:ConnectAttributes': ['LastWill'] } },
          },
          { Action: 'iot:Publish', Resource: [arn('topic/app/${cognito-identity.amazonaws.com:sub}/out'), arn('topic/cmd/*/go')] },
        ],
      },
    });
  });

  test('let sessions last where asked for', () => {
    create({ persistentSessions: true });
    template().hasResourceProperties('AWS::IoT::Policy', {
      PolicyDocument: { Statement: [{ Condition: { 'ForAllValues:StringEquals': { 'iot:ConnectAttributes': ['LastWill', 'PersistentConnect'] } } }] },
    });
  });

  test('are as many as it takes, up to 10', () => {
    const access = create();
    const topics = (count: number, name: string) => Array.from({ length: count }, (_, index) => `${name}-${index}/${'x'.repeat(100)}`);
    access._addIotStatements([publish(...topics(20, 'a'))]);

    template().resourceCountIs('AWS::IoT::Policy', 2);
    expect(() => access._addIotStatements([publish(...topics(160, 'b'))])).toThrow(/the permissions need \d\d policies of 2048 characters, an identity has at most 10; shorten topics or join channels/);
  });

  test('fail for what AWS IoT would refuse', () => {
    expect(() => create()._addIotStatements([{ actions: [IotAction.PUBLISH], resources: [IotResource.client('a')] }])).toThrow("the permissions do not make a policy: Statement[0].Resource: iot:Publish is checked against 'topic'");
  });

  test('are detached from all identities before they are deleted', () => {
    create();
    const policy = { Ref: Match.stringLikeRegexp('^AccessPoliciesPolicy') };
    template().hasResourceProperties('Custom::IotIdentityDetachment', { PolicyNames: [policy], OnRemoval: 'detach-then-delete' });
    expect(Object.fromEntries(granted(stack))).toEqual({
      'iot:DeletePolicy': ['<AccessPoliciesPolicy.Arn>'],
      'iot:DeletePolicyVersion': ['<AccessPoliciesPolicy.Arn>'],
      'iot:ListPolicyVersions': ['<AccessPoliciesPolicy.Arn>'],
      'iot:ListTargetsForPolicy': ['<AccessPoliciesPolicy.Arn>'],
      'iot:DetachPolicy': ['*'],
      'Deny iot:DetachPolicy': ['arn:aws:iot:eu-west-1:111122223333:cert/*', 'arn:aws:iot:eu-west-1:111122223333:thinggroup/*'],
    });
    expect(needed('detach-identities', 'custom-resource/policy-targets.ts').filter((action) => !granted(stack).has(action))).toEqual([]);
  });

  test('stay with the identities where they are retained', () => {
    create({ removalPolicy: RemovalPolicy.RETAIN });
    template().hasResourceProperties('Custom::IotIdentityDetachment', { OnRemoval: 'retain' });
    template().hasResource('AWS::IoT::Policy', { DeletionPolicy: 'Retain' });
  });
});

describe('a grant to all users', () => {
  test.each<[string, IotPolicyStatement, string]>([
    ['of the topics of all devices', publish('cmd/*/go'), 'topic/cmd/*/go'],
    ['of a filter for all devices', { actions: [IotAction.SUBSCRIBE], resources: [IotResource.topicFilter('dt/+/telemetry')] }, 'topicfilter/dt/+/telemetry'],
    ['of everything', { actions: [IotAction.PUBLISH], resources: [IotResource.any()] }, '*'],
    ['of all shadows', { actions: [IotAction.GET_THING_SHADOW], resources: [IotResource.thing('*')] }, 'thing/*'],
  ])('fails without a scope: %s', (_, statement, shown) => {
    expect(() => create()._addIotStatements([statement]))
      .toThrow(`with ${shown}, every user would reach all that the wildcard stands for, such as every device; give the grant a scope, such as UserVariable.principalTag('device'), or set 'everyUserReachesEveryDevice'`);
  });

  test('is accepted where every user is meant to reach every device', () => {
    create({ everyUserReachesEveryDevice: true })._addIotStatements([publish('cmd/*/go')]);
    template().hasResourceProperties('AWS::IoT::Policy', Match.objectLike({ PolicyDocument: Match.objectLike({ Statement: Match.arrayWith([Match.objectLike({ Action: 'iot:Publish' })]) }) }));
  });

  test('is accepted for a topic with a name', () => {
    expect(() => create()._addIotStatements([publish('alerts/all')])).not.toThrow();
  });

  test.each(['app-*', `app-${UserVariable.principalTag('device')}*`])('fails for the client id %s, which several users would have', (clientId) => {
    expect(() => withTags({ everyUserReachesEveryDevice: true })._addIotStatements([{ actions: [IotAction.CONNECT], resources: [IotResource.client(clientId)] }]))
      .toThrow(`with client/${clientId}, a user could end the connections of others; put UserVariable.identityId() into the client id`);
  });
});

describe('guests', () => {
  test('are let in by name, with a role and client ids of their own', () => {
    const access = create();
    const guests = access.allowGuestsWithoutLogin();

    expect(access.allowGuestsWithoutLogin()).toBe(guests);
    expect(guests.clientIdPattern).toBe('guest-${cognito-identity.amazonaws.com:sub}');
    template().hasResourceProperties('AWS::Cognito::IdentityPool', { AllowUnauthenticatedIdentities: true });
    template().hasResourceProperties('AWS::Cognito::IdentityPoolRoleAttachment', { Roles: { unauthenticated: { 'Fn::GetAtt': [Match.stringLikeRegexp('^AccessGuestsRole'), 'Arn'] } } });
    template().hasResourceProperties('AWS::IAM::Role', trust({ Ref: Match.stringLikeRegexp('^Access') }, 'unauthenticated'));
  });

  test.each<[string, IotPolicyStatement, string]>([
    ['all devices', publish('cmd/*/go'), 'guests must not reach topic/cmd/*/go; name the topic, or scope the grant with UserVariable.identityId()'],
    ['reserved topics', publish('$aws/things/door/shadow/update'), 'guests must not reach topic/$aws/things/door/shadow/update'],
    ['retained messages', { actions: [IotAction.RETAIN_PUBLISH], resources: [IotResource.topic('a')] }, 'guests may publish, subscribe and receive, got iot:RetainPublish; grant it to those who sign in'],
    ['shadows', { actions: [IotAction.UPDATE_THING_SHADOW], resources: [IotResource.thing('door')] }, 'got iot:UpdateThingShadow'],
    ['what has no name here', { actions: [], otherActions: ['iot:CreateThing'], resources: [IotResource.any()] }, 'got iot:CreateThing'],
  ])('must not reach %s', (_, statement, message) => {
    expect(() => create({ everyUserReachesEveryDevice: true }).allowGuestsWithoutLogin()._addIotStatements([statement])).toThrow(message);
  });

  test('may reach what is named or theirs', () => {
    const guests = create().allowGuestsWithoutLogin();
    expect(() => guests._addIotStatements([publish('news'), publish(`guests/${UserVariable.identityId()}/*`)])).not.toThrow();
  });
});

test('everything passes cdk-nag AwsSolutions', () => {
  const access = withTags();
  access._addIotStatements([publish(`cmd/${UserVariable.principalTag('device')}/go`)]);
  access.allowGuestsWithoutLogin();
  new AttachService(stack, 'Attach', { access, allowedOrigins: ['https://app.example.com'], sweepAlarmActions: [] });
  Aspects.of(stack).add(new AwsSolutionsChecks());

  const annotations = Annotations.fromStack(stack);
  const found = [...annotations.findError('*', Match.stringLikeRegexp('AwsSolutions-')), ...annotations.findWarning('*', Match.stringLikeRegexp('AwsSolutions-'))];
  // The user pool is the user's.
  expect(found.filter(({ id }) => !id.startsWith('/Stack/Users/')).map(({ id, entry }) => `${id}: ${String(entry.data)}`)).toEqual([]);
});
