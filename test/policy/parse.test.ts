import fc from 'fast-check';
import { MAX_POLICY_SIZE, OPERATOR_NAMES, PolicyError, parsePolicy, policySize, validatePolicy } from '../../lib/policy';
import { ARN } from './vectors';

const STATEMENT = { Effect: 'Allow', Action: 'iot:Publish', Resource: `${ARN}topic/a` };
const VERSION = '2012-10-17';

/** A document of a statement that is right, and one that differs from it. */
function documentWith(changes: object): object {
  return { Version: VERSION, Statement: [STATEMENT, { ...STATEMENT, ...changes }] };
}

function withCondition(Condition: unknown): object {
  return documentWith({ Condition });
}

const ONE_ELEMENT = 'remove it; allowed are Sid, Effect, Action, NotAction, Resource, NotResource, Condition';
const ARN_FIX = 'write arn:aws:iot:REGION:ACCOUNT:TYPE/NAME';
const ADDRESS_FIX = 'write an address or a range, such as 203.0.113.0/24 or 2001:db8::/32';

describe('fails for', () => {
  test.each<[string, unknown, string, string, string]>([
    ['nothing', undefined, '', 'a policy document must be an object', 'write { "Version": "2012-10-17", "Statement": [ … ] }'],
    ['a list', [], '', 'a policy document must be an object', 'write { "Version": "2012-10-17", "Statement": [ … ] }'],
    ['JSON that is no object', '"Allow"', '', 'a policy document must be an object', 'write { "Version": "2012-10-17", "Statement": [ … ] }'],
    ['an unknown version', { Version: '2012-10-18', Statement: STATEMENT }, 'Version', "'2012-10-18' is not a policy version", 'write "2012-10-17"'],
    ['a version that is no string', { Version: 2012, Statement: STATEMENT }, 'Version', '2012 is not a policy version', 'write "2012-10-17"'],
    ['no statement', { Version: VERSION }, 'Statement', 'the document has no statement', 'add at least one'],
    ['an empty list of statements', { Version: VERSION, Statement: [] }, 'Statement', 'the list of statements is empty', 'add at least one'],
    ['a misspelt Version', { version: VERSION, Statement: STATEMENT }, 'version', "'version' is not an element of an AWS IoT policy", 'write "Version"'],
    ['an element that AWS IoT does not have', documentWith({ Principal: '*' }), 'Statement[1].Principal',
      "'Principal' is not an element of an AWS IoT policy", ONE_ELEMENT],
    ['a plural', documentWith({ resources: [] }), 'Statement[1].resources', "'resources' is not an element of an AWS IoT policy", 'write "Resource"'],
    ['a prototype as element', JSON.parse('{ "__proto__": {}, "Statement": { "Effect": "Allow", "Action": "*", "Resource": "*" } }') as unknown, '__proto__',
      "'__proto__' is not an element of an AWS IoT policy", 'remove it; allowed are Version, Id, Statement'],
    ['a statement that is a string', { Version: VERSION, Statement: [STATEMENT, 'Allow'] }, 'Statement[1]',
      'a statement must be an object', 'write { "Effect": …, "Action": …, "Resource": … }'],
    ['no effect', documentWith({ Effect: undefined }), 'Statement[1].Effect', 'Effect is missing', 'write "Allow" or "Deny"'],
    ['an effect in other case', documentWith({ Effect: 'allow' }), 'Statement[1].Effect', "'allow' is not an effect", 'write "Allow" or "Deny"'],
    ['an effect that is an object', documentWith({ Effect: {} }), 'Statement[1].Effect', 'an object is not an effect', 'write "Allow" or "Deny"'],
    ['a long effect, shortened', documentWith({ Effect: 'x'.repeat(100) }), 'Statement[1].Effect', `'${'x'.repeat(80)}…' is not an effect`, 'write "Allow" or "Deny"'],
    ['no action', documentWith({ Action: undefined }), 'Statement[1].Action', 'Action is missing', 'write exactly one of Action and NotAction'],
    ['Action and NotAction', documentWith({ NotAction: 'iot:Connect' }), 'Statement[1].Action', 'Action and NotAction exclude each other', 'write exactly one of Action and NotAction'],
    ['no resource', documentWith({ Resource: undefined }), 'Statement[1].Resource', 'Resource is missing', 'write exactly one of Resource and NotResource'],
    ['Resource and NotResource', documentWith({ NotResource: '*' }), 'Statement[1].Resource', 'Resource and NotResource exclude each other', 'write exactly one of Resource and NotResource'],
    ['an empty list of actions', documentWith({ Action: [] }), 'Statement[1].Action', 'the list is empty', 'name at least one, or leave the statement out'],
    ['an empty NotResource', documentWith({ Resource: undefined, NotResource: [] }), 'Statement[1].NotResource', 'the list is empty', 'name at least one, or leave the statement out'],
    ['an action that is null', documentWith({ Action: null }), 'Statement[1].Action', 'expected a string, got null', 'write a string or a list of strings'],
    ['an action that is a list', documentWith({ Action: ['iot:Publish', ['iot:Connect']] }), 'Statement[1].Action[1]', 'expected a string, got a list', 'write a string or a list of strings'],
    ['a number as resource', documentWith({ Resource: [1] }), 'Statement[1].Resource[0]', 'expected a string, got 1', 'write a string or a list of strings'],
    ['a hole in a list', documentWith({ Resource: Object.assign(new Array<string>(2), { 1: '*' }) }), 'Statement[1].Resource[0]', 'expected a string, got undefined', 'write a string or a list of strings'],
    ['an unknown part that is none', documentWith({ Resource: { parts: [null] } }), 'Statement[1].Resource', 'expected a string, got an object', 'write a string or a list of strings'],
    ['an action without a service', documentWith({ Action: 'Publish' }), 'Statement[1].Action', "'Publish' is not an action", 'write service:Name, such as iot:Publish'],
    ['an action without a name', documentWith({ Action: ['iot:'] }), 'Statement[1].Action[0]', "'iot:' is not an action", 'write service:Name, such as iot:Publish'],
    ['an action of another service', documentWith({ Action: 's3:GetObject' }), 'Statement[1].Action',
      "'s3:GetObject' is not an AWS IoT action", 'AWS IoT policies take iot:…, iotjobsdata:…, greengrass:…'],
    ['a resource that is no ARN', documentWith({ Resource: 'topic/a' }), 'Statement[1].Resource', '\'topic/a\' is neither "*" nor an ARN', ARN_FIX],
    ['an ARN that ends early', documentWith({ Resource: ['*', 'arn:aws:iot:*'] }), 'Statement[1].Resource[1]', '\'arn:aws:iot:*\' is neither "*" nor an ARN', ARN_FIX],
    ['another prefix than arn', documentWith({ Resource: 'urn:aws:iot:us-east-1:123456789012:topic/a' }), 'Statement[1].Resource',
      "'urn:aws:iot:us-east-1:123456789012:topic/a' does not start with \"arn:\"", ARN_FIX],
    ['a wildcard as service', documentWith({ Resource: 'arn:aws:*:us-east-1:123456789012:topic/a' }), 'Statement[1].Resource',
      "the service '*' of an ARN takes no wildcard", 'write "iot"'],
    ['a wildcard in the service', documentWith({ NotResource: ['*', 'arn:aws:io?:us-east-1:123456789012:topic/a'], Resource: undefined }), 'Statement[1].NotResource[1]',
      "the service 'io?' of an ARN takes no wildcard", 'write "iot"'],
    ['a condition that is a list', withCondition([]), 'Statement[1].Condition', 'a condition must be an object', 'write { "StringEquals": { "iot:ClientId": "…" } }'],
    ['an operator without keys', withCondition({ StringEquals: 'a' }), 'Statement[1].Condition.StringEquals', 'an operator takes an object of keys', 'write { "iot:ClientId": "…" }'],
    ['a condition value that is an object', withCondition({ StringEquals: { 'iot:ClientId': ['a', {}] } }), 'Statement[1].Condition.StringEquals.iot:ClientId[1]',
      'expected a string, got an object', 'write a string or a list of strings'],
    ['an unknown operator', withCondition({ StringIs: { 'iot:ClientId': 'a' } }), 'Statement[1].Condition.StringIs.iot:ClientId',
      "unknown condition operator 'StringIs'", `use one of ${OPERATOR_NAMES.join(', ')}`],
    ['an operator of every object', withCondition({ constructor: { 'iot:ClientId': 'a' } }), 'Statement[1].Condition.constructor.iot:ClientId',
      "unknown condition operator 'constructor'", `use one of ${OPERATOR_NAMES.join(', ')}`],
    ['an unknown qualifier', withCondition({ 'ForSome:StringEquals': { 'iot:ClientId': 'a' } }), 'Statement[1].Condition.ForSome:StringEquals.iot:ClientId',
      "unknown condition operator 'ForSome:StringEquals'", `use one of ${OPERATOR_NAMES.join(', ')}`],
    ['Null with IfExists', withCondition({ NullIfExists: { 'iot:ClientId': 'true' } }), 'Statement[1].Condition.NullIfExists.iot:ClientId',
      "unknown condition operator 'NullIfExists'", `use one of ${OPERATOR_NAMES.join(', ')}`],
    ['Null with a variable', withCondition({ Null: { 'iot:ClientId': '${iot:ClientId}' } }), 'Statement[1].Condition.Null.iot:ClientId',
      "'Null' takes no '${iot:ClientId}'", 'write "true" for an absent key, or "false" for a present one'],
    ['a boolean that is none', withCondition({ Bool: { 'iot:Connection.Thing.IsAttached': 'yes' } }), 'Statement[1].Condition.Bool.iot:Connection.Thing.IsAttached',
      "'yes' is not a boolean", 'write "true" or "false"'],
    ['an address that is none', withCondition({ IpAddress: { 'aws:SourceIp': '203.0.113' } }), 'Statement[1].Condition.IpAddress.aws:SourceIp',
      "'203.0.113' is not an IP address or CIDR range", ADDRESS_FIX],
    ['too long a prefix', withCondition({ IpAddress: { 'aws:SourceIp': '203.0.113.0/33' } }), 'Statement[1].Condition.IpAddress.aws:SourceIp',
      "'203.0.113.0/33' is not an IP address or CIDR range", ADDRESS_FIX],
    ['too long a prefix of version 6', withCondition({ NotIpAddress: { 'aws:SourceIp': '2001:db8::/129' } }), 'Statement[1].Condition.NotIpAddress.aws:SourceIp',
      "'2001:db8::/129' is not an IP address or CIDR range", ADDRESS_FIX],
    ['two prefixes', withCondition({ IpAddress: { 'aws:SourceIp': '10.0.0.0/8/8' } }), 'Statement[1].Condition.IpAddress.aws:SourceIp',
      "'10.0.0.0/8/8' is not an IP address or CIDR range", ADDRESS_FIX],
    ['an address of one interface', withCondition({ IpAddress: { 'aws:SourceIp': 'fe80::1%eth0' } }), 'Statement[1].Condition.IpAddress.aws:SourceIp',
      "'fe80::1%eth0' is not an IP address or CIDR range", ADDRESS_FIX],
    ['an ARN in a condition that is none', withCondition({ ArnEquals: { 'iot:LastWillTopic': ['*', 'my/topic'] } }), 'Statement[1].Condition.ArnEquals.iot:LastWillTopic',
      "'my/topic' is not an ARN", 'write all six segments, such as arn:aws:iot:*:*:topic/name'],
  ])('%s', (_, document, path, message, fix) => {
    expect(validatePolicy(document)).toEqual([{ severity: 'error', path, message, fix }]);
    expect(() => parsePolicy(document, { name: 'P' })).toThrow(new PolicyError('P', [{ severity: 'error', path, message, fix }]));
  });

  test('text that is not JSON, with the words of the parser', () => {
    expect(validatePolicy('{ "Version": }')).toEqual([
      { severity: 'error', path: '', message: expect.stringMatching(/^not valid JSON: /) as string, fix: 'mend the text' },
    ]);
  });

  test('every mistake at once, each with its place', () => {
    const document = { Version: VERSION, Statement: [{ Effect: 'Maybe', Action: ['iot:', 'iot:Publish'], Resource: [`${ARN}topic/a`, 'b'] }, 7] };
    expect(() => parsePolicy(document, { name: 'Fleet' })).toThrow([
      'Fleet: Statement[0].Effect: \'Maybe\' is not an effect; write "Allow" or "Deny"',
      "Fleet: Statement[0].Action[0]: 'iot:' is not an action; write service:Name, such as iot:Publish",
      'Fleet: Statement[0].Resource[1]: \'b\' is neither "*" nor an ARN; write arn:aws:iot:REGION:ACCOUNT:TYPE/NAME',
      'Fleet: Statement[1]: a statement must be an object; write { "Effect": …, "Action": …, "Resource": … }',
    ].join('\n'));
  });
});

