/**
 * A fleet that connects to a domain of its own, with device certificates over MQTT and TLS 1.2 or 1.3, and to nothing else.
 *
 * What to look at: the domain refuses every other way to authenticate, but AWS IoT still has the endpoint of the account. A
 * policy beside those of the fleet denies devices that come through it.
 */
import { RemovalPolicy, Stack, type StackProps } from 'aws-cdk-lib';
import * as acm from 'aws-cdk-lib/aws-certificatemanager';
import * as route53 from 'aws-cdk-lib/aws-route53';
import type { Construct } from 'constructs';
import { ApplicationProtocol, Channel, DeviceFleet, DomainAuthentication, DomainConfiguration, IotPolicy, TlsSecurityPolicy } from '../../lib';

export interface CustomDomainStackProps extends StackProps {
  /** What devices connect to: a name under the hosted zone. */
  readonly domainName: string;

  /** The name of a public hosted zone of the account. */
  readonly zoneName: string;
  readonly hostedZoneId: string;

  /** The certificate signing request of sensor-1, which keeps its private key, as PEM text. */
  readonly csr: string;
}

export class CustomDomainStack extends Stack {
  constructor(scope: Construct, id: string, props: CustomDomainStackProps) {
    super(scope, id, props);

    const { domainName, zoneName, hostedZoneId } = props;
    const hostedZone = route53.HostedZone.fromHostedZoneAttributes(this, 'Zone', { zoneName, hostedZoneId });
    // ACM renews it in place as long as its validation record is there, so that the domain never needs another.
    const certificate = new acm.Certificate(this, 'Certificate', { domainName, validation: acm.CertificateValidation.fromDns(hostedZone) });
    const domain = new DomainConfiguration(this, 'Domain', {
      domainName,
      certificate,
      hostedZone,
      // These two are the defaults.
      authentication: DomainAuthentication.x509(ApplicationProtocol.SECURE_MQTT),
      tlsSecurityPolicy: TlsSecurityPolicy.TLS13_1_2_2022_10,
    });

    const fleet = new DeviceFleet(this, 'Sensors', {
      topics: { telemetry: Channel.fromDevice('dt/sensors/{thing}/telemetry') },
    });
    const sensor = fleet.addCertificate('Sensor1', {
      thing: fleet.addThing('sensor-1'),
      csr: props.csr,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    sensor.attachPolicy(new IotPolicy(this, 'OwnDomainOnly', { statements: [domain.denyElsewhere()] }));
  }
}
