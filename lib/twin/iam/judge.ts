import { not } from '../../policy';
import type { Answer, Policy } from '../../policy';
import { doubtsAbout, strongest, weakest, weigh } from './decide';
import type { Question } from './decide';
import type { ResourcePolicies } from './resource-policies';

/** What is decided about a caller, and why it is not allowed. */
export interface Judgement {
  readonly answer: Answer;
  readonly reason: string;
}

/**
 * Decide with all policies that there are: those of the role, its permissions boundary, and those of the resource. The
 * policies of a resource allow by themselves whom they name, within the boundary.
 *
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic_policy-eval-denyallow.html
 */
export function judge(policies: readonly Policy[], boundary: readonly Policy[] | undefined, own: ResourcePolicies, question: Question): Judgement {
  const identity = weigh(policies, question);
  const limit = boundary === undefined ? { allow: 'yes', deny: 'no' } as const : weigh(boundary, question);
  const resource = weigh(own.role, question);
  const account = own.isRequired ? weigh(own.account, question).allow : 'yes';
  const denied = strongest([identity.deny, limit.deny, resource.deny]);
  const granted = strongest([resource.allow, weakest([identity.allow, account])]);
  const answer = weakest([granted, limit.allow, not(denied)]);
  const { action } = question;
  return {
    answer,
    reason: answer === 'yes' ? ''
      : answer === 'unknown' ? doubtsAbout([...policies, ...boundary ?? [], ...own.role, ...own.account], question).join('; ')
        : denied === 'yes' ? `with an explicit deny in ${resource.deny === 'yes' ? 'a resource-based policy' : limit.deny === 'yes' ? 'a permissions boundary' : 'an identity-based policy'}`
          : granted !== 'no' ? `because no permissions boundary allows the ${action} action`
            : `because no ${account === 'no' ? 'resource-based' : 'identity-based'} policy allows the ${action} action`,
  };
}
