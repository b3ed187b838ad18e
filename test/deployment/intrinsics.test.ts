import fc from 'fast-check';
import { ACCOUNT, readTemplate, resolveValue } from './in-memory';

const SECTIONS = {
  Parameters: {
    Stage: { Type: 'String', Default: 'dev' },
    Open: { Type: 'String' },
    Count: { Type: 'Number', Default: 3 },
    Sites: { Type: 'CommaDelimitedList', Default: 'north, south' },
    OpenSites: { Type: 'List<Number>' },
    Image: { Type: 'AWS::SSM::Parameter::Value<String>', Default: '/image' },
    Images: { Type: 'AWS::SSM::Parameter::Value<List<String>>', Default: '/images' },
  },
  Mappings: { Levels: { dev: { Prefix: 'dt/dev', Sites: ['a', 'b'] } } },
  Conditions: {
    Yes: { 'Fn::Equals': [{ Ref: 'Stage' }, 'dev'] },
    No: { 'Fn::Not': [{ Condition: 'Yes' }] },
    Open: { 'Fn::Equals': [{ Ref: 'Open' }, 'x'] },
  },
  Resources: {
    Thing: { Type: 'AWS::IoT::Thing', Properties: { ThingName: 'sensor-1' } },
    Gone: { Type: 'AWS::IoT::Thing', Condition: 'No' },
    Other: { Type: 'Custom::Other' },
  },
};

const THING_ARN = 'arn:aws:iot:eu-west-1:111122223333:thing/sensor-1';
const OPEN = { unknown: 'App/Parameters/Open' };
const at = (path: string): object => ({ unknown: `App/Probe.Properties.Value${path}` });

describe('what can be resolved', () => {
  test.each<[string, unknown, unknown]>([
    ['a parameter', { Ref: 'Stage' }, 'dev'],
    ['a number parameter, as text', { Ref: 'Count' }, '3'],
    ['a list parameter', { Ref: 'Sites' }, ['north', 'south']],
    ['a resource', { Ref: 'Thing' }, 'sensor-1'],
    ['the region', { Ref: 'AWS::Region' }, 'eu-west-1'],
    ['the account', { Ref: 'AWS::AccountId' }, '111122223333'],
    ['the partition', { Ref: 'AWS::Partition' }, 'aws'],
    ['the URL suffix', { Ref: 'AWS::URLSuffix' }, 'amazonaws.com'],
    ['the stack name', { Ref: 'AWS::StackName' }, 'App'],
    ['the stack ID', { 'Fn::Select': [0, { 'Fn::Split': ['/', { Ref: 'AWS::StackId' }] }] }, 'arn:aws:cloudformation:eu-west-1:111122223333:stack'],
    ['notification ARNs', { Ref: 'AWS::NotificationARNs' }, []],
    ['NoValue in an object', { a: 1, b: { Ref: 'AWS::NoValue' } }, { a: 1 }],
    ['NoValue in a list', [1, { Ref: 'AWS::NoValue' }, 2], [1, 2]],
    ['an attribute', { 'Fn::GetAtt': ['Thing', 'Arn'] }, THING_ARN],
    ['an attribute with a dot', { 'Fn::GetAtt': 'Thing.Arn' }, THING_ARN],
    ['an attribute whose name is a reference', { 'Fn::GetAtt': ['Thing', { 'Fn::Join': ['', ['A', 'rn']] }] }, THING_ARN],
    ['a join', { 'Fn::Join': ['/', ['dt', { Ref: 'Stage' }, 1, true]] }, 'dt/dev/1/true'],
    ['a join of a list parameter', { 'Fn::Join': ['+', { Ref: 'Sites' }] }, 'north+south'],
    ['a join that leaves out NoValue', { 'Fn::Join': ['/', ['a', { Ref: 'AWS::NoValue' }, 'b']] }, 'a/b'],
    ['a substitution', { 'Fn::Sub': '${Stage}/${Thing}/${Thing.Arn}/${AWS::Region}' }, `dev/sensor-1/${THING_ARN}/eu-west-1`],
    ['a substitution with variables', { 'Fn::Sub': ['${a}-${Stage}', { a: { Ref: 'Thing' } }] }, 'sensor-1-dev'],
    ['a substitution with a literal', { 'Fn::Sub': '${!iot:ClientId}/${Stage}' }, '${iot:ClientId}/dev'],
    ['a selection', { 'Fn::Select': ['1', { Ref: 'Sites' }] }, 'south'],
    ['a split', { 'Fn::Split': ['/', 'a/b/'] }, ['a', 'b', '']],
    ['a split of an ARN', { 'Fn::Select': [1, { 'Fn::Split': ['/', { 'Fn::GetAtt': ['Thing', 'Arn'] }] }] }, 'sensor-1'],
    ['a true condition', { 'Fn::If': ['Yes', 'a', 'b'] }, 'a'],
    ['a false condition', { 'Fn::If': ['No', 'a', { Ref: 'AWS::NoValue' }] }, undefined],
    ['a mapping', { 'Fn::FindInMap': ['Levels', { Ref: 'Stage' }, 'Prefix'] }, 'dt/dev'],
    ['a list in a mapping', { 'Fn::FindInMap': ['Levels', 'dev', 'Sites'] }, ['a', 'b']],
    ['the default of a mapping', { 'Fn::FindInMap': ['Levels', 'x', 'y', { DefaultValue: { Ref: 'Stage' } }] }, 'dev'],
    ['base64', { 'Fn::Base64': { Ref: 'Stage' } }, 'ZGV2'],
    ['a length', { 'Fn::Length': { Ref: 'Sites' } }, 2],
    ['JSON text', { 'Fn::ToJsonString': { a: [{ Ref: 'Stage' }, 1] } }, '{"a":["dev",1]}'],
  ])('%s', (_name, value, expected) => {
    expect(resolveValue(value, SECTIONS)).toEqual(expected);
  });
});

