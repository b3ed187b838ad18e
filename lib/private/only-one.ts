import { Stack, Token, TokenComparison } from 'aws-cdk-lib';
import type { Construct, IConstruct } from 'constructs';
import { invalid } from './errors';

/**
 * Fails for a second construct of a class in one account and Region of the app: they would overwrite each other.
 *
 * Stacks without an environment of their own are taken for the same one.
 */
export function requireOnlyOne(scope: Construct, isSame: (other: IConstruct) => boolean): void {
  const stack = Stack.of(scope);
  const other = scope.node.root.node.findAll().find((each) => each !== scope && isSame(each) && mayBeSameEnvironment(stack, Stack.of(each)));
  if (other) {
    throw invalid(
      scope,
      `an account has this setting once in each Region, and ${other.node.path} sets it already; declare it once, or give the stacks `
      + "an 'env' that tells them apart",
    );
  }
}

/** Whether two stacks may be deployed to one account and Region. */
export function mayBeSameEnvironment(a: Stack, b: Stack): boolean {
  return (['account', 'region'] as const).every((part) => Token.compareStrings(a[part], b[part]) !== TokenComparison.DIFFERENT);
}
