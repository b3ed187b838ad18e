import { Duration, Names, Stack } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as iot from 'aws-cdk-lib/aws-iot';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import type * as s3 from 'aws-cdk-lib/aws-s3';
import { Construct, type IConstruct } from 'constructs';
import type { AllowList } from './allow-list';
import { IDENTIFYING_FIELDS } from './just-in-time-provisioning-template';
import type { RegisteredDeviceProps, RegistrationOptions } from './provisioning-props';
import { SubjectField } from './subject-field';
import { CERTIFICATE_ID, TemplateBody } from './template-body';
import { iotArn } from '../private/arns';
import { invalid } from '../private/errors';
import { PackageFunction } from '../private/package-function';

/** The function gives up before, and AWS Lambda tries it again. */
const TIMEOUT = Duration.minutes(1);

/** https://docs.aws.amazon.com/iot/latest/apireference/API_CreateTopicRule.html */
const MAX_RULE_NAME = 128;

const SQL_VERSION = '2016-03-23';

/** The list of the certificates that a CA has revoked, as the CA publishes it into a bucket. */
export interface RevocationList {
  /** The bucket that the CA puts the list into. */
  readonly bucket: s3.IBucket;

  /** The key of the object: a complete list that the CA has signed, in DER or PEM, of at most 8 MB. */
  readonly key: string;

  /**
   * Whether a list counts that should have been replaced by now.
   *
   * With `false`, no device is registered while the CA is late with its list.
   *
   * @default false
   */
  readonly acceptStale?: boolean;
}

/** What just-in-time registration takes, besides what a device becomes. */
export interface JustInTimeRegistrationOptions extends RegistrationOptions {
  /** The CA whose devices are registered, and no others. It must be active, register certificates, and name no template. */
  readonly certificateAuthority: iot.ICACertificateRef;

  /**
   * The devices that may be registered. A serial number counts for one key; see `AllowList`.
   *
   * @default - all that the CA has given a certificate
   */
  readonly allowList?: AllowList;

  /**
   * The subject field that has what the allow list is looked up with.
   *
   * @default SubjectField.COMMON_NAME
   */
  readonly serialNumberField?: SubjectField;

  /**
   * The certificates that the CA has revoked. They are looked up when a device is registered, and not afterwards.
   *
   * @default - none
   */
  readonly revocationList?: RevocationList;

  /**
   * Whether a thing that has a certificate gets another one, as when the CA renews it. The one before stays active.
   *
   * @default false
   */
  readonly acceptRenewals?: boolean;

  /**
   * What AWS IoT does where it cannot call the function.
   *
   * @default - nothing; the device brings the event again when it connects again
   */
  readonly errorAction?: iot.CfnTopicRule.ActionProperty;
}

/** Properties for registering devices just in time. */
export interface JustInTimeRegistrationProps extends JustInTimeRegistrationOptions, RegisteredDeviceProps {}

/**
 * Registers devices that come with a certificate of a registered CA, when they connect for the first time.
 *
 * The first connection fails, and the device has to connect again. Meanwhile a function checks that the certificate is
 * of this CA, valid, not revoked and on the list, creates the thing, and activates the certificate last. Texts contain
 * subject fields as a template for just-in-time provisioning does: `sensor-{AWS::IoT::Certificate::CommonName}`.
 *
 * A refused certificate is inactive afterwards, or revoked if its CA says so. To let its device in after all, correct
 * what it was refused for, as the log of the function says, and delete the certificate from AWS IoT: the device
 * registers it again. What cannot be decided, as without a valid revocation list, leaves it pending.
 *
 * @see https://docs.aws.amazon.com/iot/latest/developerguide/auto-register-device-cert.html
 */
export class JustInTimeRegistration extends Construct {
  /** The function that registers devices. */
  public readonly function: lambda.IFunction;

  constructor(scope: Construct, id: string, props: JustInTimeRegistrationProps) {
    super(scope, id);

    const field: string = props.serialNumberField ?? SubjectField.COMMON_NAME;
    const body = new TemplateBody(this, props, {
      parameters: Object.fromEntries(Object.values(SubjectField).map((name) => [name, {}])),
      missing: 'is no field of a subject',
      identifying: IDENTIFYING_FIELDS,
      unused: 'leave-out',
    });
    if (props.allowList && !body.thingName.parameters.some((name) => name === field || name === CERTIFICATE_ID)) {
      throw invalid(this, `'thingName' must contain {${field}}, which the allow list is looked up with, got ${JSON.stringify(props.thingName)}`);
    }

    const { function: inner, role } = new PackageFunction(this, 'Registration', {
      handler: 'register-device',
      description: 'Registers devices of a CA',
      timeout: TIMEOUT,
      wildcards: 'Ids of certificates are known only when they exist, and the names of things follow a pattern',
      environment: {
        ...props.allowList && { ALLOW_LIST_TABLE: () => props.allowList?.table.tableName },
        SERIAL_NUMBERS: () => props.allowList?._serialNumbers ?? [],
        SETTINGS: () => settingsOf(props, field),
      },
    });
    this.function = inner;
    props.allowList?._grantBinding(role);
    permitReading(role, props.revocationList);
    for (const statement of registrationStatements(this, props, body)) {
      role.addToPrincipalPolicy(statement);
    }
    this.defineRule(inner, props);
  }

