import type { Construct, IConstruct } from 'constructs';
import type { FleetCertificateProps } from './device-fleet-props';
import { DeviceCertificate } from '../certificates';
import { invalid } from '../private/errors';

/**
 * Defines the certificate of a device, from whichever source its props name.
 *
 * @param scope where it goes in the fleet
 */
export function defineCertificate(fleet: IConstruct, scope: Construct, id: string, { thing: _, ...props }: FleetCertificateProps): DeviceCertificate {
  const { csr, issuer, delivery, certificatePem, caCertificatePem, ...common } = props;
  const given = [csr, delivery, certificatePem].filter((source) => source !== undefined);
  if (given.length !== 1 || (issuer && csr === undefined) || (caCertificatePem !== undefined && certificatePem === undefined)) {
    throw invalid(fleet, `certificate '${id}' must have one of 'csr' with or without 'issuer', 'delivery', and 'certificatePem' with or without 'caCertificatePem'`);
  }
  if (csr !== undefined) {
    return issuer ? DeviceCertificate.issuedBy(scope, id, issuer, { ...common, csr }) : DeviceCertificate.fromCsr(scope, id, { ...common, csr });
  }
  if (delivery) {
    return DeviceCertificate.withDeliveredKey(scope, id, { ...common, delivery });
  }
  return DeviceCertificate.fromPem(scope, id, { ...common, certificatePem: certificatePem!, ...caCertificatePem !== undefined && { caCertificatePem } });
}
