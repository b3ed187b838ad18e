import { devNull } from 'node:os';
import type { Credentials } from '../aws/access-keys';
import type { FunctionConfig } from './function-config';

/** What a process needs of this computer, and no more: no credentials, and no settings of the AWS SDK. */
const FROM_THIS_COMPUTER = ['PATH', 'TMPDIR', 'TEMP', 'TMP', 'LANG', 'SystemRoot', 'NODE_EXTRA_CA_CERTS'] as const;

/** @see https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html */
export const MAX_ENVIRONMENT_BYTES = 4096;

/** Where a function reaches AWS. */
export interface FunctionAccess {
  readonly endpoint: string;

  /** The certificates to trust besides those of Node: a file with that of the twin, and whatever this process trusts. */
  readonly rootCa?: string;
  readonly region: string;
  readonly credentials: Credentials;
}

/** The size of a function's variables, as AWS Lambda limits it. */
export function environmentSize({ environment }: FunctionConfig): number {
  return Object.entries(environment).reduce((sum, [name, value]) => sum + Buffer.byteLength(name) + Buffer.byteLength(value), 0);
}

/**
 * The environment of a function: its own variables, and those that AWS Lambda reserves.
 *
 * @see https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html
 */
export function environmentOf(config: FunctionConfig, folder: string, { endpoint, region, rootCa, credentials }: FunctionAccess): Record<string, string> {
  const here = FROM_THIS_COMPUTER.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]]));
  return {
    ...Object.fromEntries(here) as Record<string, string>,
    TZ: 'UTC',
    ...config.environment,
    _HANDLER: config.handler,
    LAMBDA_TASK_ROOT: folder,
    AWS_EXECUTION_ENV: `AWS_Lambda_${config.runtime}`,
    AWS_LAMBDA_FUNCTION_NAME: config.name,
    AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(config.memoryMb),
    AWS_LAMBDA_LOG_GROUP_NAME: `/aws/lambda/${config.name}`,
    AWS_LAMBDA_LOG_STREAM_NAME: 'twin',
    AWS_REGION: region,
    AWS_DEFAULT_REGION: region,
    AWS_ACCESS_KEY_ID: credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
    AWS_SESSION_TOKEN: credentials.sessionToken,
    AWS_ENDPOINT_URL: endpoint,
    ...(rootCa === undefined ? {} : { NODE_EXTRA_CA_CERTS: rootCa }),
    // The user's own settings and credentials lie in files as well.
    AWS_CONFIG_FILE: devNull,
    AWS_SHARED_CREDENTIALS_FILE: devNull,
    AWS_EC2_METADATA_DISABLED: 'true',
    // Which version of Node runs here is not for the function to mend.
    AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
  };
}