describe('warns of', () => {
  test.each<[string, object, string, string, string]>([
    ['a variable that does not exist', documentWith({ Resource: [`${ARN}topic/a`, `${ARN}topic/\${iot:Thing.ThingName}`] }), 'Statement[1].Resource[1]',
      '${iot:Thing.ThingName} is not a variable of AWS IoT, so this ARN matches nothing', 'check its spelling'],
    ['a variable that other services may know', documentWith({ Resource: `${ARN}topic/\${aws:Team}` }), 'Statement[1].Resource',
      '${aws:Team} is not a variable of AWS IoT, so this ARN may match nothing', 'check its spelling'],
    ['a list as variable', documentWith({ Resource: `${ARN}topic/\${iot:Certificate.Subject.CommonName.List}` }), 'Statement[1].Resource',
      '${iot:Certificate.Subject.CommonName.List} is a condition key and no variable, so this ARN matches nothing', 'use it in Condition'],
    ['a key of one request as variable', documentWith({ Resource: `${ARN}topic/\${iot:Topic}` }), 'Statement[1].Resource',
      '${iot:Topic} is a condition key and no variable, so this ARN matches nothing', 'use it in Condition'],
    ['the sixth value of an attribute', documentWith({ Resource: `${ARN}topic/\${iot:Certificate.Subject.CommonName.5}` }), 'Statement[1].Resource',
      '${iot:Certificate.Subject.CommonName.5} is not a variable of AWS IoT, so this ARN matches nothing', 'check its spelling'],
    ['an attribute without a name', documentWith({ Resource: `${ARN}topic/\${iot:Connection.Thing.Attributes[]}` }), 'Statement[1].Resource',
      '${iot:Connection.Thing.Attributes[]} is not a variable of AWS IoT, so this ARN matches nothing', 'check its spelling'],
    ['a variable of a condition that does not exist', withCondition({ StringEquals: { 'iot:ClientId': ['a', '${iot:ThingName}'] } }), 'Statement[1].Condition.StringEquals.iot:ClientId[1]',
      '${iot:ThingName} is not a variable of AWS IoT, so this value matches nothing', 'check its spelling'],
    ['variables in a document without a version', { Statement: { ...STATEMENT, Resource: `${ARN}topic/\${iot:ClientId}` } }, 'Statement[0].Resource',
      'variables are plain text in a document of this version', 'write "Version": "2012-10-17"'],
    ['variables in a document of an old version', { Version: '2008-10-17', Statement: { ...STATEMENT, Resource: [`${ARN}topic/\${iot:ClientId}`] } }, 'Statement[0].Resource[0]',
      'variables are plain text in a document of this version', 'write "Version": "2012-10-17"'],
    ['a condition key that does not exist', withCondition({ StringEquals: { 'iot:ThingName': 'a' } }), 'Statement[1].Condition.StringEquals.iot:ThingName',
      "'iot:ThingName' is not a condition key of AWS IoT, so it never has a value", 'check its spelling'],
    ['an action that does not exist', documentWith({ Action: ['iot:Publish', 'iot:Pubish'] }), 'Statement[1].Action[1]',
      "'iot:Pubish' is not an action that AWS IoT policies grant", 'check its spelling, or grant it in IAM'],
    ['an action of the control plane', documentWith({ NotAction: 'iot:CreateThing', Action: undefined }), 'Statement[1].NotAction',
      "'iot:CreateThing' is not an action that AWS IoT policies grant", 'check its spelling, or grant it in IAM'],
  ])('%s', (_, document, path, message, fix) => {
    expect(validatePolicy(document)).toEqual([{ severity: 'warning', path, message, fix }]);
    expect(() => parsePolicy(document)).not.toThrow();
  });
});

