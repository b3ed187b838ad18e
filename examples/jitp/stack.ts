/**
 * Sensors that nobody has announced: whoever connects with a certificate of the maker's own authority becomes a device.
 *
 * What to look at: the authority is registered without a proof (SNI_ONLY), so that several accounts can have it, and with
 * a template that makes the name of the thing of the certificate's common name. There is nobody to ask about a device, so
 * the authority must sign certificates of sensors and no others.
 */
import { Stack, type StackProps } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { AutoRegistration, CertificateAuthority, Channel, DeviceFleet, SubjectField } from '../../lib';

export interface JitpStackProps extends StackProps {
  /** The certificate of the authority that signs those of the sensors, as PEM text. */
  readonly caCertificatePem: string;
}

export class JitpStack extends Stack {
  constructor(scope: Construct, id: string, props: JitpStackProps) {
    super(scope, id, props);

    const fleet = new DeviceFleet(this, 'Sensors', {
      topics: { telemetry: Channel.fromDevice('dt/sensors/{thing}/telemetry') },
      thingNamePrefix: 'sensor-',
    });
    const template = fleet.addJustInTimeProvisioning('JustInTime', { subjectFields: [SubjectField.COMMON_NAME] });
    CertificateAuthority.fromPem(this, 'Authority', {
      certificatePem: props.caCertificatePem,
      autoRegistration: AutoRegistration.justInTimeProvisioning(template),
    });
  }
}
