import { Stack } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import type { IConstruct } from 'constructs';

/** Why the permissions of a handler that remembers have a wildcard. */
export const REMEMBERS = 'What the function remembers is below one path of AWS Systems Manager that belongs to this resource alone.';

/** The parameters of AWS Systems Manager in which a handler remembers what it has done. */
export class HandlerMemory {
  /** The path that they are below. */
  public readonly path: string;

  /** @param name What is remembered, among what belongs to the scope. */
  constructor(private readonly scope: IConstruct, name: string) {
    const stack = Stack.of(scope);
    const owner = scope.node.path.slice(stack.node.path.length).split('/').filter((id) => id !== '');
    // Other characters cannot be in the name of a parameter.
    this.path = `/cdk-iot-warden/${stack.stackName}/${[...owner, name].join('.').replace(/[^\w.-]+/g, '-')}`;
  }

  /** What the handler may do with them. It reads those whose keys it knows, or lists all, or both. */
  public statements(reads: readonly ('GetParameter' | 'GetParametersByPath')[] = ['GetParameter', 'GetParametersByPath']): iam.PolicyStatement[] {
    const arn = Stack.of(this.scope).formatArn({ service: 'ssm', resource: 'parameter', resourceName: this.path.slice(1) });
    return [new iam.PolicyStatement({
      actions: ['DeleteParameter', ...reads, 'PutParameter'].map((action) => `ssm:${action}`),
      resources: [arn, `${arn}/*`],
    })];
  }
}