describe('finds nothing wrong with', () => {
  test.each<[string, unknown]>([
    ['a statement that is not in a list', { Version: VERSION, Statement: STATEMENT }],
    ['JSON text', JSON.stringify({ Version: VERSION, Id: 'fleet', Statement: [{ Sid: 'A', ...STATEMENT }] })],
    ['a document without a version', { Statement: STATEMENT }],
    ['every documented kind of variable', documentWith({
      Resource: [
        'iot:ClientId', 'aws:SourceIp', 'iot:DomainName', 'iot:CertificateId', 'iot:Certificate.SerialNumber', 'iot:Connection.Thing.ThingName',
        'iot:Connection.Thing.ThingTypeName', 'iot:Connection.Thing.IsAttached', 'iot:Connection.Thing.Attributes[a.b,c/d#e]', 'cognito-identity.amazonaws.com:sub',
        'iot:Certificate.Subject.CommonName', 'iot:Certificate.Issuer.OrganizationalUnit.4', 'iot:Certificate.Subject.AlternativeName.IPAddress.1',
      ].map((key) => `${ARN}topic/\${${key}}`),
    })],
    ['condition keys', withCondition({
      'ForAnyValue:StringEquals': { 'iot:Certificate.AvailableKeys': ['a'], 'iot:Certificate.Subject.Country.List': ['DE'], 'iot:ConnectAttributes': [] },
      StringEquals: { 'IOT:TOPIC': 'a', 'aws:PrincipalTag/team': 'a' },
      BoolIfExists: { 'iot:Connection.Thing.IsAttached': true },
      IpAddress: { 'aws:SourceIp': ['10.0.0.0/8', '::/0', '::ffff:10.0.0.1'] },
    })],
    ['escapes', documentWith({ Resource: `${ARN}topic/\${*}\${?}\${$}/$aws/\${` })],
    ['a Greengrass action', documentWith({ Action: ['greengrass:Discover', 'iot:*', 'i*:Publish', '*'] })],
    ['parts that are not known', { Version: { unknown: 'V' }, Statement: [{ unknown: 'S' }, { Effect: { unknown: 'E' }, Action: { unknown: 'A' }, Resource: [{ unknown: 'R' }], Condition: { unknown: 'C' } }] }],
  ])('%s', (_, document) => {
    expect(validatePolicy(document)).toEqual([]);
  });

  test('actions, ARNs and variables of other services in a role policy', () => {
    const document = documentWith({ Action: ['s3:GetObject', 'iot:CreateThing'], Resource: ['arn:aws:s3:::bucket/${aws:username}', 'arn:aws:iot:*'] });
    expect(validatePolicy(document, { language: 'iam' })).toEqual([]);
  });

  test('but a role policy must still name ARNs', () => {
    expect(validatePolicy(documentWith({ Resource: 'bucket' }), { language: 'iam' })).toEqual([
      { severity: 'error', path: 'Statement[1].Resource', message: '\'bucket\' is neither "*" nor an ARN', fix: ARN_FIX },
    ]);
  });
});

