import { ShadowError } from './shadow-error';

/** Which shadow of which thing; the classic one has no name. The thing need not be registered, as on AWS. */
export interface ShadowTarget {
  readonly thingName: string;
  readonly shadowName?: string | undefined;
}

const THING_NAME = /^[a-zA-Z0-9:_-]{1,128}$/;
const SHADOW_NAME = /^[$a-zA-Z0-9:_-]{1,64}$/;

/** @throws ShadowError */
export function checkTarget({ thingName, shadowName }: ShadowTarget): void {
  if (!THING_NAME.test(thingName)) {
    throw new ShadowError(400, 'Invalid thing name: it has 1 to 128 letters, digits and :_-');
  }
  if (shadowName !== undefined && !SHADOW_NAME.test(shadowName)) {
    throw new ShadowError(400, 'Invalid shadow name: it has 1 to 64 letters, digits and $:_-');
  }
}

/** For a person. */
export function describeTarget({ thingName, shadowName }: ShadowTarget): string {
  return shadowName === undefined ? `classic shadow of ${thingName}` : `shadow '${shadowName}' of ${thingName}`;
}
