/** The caller is refused. The message is logged and never sent, and must not contain what the caller sent. */
export class Refusal extends Error {
  public override readonly name = 'Refusal';
}

/** There is no answer that AWS IoT would take, or none that keeps callers apart. The caller is refused. */
export class AnswerError extends Error {
  public override readonly name = 'AnswerError';
}
