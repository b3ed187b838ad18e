import { asText, isList, isValueObject, propertyOf, textAt, textsAt } from '../../deployment';
import type { Value, ValueObject } from '../../deployment';

/** Who asks, as policies of resources name them. */
export interface Principal {
  readonly roleArn: string;

  /** The ARN of its session. */
  readonly userArn: string;
}

/**
 * Whom a statement is about: the role by itself, the account, which leaves it to the policies of the role, somebody else, or
 * nobody can tell.
 *
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
 */
export type Standing = 'role' | 'account' | 'other' | 'unknown';

/** Whom a statement of a policy with principals is about, as a role of the same account sees it. */
export function standingOf(statement: ValueObject, { roleArn, userArn }: Principal): Standing {
  const principal = propertyOf(statement, 'Principal');
  if (textAt(principal) === '*') {
    return 'role';
  }
  if (!isValueObject(principal)) {
    // With `NotPrincipal` it hangs on who else is listed.
    return 'unknown';
  }
  const account = roleArn.split(':')[4]!;
  const listed = listOf(propertyOf(principal, 'AWS')).map((name): Standing => {
    const text = asText(name);
    return typeof text !== 'string' ? 'unknown'
      : ['*', roleArn, userArn].includes(text) ? 'role'
        : text === account || text.endsWith(`:iam::${account}:root`) ? 'account' : 'other';
  });
  return (['role', 'unknown', 'account'] as const).find((standing) => listed.includes(standing)) ?? 'other';
}

/** A document of some statements of another, each about everything unless it says otherwise. */
export function documentOf(document: Value | undefined, statements: readonly ValueObject[]): object {
  return {
    Version: textAt(document, 'Version'),
    Statement: statements.map(({ Principal: _, NotPrincipal: __, ...rest }) => ({ ...'NotResource' in rest ? {} : { Resource: '*' }, ...rest })),
  };
}

/** The statements of a trust policy about a principal. */
export function trusting(document: Value | undefined, kind: 'Federated' | 'Service', principal: string): object {
  return documentOf(document, listOf(propertyOf(document, 'Statement')).filter(isValueObject).filter((statement) => {
    const trusted = propertyOf(statement, 'Principal', kind);
    return textAt(statement, 'Principal') === '*' || (isList(trusted) ? textsAt(trusted) : [textAt(trusted)]).includes(principal);
  }));
}

function listOf(value: Value | undefined): readonly Value[] {
  return isList(value) ? value : value === undefined ? [] : [value];
}
