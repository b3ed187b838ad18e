import type { Value } from '../../deployment';
import type { Text } from '../../policy';

/**
 * What an account of AWS IoT holds, as plain data that can be written down as JSON. Names are those of the AWS API; times
 * are milliseconds since the epoch.
 */
export interface Records {
  readonly things: ThingRecord;
  readonly thingTypes: ThingTypeRecord;
  readonly thingGroups: ThingGroupRecord;
  readonly billingGroups: BillingGroupRecord;
  readonly policies: PolicyRecord;
  readonly certificates: CertificateRecord;
  readonly caCertificates: CaCertificateRecord;
  readonly provisioningTemplates: ProvisioningTemplateRecord;
  readonly roleAliases: RoleAliasRecord;
  readonly registrationTasks: RegistrationTaskRecord;
  readonly authorizers: AuthorizerRecord;

  /** The tags of jobs and of their templates, each of which has a record; the rest of them is not the account's. */
  readonly jobTags: CommonRecord;
  readonly jobTemplateTags: CommonRecord;

  /** Identities of Cognito that policies are attached to; which there are is for Cognito to know. */
  readonly identities: IdentityRecord;

  /** By the SHA-256 of the token. */
  readonly ownershipTokens: OwnershipTokenRecord;

  /** What the account has once, such as its registration code, by the name of the API's subject. */
  readonly settings: SettingRecord;
}

/** The status of a certificate. Only an ACTIVE one may connect. */
export type CertificateStatus = 'ACTIVE' | 'INACTIVE' | 'REVOKED' | 'PENDING_TRANSFER' | 'PENDING_ACTIVATION';

/** What every record has in common. */
export interface CommonRecord {
  readonly creationDate: number;

  /** The logical id of the resource in the template that it comes from; absent for what was made while the twin ran. */
  readonly logicalId?: string;
  readonly tags?: Readonly<Record<string, string>>;
}

export interface ThingRecord extends CommonRecord {
  readonly thingName: string;
  readonly thingId: string;
  readonly thingTypeName?: string;

  /** A value is partly unknown where the template says what only AWS knows. */
  readonly attributes: Readonly<Record<string, Text>>;
  readonly billingGroupName?: string;

  /** The static groups that it is in. Kept here and not with the group, which may have very many things. */
  readonly groups: readonly string[];
  readonly version: number;

  /** Present when it cannot be told offline whether it exists, or what it is. */
  readonly isUncertain?: true;
}

export interface ThingTypeRecord extends CommonRecord {
  readonly thingTypeName: string;
  readonly thingTypeId: string;
  readonly thingTypeDescription?: string;
  readonly searchableAttributes: readonly string[];
  readonly propagatingAttributes: readonly { readonly userPropertyKey?: string; readonly thingAttribute?: string; readonly connectionAttribute?: string }[];
  readonly deprecationDate?: number;
}

export interface ThingGroupRecord extends CommonRecord {
  readonly thingGroupName: string;
  readonly thingGroupId: string;
  readonly thingGroupDescription?: string;
  readonly parentGroupName?: string;
  readonly attributes: Readonly<Record<string, string>>;

  /** The query of a dynamic group, whose members the twin does not work out. */
  readonly queryString?: string;
  readonly policies: readonly string[];
  readonly version: number;
}

export interface BillingGroupRecord extends CommonRecord {
  readonly billingGroupName: string;
  readonly billingGroupId: string;
  readonly billingGroupDescription?: string;
  readonly version: number;
}

export interface PolicyRecord extends CommonRecord {
  readonly policyName: string;
  readonly versions: readonly PolicyVersionRecord[];
  readonly defaultVersionId: string;
  readonly lastVersion: number;

  /** Present when it cannot be told offline whether it exists. */
  readonly isUncertain?: true;
}

export interface PolicyVersionRecord {
  readonly versionId: string;

  /** The document as text, or as the template has it: parts of it are unknown where only AWS knows them. */
  readonly document: Value;
  readonly creationDate: number;
}

