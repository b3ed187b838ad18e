import { Names, Resource, Stack } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import type * as iot from 'aws-cdk-lib/aws-iot';
import type { Construct } from 'constructs';
import type { IIotPolicy, IotPolicyStatement } from '../access';
import { documentSize, renderDocument } from '../access/document';
import { inspectStatements } from '../access/inspection';
import { showFinding } from '../policy/findings';
import { MAX_POLICY_SIZE } from '../policy/size';
import { iotArn } from '../private/arns';
import { HandlerResource } from '../private/custom-resource';
import { invalid } from '../private/errors';
import { requireText, type TextRule } from '../private/text';

const KIND = { name: 'manage-policy', description: 'Keeps policies of AWS IoT' };

/** https://docs.aws.amazon.com/iot/latest/apireference/API_CreatePolicy.html */
const POLICY_NAME: TextRule = { pattern: /^[\w+=,.@-]+$/, characters: 'letters, digits and _+=,.@-', maxLength: 128 };

/** What becomes of a policy, and of those it is attached to, when it leaves the stack or is replaced. */
export enum IotPolicyRemoval {
  /** It stays, and devices keep what it permits. */
  RETAIN = 'retain',
  /** It is deleted, or deployment fails and says what it is attached to. */
  FAIL_IF_ATTACHED = 'fail-if-attached',
  /** It is detached from everything, and devices lose what it permits. */
  DETACH_THEN_DELETE = 'detach-then-delete',
}

/** Properties for defining a policy whose versions and removal are taken care of. */
export interface ManagedIotPolicyProps {
  /** What the policy allows and denies; everything else is denied. */
  readonly statements: IotPolicyStatement[];

  /**
   * The name of the policy: 1 to 128 letters, digits and `_+=,.@-`. Another name replaces the policy.
   *
   * @default - a name that follows from the path of the construct
   */
  readonly policyName?: string;

  /**
   * What becomes of the policy when it leaves the stack or is replaced.
   *
   * @default IotPolicyRemoval.RETAIN
   */
  readonly onRemoval?: IotPolicyRemoval;
}

/**
 * Defines an AWS IoT policy that can be updated any number of times and removed while it is attached.
 *
 * CloudFormation orders the versions of a policy as text. After the tenth, it makes an older version the default for a
 * moment, and devices stay on that if the update fails then. And it never detaches, so that a policy that fleet
 * provisioning has attached cannot be deleted. Here a custom resource prunes by number, switches once, and removes as
 * it is told. It takes up again a policy that it has kept, and none that something else has made.
 */
export class ManagedIotPolicy extends Resource implements IIotPolicy {
  /**
   * The name of this policy.
   *
   * @attribute
   */
  public readonly policyName: string;

  /**
   * The ARN of this policy.
   *
   * @attribute
   */
  public readonly policyArn: string;

  constructor(scope: Construct, id: string, props: ManagedIotPolicyProps) {
    super(scope, id);

    requireText(this, 'policyName', props.policyName, POLICY_NAME);
    const errors = inspectStatements(props.statements).filter((finding) => finding.severity === 'error');
    if (errors.length > 0) {
      throw invalid(this, `'statements' do not make a policy: ${errors.map(showFinding).join('. ')}`);
    }
    const size = documentSize(props.statements);
    if (size > MAX_POLICY_SIZE) {
      throw invalid(this, `'statements' may take ${size} characters, a policy has ${MAX_POLICY_SIZE}`);
    }

    const name = props.policyName ?? Names.uniqueResourceName(this, { maxLength: POLICY_NAME.maxLength, allowedSpecialCharacters: '-_' });
    const arn = iotArn(this, 'policy', name);
    const stack = Stack.of(this);
    const document = renderDocument(props.statements, {
      arn: (type, resourceName) => stack.formatArn({ service: 'iot', resource: type, resourceName }),
      text: (text) => text,
    });
    const resource = new HandlerResource(this, 'Default', {
      kind: KIND,
      resourceType: 'IotPolicy',
      properties: {
        PolicyName: name,
        PolicyArn: arn,
        PolicyDocument: stack.toJsonString(document),
        Owner: `${stack.stackName}/${this.node.addr}`,
        OnRemoval: props.onRemoval ?? IotPolicyRemoval.RETAIN,
      },
      permissions: () => this.permissions(arn, props.onRemoval ?? IotPolicyRemoval.RETAIN),
    });
    this.policyName = resource.ref;
    this.policyArn = resource.attribute('PolicyArn');
  }

  public get policyRef(): iot.PolicyReference {
    return { policyName: this.policyName, policyArn: this.policyArn };
  }

  private permissions(arn: string, onRemoval: IotPolicyRemoval): iam.PolicyStatement[] {
    return [
      new iam.PolicyStatement({
        actions: [
          'CreatePolicy',
          'CreatePolicyVersion',
          'DeletePolicyVersion',
          'GetPolicyVersion',
          'ListPolicyVersions',
          'ListTagsForResource',
          'SetDefaultPolicyVersion',
          'TagResource',
          ...onRemoval === IotPolicyRemoval.RETAIN ? [] : ['DeletePolicy', 'ListTargetsForPolicy'],
        ].map((action) => `iot:${action}`),
        resources: [arn],
      }),
      // IAM can say what is detached from, not which policy. Cognito identities have no ARN, so that they take more.
      ...onRemoval === IotPolicyRemoval.DETACH_THEN_DELETE
        ? [new iam.PolicyStatement({ actions: ['iot:DetachPolicy'], resources: [iotArn(this, 'cert', '*'), iotArn(this, 'thinggroup', '*')] })]
        : [],
    ];
  }
}
