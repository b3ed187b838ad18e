import { requirementsOf } from '../policy';
import type { Authorizer, AuthorizationRequest } from '../policy';
import type { Asker, Journal } from './journal';

/**
 * The one place where the twin asks the policies. What they cannot tell is refused, as nothing is more closed.
 */
export class Guard {
  constructor(private readonly journal: Journal) {}

  /** Whether the policies allow one action on one resource. */
  public allows(asker: Asker, authorizer: Authorizer, request: AuthorizationRequest): boolean {
    const decision = authorizer.decide(request);
    this.journal.decided(asker, request, decision, authorizer);
    return decision.decision === 'allow';
  }

  /** Whether the policies allow a request and everything else its operation needs. */
  public allowsOperation(asker: Asker, authorizer: Authorizer, request: AuthorizationRequest): boolean {
    return requirementsOf(request).every((needed) => this.allows(asker, authorizer, needed));
  }
}
