import { DeploymentError, parseTemplate } from '../../lib/deployment';
import type { Json } from '../../lib/deployment';

/** What a YAML value is in the properties of a resource. */
function yaml(value: string): Json | undefined {
  const text = `Resources:\n  A:\n    Type: Custom::A\n    Properties:\n      Value: ${value}\n`;
  return parseTemplate(text, 'A.yaml').resources.get('A')?.properties.Value;
}

describe('YAML', () => {
  test.each<[string, unknown]>([
    ['text', 'text'],
    ['!Ref A', { Ref: 'A' }],
    ['!GetAtt A.B.C', { 'Fn::GetAtt': 'A.B.C' }],
    ['!Sub "${A}"', { 'Fn::Sub': '${A}' }],
    ['!Sub ["${A}", { A: !Ref B }]', { 'Fn::Sub': ['${A}', { A: { Ref: 'B' } }] }],
    ['!If [A, !GetAZs "", !Ref AWS::NoValue]', { 'Fn::If': ['A', { 'Fn::GetAZs': '' }, { Ref: 'AWS::NoValue' }] }],
    ['!And [!Condition A]', { 'Fn::And': [{ Condition: 'A' }] }],
    ['!Base64\n        Fn::Sub: a', { 'Fn::Base64': { 'Fn::Sub': 'a' } }],
    ['!Ref 123', { Ref: '123' }],
    ['42', 42],
    ['-1.5', -1.5],
    ['"42"', '42'],
    ['012345678901', '012345678901'],
    ['1.10', '1.10'],
    ['1e3', '1e3'],
    ['12345678901234567890', '12345678901234567890'],
    ['2012-10-17', '2012-10-17'],
    ['10:30', '10:30'],
    ['.inf', '.inf'],
    ['Infinity', 'Infinity'],
    ['yes', true],
    ['Off', false],
    ['~', null],
    ['', null],
    ['"yes"', 'yes'],
    ['[&x [1], *x]', [[1], [1]]],
  ])('%s', (text, expected) => {
    expect(yaml(text)).toEqual(expected);
  });

  test('keys are strings', () => {
    expect(yaml('{ 1: a, E2: b, yes: c }')).toEqual({ 1: 'a', E2: 'b', yes: 'c' });
  });
});

test('resources are read with their attributes', () => {
  const { resources, macros } = parseTemplate(JSON.stringify({
    Transform: ['AWS::LanguageExtensions', 'AWS::Serverless-2016-10-31'],
    Resources: {
      A: { Type: 'T', Condition: 'C', DependsOn: 'B', Metadata: { m: 1 }, Properties: { p: 1 } },
      B: { Type: 'T', DependsOn: ['A', 1], Properties: null },
      'Fn::ForEach::Things': ['X', ['a'], {}],
    },
  }), 'A.json');

  expect([...resources]).toEqual([
    ['A', { type: 'T', condition: 'C', dependsOn: ['B'], metadata: { m: 1 }, properties: { p: 1 } }],
    ['B', { type: 'T', condition: undefined, dependsOn: ['A'], metadata: {}, properties: {} }],
  ]);
  expect(macros).toEqual(['Transform', 'Resources.Fn::ForEach::Things']);
});

describe('fails', () => {
  test.each<[string, string, string]>([
    ['for text that is neither JSON nor YAML', '{ a: [', 'is neither JSON nor YAML: Flow sequence in block collection must be sufficiently indented and end with a ] at line 1, column 7:'],
    ['for plain text', 'hello', "is not a CloudFormation template: it has no 'Resources'; give a template or a cloud assembly folder"],
    ['for an empty file', '', "is not a CloudFormation template: it has no 'Resources'; give a template or a cloud assembly folder"],
    ['for another JSON file', '{"name":"x"}', "is not a CloudFormation template: it has no 'Resources'; give a template or a cloud assembly folder"],
    ['for a list of resources', '{"Resources":[]}', "is not a CloudFormation template: it has no 'Resources'; give a template or a cloud assembly folder"],
    ['for a resource that is a list', '{"Resources":{"A":[]}}', "'A' in 'Resources' must be an object"],
    ['for a resource without a type', '{"Resources":{"A":{}}}', "resource 'A' has no 'Type'"],
    ['for properties that are a list', '{"Resources":{"A":{"Type":"T","Properties":[]}}}', "'Properties' of resource 'A' must be an object"],
    ['for a section that is a list', '{"Resources":{},"Outputs":[]}', "'Outputs' must be an object"],
    ['for a logical ID with other characters', '{"Resources":{"A-1":{}}}', "'A-1' in 'Resources' is not a logical ID: use up to 255 letters and digits"],
    ['for a key that appears twice', 'Resources: {}\nResources: {}', "the key 'Resources' appears twice in one object"],
    ['for a key that is a list', 'Resources: {}\n? [a]\n: b', 'a YAML key must be a string'],
    ['for two documents', 'Resources: {}\n---\nResources: {}', 'is neither JSON nor YAML: Source contains multiple documents; please use YAML.parseAllDocuments() at line 2, column 1:'],
  ])('%s', (_name, text, message) => {
    expect(() => parseTemplate(text, 'A.yaml')).toThrow(new DeploymentError('A.yaml', message));
  });
});
