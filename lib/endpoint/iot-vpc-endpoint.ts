import { Annotations, Token, type CfnResource } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as route53 from 'aws-cdk-lib/aws-route53';
import { InterfaceVpcEndpointTarget } from 'aws-cdk-lib/aws-route53-targets';
import { Construct } from 'constructs';
import { isInChina, isInGovCloud, regionOf } from './regions';
import { IotPolicyEffect, IotResource, type IotPolicyStatement } from '../access';
import { IotEndpoint } from '../account';
import { acknowledge } from '../private/acknowledge';
import { invalid } from '../private/errors';

/** What is on the other side of a VPC endpoint. */
export enum IotVpcEndpointService {
  /** MQTT, HTTPS publishing, shadows and jobs. */
  DATA = 'data',
  /** AWS credentials in exchange for a certificate. Not in China and AWS GovCloud (US). */
  CREDENTIAL_PROVIDER = 'credentials',
}

const { DATA, CREDENTIAL_PROVIDER } = IotVpcEndpointService;

interface ServiceFacts {
  readonly service: ec2.IInterfaceVpcEndpointService;
  readonly ports: readonly number[];
  readonly defaultPort: number;
}

/** https://docs.aws.amazon.com/iot/latest/developerguide/IoTCore-VPC.html and protocols.html */
const SERVICES: Readonly<Record<IotVpcEndpointService, ServiceFacts>> = {
  [DATA]: { service: ec2.InterfaceVpcEndpointAwsService.IOT_CORE, ports: [443, 8443, 8883], defaultPort: 8883 },
  [CREDENTIAL_PROVIDER]: { service: ec2.InterfaceVpcEndpointAwsService.IOT_CORE_CREDENTIALS, ports: [443], defaultPort: 443 },
};

/** Properties for defining a VPC endpoint of AWS IoT. */
export interface IotVpcEndpointProps {
  /** The VPC that devices are in, or connected to. */
  readonly vpc: ec2.IVpc;

  /**
   * What is on the other side.
   *
   * @default IotVpcEndpointService.DATA
   */
  readonly service?: IotVpcEndpointService;

  /**
   * The subnets that the endpoint is in. Not every availability zone has it:
   * `aws ec2 describe-vpc-endpoint-services --service-names com.amazonaws.REGION.iot.data` says which.
   *
   * @default - the private subnets, one in each availability zone
   */
  readonly subnets?: ec2.SubnetSelection;

  /**
   * The ports that devices may use: 8883 for MQTT, 8443 for HTTPS with a certificate, 443 for everything else.
   *
   * @default - 8883 for data, 443 for credentials
   */
  readonly ports?: number[];

  /**
   * Who may use them. More can be let in with `connections`.
   *
   * @default - the addresses of the VPC
   */
  readonly allowFrom?: ec2.IPeer[];

  /**
   * The host name that devices in the VPC connect to: that of the account, or a domain of a `DomainConfiguration`. For data
   * alone.
   *
   * @default - the endpoint of the account
   */
  readonly domainName?: string;

  /**
   * Whether devices connect over IPv6 as well. The subnets must have it.
   *
   * @default false
   */
  readonly dualStack?: boolean;
}

/**
 * Lets devices in a VPC reach AWS IoT without the internet: an interface endpoint with a security group that opens nothing but
 * the ports in use, and a private hosted zone, as AWS IoT makes none by itself.
 *
 * Devices connect to the same host name as outside, must send it in the TLS handshake (SNI), and keep idle connections alive
 * more often than every 230 seconds. An endpoint takes about 100,000 devices and has no policy of its own: what may only be
 * done through it is said in the policies of the devices, with `conditions` or `denyElsewhere`.
 *
 * @see https://docs.aws.amazon.com/iot/latest/developerguide/IoTCore-VPC.html
 */
export class IotVpcEndpoint extends Construct implements ec2.IConnectable {
  /** The id of the endpoint, such as `vpce-0123456789abcdef0`. */
  public readonly vpcEndpointId: string;

  /** Who may reach the endpoint. */
  public readonly connections: ec2.Connections;

  /** The zone in which the host name leads to the endpoint. Other VPCs can be associated with it. */
  public readonly hostedZone: route53.PrivateHostedZone;

