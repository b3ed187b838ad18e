/** What one provisioning template takes, as its construct writes it. */
export interface TemplateSettings {
  readonly templateName: string;
  /** The name of a thing, with `{NAME}` for parameters. */
  readonly thingName: string;
  /** The parameters with their default values. */
  readonly parameters: { readonly [name: string]: string | null };
  /** Whether devices have their keys made in AWS, so that each try has another one. */
  readonly keysInAws: boolean;
}

export interface Settings {
  readonly templates: readonly TemplateSettings[];
  /** The parameter that has the serial number. */
  readonly serialNumberParameter: string;
  /** The parameters whose values devices choose. */
  readonly uncheckedParameters: readonly string[];
  /** The client id that a device must have, with `{NAME}` for parameters. */
  readonly clientId?: string;
  /** The claim certificates that there are; all are good if there are none. */
  readonly claimCertificateIds: readonly string[];
}