  private defineRule(target: lambda.Function, { certificateAuthority, errorAction }: JustInTimeRegistrationProps): void {
    const ruleName = Names.uniqueResourceName(this, { maxLength: MAX_RULE_NAME, separator: '_' });
    // Known before the rule exists: without the permission, AWS IoT would drop events and tell nobody.
    target.addPermission('RulePermission', {
      scope: this,
      principal: new iam.ServicePrincipal('iot.amazonaws.com'),
      sourceAccount: Stack.of(this).account,
      sourceArn: iotArn(this, 'rule', ruleName),
    });
    const rule = new iot.CfnTopicRule(this, 'Rule', {
      ruleName,
      topicRulePayload: {
        description: 'Registers devices when they connect for the first time',
        sql: `SELECT * FROM '$aws/events/certificates/registered/${certificateAuthority.caCertificateRef.caCertificateId}'`,
        awsIotSqlVersion: SQL_VERSION,
        actions: [{ lambda: { functionArn: target.functionArn } }],
        ...errorAction && { errorAction },
      },
    });
    rule.node.addDependency(this.node.findChild('RulePermission'));
  }
}

function settingsOf(props: JustInTimeRegistrationProps, serialNumberParameter: string): object {
  const { certificateAuthority, thingType, thingGroups = [], billingGroup, policies, revocationList } = props;
  return {
    caCertificateId: certificateAuthority.caCertificateRef.caCertificateId,
    thingName: props.thingName,
    attributes: props.attributes ?? {},
    thingTypeName: thingType?.thingTypeRef.thingTypeName,
    thingGroupNames: thingGroups.map((group) => group.thingGroupRef.thingGroupName),
    billingGroupName: billingGroup?.billingGroupRef.billingGroupName,
    policyNames: policies.map((policy) => policy.policyRef.policyName),
    serialNumberParameter,
    acceptsRenewals: props.acceptRenewals ?? false,
    revocationList: revocationList && { bucket: revocationList.bucket.bucketName, key: revocationList.key, acceptsStale: revocationList.acceptStale ?? false },
  };
}

function permitReading(role: iam.Role, list: RevocationList | undefined): void {
  if (list) {
    role.addToPrincipalPolicy(new iam.PolicyStatement({ actions: ['s3:GetObject'], resources: [list.bucket.arnForObjects(list.key)] }));
    list.bucket.encryptionKey?.grantDecrypt(role);
  }
}

/** Each action on what IAM checks it against, as for provisioning roles. */
function registrationStatements(scope: IConstruct, props: JustInTimeRegistrationProps, { thingName }: TemplateBody): iam.PolicyStatement[] {
  const certificates = iotArn(scope, 'cert', '*');
  const things = iotArn(scope, 'thing', thingName.fill(() => '*'));
  const groups = (props.thingGroups ?? []).map((group) => group.thingGroupRef.thingGroupArn);
  const billingGroups = props.billingGroup ? [props.billingGroup.billingGroupRef.billingGroupArn] : [];
  const rows: readonly (readonly [readonly string[], readonly string[]])[] = [
    [['DescribeCACertificate'], [props.certificateAuthority.caCertificateRef.caCertificateArn]],
    [['DescribeCertificate', 'UpdateCertificate'], [certificates]],
    [['AttachThingPrincipal'], [certificates, things]],
    [['AttachPolicy'], [certificates, ...props.policies.map((policy) => policy.policyRef.policyArn)]],
    [['CreateThing', 'ListThingPrincipals'], [things]],
    ...groups.length > 0 ? [[['AddThingToThingGroup'], [things, ...groups]]] as const : [],
    ...billingGroups.length > 0 ? [[['AddThingToBillingGroup', 'CreateThing'], [things, ...billingGroups]]] as const : [],
  ];
  return rows.map(([actions, resources]) => new iam.PolicyStatement({ actions: actions.map((action) => `iot:${action}`), resources: [...resources] }));
}
