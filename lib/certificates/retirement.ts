import { Lazy, Stack } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import type * as iot from 'aws-cdk-lib/aws-iot';
import { Construct } from 'constructs';
import { iotArn } from '../private/arns';
import { HandlerResource, NO_RESOURCE } from '../private/custom-resource';
import { HandlerMemory, REMEMBERS } from '../private/handler-memory';

const KIND = { name: 'retire-certificates', description: 'Detaches device certificates from everything before they are deleted' };
const ID = 'CdkIotWarden-Retirement';

/** Above this, the names would not fit into the policies of a role: 10,240 characters together, twice during an update. */
const MAX_NAMED_CERTIFICATES = 20;

/**
 * Retires the certificates of a stack that are to be deleted with it: CloudFormation fails to delete one that something
 * outside the stack has activated or attached.
 *
 * One custom resource for all of them. It refers to them, so that it is deleted before they are.
 */
export class Retirement extends Construct {
  /** The one of the stack around `scope`, created when it is first asked for. */
  public static of(scope: Construct): Retirement {
    const stack = Stack.of(scope);
    return stack.node.tryFindChild(ID) as Retirement | undefined ?? new Retirement(stack, ID);
  }

  private readonly certificates: iot.CfnCertificate[] = [];

  private constructor(scope: Construct, id: string) {
    super(scope, id);

    const memory = new HandlerMemory(this, 'Wanted');
    new HandlerResource(this, 'Default', {
      kind: KIND,
      resourceType: 'IotCertificateRetirement',
      properties: {
        CertificateIds: Lazy.list({ produce: () => this.sorted().map(({ ref }) => ref) }),
        Memory: memory.path,
      },
      permissions: () => [...retirementPermissions(this, this.arns()), ...memory.statements(['GetParameter'])],
      wildcards: `A thing or a policy may be attached outside the stack, and AWS IoT knows no resource for listing them. ${REMEMBERS}`,
    });
  }

  public add(certificate: iot.CfnCertificate): void {
    this.certificates.push(certificate);
  }

  /** In the order of their paths: another order would be an update. */
  private sorted(): iot.CfnCertificate[] {
    return [...this.certificates].sort((a, b) => (a.node.path < b.node.path ? -1 : 1));
  }

  private arns(): string[] {
    const { length } = this.certificates;
    return length > MAX_NAMED_CERTIFICATES ? [iotArn(this, 'cert', '*')] : this.sorted().map(({ attrArn }) => attrArn);
  }
}

/** What it takes to deactivate certificates and detach them from everything. */
export function retirementPermissions(scope: Construct, certificateArns: string[]): iam.PolicyStatement[] {
  return [
    new iam.PolicyStatement({
      actions: ['iot:DescribeCertificate', 'iot:DetachPolicy', 'iot:ListPrincipalThings', 'iot:UpdateCertificate'],
      resources: certificateArns,
    }),
    // Documented for the certificate; AWS's own policies name the thing as well.
    new iam.PolicyStatement({ actions: ['iot:DetachThingPrincipal'], resources: [...certificateArns, iotArn(scope, 'thing', '*')] }),
    new iam.PolicyStatement({ actions: ['iot:ListAttachedPolicies'], resources: [NO_RESOURCE] }),
  ];
}
