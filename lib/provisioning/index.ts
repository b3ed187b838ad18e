export { AllowList } from './allow-list';
export type { AllowListProps } from './allow-list';
export { AllowListHook } from './allow-list-hook';
export type { AllowListHookProps } from './allow-list-hook';
export { BulkFile } from './bulk-file';
export { BulkCertificates, BulkRegistration } from './bulk-registration';
export type { BulkRegistrationOptions, BulkRegistrationProps } from './bulk-registration';
export { KeyGeneration } from './claim-statements';
export { ClaimProvisioningTemplate } from './claim-provisioning-template';
export type { ClaimProvisioningOptions, ClaimProvisioningTemplateProps } from './claim-provisioning-template';
export type { FleetProvisioningOptions, FleetProvisioningTemplateProps } from './fleet-provisioning';
export { JustInTimeProvisioningTemplate } from './just-in-time-provisioning-template';
export type { JustInTimeProvisioningOptions, JustInTimeProvisioningTemplateProps } from './just-in-time-provisioning-template';
export { JustInTimeRegistration } from './just-in-time-registration';
export type { JustInTimeRegistrationOptions, JustInTimeRegistrationProps, RevocationList } from './just-in-time-registration';
export { OverrideSetting } from './override-setting';
export type { ThingOverrideSettings } from './override-setting';
export type {
  CommonProvisioningTemplateProps,
  ProvisionedDeviceProps,
  ProvisioningOptions,
  ProvisioningParameter,
  ProvisioningTemplateOptions,
  RegisteredDeviceProps,
  RegistrationOptions,
} from './provisioning-props';
export { ProvisioningTemplate } from './provisioning-template';
export type { IProvisioningTemplate } from './provisioning-template';
export { ProvisioningTemplateGrants } from './provisioning-template-grants';
export { TrustedUserProvisioningTemplate } from './trusted-user-provisioning-template';
export { SubjectField } from './subject-field';
