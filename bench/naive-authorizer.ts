import type { AccountScope, AuthorizationRequest, Decision } from '../lib/policy';

interface Statement {
  readonly Effect: string;
  readonly Action: string | readonly string[];
  readonly Resource: string | readonly string[];
  readonly Condition?: { readonly Bool: Readonly<Record<string, string>> };
}

const TYPES: Readonly<Record<string, string>> = {
  'iot:Connect': 'client', 'iot:Publish': 'topic', 'iot:Receive': 'topic', 'iot:Subscribe': 'topicfilter',
};

/** What one would write in an afternoon: replace the variables, turn the wildcards into a regular expression, and test it. */
export class NaiveAuthorizer {
  private readonly known = new Map<string, RegExp>();

  constructor(
    private readonly document: { readonly Statement: readonly Statement[] },
    private readonly account: AccountScope,
    private readonly variables: Readonly<Record<string, string>>,
    private readonly remembers: boolean,
  ) {}

  public decide({ action, resource }: AuthorizationRequest): Pick<Decision, 'decision'> {
    const { partition, region, accountId } = this.account;
    const arn = `arn:${partition}:iot:${region}:${accountId}:${TYPES[action]}/${resource}`;
    const matching = this.document.Statement.filter((statement) => (
      [statement.Action].flat().some((pattern) => this.expression(pattern).test(action))
      && [statement.Resource].flat().some((pattern) => this.expression(pattern).test(arn))
      && Object.entries(statement.Condition?.Bool ?? {}).every(([key, value]) => this.variables[key] === value)
    ));
    const allowed = matching.some(({ Effect }) => Effect === 'Allow') && !matching.some(({ Effect }) => Effect === 'Deny');
    return { decision: allowed ? 'allow' : 'deny' };
  }

  private expression(pattern: string): RegExp {
    const known = this.known.get(pattern);
    if (known !== undefined) {
      return known;
    }
    const source = pattern
      .replace(/\$\{([^}]+)\}/g, (_, key: string) => this.variables[key] ?? '')
      .replace(/[.+^${}()|[\]\\]/g, '\\$&')
      .replaceAll('*', '.*')
      .replaceAll('?', '.');
    const made = new RegExp(`^${source}$`);
    if (this.remembers) {
      this.known.set(pattern, made);
    }
    return made;
  }
}