describe('what stays unknown', () => {
  test.each<[string, unknown, unknown]>([
    ['a parameter without a value', { Ref: 'Open' }, { parts: [OPEN] }],
    ['a list parameter without a value', { Ref: 'OpenSites' }, { unknown: 'App/Parameters/OpenSites' }],
    ['a parameter read from SSM', { Ref: 'Image' }, { parts: [{ unknown: 'App/Parameters/Image' }] }],
    ['a list parameter read from SSM', { Ref: 'Images' }, { unknown: 'App/Parameters/Images' }],
    ['a resource of an unknown type', { Ref: 'Other' }, { parts: [{ unknown: 'App/Other' }] }],
    ['an attribute of an unknown type', { 'Fn::GetAtt': ['Other', 'Arn'] }, { unknown: 'App/Other.Arn' }],
    ['a part of a text', { 'Fn::Sub': 'a/${Open}/b' }, { parts: ['a/', OPEN, '/b'] }],
    ['an attribute in a substitution', { 'Fn::Sub': 'a/${Other.Name}' }, { parts: ['a/', { unknown: 'App/Other.Name' }] }],
    ['a dynamic reference', 'a/{{resolve:ssm:/x:1}}/b', { parts: ['a/', { unknown: 'App/{{resolve:ssm:/x:1}}' }, '/b'] }],
    ['a dynamic reference that is put together', { 'Fn::Join': ['', ['{{resolve:ssm:/', { Ref: 'Stage' }, '}}']] }, {
      parts: [{ unknown: 'App/{{resolve:ssm:/dev}}' }],
    }],
    ['a dynamic reference to something unknown', { 'Fn::Sub': '{{resolve:ssm:${Open}}}!' }, {
      parts: [{ unknown: 'App/{{resolve:ssm:<unknown: App/Parameters/Open>}}' }, '!'],
    }],
    ['a resource that is not there', { Ref: 'Nothing' }, at('')],
    ['a resource that does not exist', { Ref: 'Gone' }, at('')],
    ['a pseudo parameter that is not there', { Ref: 'AWS::Nothing' }, at('')],
    ['a name of the language', { Ref: 'constructor' }, at('')],
    ['an undecided condition', { 'Fn::If': ['Open', 'a', 'b'] }, at('')],
    ['a condition that is not there', { 'Fn::If': ['Nothing', 'a', 'b'] }, at('')],
    ['a mapping that is not there', { 'Fn::FindInMap': ['Nothing', 'a', 'b'] }, at('')],
    ['a mapping by an unknown key', { 'Fn::FindInMap': ['Levels', { Ref: 'Open' }, 'b'] }, at('')],
    ['an inherited key of a mapping', { 'Fn::FindInMap': ['Levels', '__proto__', 'toString'] }, at('')],
    ['an export that is not there', { 'Fn::ImportValue': 'x' }, at('')],
    ['a join of an unknown list', { 'Fn::Join': ['/', { Ref: 'OpenSites' }] }, { parts: [at('')] }],
    ['an unknown value in JSON text', { 'Fn::ToJsonString': { a: { Ref: 'OpenSites' } } }, { parts: ['{"a":', { unknown: 'App/Parameters/OpenSites' }, '}'] }],
    ['characters in JSON text that stand for unknowns', { 'Fn::ToJsonString': '\uE0000\uE002' }, at('')],
    ['a split of an unknown text', { 'Fn::Split': ['/', { Ref: 'Open' }] }, at('')],
    ['a selection from an unknown list', { 'Fn::Select': [0, { Ref: 'OpenSites' }] }, at('')],
    ['a selection by an unknown index', { 'Fn::Select': [{ Ref: 'Open' }, ['a']] }, at('')],
    ['a selection past the end', { 'Fn::Select': [9, ['a']] }, at('')],
    ['base64 of an unknown text', { 'Fn::Base64': { Ref: 'Open' } }, { parts: [at('')] }],
    ['the length of an unknown list', { 'Fn::Length': { Ref: 'OpenSites' } }, at('')],
    ['base64 of a list', { 'Fn::Base64': [] }, at('')],
    ['the length of a text', { 'Fn::Length': 'abc' }, at('')],
    ['what AWS computes', { 'Fn::GetAZs': '' }, at('')],
    ['two functions at once', { 'Fn::Sub': 'a', 'Fn::Join': ['', []] }, at('')],
    ['an object that looks like an unknown', { deep: { unknown: 'x' } }, { deep: at('.deep') }],
    ['an object that looks like a text', { parts: ['*'] }, at('')],
    ['an unknown in JSON text', { 'Fn::ToJsonString': { a: { 'Fn::Sub': '"${Open}' } } }, { parts: ['{"a":"\\"', OPEN, '"}'] }],
  ])('%s', (_name, value, expected) => {
    expect(resolveValue(value, SECTIONS)).toEqual(expected);
  });

  test.each([
    'Fn::GetAtt', 'Fn::Join', 'Fn::Sub', 'Fn::Select', 'Fn::Split', 'Fn::If', 'Fn::FindInMap', 'Ref', 'Fn::ImportValue',
  ])('%s that is malformed', (name) => {
    for (const argument of [null, {}, [], [{}, {}], [1, 2, 3, 4, 5], { [name]: null }]) {
      expect(resolveValue({ [name]: argument }, SECTIONS)).toEqual(at(''));
    }
  });

  test('is listed once with a reason', () => {
    const { unknowns } = readTemplate({
      Parameters: { Open: { Type: 'String' }, NotUsed: { Type: 'String' } },
      Resources: { A: { Type: 'Custom::A', Properties: { B: { Ref: 'Open' }, C: { Ref: 'Open' } } } },
    }, ACCOUNT);

    expect(unknowns).toContainEqual({ path: OPEN.unknown, reason: 'the parameter has no value; pass one with the parameters' });
    expect(unknowns.filter(({ path }) => path.startsWith('App/Parameters'))).toHaveLength(1);
  });
});

