import { Lazy, RemovalPolicy, Stack } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as iot from 'aws-cdk-lib/aws-iot';
import { Construct } from 'constructs';
import { show, withoutPrincipalTags } from './reach';
import { showFinding } from '../../policy/findings';
import { MAX_POLICIES_PER_PRINCIPAL, MAX_POLICY_SIZE } from '../../policy/size';
import { iotArn } from '../../private/arns';
import { HandlerResource, NO_RESOURCE } from '../../private/custom-resource';
import { invalid } from '../../private/errors';
import { renderDocument } from '../document';
import { inspectStatements } from '../inspection';
import type { IotPolicyStatement } from '../iot-policy-statement';
import { packStatements } from '../packing';

const KIND = { name: 'detach-identities', description: 'Detaches policies of AWS IoT from Cognito identities before they are deleted' };

/** Why permissions to attach and detach have a wildcard. */
export const IDENTITIES_HAVE_NO_ARN = 'A Cognito identity has no ARN, so that IAM takes nothing but a wildcard; certificates and thing groups are denied';

/**
 * What it takes to attach or detach the policies of identities. IAM can say what is attached to, not which policy.
 *
 * @see https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsiot.html
 */
export function attachmentStatements(scope: Construct, actions: string[]): iam.PolicyStatement[] {
  return [
    new iam.PolicyStatement({ actions, resources: [NO_RESOURCE] }),
    new iam.PolicyStatement({ effect: iam.Effect.DENY, actions, resources: [iotArn(scope, 'cert', '*'), iotArn(scope, 'thinggroup', '*')] }),
  ];
}

/** The IoT policies that every identity of a pool gets: as many as the statements need, which are added one by one. */
export class IdentityPolicies extends Construct {
  private readonly policies: iot.CfnPolicy[] = [];
  private readonly statements: IotPolicyStatement[] = [];
  private lists: readonly (readonly IotPolicyStatement[])[] = [];

  constructor(scope: Construct, id: string, private readonly removalPolicy: RemovalPolicy) {
    super(scope, id);

    // It refers to the policies, so that it is deleted before they are. It is there also where they stay: that it left
    // the stack would look like their end.
    new HandlerResource(this, 'Detachment', {
      kind: KIND,
      resourceType: 'IotIdentityDetachment',
      properties: {
        PolicyNames: Lazy.list({ produce: () => this.names() }),
        OnRemoval: removalPolicy === RemovalPolicy.DESTROY ? 'detach-then-delete' : 'retain',
      },
      permissions: () => [
        new iam.PolicyStatement({
          actions: ['iot:DeletePolicy', 'iot:DeletePolicyVersion', 'iot:ListPolicyVersions', 'iot:ListTargetsForPolicy'],
          resources: this.arns,
        }),
        ...attachmentStatements(this, ['iot:DetachPolicy']),
      ],
      wildcards: IDENTITIES_HAVE_NO_ARN,
    });
  }

  /** The names of the policies, read when the app is synthesized. */
  public names(): string[] {
    return this.policies.map(({ ref }) => ref);
  }

  /** The ARNs of the policies, for permissions. */
  public get arns(): string[] {
    return Lazy.list({ produce: () => this.policies.map(({ attrArn }) => attrArn) });
  }

  public add(added: readonly IotPolicyStatement[]): void {
    if (added.length === 0) {
      return;
    }
    const statements = added.map(withoutPrincipalTags);
    const errors = inspectStatements(statements).filter(({ severity }) => severity === 'error');
    if (errors.length > 0) {
      throw invalid(this, `the permissions do not make a policy: ${errors.map(showFinding).join('. ')}`);
    }
    this.statements.push(...statements);
    this.lists = packStatements(this.statements.map((statement) => ({ name: show(statement.resources[0]!), statements: [statement] })));
    if (this.lists.length > MAX_POLICIES_PER_PRINCIPAL) {
      throw invalid(this, `the permissions need ${this.lists.length} policies of ${MAX_POLICY_SIZE} characters, an identity has at most ${MAX_POLICIES_PER_PRINCIPAL}; shorten topics or join channels`);
    }
    while (this.policies.length < this.lists.length) {
      this.policies.push(this.definePolicy(this.policies.length));
    }
  }

  private definePolicy(index: number): iot.CfnPolicy {
    const stack = Stack.of(this);
    const policy = new iot.CfnPolicy(this, `Policy${index === 0 ? '' : index + 1}`, {
      policyDocument: Lazy.any({
        produce: () => renderDocument(this.lists[index]!, {
          arn: (type, name) => stack.formatArn({ service: 'iot', resource: type, resourceName: name }),
          text: (text) => text,
        }),
      }),
    });
    policy.applyRemovalPolicy(this.removalPolicy);
    return policy;
  }
}
