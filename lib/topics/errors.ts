/** A channel or topic space that AWS IoT would not take, or that would not keep devices apart. */
export class TopicError extends Error {
  public override readonly name = 'TopicError';
}