test('what a macro adds is unknown', () => {
  const { unknowns } = readTemplate({ Transform: 'AWS::LanguageExtensions', Resources: { 'Fn::ForEach::Things': [] } }, ACCOUNT);

  expect(unknowns).toEqual([{ path: 'App/Resources.Fn::ForEach::Things', reason: 'a macro runs in AWS; what it adds to the template is unknown' }]);
});

describe('a stack that can be deployed anywhere', () => {
  test('has an unknown account', () => {
    expect(resolveValue({ 'Fn::GetAtt': ['Thing', 'Arn'] }, SECTIONS, {})).toEqual({
      parts: ['arn:', { unknown: 'AWS::Partition' }, ':iot:', { unknown: 'AWS::Region' }, ':', { unknown: 'AWS::AccountId' }, ':thing/sensor-1'],
    });
  });

  test.each<[string, unknown]>([['/', ['sensor-1']], [':', ['thing/sensor-1']]])('has ARNs that can be split at %s', (delimiter, expected) => {
    const index = delimiter === '/' ? 1 : 5;
    const value = { 'Fn::Select': [index, { 'Fn::Split': [delimiter, { 'Fn::GetAtt': ['Thing', 'Arn'] }] }] };

    expect([resolveValue(value, SECTIONS, {})]).toEqual(expected);
  });

  test('has ARNs that cannot be split where the region may have the delimiter', () => {
    expect(resolveValue({ 'Fn::Split': ['-', { 'Fn::GetAtt': ['Thing', 'Arn'] }] }, SECTIONS, {})).toEqual(at(''));
  });

  test.each([['cn-north-1', 'aws-cn'], ['us-gov-west-1', 'aws-us-gov'], ['ap-southeast-2', 'aws']])('has the partition of %s', (region, partition) => {
    expect(resolveValue({ Ref: 'AWS::Partition' }, {}, { region })).toBe(partition);
  });

  test('has an unknown partition in a region that nobody knows', () => {
    expect(resolveValue({ Ref: 'AWS::Partition' }, {}, { region: 'moon-1' })).toEqual({ parts: [{ unknown: 'AWS::Partition' }] });
  });
});

describe('for any texts', () => {
  const literal = fc.string().filter((text) => !text.includes('{{resolve:'));

  test('a split of a join gives the items back', () => {
    fc.assert(fc.property(fc.array(literal.map((text) => text.replaceAll('|', '')), { minLength: 1 }), (items) => {
      expect(resolveValue({ 'Fn::Split': ['|', { 'Fn::Join': ['|', items] }] })).toEqual(items);
    }));
  });

  test('a substitution without variables changes nothing', () => {
    fc.assert(fc.property(literal.map((text) => text.replaceAll('$', '')), (text) => {
      expect(resolveValue({ 'Fn::Sub': text })).toBe(text);
    }));
  });

  test('a substitution is a join of its parts', () => {
    fc.assert(fc.property(literal, literal, (a, b) => {
      expect(resolveValue({ 'Fn::Sub': ['${a}/${b}', { a, b }] })).toBe(`${a}/${b}`);
    }));
  });
});
