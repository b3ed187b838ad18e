import { Stack } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as iot from 'aws-cdk-lib/aws-iot';
import type { Construct } from 'constructs';
import { destinationPrincipal, importDestination, TopicRuleDestinationBase, type ITopicRuleDestination } from './destination-base';
import { acknowledgeRoleWildcards } from '../../private/acknowledge';
import { NO_RESOURCE } from '../../private/custom-resource';
import { invalid } from '../../private/errors';

/** Properties for defining a destination of rules in a VPC. A change of any replaces it. */
export interface VpcRuleDestinationProps {
  /** The VPC in which the brokers are. */
  readonly vpc: ec2.IVpc;

  /**
   * The subnets from which AWS IoT reaches the brokers.
   *
   * @default - the private ones of the VPC, or else the isolated ones, or else the public ones
   */
  readonly vpcSubnets?: ec2.SubnetSelection;

  /**
   * The security groups of AWS IoT in the VPC, which the brokers must let in.
   *
   * @default - one that lets nothing in and nothing out; see `connections`
   */
  readonly securityGroups?: ec2.ISecurityGroup[];
}

/** What AWS IoT tags its network interfaces with. */
const TAG = 'VPCDestinationENI';

/**
 * Defines a way of AWS IoT into a VPC, in which a Kafka cluster is.
 *
 * It takes minutes to create, and AWS IoT disables it after 30 days without messages.
 *
 * @resource AWS::IoT::TopicRuleDestination
 * @see https://docs.aws.amazon.com/iot/latest/developerguide/vpc-rule-action.html
 */
export class VpcRuleDestination extends TopicRuleDestinationBase implements ec2.IConnectable {
  /** Refers to a destination that exists outside this app, in the account and Region that the ARN names. */
  public static fromTopicRuleDestinationArn(scope: Construct, id: string, topicRuleDestinationArn: string): ITopicRuleDestination {
    return importDestination(scope, id, topicRuleDestinationArn);
  }

  public readonly topicRuleDestinationArn: string;

  /** The security groups of AWS IoT in the VPC: `destination.connections.allowTo(cluster, Port.tcp(9096))`. */
  public readonly connections: ec2.Connections;

  constructor(scope: Construct, id: string, props: VpcRuleDestinationProps) {
    super(scope, id);

    const { vpc, securityGroups = [this.defineSecurityGroup(vpc)] } = props;
    if (securityGroups.length === 0) {
      throw invalid(this, "'securityGroups' must have at least one security group; leave it out for one of its own");
    }
    const { subnetIds } = vpc.selectSubnets(props.vpcSubnets);
    this.connections = new ec2.Connections({ securityGroups });
    const groupIds = securityGroups.map(({ securityGroupId }) => securityGroupId);
    const role = this.defineRole(subnetIds, groupIds);
    const resource = new iot.CfnTopicRuleDestination(this, 'Resource', {
      vpcProperties: { vpcId: vpc.vpcId, subnetIds, securityGroups: groupIds, roleArn: role.roleArn },
    });
    // AWS IoT makes the network interfaces at once.
    resource.node.addDependency(role);
    this.topicRuleDestinationArn = resource.attrArn;
  }

  private defineSecurityGroup(vpc: ec2.IVpc): ec2.SecurityGroup {
    return new ec2.SecurityGroup(this, 'SecurityGroup', { vpc, description: 'AWS IoT on its way to a Kafka cluster', allowAllOutbound: false });
  }

  /** As the guide has it, with the subnets and security groups named that a network interface is made in. */
  private defineRole(subnetIds: readonly string[], groupIds: readonly string[]): iam.Role {
    const stack = Stack.of(this);
    const arn = (resource: string, resourceName: string) => stack.formatArn({ service: 'ec2', resource, resourceName });
    const interfaces = arn('network-interface', '*');
    const role = new iam.Role(this, 'Role', { description: 'AWS IoT reaches a VPC with this role', assumedBy: destinationPrincipal(this) });
    [
      {
        actions: ['ec2:DescribeNetworkInterfaces', 'ec2:DescribeSecurityGroups', 'ec2:DescribeSubnets', 'ec2:DescribeVpcAttribute', 'ec2:DescribeVpcs'],
        resources: [NO_RESOURCE],
      },
      {
        actions: ['ec2:CreateNetworkInterface'],
        resources: [interfaces, ...subnetIds.map((subnet) => arn('subnet', subnet)), ...groupIds.map((group) => arn('security-group', group))],
      },
      { actions: ['ec2:DeleteNetworkInterface'], resources: [interfaces] },
      {
        actions: ['ec2:CreateNetworkInterfacePermission'],
        resources: [interfaces],
        conditions: { StringEquals: { [`ec2:ResourceTag/${TAG}`]: 'true' } },
      },
      {
        actions: ['ec2:CreateTags'],
        resources: [interfaces],
        conditions: { StringEquals: { 'ec2:CreateAction': 'CreateNetworkInterface', [`aws:RequestTag/${TAG}`]: 'true' } },
      },
    ].forEach((statement) => role.addToPrincipalPolicy(new iam.PolicyStatement(statement)));
    acknowledgeRoleWildcards(role, 'AWS names the network interfaces that it makes, and Amazon EC2 defines no resource for describing them');
    return role;
  }
}
