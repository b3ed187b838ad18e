import { generateKeyPairSync } from 'node:crypto';
import { App, CfnParameter, PhysicalName, Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import { DefaultAuthorizer } from '../../lib/account';
import { AuthorizerStatus, CustomAuthorizer, TokenSigning, type CustomAuthorizerProps } from '../../lib/authorizer';

const AUTHORIZER = 'AWS::IoT::Authorizer';
const ENV = { account: '123456789012', region: 'eu-central-1' };

function pem(modulusLength = 2048): string {
  return generateKeyPairSync('rsa', { modulusLength }).publicKey.export({ type: 'spki', format: 'pem' }).toString();
}

const PEM = pem();
let app: App;
let stack: Stack;
beforeEach(() => {
  app = new App();
  stack = new Stack(app, 'Stack');
});

const functionOf = (scope: Stack) => new lambda.Function(scope, `Function${scope.node.children.length}`, { code: lambda.Code.fromInline('exports.handler = async () => ({})'), handler: 'index.handler', runtime: lambda.Runtime.NODEJS_24_X });
const define = (props: Partial<CustomAuthorizerProps> = {}, scope = stack) => (
  new CustomAuthorizer(scope, 'Authorizer', { handler: functionOf(scope), tokenSigning: TokenSigning.keys({ one: PEM }, 'token'), ...props })
);
const only = (type: string, scope = stack) => Object.entries(Template.fromStack(scope).findResources(type)).map(([id, resource]) => ({ id, ...resource }))[0]! as { id: string; Properties: Record<string, unknown>; DependsOn?: string[] };

describe('an authorizer', () => {
  test('is active, checks signatures, and caches nothing', () => {
    define();
    expect(only(AUTHORIZER).Properties).toEqual({
      AuthorizerName: expect.stringMatching(/^Stack-Authorizer-[0-9A-F]{8}$/),
      AuthorizerFunctionArn: { 'Fn::GetAtt': [expect.stringMatching(/^Function/), 'Arn'] },
      Status: 'ACTIVE',
      SigningDisabled: false,
      TokenKeyName: 'token',
      TokenSigningPublicKeys: { one: PEM },
      EnableCachingForHttp: false,
    });
  });

  test('may run the function, as this authorizer of this account, and is there only while it may', () => {
    define();
    const { Properties: { AuthorizerName: name }, DependsOn } = only(AUTHORIZER);
    const permission = only('AWS::Lambda::Permission');
    expect(DependsOn).toContain(permission.id);
    expect(permission.Properties).toEqual({
      Action: 'lambda:InvokeFunction',
      FunctionName: { 'Fn::GetAtt': [expect.stringMatching(/^Function/), 'Arn'] },
      Principal: 'iot.amazonaws.com',
      SourceAccount: { Ref: 'AWS::AccountId' },
      SourceArn: { 'Fn::Join': ['', ['arn:', { Ref: 'AWS::Partition' }, ':iot:', { Ref: 'AWS::Region' }, ':', { Ref: 'AWS::AccountId' }, `:authorizer/${String(name)}`]] },
    });
    expect(permission.DependsOn).toBeUndefined();
  });

  test('runs a version or an alias, where that is the handler', () => {
    define({ handler: functionOf(stack).currentVersion });
    expect(JSON.stringify([only(AUTHORIZER).Properties.AuthorizerFunctionArn, only('AWS::Lambda::Permission').Properties.FunctionName])).toMatch(/CurrentVersion.*CurrentVersion/);
  });

  test('is replaced by one of another name when the signing is', () => {
    const nameWith = (tokenSigning: TokenSigning) => {
      const scope = new Stack(new App(), 'Stack');
      define({ tokenSigning }, scope);
      return only(AUTHORIZER, scope).Properties.AuthorizerName;
    };
    expect(nameWith(TokenSigning.unsignedAnyoneMayInvoke())).toBe(`${String(nameWith(TokenSigning.keys({ one: PEM }, 'token')))}-unsigned`);
  });

  test('has a name that AWS IoT takes, however deep it is', () => {
    const deep = Array.from({ length: 20 }, (_, n) => `Level${n}Of_The.Tree`).reduce((scope, id) => new Stack(scope, id), stack);
    define({ tokenSigning: TokenSigning.unsignedAnyoneMayInvoke() }, deep);
    expect(only(AUTHORIZER, deep).Properties.AuthorizerName).toMatch(/^[\w=,@-]{1,128}$/);
  });

  test('is what its props say', () => {
    define({ authorizerName: 'app', status: AuthorizerStatus.INACTIVE, enableCachingForHttp: true });
    Template.fromStack(stack).hasResourceProperties(AUTHORIZER, { AuthorizerName: 'app', Status: 'INACTIVE', EnableCachingForHttp: true });
  });

  test('without signing has no keys', () => {
    define({ tokenSigning: TokenSigning.unsignedAnyoneMayInvoke() });
    Template.fromStack(stack).hasResourceProperties(AUTHORIZER, { SigningDisabled: true, TokenKeyName: Match.absent(), TokenSigningPublicKeys: Match.absent() });
  });

  test('is deleted after it has ceased to be the default', () => {
    const authorizer = define();
    new DefaultAuthorizer(stack, 'Default', { authorizer });
    const setting = Object.values(Template.fromStack(stack).toJSON().Resources as Record<string, { Type: string }>).filter(({ Type }) => Type === 'Custom::IotDefaultAuthorizer');
    expect(setting).not.toEqual([]);
    expect(JSON.stringify(setting)).toContain(`"Ref":"${only(AUTHORIZER).id}"`);
  });
});

describe('in another Region', () => {
  test.each<[string, (here: Stack, there: Stack) => unknown]>([
    ["'handler' must be in the Region of the stack, eu-central-1, got one in us-east-1 (at Here/Authorizer)", (here, there) => define({ handler: functionOf(there) }, here)],
    [
      "'handler' must be in the account of the stack, 123456789012, got one in 111122223333 (at Here/Authorizer)",
      (here) => define({ handler: lambda.Function.fromFunctionArn(here, 'Theirs', 'arn:aws:lambda:eu-central-1:111122223333:function:f') }, here),
    ],
    ["'authorizer' must be in the Region of the stack, eu-central-1, got one in us-east-1 (at Here/Default)", (here, there) => new DefaultAuthorizer(here, 'Default', { authorizer: define({}, there) })],
  ])('fails with %s', (message, make) => {
    const there = new Stack(app, 'There', { env: { ...ENV, region: 'us-east-1' } });
    expect(() => make(new Stack(app, 'Here', { env: ENV }), there)).toThrow(new Error(message));
  });
});

describe('authorizerName', () => {
  test.each(['a b', 'a/b', 'a.b', '', '*'])('fails for %j', (authorizerName) => {
    expect(() => define({ authorizerName })).toThrow(`'authorizerName' must consist of letters, digits and _=,@-, got ${JSON.stringify(authorizerName)} (at Stack/Authorizer)`);
  });

  test('has at most 128 characters', () => {
    expect(() => define({ authorizerName: 'a'.repeat(129) })).toThrow("'authorizerName' must be at most 128 characters long, got 129 (at Stack/Authorizer)");
  });

  test('may be a token', () => {
    define({ authorizerName: new CfnParameter(stack, 'Name').valueAsString });
    Template.fromStack(stack).hasResourceProperties(AUTHORIZER, { AuthorizerName: { Ref: 'Name' } });
  });

  test('may be generated for other environments', () => {
    const here = new Stack(app, 'Here', { env: ENV });
    const there = new Stack(app, 'There', { env: { ...ENV, region: 'us-east-1' } });
    const { authorizerName } = define({ authorizerName: PhysicalName.GENERATE_IF_NEEDED }, here);
    new CfnParameter(there, 'Name', { default: authorizerName });
    expect(Template.fromStack(there).toJSON().Parameters.Name.Default).toBe(only(AUTHORIZER, here).Properties.AuthorizerName);
  });
});

describe('imports', () => {
  test('by name are in the account and Region of the stack', () => {
    const authorizer = CustomAuthorizer.fromAuthorizerName(new Stack(app, 'Here', { env: ENV }), 'Import', 'app');
    expect(authorizer.authorizerRef).toEqual({ authorizerName: 'app', authorizerArn: expect.stringMatching(/^arn:\$\{Token\[AWS.Partition.*:iot:eu-central-1:123456789012:authorizer\/app$/) });
    expect(() => CustomAuthorizer.fromAuthorizerName(stack, 'Bad', 'a b')).toThrow("'authorizerName' must consist of");
  });

  test('by ARN are where that says', () => {
    const authorizer = CustomAuthorizer.fromAuthorizerArn(stack, 'Import', 'arn:aws-cn:iot:cn-north-1:999999999999:authorizer/app');
    expect([authorizer.authorizerName, authorizer.env.region, authorizer.env.account]).toEqual(['app', 'cn-north-1', '999999999999']);
    expect(() => CustomAuthorizer.fromAuthorizerArn(stack, 'Bad', 'arn:aws:lambda:eu-west-1:1:function:f')).toThrow(`'authorizerArn' must look like "arn:aws:iot:REGION:ACCOUNT:authorizer/NAME"`);
  });
});

describe('token signing', () => {
  const secret = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
  const withKey = (key: string, scope = new Stack(app, 'Keys')) => define({ tokenSigning: TokenSigning.keys({ one: key }, 'token') }, scope);

  test('takes several keys, for the time between an old one and a new one', () => {
    const two = pem();
    define({ tokenSigning: TokenSigning.keys({ '2025': PEM, '2026': two }, 'token') });
    Template.fromStack(stack).hasResourceProperties(AUTHORIZER, { TokenSigningPublicKeys: { '2025': PEM, '2026': two } });
  });

  test.each(['pkcs8', 'pkcs1'] as const)('refuses a private key (%s) without showing it', (type) => {
    const text = secret.export({ type, format: 'pem' }).toString();
    expect(() => withKey(text, stack)).toThrow(new Error("'publicKeys.one' contains a private key, which stays with whoever signs tokens; pass its public half, from 'openssl pkey -pubout' (at Stack/Authorizer)"));
    expect(() => withKey(`${PEM}${text}`, new Stack(app, 'Both'))).toThrow('contains a private key');
    expect(() => withKey(`${new CfnParameter(stack, 'Key').valueAsString}${text}`, new Stack(app, 'Token'))).toThrow('contains a private key');
    expect(stack.node.findChild('Authorizer').node.children).toEqual([]);
  });

  test.each<[string, () => string, string]>([
    ['a short key', () => pem(1024), "'publicKeys.one' must be an RSA key of at least 2048 bits, got 1024 bits"],
    ['a key on a curve', () => generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ type: 'spki', format: 'pem' }).toString(), "'publicKeys.one' must be an RSA key of at least 2048 bits, got one of type ec"],
    ['an older form', () => generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey.export({ type: 'pkcs1', format: 'pem' }).toString(), 'holds a public key in an older form'],
    ['a path', () => 'keys/public.pem', `'publicKeys.one' must be PEM text that begins with "-----BEGIN PUBLIC KEY-----"; pass the content of the file, not its path`],
    ['a broken key', () => PEM.replace(/^MII.{40}/m, ''), "'publicKeys.one' cannot be read as a public key; copy the whole file"],
    ['too long a text', () => PEM + '\n'.repeat(5120), "'publicKeys.one' must be at most 5120 characters long"],
  ])('fails for %s', (_, key, message) => {
    expect(() => withKey(key())).toThrow(message);
  });

  test('fails without a key, and for bad names', () => {
    expect(() => define({ tokenSigning: TokenSigning.keys({}, 'token') })).toThrow("'publicKeys' must have a key; to do without signatures, say TokenSigning.unsignedAnyoneMayInvoke() (at Stack/Authorizer)");
    expect(() => define({ tokenSigning: TokenSigning.keys({ 'a b': PEM }, 'token') }, new Stack(app, 'A'))).toThrow("'publicKeys' must consist of letters, digits and :_-");
    expect(() => define({ tokenSigning: TokenSigning.keys({ a: PEM }, 'to:ken') }, new Stack(app, 'B'))).toThrow("'tokenKeyName' must consist of letters, digits and _-");
  });

  test('takes tokens', () => {
    const parameter = new CfnParameter(stack, 'Key').valueAsString;
    withKey(parameter, stack);
    Template.fromStack(stack).hasResourceProperties(AUTHORIZER, { TokenSigningPublicKeys: { one: { Ref: 'Key' } } });
  });
});
