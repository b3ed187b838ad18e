/** The statement asks for more than one message may cost. */
export class TooMuchWork extends Error {
  public override readonly name = 'TooMuchWork';
}

/** Steps that one message may cost a rule; a simple rule takes less than a hundred. Well below a second. */
const MOST_STEPS = 5_000_000;

/** The longest text that a function may make, in characters. */
export const MAX_TEXT_LENGTH = 1_048_576;

/** Counts what a rule does for one message, so that no payload keeps the process busy. */
export class Work {
  private left = MOST_STEPS;

  /** @throws TooMuchWork when nothing is left. */
  public spend(steps: number): void {
    this.left -= steps;
    if (this.left < 0) {
      throw new TooMuchWork('the rule takes too many steps for this message');
    }
  }
}
