import { App, CfnParameter, Stack, Token } from 'aws-cdk-lib';
import { Annotations, Match, Template } from 'aws-cdk-lib/assertions';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import { IotAction, IotPolicy, IotResource } from '../../lib/access';
import { IotVpcEndpoint, IotVpcEndpointService, type IotVpcEndpointProps } from '../../lib/endpoint';
import { createAuthorizer } from '../../lib/policy';
import { ACCOUNT, Device, policyDocuments } from '../access/device';

const ENV = { account: '123456789012', region: 'eu-central-1' };
const { CREDENTIAL_PROVIDER } = IotVpcEndpointService;

let stack: Stack;
let vpc: ec2.Vpc;
const start = (region = ENV.region) => {
  stack = new Stack(new App(), 'Stack', { env: { ...ENV, region } });
  vpc = new ec2.Vpc(stack, 'Vpc', { ipAddresses: ec2.IpAddresses.cidr('10.1.0.0/16'), natGateways: 0, subnetConfiguration: [{ name: 'Devices', subnetType: ec2.SubnetType.PRIVATE_ISOLATED }] });
};
beforeEach(() => start());
const define = (props: Partial<IotVpcEndpointProps> = {}, id = 'Endpoint') => new IotVpcEndpoint(stack, id, { vpc, ...props });

/** What the only security group of the devices' endpoint lets in. */
const ingress = () => Object.values(Template.fromStack(stack).findResources('AWS::EC2::SecurityGroup'))
  .flatMap((group) => (group.Properties as { SecurityGroupIngress: { FromPort: number; ToPort: number; CidrIp: unknown }[] }).SecurityGroupIngress)
  .map(({ FromPort: from, ToPort: to, CidrIp: address }) => [from, to, address]);

const FROM_VPC = { 'Fn::GetAtt': [expect.stringMatching(/^Vpc/), 'CidrBlock'] };

describe('an endpoint for data', () => {
  test('has no private DNS, but a zone that leads the host name of the account to it', () => {
    const endpoint = define();
    const template = Template.fromStack(stack);
    template.hasResourceProperties('AWS::EC2::VPCEndpoint', { ServiceName: 'com.amazonaws.eu-central-1.iot.data', VpcEndpointType: 'Interface', PrivateDnsEnabled: false, IpAddressType: Match.absent() });
    const address = { 'Fn::Join': ['', [{ 'Fn::GetAtt': [Match.stringLikeRegexp('^CdkIotWardenEndpoint'), 'DataAddress'] }, '.']] };
    template.hasResourceProperties('AWS::Route53::HostedZone', { Name: address, VPCs: [{ VPCId: { Ref: Match.stringLikeRegexp('^Vpc') } }] });
    template.resourceCountIs('AWS::Route53::RecordSet', 1);
    template.hasResourceProperties('AWS::Route53::RecordSet', { Name: address, Type: 'A', HostedZoneId: stack.resolve(endpoint.hostedZone.hostedZoneId), AliasTarget: Match.anyValue() });
  });

  test('opens the port of MQTT to the VPC, and nothing else', () => {
    define();
    expect(ingress()).toEqual([[8883, 8883, FROM_VPC]]);
  });

  test('opens the ports in use to those who use them', () => {
    define({ ports: [443, 8443, 443], allowFrom: [ec2.Peer.ipv4('192.168.1.0/24'), ec2.Peer.ipv4('192.168.2.0/24')] });
    expect(ingress()).toEqual([[443, 443, '192.168.1.0/24'], [8443, 8443, '192.168.1.0/24'], [443, 443, '192.168.2.0/24'], [8443, 8443, '192.168.2.0/24']]);
  });

  test('lets more in', () => {
    const gateway = new ec2.SecurityGroup(stack, 'Gateway', { vpc });
    define().connections.allowFrom(gateway, ec2.Port.tcp(443));
    Template.fromStack(stack).hasResourceProperties('AWS::EC2::SecurityGroupIngress', { FromPort: 443, SourceSecurityGroupId: stack.resolve(gateway.securityGroupId) });
  });

  test.each<[number[], string]>([[[1883], '1883'], [[443, 22], '22'], [[], 'none']])('fails for the ports %j', (ports, got) => {
    expect(() => define({ ports })).toThrow(new Error(`'ports' must be some of 443, 8443, 8883, got ${got} (at Stack/Endpoint)`));
    expect(stack.node.findChild('Endpoint').node.children).toEqual([]);
  });

  test('may have a port that is known later', () => {
    expect(() => define({ ports: [Token.asNumber(new CfnParameter(stack, 'Port', { type: 'Number' }).value)] })).not.toThrow();
  });

  test('fails for nobody', () => {
    expect(() => define({ allowFrom: [] })).toThrow(new Error("'allowFrom' must have at least one entry, got none (at Stack/Endpoint)"));
  });

  test('can serve a domain of its own, without looking the account up', () => {
    define({ domainName: 'iot.example.com' });
    const template = Template.fromStack(stack);
    template.hasResourceProperties('AWS::Route53::HostedZone', { Name: 'iot.example.com.' });
    template.resourceCountIs('Custom::IotEndpoint', 0);
  });

  test('can have IPv6', () => {
    define({ dualStack: true });
    const template = Template.fromStack(stack);
    template.hasResourceProperties('AWS::EC2::VPCEndpoint', { IpAddressType: 'dualstack' });
    template.hasResourceProperties('AWS::Route53::RecordSet', { Type: 'A' });
    template.hasResourceProperties('AWS::Route53::RecordSet', { Type: 'AAAA' });
  });

  test('is in the subnets that are chosen', () => {
    const [first] = vpc.isolatedSubnets;
    define({ subnets: { subnets: [first!] } });
    Template.fromStack(stack).hasResourceProperties('AWS::EC2::VPCEndpoint', { SubnetIds: [stack.resolve(first!.subnetId)] });
  });
});

