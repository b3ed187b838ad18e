import { Stack, Token } from 'aws-cdk-lib';
import type { IConstruct } from 'constructs';

/** The Region of the stack around `scope`, where it is known. */
export function regionOf(scope: IConstruct): string | undefined {
  const { region } = Stack.of(scope);
  return Token.isUnresolved(region) ? undefined : region;
}

export function isInChina(scope: IConstruct): boolean {
  return regionOf(scope)?.startsWith('cn-') === true;
}

export function isInGovCloud(scope: IConstruct): boolean {
  return regionOf(scope)?.startsWith('us-gov-') === true;
}
