/** What is in the two shadows of a thermostat. Both sides read what the other has written, and neither takes it on trust. */

/** The shadow that the app writes to: `{ celsius }`, as desired. */
export const TARGET = 'target';

/** The shadow that the thermostat writes to: a `State`, as reported. */
export const STATE = 'state';

/** Targets that are safe, whoever asks for them. */
const LOWEST_CELSIUS = 5;
const HIGHEST_CELSIUS = 30;

/** What a thermostat says of itself. */
export interface State {
  readonly celsius: number;
  readonly target: number;
  readonly heating: boolean;
}

/** The target in a document, or why there is none to follow. */
export function readTarget(desired: object | undefined): number | string {
  const { celsius } = (desired ?? {}) as { readonly celsius?: unknown };
  if (celsius === undefined) {
    return 'no target yet';
  }
  return typeof celsius === 'number' && celsius >= LOWEST_CELSIUS && celsius <= HIGHEST_CELSIUS ? celsius
    : `a target must be a number from ${LOWEST_CELSIUS} to ${HIGHEST_CELSIUS}, got ${JSON.stringify(celsius).slice(0, 40)}`;
}