describe('an endpoint for credentials', () => {
  test('has the port and the host name of the credential provider', () => {
    define({ service: CREDENTIAL_PROVIDER });
    const template = Template.fromStack(stack);
    template.hasResourceProperties('AWS::EC2::VPCEndpoint', { ServiceName: 'com.amazonaws.eu-central-1.iot.credentials' });
    template.hasResourceProperties('AWS::Route53::HostedZone', { Name: { 'Fn::Join': ['', [{ 'Fn::GetAtt': [Match.anyValue(), 'CredentialProviderAddress'] }, '.']] } });
    expect(ingress()).toEqual([[443, 443, FROM_VPC]]);
  });

  test('fails for a port of MQTT and for a domain', () => {
    expect(() => define({ service: CREDENTIAL_PROVIDER, ports: [8883] })).toThrow("'ports' must be some of 443, got 8883 (at Stack/Endpoint)");
    expect(() => define({ service: CREDENTIAL_PROVIDER, domainName: 'a.example.com' }, 'Other')).toThrow("'domainName' must not be given for credentials, which have no domains of your own (at Stack/Other)");
  });

  test.each(['cn-north-1', 'us-gov-west-1'])('is not there in %s', (region) => {
    start(region);
    define({ service: CREDENTIAL_PROVIDER });
    Annotations.fromStack(stack).hasError('/Stack/Endpoint', `'service' must not be CREDENTIAL_PROVIDER in ${region}: AWS IoT has no such VPC endpoint in China and AWS GovCloud (US)`);
  });
});

describe('private access', () => {
  const everything = { actions: [IotAction.CONNECT, IotAction.PUBLISH], resources: [IotResource.any()] };
  const decide = (...documents: unknown[]) => {
    const device = new Device(documents, { thingName: 'a' });
    return [['iot:Connect', 'a'], ['iot:Publish', 't']].map(([action, resource]) => device.decide(action!, resource!));
  };

  test('is denied elsewhere, whatever else is allowed', () => {
    new IotPolicy(stack, 'Policy', { statements: [define().denyElsewhere(define({ service: CREDENTIAL_PROVIDER }, 'Credentials'))] });
    const [document] = policyDocuments(stack) as [{ Statement: { Condition: object }[] }];
    expect(document.Statement).toEqual([{
      Effect: 'Deny',
      Action: ['greengrass:*', 'iot:*', 'iotjobsdata:*'],
      Resource: '*',
      Condition: { StringNotEquals: { 'aws:SourceVpce': [expect.stringMatching(/^ref-Endpoint/), expect.stringMatching(/^ref-Credentials/)] } },
    }]);
    const allowed = { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: '*', Resource: '*' }] };
    // A request cannot say here whether it came through an endpoint, but only that decides.
    expect([decide(allowed), decide(allowed, document)]).toEqual([['allow', 'allow'], ['unknown', 'unknown']]);
    const unconditional = { ...document, Statement: document.Statement.map(({ Condition: _, ...statement }) => statement) };
    expect(decide(allowed, unconditional)).toEqual(['deny', 'deny']);
    for (const action of ['iot:AssumeRoleWithCertificate', 'iotjobsdata:DescribeJobExecution']) {
      const authorizer = createAuthorizer({ account: ACCOUNT, principal: { kind: 'certificate', thingName: 'a' }, policies: [allowed, unconditional] });
      expect(authorizer.decide({ action, resource: action.startsWith('iot:') ? 'alias' : 'a' }).decision).toBe('deny');
    }
  });

  test('is allowed through one endpoint alone', () => {
    new IotPolicy(stack, 'Policy', { statements: [{ ...everything, conditions: define().conditions }] });
    const [document] = policyDocuments(stack) as [{ Statement: unknown[] }];
    expect(document.Statement).toEqual([expect.objectContaining({ Condition: { StringEquals: { 'aws:SourceVpce': [expect.stringMatching(/^ref-Endpoint/)] } } })]);
    expect(decide(document)).toEqual(['unknown', 'unknown']);
  });
});
