import { HourlyLimit } from '../../../lib/twin/aws/cognito-identity/hourly-limit';

test('so many calls are answered in an hour, and as many in the next', () => {
  let now = 0;
  const limit = new HourlyLimit(2, () => now);
  const take = () => limit.take();
  take();
  take();
  expect(take).toThrow(expect.objectContaining({ name: 'TooManyRequestsException', statusCode: 429, message: 'Rate exceeded: the twin answers 2 such calls an hour' }));
  now = 3_599_999;
  expect(take).toThrow('Rate exceeded');
  now = 3_600_000;
  take();
  take();
  expect(take).toThrow('Rate exceeded');
});
