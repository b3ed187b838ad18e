/** What the twin tells the process of a function, one invocation at a time. */
export interface Invocation {
  readonly event: unknown;
  readonly functionArn: string;
  readonly requestId: string;

  /** Milliseconds that the handler may take. */
  readonly timeoutMs: number;
}

/** What the process tells the twin. */
export type Report =
  | { readonly kind: 'ready' }
  | { readonly kind: 'result'; readonly payload: string }
  | { readonly kind: 'error'; readonly error: ReportedError };

/** An error as AWS Lambda writes it. */
export interface ReportedError {
  readonly errorType: string;
  readonly errorMessage: string;
  readonly trace: readonly string[];
}
