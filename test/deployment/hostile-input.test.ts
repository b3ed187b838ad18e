import fc from 'fast-check';
import { inMemory, readTemplate, resolveValue } from './in-memory';
import { DeploymentError, parseTemplate, readDeployment } from '../../lib/deployment';

/** JSON text that is nested this deep. */
const deep = (levels: number): string => `{"Resources":{},"Metadata":${'['.repeat(levels)}${']'.repeat(levels)}}`;

describe('fails clearly for', () => {
  test.each<[string, string]>([
    ['JSON', deep(10_000)],
    ['YAML in flow style', `a: ${'['.repeat(10_000)}${']'.repeat(10_000)}`],
    ['YAML in block style', Array.from({ length: 1000 }, (_, level) => `${' '.repeat(level)}a:`).join('\n')],
    ['YAML sequences', `a: ${'- '.repeat(10_000)}`],
  ])('deeply nested %s', (_name, text) => {
    expect(() => parseTemplate(text, 'A')).toThrow(DeploymentError);
  });

  test('a bomb of aliases', () => {
    const levels = Array.from({ length: 40 }, (_, level) => `a${level}: &a${level} [*a${level - 1}, *a${level - 1}]`);

    expect(() => parseTemplate(['a: &a-1 x', ...levels].join('\n'), 'A')).toThrow('A: its aliases expand to more than 1000000 values; write them out');
  });

  test('an alias of itself', () => {
    expect(() => parseTemplate('Resources: &a [*a]', 'A')).toThrow('A: is nested more than 200 levels deep; flatten it');
  });

  test('a template that is too large', () => {
    expect(() => parseTemplate(' '.repeat(2_000_000), 'A')).toThrow('A: has 2000000 characters; CloudFormation takes at most 1048576, split the stack');
  });

  test.each<[string, unknown]>([
    ['joins', { 'Fn::Join': ['', Array(500).fill({ Ref: 'P' })] }],
    ['references', Array(500).fill({ Ref: 'P' })],
  ])('%s that repeat a value again and again', (_name, value) => {
    const read = (times: number): unknown => resolveValue(Array(times).fill(value), { Parameters: { P: { Type: 'String', Default: 'x'.repeat(5000) } } });

    expect(() => read(10)).not.toThrow();
    expect(() => read(150)).toThrow('deployment: takes too much work to resolve: values repeat each other again and again; write them out');
  });

  test('an error that would not fit on a line', () => {
    const error = new DeploymentError('a\nb', 'x\n'.repeat(10_000));

    expect(error.where).toBe('a b');
    expect(error.message).toMatch(/^a b: (x ){100,500}x$/);
  });
});

describe('stays unknown', () => {
  test('a text that doubles again and again', () => {
    const queues = Array.from({ length: 60 }, (_, n) => [`Q${n}`, {
      Type: 'AWS::IoT::Thing', Properties: { ThingName: n === 59 ? 'xxxx' : { 'Fn::Sub': `\${Q${n + 1}}\${Q${n + 1}}` } },
    }]);
    const { unknowns } = readTemplate({ Resources: Object.fromEntries(queues) });

    expect(unknowns.map(({ reason }) => reason)).toContain('the text is longer than 1048576 characters');
  });

  test('a chain of thousands of references', () => {
    const things = Array.from({ length: 5000 }, (_, n) => [`T${n}`, {
      Type: 'AWS::IoT::Thing', Properties: { ThingName: { Ref: n === 4999 ? 'AWS::StackName' : `T${n + 1}` } },
    }]);
    const { unknowns, things: names } = readTemplate({ Resources: Object.fromEntries(things) });

    expect(names[4999]?.name).toBe('App');
    expect(unknowns.map(({ reason }) => reason)).toContain('more than 150 values depend on each other in a row');
  });

  test('a chain of thousands of conditions', () => {
    const conditions = Array.from({ length: 5000 }, (_, n) => [`C${n}`, n === 4999 ? { 'Fn::Equals': ['a', 'a'] } : { 'Fn::Not': [{ Condition: `C${n + 1}` }] }]);
    const { resources } = readTemplate({ Conditions: Object.fromEntries(conditions), Resources: { A: { Type: 'T', Condition: 'C0' }, B: { Type: 'T', Condition: 'C4998' } } });

    expect(resources.map(({ logicalId, condition }) => [logicalId, condition])).toEqual([['A', 'unknown']]);
  });

  test.each(['1e999', '-1e999', '12345678901234567890', '1e21'])('the number %s in a text', (number) => {
    const { resources } = readTemplate(`{"Resources":{"A":{"Type":"T","Properties":{"B":{"Fn::Join":["",["a",${number}]]}}}}}`);

    expect(resources[0]?.properties.B).toEqual({ unknown: 'App/A.Properties.B' });
  });
});

