/** The twin cannot start or go on. `message` says in one line what is wrong, where, and what to do. */
export class TwinError extends Error {
  public override readonly name = 'TwinError';
}
