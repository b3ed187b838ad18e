import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Code } from 'aws-cdk-lib/aws-lambda';
import type { IConstruct } from 'constructs';
import { invalid } from './errors';

/** From `lib/private`, and from `dist/index.js` with everything in it. */
const BUNDLES = ['../../bundle/lambda', '../bundle/lambda'].map((path) => join(__dirname, path));

/**
 * The code of a handler in `lambda/`, bundled when this package was built: users need no bundler.
 *
 * @param scope The construct that needs it, for the error.
 * @param name The name of the folder in `lambda/`.
 */
export function handlerCode(scope: IConstruct, name: string): Code {
  const folder = BUNDLES.map((bundle) => join(bundle, name)).find((one) => existsSync(join(one, 'index.js')));
  if (folder === undefined) {
    throw invalid(scope, `the code of the Lambda function '${name}' is not in ${BUNDLES[0]}; run 'npm run bundle' in the source tree of cdk-iot-warden`);
  }
  return Code.fromAsset(folder);
}
