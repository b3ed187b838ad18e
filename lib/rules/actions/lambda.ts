import type * as lambda from 'aws-cdk-lib/aws-lambda';
import type { ActionDefinition } from './definition';

/** @see https://docs.aws.amazon.com/iot/latest/developerguide/lambda-rule-action.html */
export function lambdaAction(handler: lambda.IFunction): ActionDefinition {
  return {
    kind: 'Lambda',
    env: handler.env,
    crossesAccounts: true,
    invokes: handler,
    render: () => ({ lambda: { functionArn: handler.functionArn } }),
  };
}
