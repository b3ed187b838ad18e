import type { Json, JsonObject, Value, ValueObject } from './values';
import type { Text } from '../policy/text';

/** What would exist in the account: read from a cloud assembly or a template, and never changed afterwards. */
export interface Deployment extends IotModel {
  /** Where it is deployed; a field on which the stacks differ is unknown here, and known in `stacks`. */
  readonly account: Account;

  /** Every stack, each parent before its nested stacks. */
  readonly stacks: readonly StackInfo[];

  /** Every resource that exists, or may exist, of any type. */
  readonly resources: readonly Resource[];

  /** The outputs of each stack that are known, by its name, as `cdk deploy --outputs-file` writes them. */
  readonly outputs: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

export interface Account {
  readonly partition: Text;
  readonly region: Text;
  readonly accountId: Text;
}

export interface StackInfo {
  /** Unique within the deployment: the construct path of the stack, else its name. */
  readonly path: string;
  readonly name: string;

  /** The ARN of the stack. */
  readonly id: Text;
  readonly account: Account;

  /** The file that its template was read from. */
  readonly file: string;

  /** The folder that `aws:asset:path` metadata is relative to. */
  readonly directory: string;

  /** Local file or folder of every asset that the stack may name, by object key. */
  readonly assets: Readonly<Record<string, string>>;
}

export interface Resource {
  /** The `path` of its stack. */
  readonly stack: string;
  readonly logicalId: string;

  /** The construct path, else `<stack path>/<logical ID>`. */
  readonly path: string;
  readonly type: string;

  /** What `Ref` gives. A name that CloudFormation would generate is generated alike, the same on every run. */
  readonly physicalId: Text;

  /** Absent for types that have none or that this library does not know. */
  readonly arn?: Text;
  readonly properties: ValueObject;

  /** Present when it cannot be told offline whether the resource exists. */
  readonly condition?: 'unknown';
  readonly metadata: JsonObject;
  readonly dependsOn: readonly string[];

  /** What becomes of the resource when it leaves the template, and when it is replaced. */
  readonly deletionPolicy?: string;
  readonly updateReplacePolicy?: string;
}

/** The AWS IoT Core part of a deployment. */
export interface IotModel {
  readonly things: readonly Thing[];
  readonly thingTypes: readonly ThingType[];
  readonly thingGroups: readonly ThingGroup[];
  readonly billingGroups: readonly BillingGroup[];
  readonly certificates: readonly Certificate[];
  readonly caCertificates: readonly CaCertificate[];
  readonly policies: readonly IotPolicy[];

  /** Certificates that no resource declares, such as those that a custom resource makes, with what resources attach to them. */
  readonly otherCertificates: readonly OtherCertificate[];

  /** Attachments that name something which no resource of the deployment declares, but for `otherCertificates`. */
  readonly external: readonly External[];

  /** What could not be resolved, each with the reason; `path` is what stands in the unknown parts of a text. */
  readonly unknowns: readonly Unknown[];
}

/** What the parts of the IoT model have in common. */
export interface Declared {
  /** The `path` of the resource. */
  readonly path: string;
  readonly logicalId: string;
  readonly arn: Text;
  readonly condition?: 'unknown';
}

export interface Thing extends Declared {
  readonly name: Text;

  /** Absent when they are unknown, and then listed in `unknowns`. */
  readonly attributes?: Attributes;

  /** CloudFormation cannot say it: filled from custom resources. */
  readonly thingType?: Text;

  /** CloudFormation cannot say it: filled from custom resources. */
  readonly groups?: readonly Text[];
}

export type Attributes = Readonly<Record<string, Text>>;

export interface ThingType extends Declared {
  readonly name: Text;
  readonly searchableAttributes: readonly Text[];
  readonly propagatingAttributes: readonly PropagatingAttribute[];
  readonly deprecated: boolean;
}

/** An attribute that AWS adds to every MQTT 5 message as a user property. */
export interface PropagatingAttribute {
  readonly userPropertyKey: Text;
  readonly thingAttribute?: Text;
  readonly connectionAttribute?: Text;
}

export interface ThingGroup extends Declared {
  readonly name: Text;
  readonly parent?: Text;

  /** Absent when they are unknown, and then listed in `unknowns`. */
  readonly attributes?: Attributes;

  /** The query of a dynamic group. */
  readonly query?: Text;

  /** CloudFormation cannot say it: filled from custom resources. */
  readonly policies: readonly Text[];
}

export interface BillingGroup extends Declared {
  readonly name: Text;
}

export interface Certificate extends Declared {
  /** 64 hexadecimal digits: the fingerprint where the PEM is known, else a stand-in that is the same on every run. */
  readonly id: string;
  readonly status: Text;
  readonly mode: Text;
  readonly pem?: Text;
  readonly csr?: Text;
  readonly caPem?: Text;

  /** Names of the policies attached to it, also of those in `external`. */
  readonly policies: readonly Text[];
  readonly things: readonly AttachedThing[];

  /** What is attached if a condition holds that cannot be told offline. */
  readonly perhaps: { readonly policies: readonly Text[]; readonly things: readonly AttachedThing[] };
}

export interface OtherCertificate {
  readonly id: string;

  /** The `path` of each attachment. */
  readonly paths: readonly string[];
  readonly policies: readonly Text[];
  readonly things: readonly AttachedThing[];
}

export interface AttachedThing {
  readonly name: Text;

  /** The certificate belongs to this thing alone (`EXCLUSIVE_THING`). */
  readonly exclusive: boolean;
}

export interface CaCertificate extends Declared {
  readonly id: string;
  readonly status: Text;
  readonly mode: Text;
  readonly pem?: Text;
  readonly verificationPem?: Text;
  readonly autoRegistrationStatus: Text;

  /** The just-in-time provisioning settings, as CloudFormation names them. */
  readonly registrationConfig?: Value;
}

export interface IotPolicy extends Declared {
  readonly name: Text;

  /** The document as an object, also where the template holds it as JSON text; text or unknown if it cannot be read. */
  readonly document: Value;

  /** Present when the handler of a custom resource makes it, and not CloudFormation. */
  readonly byCustomResource?: true;
}

export interface External {
  /** The `path` of the attachment. */
  readonly path: string;
  readonly what: string;
}

export interface Unknown {
  readonly path: string;
  readonly reason: string;
}

export type { Json, JsonObject, Value, ValueObject };
