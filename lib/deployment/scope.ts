import type { Truth } from './conditions';
import type { JsonObject, Value } from './values';
import type { Work } from './work';
import type { Text } from '../policy/text';

/** What a value may refer to: the stack around it. `at` is the place that asks, for what stays unknown. */
export interface Scope {
  /** Unique within the deployment. */
  readonly path: string;
  readonly work: Work;

  /** What `Ref` gives; absent for `AWS::NoValue`. */
  ref(name: string, at: string): Value | undefined;
  attribute(logicalId: string, attribute: string, at: string): Value;
  condition(name: string, at: string): Truth;
  mapping(name: string): JsonObject | undefined;

  /** The value that a stack exports under this name. */
  imported(exportName: Text, at: string): Value;
}