describe('names of the language', () => {
  test.each(['__proto__', 'constructor', 'toString', 'hasOwnProperty'])('%s is an ordinary key', (name) => {
    const value = resolveValue(JSON.parse(`{"${name}":{"polluted":1}}`));

    expect(Object.entries(value as object)).toEqual([[name, { polluted: 1 }]]);
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
    expect(resolveValue({ 'Fn::Sub': [`\${${name}}`, JSON.parse(`{"${name}":"x"}`)] })).toBe('x');
  });

  test('are ordinary keys in YAML', () => {
    const { resources } = readTemplate('Resources: { A: { Type: T, Properties: { __proto__: { polluted: 1 } } } }');

    expect(Object.keys(resources[0]!.properties)).toEqual(['__proto__']);
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });

  test('are no logical IDs', () => {
    expect(() => parseTemplate('{"Resources":{"__proto__":{"Type":"T"}}}', 'A')).toThrow("'__proto__' in 'Resources' is not a logical ID");
  });
});

describe('text that would make a pattern slow', () => {
  test.each(['${'.repeat(250_000), '{{resolve:'.repeat(50_000), '{{resolve:a'.repeat(40_000), '}}'.repeat(250_000), '\uE000'.repeat(100_000)])('%#', (text) => {
    const started = performance.now();
    resolveValue({ a: { 'Fn::Sub': text }, b: { 'Fn::ToJsonString': { a: text } } });

    expect(performance.now() - started).toBeLessThan(2000);
  });
});

describe('for any template', () => {
  const FUNCTIONS = [
    'Ref', 'Fn::GetAtt', 'Fn::Join', 'Fn::Sub', 'Fn::Select', 'Fn::Split', 'Fn::If', 'Fn::FindInMap', 'Fn::ImportValue', 'Fn::Base64', 'Fn::ToJsonString',
    'Fn::Length', 'Fn::Equals', 'Fn::And', 'Fn::Or', 'Fn::Not', 'Condition', 'Fn::Nothing', '__proto__', 'unknown', 'parts', 'Name', 'Value', 'DefaultValue',
  ];
  const name = fc.constantFrom('A', 'B', 'C', 'P', 'Arn', 'Outputs.O', 'A.Arn', '', '${A}', '${B.Arn}/${!x}', '{{resolve:ssm:${P}}}', 'AWS::Region', 'AWS::NoValue');
  const { value } = fc.letrec((tie) => ({
    value: fc.oneof({ maxDepth: 6 }, name, fc.anything({ maxDepth: 1 }).filter(isJson), fc.array(tie('value'), { maxLength: 4 }), fc.dictionary(fc.constantFrom(...FUNCTIONS), tie('value'), { maxKeys: 2 })),
  }));
  const type = fc.constantFrom('AWS::IoT::Thing', 'AWS::IoT::Policy', 'AWS::IoT::Certificate', 'AWS::IoT::PolicyPrincipalAttachment', 'AWS::CloudFormation::Stack', 'Custom::X');
  const properties = fc.dictionary(fc.constantFrom('ThingName', 'PolicyName', 'PolicyDocument', 'CertificatePem', 'Principal', 'AttributePayload', 'TemplateURL', 'Parameters'), value);
  const resource = fc.record({ Type: type, Properties: properties, Condition: name }, { requiredKeys: ['Type'] });
  const template = fc.record({
    Parameters: fc.dictionary(fc.constantFrom('P', 'Q'), fc.record({ Type: fc.constantFrom('String', 'CommaDelimitedList', 'AWS::SSM::Parameter::Value<String>'), Default: value }, { requiredKeys: [] })),
    Mappings: fc.dictionary(fc.constantFrom('A', 'B'), fc.dictionary(name, value)),
    Conditions: fc.dictionary(fc.constantFrom('A', 'B', 'C'), fc.dictionary(fc.constantFrom(...FUNCTIONS), value, { maxKeys: 1 })),
    Resources: fc.dictionary(fc.constantFrom('A', 'B', 'C'), resource),
    Outputs: fc.dictionary(fc.constantFrom('O', 'P'), fc.record({ Value: value, Export: value, Condition: name }, { requiredKeys: [] })),
  });

  test('reading gives a deployment or a DeploymentError, and always the same', () => {
    fc.assert(fc.property(template, fc.dictionary(fc.constantFrom('P', 'App:P'), fc.string()), (input, parameters) => {
      expect(outcome(input, parameters)).toEqual(outcome(input, parameters));
    }), { numRuns: 200 });
  });

  test('no text is taken for a template by accident', () => {
    fc.assert(fc.property(fc.string(), (text) => {
      expect(() => parseTemplate(text, 'A')).toThrow(DeploymentError);
    }));
  });

  function outcome(input: unknown, parameters: Readonly<Record<string, string>>): unknown {
    try {
      return readDeployment('App.json', { files: inMemory({ 'App.json': input }), parameters });
    } catch (error) {
      expect(error).toBeInstanceOf(DeploymentError);
      return (error as Error).message;
    }
  }

  function isJson(candidate: unknown): boolean {
    return candidate === null || ['boolean', 'number', 'string'].includes(typeof candidate);
  }
});
