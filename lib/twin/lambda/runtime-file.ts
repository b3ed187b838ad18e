import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { TwinError } from '../errors';

/** From `bundle/twin.js` and from `lib/twin/lambda`. */
const PLACES = ['lambda-runtime', '../../../bundle/lambda-runtime'].map((path) => join(__dirname, path, 'main.js'));

/** The file that the process of a function runs, bundled when this package was built. */
export function runtimeFile(): string {
  const file = PLACES.find((place) => existsSync(place));
  if (file === undefined) {
    throw new TwinError(`the runtime of Lambda functions is not in ${PLACES[0]}; run 'npm run bundle' in the source tree of cdk-iot-warden`);
  }
  return file;
}
