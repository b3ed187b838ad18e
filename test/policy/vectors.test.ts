import { explain } from '../../lib/policy';
import { vectors as moreVectors } from '../fixtures/more-vectors.json';
import { vectors } from '../fixtures/vectors.json';
import { authorizerOf, decideVector, requestOf } from './vectors';
import type { Vector } from './vectors';

const DOCUMENTED = vectors as readonly Vector[];
const MORE = moreVectors as readonly Vector[];

test('all 172 documented vectors are here', () => {
  expect(DOCUMENTED).toHaveLength(172);
});

test('ids are unique', () => {
  const ids = [...DOCUMENTED, ...MORE].map(({ id }) => id);
  expect(ids.filter((id, index) => ids.indexOf(id) !== index)).toEqual([]);
});

describe.each([['documented vectors', DOCUMENTED], ['rules without a documented vector', MORE]] as const)('%s', (_, list) => {
  test.each(list.map((vector) => ({ ...vector, title: `${vector.id}: ${vector.expect}, ${vector.why}` })))('$title', (vector) => {
    const { id, why } = vector;
    expect({ id, why, decision: decideVector(vector).decision }).toEqual({ id, why, decision: vector.expect });
  });
});

test.each(DOCUMENTED.concat(MORE).filter(({ level }) => level === 'action'))('$id is explained as it is decided', (vector) => {
  const explained = explain(authorizerOf(vector), requestOf(vector));
  const deciding = decideVector(vector).by.map((one) => explained.find((statement) => (
    one.policy === statement.policy && one.statement === statement.statement && one.effect === statement.effect
  )));

  expect(deciding.filter((statement) => statement === undefined || statement.matches === 'no')).toEqual([]);
  expect(explained.filter(({ matches, reason }) => (matches === 'no') !== (reason !== undefined))).toEqual([]);
});
