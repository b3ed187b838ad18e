import { App, Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import { HttpRuleDestination, InfluxDbRuleDestination, InfluxDbVersion, VpcRuleDestination } from '../../lib/rules';
import { allows } from '../../lib/twin/iam/decide';
import { roleOf } from './deployed';

const DESTINATION = 'AWS::IoT::TopicRuleDestination';
const EC2 = 'arn:aws:ec2:eu-west-1:111122223333';
const ARN = 'arn:aws:iot:eu-west-1:999999999999:ruledestination/vpc/11112222-3333-4444-5555-666677778888';

let stack: Stack;
beforeEach(() => {
  stack = new Stack(new App(), 'Stack', { env: { account: '111122223333', region: 'eu-west-1' } });
});
const vpcIn = (scope: Stack) => ec2.Vpc.fromVpcAttributes(scope, 'Vpc', {
  vpcId: 'vpc-1', availabilityZones: ['a', 'b'], privateSubnetIds: ['subnet-1', 'subnet-2'], isolatedSubnetIds: ['subnet-3', 'subnet-4'],
});
const propertiesIn = (scope: Stack) => Object.values(Template.fromStack(scope).findResources(DESTINATION))[0]!.Properties as { VpcProperties: object };

describe('an HTTPS destination', () => {
  test('is confirmed at its URL', () => {
    const destination = new HttpRuleDestination(stack, 'Http', { confirmationUrl: 'https://example.com/in' });
    Template.fromStack(stack).hasResourceProperties(DESTINATION, { HttpUrlProperties: { ConfirmationUrl: 'https://example.com/in' }, Status: Match.absent() });
    expect(stack.resolve(destination.topicRuleDestinationRef)).toEqual({ topicRuleDestinationArn: { 'Fn::GetAtt': [expect.stringMatching(/^Http/), 'Arn'] } });
  });

  test.each([[true, 'IN_PROGRESS'], [false, 'DISABLED']])('may be enabled: %s', (enabled, Status) => {
    new HttpRuleDestination(stack, 'Http', { confirmationUrl: 'https://example.com/', enabled });
    Template.fromStack(stack).hasResourceProperties(DESTINATION, { Status });
  });

  test.each(['http://example.com', 'https://example.com:444/', 'example.com', 'https://u:p@example.com/', ''])('fails for %j', (confirmationUrl) => {
    expect(() => new HttpRuleDestination(stack, 'Http', { confirmationUrl })).toThrow("'confirmationUrl' must consist of an https:// URL with port 443 or 8443 and no user in it");
  });
});

describe('a destination in a VPC', () => {
  test('is in its private subnets, with a security group that lets nothing in', () => {
    new VpcRuleDestination(stack, 'Kafka', { vpc: vpcIn(stack) });
    expect(propertiesIn(stack).VpcProperties).toMatchObject({ VpcId: 'vpc-1', SubnetIds: ['subnet-1', 'subnet-2'], SecurityGroups: [{ 'Fn::GetAtt': [expect.stringMatching(/^KafkaSecurityGroup/), 'GroupId'] }] });
    Template.fromStack(stack).hasResourceProperties('AWS::EC2::SecurityGroup', { SecurityGroupIngress: Match.absent(), SecurityGroupEgress: [{ CidrIp: '255.255.255.255/32' }] });
  });

  test('may be in other subnets and security groups, and reach others', () => {
    const securityGroup = ec2.SecurityGroup.fromSecurityGroupId(stack, 'Group', 'sg-1', { allowAllOutbound: false });
    const destination = new VpcRuleDestination(stack, 'Kafka', { vpc: vpcIn(stack), vpcSubnets: { subnetType: ec2.SubnetType.PRIVATE_ISOLATED }, securityGroups: [securityGroup] });
    destination.connections.allowTo(ec2.Peer.ipv4('10.0.0.0/16'), ec2.Port.tcp(9096));
    expect(propertiesIn(stack).VpcProperties).toMatchObject({ SubnetIds: ['subnet-3', 'subnet-4'], SecurityGroups: ['sg-1'] });
    Template.fromStack(stack).hasResourceProperties('AWS::EC2::SecurityGroupEgress', { GroupId: 'sg-1', FromPort: 9096 });
  });

  test('fails without security groups', () => {
    expect(() => new VpcRuleDestination(stack, 'Kafka', { vpc: vpcIn(stack), securityGroups: [] })).toThrow(
      "'securityGroups' must have at least one security group; leave it out for one of its own (at Stack/Kafka)",
    );
  });

  test('has a role that makes network interfaces in its subnets alone, and is ready before it', () => {
    new VpcRuleDestination(stack, 'Kafka', { vpc: vpcIn(stack), securityGroups: [ec2.SecurityGroup.fromSecurityGroupId(stack, 'Group', 'sg-1')] });
    const { policies, trust } = roleOf(stack, propertiesIn(stack))!;
    const may = (action: string, resource: string, values: Record<string, string> = {}) => allows(policies, { action: `ec2:${action}`, resource: resource === '*' ? '*' : `${EC2}:${resource}`, values });
    const tagged = { 'ec2:ResourceTag/VPCDestinationENI': 'true' };
    const tagging = { 'ec2:CreateAction': 'CreateNetworkInterface', 'aws:RequestTag/VPCDestinationENI': 'true' };

    expect(['subnet/subnet-1', 'subnet/subnet-2', 'security-group/sg-1', 'network-interface/eni-1'].filter((resource) => !may('CreateNetworkInterface', resource))).toEqual([]);
    expect(['DescribeNetworkInterfaces', 'DescribeSecurityGroups', 'DescribeSubnets', 'DescribeVpcAttribute', 'DescribeVpcs'].filter((action) => !may(action, '*'))).toEqual([]);
    expect([may('DeleteNetworkInterface', 'network-interface/eni-1'), may('CreateNetworkInterfacePermission', 'network-interface/eni-1', tagged), may('CreateTags', 'network-interface/eni-1', tagging)]).toEqual([true, true, true]);

    expect(['subnet/subnet-3', 'security-group/sg-2'].filter((resource) => may('CreateNetworkInterface', resource))).toEqual([]);
    expect([
      may('CreateNetworkInterfacePermission', 'network-interface/eni-1', { 'ec2:ResourceTag/VPCDestinationENI': 'false' }),
      may('CreateTags', 'network-interface/eni-1', { ...tagging, 'ec2:CreateAction': 'RunInstances' }),
      may('CreateTags', 'instance/i-1', tagging),
      may('RunInstances', '*'),
    ]).toEqual([false, false, false, false]);
    expect(trust).toMatchObject({ Statement: [{ Condition: { StringEquals: { 'aws:SourceAccount': '111122223333' }, ArnLike: { 'aws:SourceArn': 'arn:aws:iot:eu-west-1:111122223333:ruledestination/*' } } }] });
    Template.fromStack(stack).hasResource(DESTINATION, { DependsOn: [Match.stringLikeRegexp('^KafkaRoleDefaultPolicy'), Match.stringLikeRegexp('^KafkaRole')] });
  });

  test('may exist elsewhere', () => {
    expect(VpcRuleDestination.fromTopicRuleDestinationArn(stack, 'Import', ARN)).toMatchObject({ topicRuleDestinationArn: ARN, env: { account: '999999999999' } });
  });
});

describe('an InfluxDB destination', () => {
  const secretIn = (scope: Stack) => secretsmanager.Secret.fromSecretCompleteArn(scope, 'Token', 'arn:aws:secretsmanager:eu-west-1:111122223333:secret:token-AbCdEf');

  test('names its secret, not what is in it', () => {
    const secret = secretIn(stack);
    expect(new InfluxDbRuleDestination(stack, 'Influx', { endpoint: 'https://influx.example.com:8086', version: InfluxDbVersion.V3, secret, secretKey: 'token' }).secret).toBe(secret);
    Template.fromStack(stack).hasResourceProperties(DESTINATION, {
      InfluxDBProperties: { Endpoint: 'https://influx.example.com:8086', InfluxDBVersion: 'V3', SecretId: secret.secretArn, SecretType: 'SecretString', SecretKey: 'token' },
    });
  });

  test.each(['http://influx.example.com', 'https://influx.example.com/path'])('fails for %j', (endpoint) => {
    expect(() => new InfluxDbRuleDestination(stack, 'Influx', { endpoint, version: InfluxDbVersion.V2, secret: secretIn(stack) })).toThrow("'endpoint' must consist of an https:// URL without a path");
  });

  test('may exist elsewhere', () => {
    const secret = secretIn(stack);
    expect(InfluxDbRuleDestination.fromTopicRuleDestinationAttributes(stack, 'Import', { topicRuleDestinationArn: ARN, secret })).toMatchObject({ topicRuleDestinationArn: ARN, secret });
  });
});
