/**
 * A sensor with a certificate of a certificate authority of one's own, whose private key nobody can take away.
 *
 * What to look at: the key of the authority is made in AWS KMS and stays there, and only the functions of this stack may
 * sign with it. The key of the sensor stays on the sensor, which has sent a signing request.
 */
import { RemovalPolicy, Stack, type StackProps } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { CertificateAuthority, Channel, DeviceFleet } from '../../lib';

export interface OwnCaInKmsStackProps extends StackProps {
  /** The certificate signing request of sensor-1, which keeps its private key, as PEM text. */
  readonly csr: string;
}

export class OwnCaInKmsStack extends Stack {
  constructor(scope: Construct, id: string, props: OwnCaInKmsStackProps) {
    super(scope, id, props);

    const fleet = new DeviceFleet(this, 'Sensors', {
      topics: { telemetry: Channel.fromDevice('dt/sensors/{thing}/telemetry') },
    });
    fleet.addCertificate('Sensor1', {
      thing: fleet.addThing('sensor-1'),
      csr: props.csr,
      issuer: CertificateAuthority.createInKms(this, 'Authority', { subject: { commonName: 'Sensors of one maker' } }),
      removalPolicy: RemovalPolicy.DESTROY,
    });
  }
}
