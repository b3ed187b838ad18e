export { BulkRegistration } from './bulk-registration';
export type { RegistrationFiles, ReportType } from './bulk-registration';
export { ProvisioningError } from './errors';
export { FleetProvisioning } from './fleet-provisioning';
export { JustInTime } from './just-in-time';
export { OwnershipTokens } from './ownership-tokens';
export { Provisioner } from './provisioner';
export type { CertificateIssuer } from './provisioner';
