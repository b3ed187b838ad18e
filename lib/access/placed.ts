import type { IConstruct } from 'constructs';
import { invalid } from '../private/errors';
import { TopicError } from '../topics/errors';

/** Tells where in the app a mistake in topics is. */
export function placed<T>(scope: IConstruct, make: () => T): T {
  try {
    return make();
  } catch (error) {
    throw error instanceof TopicError ? invalid(scope, error.message) : error;
  }
}