describe('whatever it is given', () => {
  const attempt = (document: unknown): void => {
    try {
      parsePolicy(document);
    } catch (error) {
      if (!(error instanceof PolicyError)) {
        throw error;
      }
    }
  };

  /** Random values in the places where a document has its elements. */
  const elements = ['Version', 'Id', 'Statement', 'Sid', 'Effect', 'Action', 'NotAction', 'Resource', 'NotResource', 'Condition', 'StringEquals', 'Null', 'IpAddress', 'ArnLike',
    'ForAnyValue:Bool', 'iot:ClientId', 'parts', 'unknown', '__proto__', 'constructor'];
  const texts = fc.oneof(fc.string(), fc.constantFrom(VERSION, 'Allow', 'Deny', '*', 'iot:Publish', `${ARN}topic/\${iot:ClientId}`, 'arn:aws:iot:::${', '::1%0', '10.0.0.0/8', 'true'));
  const likeDocument = fc.letrec((tie) => ({
    value: fc.oneof({ maxDepth: 6, withCrossShrink: true }, texts, fc.anything({ withBigInt: true, withSparseArray: true, withNullPrototype: true, withMap: true, withDate: true }),
      fc.array(tie('value'), { maxLength: 3 }), fc.dictionary(fc.constantFrom(...elements), tie('value'), { maxKeys: 6, noNullPrototype: false })),
  })).value;

  test('no exception but PolicyError is thrown', () => {
    fc.assert(fc.property(likeDocument, attempt), { numRuns: 3000 });
  });

  test('nor for random JSON text', () => {
    fc.assert(fc.property(fc.oneof(fc.json(), fc.string()), attempt), { numRuns: 500 });
  });

  test('nor for a structure that contains itself', () => {
    const action: unknown[] = [];
    action.push(action);
    expect(validatePolicy(documentWith({ Action: action }))).toMatchObject([{ path: 'Statement[1].Action[0]', message: 'expected a string, got a list' }]);
  });

  test('nor for deep nesting', () => {
    const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;
    expect(() => parsePolicy(`{"Version":"${VERSION}","Statement":[{"Effect":"Allow","Action":${deep},"Resource":"*"}]}`)).toThrow(PolicyError);
  });

  test('nor for huge lists and texts', () => {
    const many = 200_000;
    const policy = parsePolicy(documentWith({ Action: Array.from({ length: many }, () => 'iot:Publish'), Resource: `${ARN}topic/${'*a?${iot:ClientId}'.repeat(many)}` }));
    expect(policy.statements[1]!.actions.patterns).toHaveLength(many);
    expect(policy.statements[1]!.resources.patterns[0]!.arn!.resource.tokens).toHaveLength(4 * many + 1);
  });

  test('prototypes stay as they are', () => {
    attempt(JSON.parse(`{ "Version": "${VERSION}", "Statement": { "__proto__": { "Effect": "Allow" }, "Condition": { "__proto__": { "__proto__": "polluted" } } } }`));
    expect(Object.keys(Object.prototype)).toEqual([]);
    expect(validatePolicy({ Statement: JSON.parse('{ "__proto__": { "Effect": "Allow" }, "Action": "*", "Resource": "*" }') as unknown })).toMatchObject([
      { path: 'Statement[0].__proto__' }, { path: 'Statement[0].Effect', message: 'Effect is missing' },
    ]);
  });
});