  constructor(scope: Construct, id: string, props: IotVpcEndpointProps) {
    super(scope, id);

    const { vpc, service = DATA } = props;
    const facts = SERVICES[service];
    const ports = [...new Set(props.ports ?? [facts.defaultPort])];
    this.validate(props, service, ports);

    const securityGroup = new ec2.SecurityGroup(this, 'SecurityGroup', { vpc, description: 'Devices that reach AWS IoT through a VPC endpoint', allowAllOutbound: false });
    for (const peer of props.allowFrom ?? [ec2.Peer.ipv4(vpc.vpcCidrBlock)]) {
      ports.forEach((port) => securityGroup.addIngressRule(peer, ec2.Port.tcp(port), 'Devices'));
    }
    if (!props.allowFrom) {
      // cdk-nag cannot tell that these are not all addresses (AwsSolutions-EC23).
      acknowledge(securityGroup.node.defaultChild as CfnResource, 'CdkNagValidationFailure', 'The addresses of the VPC are known only at deployment');
    }
    const endpoint = new ec2.InterfaceVpcEndpoint(this, 'Endpoint', {
      vpc,
      service: facts.service,
      subnets: props.subnets,
      securityGroups: [securityGroup],
      open: false,
      privateDnsEnabled: false,
      ...props.dualStack === true && { ipAddressType: ec2.VpcEndpointIpAddressType.DUALSTACK },
    });
    this.vpcEndpointId = endpoint.vpcEndpointId;
    this.connections = new ec2.Connections({ securityGroups: [securityGroup] });

    this.hostedZone = new route53.PrivateHostedZone(this, 'HostedZone', { vpc, zoneName: props.domainName ?? this.addressOf(service) });
    const target = route53.RecordTarget.fromAlias(new InterfaceVpcEndpointTarget(endpoint));
    new route53.ARecord(this, 'Ipv4Record', { zone: this.hostedZone, target });
    if (props.dualStack === true) {
      new route53.AaaaRecord(this, 'Ipv6Record', { zone: this.hostedZone, target });
    }
  }

  /** For a statement that allows something through this endpoint alone. */
  public get conditions(): { [operator: string]: { [key: string]: string[] } } {
    return { StringEquals: { 'aws:SourceVpce': [this.vpcEndpointId] } };
  }

  /**
   * Returns a statement that denies everything that does not come through this endpoint, whatever else is allowed: for a
   * policy beside those of the devices. Who is in no VPC, such as the local twin, is denied.
   *
   * @param others Further endpoints that are not denied: that for credentials, where devices get some.
   */
  public denyElsewhere(...others: IotVpcEndpoint[]): IotPolicyStatement {
    return {
      effect: IotPolicyEffect.DENY,
      actions: [],
      otherActions: ['iot:*', 'iotjobsdata:*', 'greengrass:*'],
      resources: [IotResource.any()],
      // Negated operators match where the key is missing: outside any VPC.
      conditions: { StringNotEquals: { 'aws:SourceVpce': [this, ...others].map(({ vpcEndpointId }) => vpcEndpointId) } },
    };
  }

  private addressOf(service: IotVpcEndpointService): string {
    const { dataAddress, credentialProviderAddress } = IotEndpoint.of(this);
    return service === DATA ? dataAddress : credentialProviderAddress;
  }

  private validate(props: IotVpcEndpointProps, service: IotVpcEndpointService, ports: readonly number[]): void {
    const { ports: known } = SERVICES[service];
    const unknown = ports.find((port) => !Token.isUnresolved(port) && !known.includes(port));
    if (ports.length === 0 || unknown !== undefined) {
      throw invalid(this, `'ports' must be some of ${known.join(', ')}, got ${unknown ?? 'none'}`);
    }
    if (props.allowFrom?.length === 0) {
      throw invalid(this, "'allowFrom' must have at least one entry, got none");
    }
    if (service !== DATA && props.domainName !== undefined) {
      throw invalid(this, "'domainName' must not be given for credentials, which have no domains of your own");
    }
    if (service === CREDENTIAL_PROVIDER && (isInChina(this) || isInGovCloud(this))) {
      Annotations.of(this).addError(`'service' must not be CREDENTIAL_PROVIDER in ${regionOf(this)}: AWS IoT has no such VPC endpoint in China and AWS GovCloud (US)`);
    }
  }
}
