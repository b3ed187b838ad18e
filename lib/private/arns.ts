import { Fn, Stack, Token } from 'aws-cdk-lib';
import type { IConstruct } from 'constructs';
import { invalid, quote } from './errors';

/** The ARN of an AWS IoT resource in the account, region and partition of the stack around `scope`. */
export function iotArn(scope: IConstruct, resource: string, resourceName: string): string {
  return Stack.of(scope).formatArn({ service: 'iot', resource, resourceName });
}

/**
 * The name at the end of `arn:PARTITION:iot:REGION:ACCOUNT:RESOURCE/NAME`.
 *
 * Fails where the ARN is known and names something else: AWS IoT has many ARNs that look alike, and mixing them up
 * is found only at run time. `Stack.splitArn` does not serve: registry names may contain a colon.
 */
export function nameFromArn(scope: IConstruct, prop: string, arn: string, resource: string): string {
  if (Token.isUnresolved(arn)) {
    return Fn.select(1, Fn.split('/', arn));
  }
  const [, service, type, name] = /^arn:[^:]+:([^:]+):[^:]*:[^:]*:([^:/]+)\/([^/]+)$/.exec(arn) ?? [];
  if (name === undefined || service !== 'iot' || type !== resource) {
    throw invalid(scope, `'${prop}' must look like "arn:aws:iot:REGION:ACCOUNT:${resource}/NAME", got ${quote(arn)}`);
  }
  return name;
}