describe('a parsed policy', () => {
  test('is named policy unless told otherwise', () => {
    expect(parsePolicy({ Statement: STATEMENT }).name).toBe('policy');
    expect(parsePolicy({ Statement: STATEMENT }, { name: 'Fleet' })).toMatchObject({ name: 'Fleet', statements: [{ policy: 'Fleet' }] });
  });

  test('keeps the place and the Sid of its statements', () => {
    const document = { Statement: [STATEMENT, { Sid: 'B', ...STATEMENT, Effect: 'Deny' }] };
    expect(parsePolicy(document).statements).toMatchObject([{ index: 0, effect: 'Allow' }, { index: 1, effect: 'Deny', sid: 'B' }]);
    expect(parsePolicy(document).statements[0]).not.toHaveProperty('sid');
  });

  test('keeps its patterns as plain data', () => {
    const { statements } = parsePolicy(documentWith({ Resource: `${ARN}topic/dt/\${iot:ClientId}/?/*` }));
    expect(statements[1]!.resources.patterns[0]!.arn!.resource.tokens).toEqual([
      { kind: 'text', value: 'topic/dt/' }, { kind: 'variable', key: 'iot:clientid' }, { kind: 'text', value: '/' }, { kind: 'one' }, { kind: 'text', value: '/' }, { kind: 'many' },
    ]);
  });
});

describe('the size of a document', () => {
  test('leaves white space out', () => {
    expect(policySize('{ "Version":\n\t"2012-10-17" }')).toBe('{"Version":"2012-10-17"}'.length);
  });

  test('is the same for an object as for its text', () => {
    fc.assert(fc.property(fc.object({ values: [fc.string(), fc.boolean(), fc.integer()] }), (document) => {
      expect(policySize(document)).toBe(policySize(JSON.stringify(document, undefined, 2)));
    }), { numRuns: 50 });
  });

  test('may be 2,048', () => {
    expect(MAX_POLICY_SIZE).toBe(2048);
  });
});
