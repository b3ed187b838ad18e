import { App, Stack } from 'aws-cdk-lib';
import { Construct } from 'constructs';
import { invalid, quote } from '../../lib/private/errors';

test('an error says where in the tree it happened', () => {
  const error = invalid(new Construct(new Stack(new App(), 'Stack'), 'Sensor'), "'name' must be short");

  expect(error).toMatchObject({ name: 'InvalidConstructError', message: "'name' must be short (at Stack/Sensor)", constructPath: 'Stack/Sensor' });
});

test('a value is quoted up to 40 characters', () => {
  expect(quote('a "b"')).toBe('"a \\"b\\""');
  expect(quote('x'.repeat(40))).toBe(`"${'x'.repeat(40)}"`);
  expect(quote('x'.repeat(41))).toBe(`"${'x'.repeat(40)}…"`);
});
