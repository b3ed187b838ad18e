import type { IConstruct } from 'constructs';

/**
 * A construct was asked for something that cannot be deployed, or that would not be safe.
 *
 * The CDK's own `ValidationError` is internal to it and changed its constructor between releases of our peer range.
 */
export class InvalidConstructError extends Error {
  /** The path of the construct that refused. */
  public readonly constructPath: string;

  constructor(scope: IConstruct, message: string) {
    super(`${message} (at ${scope.node.path})`);
    this.name = 'InvalidConstructError';
    this.constructPath = scope.node.path;
  }
}

/**
 * The error to throw when a caller contradicts itself or AWS.
 *
 * Wording: lower case, no final period, prop in quotes, value got, values allowed, what to change.
 * Keys, certificates and signatures never enter the message.
 */
export function invalid(scope: IConstruct, message: string): Error {
  return new InvalidConstructError(scope, message);
}

/** The value got, for a message: cut short, as a secret in the wrong place would be long. */
export function quote(value: string): string {
  const max = 40;
  return JSON.stringify(value.length > max ? `${value.slice(0, max)}…` : value);
}
