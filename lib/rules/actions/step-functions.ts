import { ArnFormat, Stack } from 'aws-cdk-lib';
import type * as stepfunctions from 'aws-cdk-lib/aws-stepfunctions';
import { templated, type ActionDefinition } from './definition';

/** Options for starting a state machine. */
export interface StepFunctionsActionOptions {
  /**
   * What the names of executions begin with; an id follows. Substitution templates are replaced.
   *
   * @default - nothing
   */
  readonly executionNamePrefix?: string;
}

/** @see https://docs.aws.amazon.com/iot/latest/developerguide/stepfunctions-rule-action.html */
export function stepFunctionsAction(stateMachine: stepfunctions.IStateMachine, { executionNamePrefix }: StepFunctionsActionOptions): ActionDefinition {
  const { stateMachineArn } = stateMachine;
  return {
    kind: 'StepFunctions',
    env: stateMachine.env,
    fields: [templated('executionNamePrefix', executionNamePrefix, { pattern: /^[\w-]+$/, characters: 'letters, digits, - and _', maxLength: 43 })],
    permissions: () => [{ actions: ['states:StartExecution'], resources: [stateMachineArn] }],
    render: (roleArn) => ({
      stepFunctions: {
        roleArn,
        stateMachineName: Stack.of(stateMachine).splitArn(stateMachineArn, ArnFormat.COLON_RESOURCE_NAME).resourceName!,
        executionNamePrefix,
      },
    }),
  };
}
