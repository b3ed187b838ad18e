import { App, Aspects, type CfnResource, Stack } from 'aws-cdk-lib';
import { Annotations, Match } from 'aws-cdk-lib/assertions';
import * as acm from 'aws-cdk-lib/aws-certificatemanager';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import * as route53 from 'aws-cdk-lib/aws-route53';
import { AwsSolutionsChecks } from 'cdk-nag';
import { DomainConfiguration, EndpointTls, IotVpcEndpoint, IotVpcEndpointService, OcspStapling, TlsSecurityPolicy } from '../../lib/endpoint';

test('nothing here has a finding of cdk-nag that is not acknowledged', () => {
  const app = new App();
  const stack = new Stack(app, 'Stack');
  const vpc = new ec2.Vpc(stack, 'Vpc');
  (vpc.node.defaultChild as CfnResource).addMetadata('cdk_nag', { rules_to_suppress: [{ id: 'AwsSolutions-VPC7', reason: 'The VPC is not what is looked at' }] });
  const handler = lambda.Function.fromFunctionArn(stack, 'Handler', 'arn:aws:lambda:eu-central-1:123456789012:function:f');
  new DomainConfiguration(stack, 'Domain', {
    domainName: 'iot.example.com',
    certificate: acm.Certificate.fromCertificateArn(stack, 'Certificate', 'arn:aws:acm:eu-central-1:123456789012:certificate/one'),
    hostedZone: route53.HostedZone.fromHostedZoneAttributes(stack, 'Zone', { zoneName: 'example.com', hostedZoneId: 'Z1' }),
    ocspStapling: OcspStapling.privateResponder(handler),
    clientCertificateCallback: handler,
  });
  new EndpointTls(stack, 'Tls', { data: TlsSecurityPolicy.TLS13_1_3_2022_10 });
  new IotVpcEndpoint(stack, 'Data', { vpc, ports: [443, 8883] });
  new IotVpcEndpoint(stack, 'Credentials', { vpc, service: IotVpcEndpointService.CREDENTIAL_PROVIDER });

  Aspects.of(app).add(new AwsSolutionsChecks());
  const annotations = Annotations.fromStack(stack);
  const finding = Match.stringLikeRegexp('AwsSolutions-|CdkNag');
  expect([...annotations.findError('*', finding), ...annotations.findWarning('*', finding)].map(({ id, entry }) => `${id}: ${String(entry.data)}`)).toEqual([]);
});
