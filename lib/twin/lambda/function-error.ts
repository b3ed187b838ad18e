/** What went wrong in an invocation: the handler's own error, or why there is no answer. */
export class FunctionError extends Error {
  public override readonly name = 'FunctionError';

  /**
   * @param functionName the name of the function.
   * @param errorType what AWS Lambda calls the error, such as the name of what the handler threw.
   * @param errorMessage its message.
   * @param trace the stack of what the handler threw.
   */
  constructor(
    public readonly functionName: string, public readonly errorType: string, public readonly errorMessage: string, public readonly trace: readonly string[] = [],
  ) {
    super(`function ${functionName}: ${errorType}: ${errorMessage}`);
  }
}

/** The function cannot be run here at all. */
export class FunctionUnavailableError extends FunctionError {
  constructor(functionName: string, reason: string) {
    super(functionName, 'Twin.FunctionUnavailable', reason);
  }
}
