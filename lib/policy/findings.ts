/** Something that is wrong with a policy document, and where. */
export interface PolicyFinding {
  /** `error`: AWS refuses the document. `warning`: AWS takes it, but it does not do what it seems to say. */
  readonly severity: 'error' | 'warning';

  /** Where in the document, for example `Statement[1].Resource[0]`; empty for the document itself. */
  readonly path: string;
  readonly message: string;

  /** What to write instead. */
  readonly fix: string;
}

/** A policy document that AWS would refuse. */
export class PolicyError extends Error {
  public override readonly name = 'PolicyError';

  constructor(public readonly policy: string, public readonly findings: readonly PolicyFinding[]) {
    super(findings.map((finding) => `${policy}: ${showFinding(finding)}`).join('\n'));
  }
}

export function showFinding({ path, message, fix }: PolicyFinding): string {
  return `${path === '' ? '' : `${path}: `}${message}; ${fix}`;
}
