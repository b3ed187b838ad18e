/** A device is refused. The message is for the log: why, and what an operator can do. No keys, no certificates. */
export class Refusal extends Error {
  public override readonly name = 'Refusal';
}
