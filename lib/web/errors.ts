/** A login, an attachment or a connection that cannot be. The message has no token, key or signed URL in it. */
export class IotWebError extends Error {
  public override readonly name = 'IotWebError';

  constructor(message: string, public readonly status?: number) {
    super(message);
  }
}
