import { Stack, Token, TokenComparison } from 'aws-cdk-lib';
import type { IEnvironmentAware } from 'aws-cdk-lib/interfaces';
import type { IConstruct } from 'constructs';
import { invalid } from './errors';

/**
 * Fails for what is known to be in another account or Region than the stack: AWS IoT would look for it in its own. CDK lets
 * a name cross over that means nothing, or something else, on the other side.
 */
export function requireSameEnvironment(scope: IConstruct, prop: string, { env }: IEnvironmentAware): void {
  const stack = Stack.of(scope);
  for (const [part, word] of [['account', 'account'], ['region', 'Region']] as const) {
    if (Token.compareStrings(env[part], stack[part]) === TokenComparison.DIFFERENT) {
      throw invalid(scope, `'${prop}' must be in the ${word} of the stack, ${stack[part]}, got one in ${env[part]}`);
    }
  }
}
