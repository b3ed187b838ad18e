import type { RevocationSettings } from './revocations';

/** What a device becomes, as the construct writes it. Texts have `{NAME}` for what the certificate says. */
export interface Settings {
  readonly caCertificateId: string;
  readonly thingName: string;
  readonly attributes: { readonly [name: string]: string };
  readonly thingTypeName?: string;
  readonly thingGroupNames: readonly string[];
  readonly billingGroupName?: string;
  readonly policyNames: readonly string[];
  /** The parameter that an allow list is looked up with. */
  readonly serialNumberParameter: string;
  /** Whether a thing that has a certificate gets another one. */
  readonly acceptsRenewals: boolean;
  readonly revocationList?: RevocationSettings;
}
