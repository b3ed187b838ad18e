import { asText, assetPath, isValueObject, propertyOf } from '../../deployment';
import type { Deployment, Resource } from '../../deployment';

/** A Lambda function of a deployment, as plain data that can be written down. */
export interface FunctionConfig {
  readonly name: string;
  readonly arn: string;

  /** The path of its resource, for messages. */
  readonly path: string;
  readonly runtime: string;
  readonly handler: string;
  readonly code: FunctionCode;

  /** The role that the function has, if it is known; without it, IAM allows the function nothing. */
  readonly roleArn?: string;
  readonly timeoutMs: number;
  readonly memoryMb: number;
  readonly environment: Readonly<Record<string, string>>;

  /** Variables whose values only AWS knows. */
  readonly unknownVariables: readonly string[];
}

/** Where the code of a function is. */
export type FunctionCode =
  | { readonly kind: 'folder'; readonly path: string }
  | { readonly kind: 'inline'; readonly source: string }
  | { readonly kind: 'missing' };

/** @see https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-lambda-function.html */
const DEFAULT_TIMEOUT_SECONDS = 3;
const LONGEST_SECONDS = 900;
const DEFAULT_MEMORY_MB = 128;

/** The functions of a deployment whose names are known. */
export function functionsOf(deployment: Deployment): readonly FunctionConfig[] {
  return deployment.resources
    .filter(({ type }) => type === 'AWS::Lambda::Function')
    .flatMap((resource) => readFunction(deployment, resource) ?? []);
}

function readFunction(deployment: Deployment, resource: Resource): FunctionConfig | undefined {
  const { physicalId: name, arn, path, properties } = resource;
  if (typeof name !== 'string' || typeof arn !== 'string') {
    return undefined;
  }
  const declared = propertyOf(properties, 'Environment', 'Variables');
  const roleArn = textAt(resource, 'Role');
  const variables = Object.entries(isValueObject(declared) ? declared : {}).map(([key, value]) => [key, asText(value)] as const);
  return {
    name,
    arn,
    path,
    runtime: textAt(resource, 'Runtime') ?? (textAt(resource, 'PackageType') === 'Image' ? 'container image' : 'none'),
    handler: textAt(resource, 'Handler') ?? '',
    code: codeOf(deployment, resource),
    ...(roleArn === undefined ? {} : { roleArn }),
    timeoutMs: 1000 * Math.min(numberAt(resource, 'Timeout') ?? DEFAULT_TIMEOUT_SECONDS, LONGEST_SECONDS),
    memoryMb: numberAt(resource, 'MemorySize') ?? DEFAULT_MEMORY_MB,
    environment: Object.fromEntries(variables.filter((entry): entry is [string, string] => typeof entry[1] === 'string')),
    unknownVariables: variables.filter(([, value]) => typeof value !== 'string').map(([key]) => key),
  };
}

function codeOf(deployment: Deployment, resource: Resource): FunctionCode {
  const source = propertyOf(resource.properties, 'Code', 'ZipFile');
  if (typeof source === 'string') {
    return { kind: 'inline', source };
  }
  const path = assetPath(deployment, resource);
  return path === undefined ? { kind: 'missing' } : { kind: 'folder', path };
}

function textAt(resource: Resource, name: string): string | undefined {
  const value = asText(propertyOf(resource.properties, name));
  return typeof value === 'string' ? value : undefined;
}

function numberAt(resource: Resource, name: string): number | undefined {
  const value = Number(textAt(resource, name) ?? NaN);
  return Number.isInteger(value) && value > 0 ? value : undefined;
}
