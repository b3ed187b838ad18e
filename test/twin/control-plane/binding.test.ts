import { readCall } from '../../../lib/twin/control-plane/binding';

function read(body: string): unknown {
  return readCall({ method: 'PUT', url: '/jobs/update', path: '/jobs/update', query: new URLSearchParams(), headers: {}, body: Buffer.from(body) }).input;
}

test('a member that is null is not there, however deep, and what is in a list stays', () => {
  expect(read('{"description":null,"jobExecutionsRolloutConfig":{"maximumPerMinute":5,"exponentialRate":null},"targets":[null,"a"]}')).toEqual({
    jobId: 'update', jobExecutionsRolloutConfig: { maximumPerMinute: 5 }, targets: [null, 'a'],
  });
});

test('the path says what a call is about, whatever the body says', () => {
  expect(read('{"jobId":"another"}')).toEqual({ jobId: 'update' });
});