export interface CertificateRecord extends CommonRecord {
  readonly certificateId: string;

  /** Absent for a certificate of the template of which only AWS knows the text. */
  readonly certificatePem?: string;
  readonly caCertificateId?: string;
  readonly status: CertificateStatus;

  /** `SNI_ONLY`: known without a CA; the client must send the name of the server. */
  readonly mode: 'DEFAULT' | 'SNI_ONLY';
  readonly lastModifiedDate: number;
  readonly policies: readonly string[];
  readonly things: readonly AttachedThingRecord[];

  /**
   * The certificate in whose place the twin issued this one, because only the device has that one's key: it has the
   * policies and things of that one.
   */
  readonly standsFor?: string;

  /** The id that the template's certificate has in the deployment model, which cannot know the one issued here. */
  readonly modelId?: string;

  /** A claim for one provisioning template, which ends by itself. It is in no list and has no policy of its own. */
  readonly claim?: { readonly templateName: string; readonly expiresAt: number };

  /** What is attached if a condition holds that cannot be told offline. */
  readonly perhaps?: { readonly policies: readonly string[]; readonly things: readonly string[] };

  /** Present when it cannot be told offline whether it exists. */
  readonly isUncertain?: true;
}

export interface AttachedThingRecord {
  readonly thingName: string;

  /** The certificate belongs to this thing alone (`EXCLUSIVE_THING`). */
  readonly exclusive: boolean;
}

export interface CaCertificateRecord extends CommonRecord {
  readonly certificateId: string;
  readonly certificatePem: string;
  readonly status: 'ACTIVE' | 'INACTIVE';
  readonly mode: 'DEFAULT' | 'SNI_ONLY';
  readonly autoRegistrationStatus: 'ENABLE' | 'DISABLE';
  readonly registrationConfig?: { readonly templateBody?: string; readonly roleArn?: string; readonly templateName?: string };
  readonly lastModifiedDate: number;
}

export interface ProvisioningTemplateRecord extends CommonRecord {
  readonly templateName: string;
  readonly description?: string;

  /** That of the default version. */
  readonly templateBody: string;
  readonly enabled: boolean;
  readonly provisioningRoleArn: string;
  readonly preProvisioningHook?: { readonly targetArn: string; readonly payloadVersion?: string };
  readonly versions: readonly TemplateVersionRecord[];
  readonly defaultVersionId: number;
  readonly type: 'FLEET_PROVISIONING' | 'JITP';
  readonly lastModifiedDate: number;
}

export interface TemplateVersionRecord {
  readonly versionId: number;
  readonly templateBody: string;
  readonly creationDate: number;
}

export interface RoleAliasRecord extends CommonRecord {
  readonly roleAlias: string;
  readonly roleArn: string;
  readonly credentialDurationSeconds: number;
  readonly lastModifiedDate: number;
}

export interface RegistrationTaskRecord extends CommonRecord {
  readonly taskId: string;
  readonly templateBody: string;
  readonly inputFileBucket: string;
  readonly inputFileKey: string;
  readonly roleArn: string;
  readonly status: 'InProgress' | 'Completed' | 'Failed' | 'Cancelled' | 'Cancelling';
  readonly message?: string;
  readonly successCount: number;
  readonly failureCount: number;
  readonly percentageProgress: number;

  /** Where the reports are, by their type. */
  readonly reports: { readonly RESULTS: readonly string[]; readonly ERRORS: readonly string[] };
  readonly lastModifiedDate: number;
}

export interface AuthorizerRecord extends CommonRecord {
  readonly authorizerName: string;
  readonly authorizerFunctionArn: string;
  readonly status: 'ACTIVE' | 'INACTIVE';
}

export interface IdentityRecord extends CommonRecord {
  /** `REGION:UUID`. */
  readonly identityId: string;
  readonly policies: readonly string[];
}

/** Proof that a device may provision with a certificate that it was given. */
export interface OwnershipTokenRecord {
  readonly certificateId: string;
  readonly expires: number;
}

export interface SettingRecord {
  readonly value: unknown;
}
