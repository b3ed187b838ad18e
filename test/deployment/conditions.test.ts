import { readTemplate, resolveValue } from './in-memory';

const YES = { 'Fn::Equals': ['a', 'a'] };
const NO = { 'Fn::Equals': ['a', 'b'] };
const OPEN = { 'Fn::Equals': [{ Ref: 'Open' }, 'a'] };

test.each<[string, unknown, unknown]>([
  ['equal texts', YES, 'true'],
  ['different texts', NO, 'false'],
  ['a number and its text', { 'Fn::Equals': [1, '1'] }, 'true'],
  ['a boolean and its text', { 'Fn::Equals': [true, 'true'] }, 'true'],
  ['an unknown text', OPEN, 'unknown'],
  ['a dynamic reference', { 'Fn::Equals': ['{{resolve:ssm:a}}', 'a'] }, 'unknown'],
  ['lists', { 'Fn::Equals': [['a'], ['a']] }, 'unknown'],
  ['and', { 'Fn::And': [YES, YES] }, 'true'],
  ['and with one false', { 'Fn::And': [OPEN, NO] }, 'false'],
  ['and with one unknown', { 'Fn::And': [OPEN, YES] }, 'unknown'],
  ['or', { 'Fn::Or': [NO, NO] }, 'false'],
  ['or with one true', { 'Fn::Or': [OPEN, YES] }, 'true'],
  ['or with one unknown', { 'Fn::Or': [OPEN, NO] }, 'unknown'],
  ['not', { 'Fn::Not': [NO] }, 'true'],
  ['not of an unknown', { 'Fn::Not': [OPEN] }, 'unknown'],
  ['another condition', { Condition: 'Yes' }, 'true'],
  ['a condition that is not there', { Condition: 'Nothing' }, 'unknown'],
  ['itself', { Condition: 'Probed' }, 'unknown'],
  ['itself, negated', { 'Fn::Not': [{ Condition: 'Probed' }] }, 'unknown'],
  ['nothing', {}, 'unknown'],
  ['an unknown operator', { 'Fn::Xor': [YES, NO] }, 'unknown'],
  ['an operator that is malformed', { 'Fn::And': {} }, 'unknown'],
  ['an equality of three', { 'Fn::Equals': ['a', 'a', 'a'] }, 'unknown'],
  ['two operators', { ...YES, 'Fn::Not': [NO] }, 'unknown'],
])('%s', (_name, condition, expected) => {
  const value = resolveValue({ 'Fn::If': ['Probed', 'true', 'false'] }, {
    Parameters: { Open: { Type: 'String' } },
    Conditions: { Yes: YES, Probed: condition },
  });

  expect(typeof value === 'string' ? value : 'unknown').toBe(expected);
});

test('a resource exists unless its condition is false', () => {
  const { resources, things, unknowns } = readTemplate({
    Parameters: { Open: { Type: 'String' } },
    Conditions: { Yes: YES, No: NO, Open: OPEN },
    Resources: {
      A: { Type: 'AWS::IoT::Thing', Condition: 'Yes' },
      B: { Type: 'AWS::IoT::Thing', Condition: 'No' },
      C: { Type: 'AWS::IoT::Thing', Condition: 'Open' },
      D: { Type: 'AWS::IoT::Thing', Condition: 'Nothing' },
    },
  });

  expect(resources.map(({ logicalId, condition }) => [logicalId, condition])).toEqual([['A', undefined], ['C', 'unknown'], ['D', 'unknown']]);
  expect(things.map(({ condition }) => condition)).toEqual([undefined, 'unknown', 'unknown']);
  expect(unknowns).toContainEqual({ path: 'App/C', reason: "it is unknown whether the resource exists: its condition is 'Open'" });
});

test('a cyclic condition is listed', () => {
  const { unknowns } = readTemplate({ Conditions: { A: { Condition: 'B' }, B: { Condition: 'A' } }, Resources: { C: { Type: 'Custom::C', Condition: 'A' } } });

  expect(unknowns).toContainEqual({ path: 'App/Conditions/A', reason: 'it depends on itself' });
});
