import { Annotations, Stack, Token } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import { BulkFile, type BulkFileLocation } from './bulk-file';
import { inspectLines, type LineProblems, type LineRules } from './bulk-lines';
import type { ProvisionedDeviceProps, ProvisioningOptions, ProvisioningParameter } from './provisioning-props';
import { defineProvisioningRole } from './provisioning-role';
import { TemplateBody } from './template-body';
import { HandlerResource, HAS_NO_RESOURCE, NO_RESOURCE } from '../private/custom-resource';
import { invalid } from '../private/errors';

const KIND = { name: 'start-registration-task', description: 'Starts registration tasks of AWS IoT' };

/** The parameters that have what a certificate is made of. The first two are those of the guide's example. */
const CSR = 'CSR';
const CERTIFICATE = 'CertificatePem';
const CA_CERTIFICATE = 'CACertificatePem';

/** Nothing refers to it: another file makes another template, so that the task for it can be found again. */
const FILE_VERSION = 'FileVersion';

const OWN_PARAMETERS = [CSR, CERTIFICATE, CA_CERTIFICATE, FILE_VERSION];

/** What the file has of each device. */
export enum BulkCertificates {
  /** `CSR`, a certificate signing request that the device has made; AWS IoT issues the certificate. */
  SIGNING_REQUESTS = 'signing-requests',
  /** `CertificatePem`, a certificate that a registered CA, in either mode, has issued. */
  ISSUED = 'issued',
}

/** What bulk registration takes, besides what a device becomes. */
export interface BulkRegistrationOptions extends ProvisioningOptions {
  /** The devices. Each line must have the parameters, and the certificate or the request for one. */
  readonly file: BulkFile;

  /**
   * What lines say about their devices, by name, for example `{ SerialNumber: {} }`.
   *
   * @default - `ThingName` alone
   */
  readonly parameters?: { [name: string]: ProvisioningParameter };

  /**
   * What lines have of their devices.
   *
   * @default BulkCertificates.SIGNING_REQUESTS
   */
  readonly certificates?: BulkCertificates;

  /**
   * The certificate of the registered CA that has issued the certificates, as PEM text.
   *
   * @default - each line has it, as `CACertificatePem`, where the lines have issued certificates
   */
  readonly caCertificatePem?: string;

  /**
   * Whether a local file may have lines that cannot be registered. AWS IoT registers the others and reports these.
   *
   * @default false
   */
  readonly acceptBadLines?: boolean;
}

/** Properties for registering many devices. */
export interface BulkRegistrationProps extends BulkRegistrationOptions, ProvisionedDeviceProps {}

/**
 * Registers the devices of a file, a million if need be, by a registration task of AWS IoT.
 *
 * Another file or other properties start another task; nothing waits for its end. AWS IoT runs one task in an account,
 * and keeps what came of it for 30 days:
 *
 * - `aws iot describe-thing-registration-task --task-id ID` tells how far it is;
 * - `aws iot list-thing-registration-task-reports --task-id ID --report-type ERRORS` gives links to what could not be
 *   registered, with the numbers of lines;
 * - `aws iot list-thing-registration-task-reports --task-id ID --report-type RESULTS` gives links to the certificates
 *   that were issued for the requests.
 *
 * When the construct leaves the stack, a task that is running is stopped. The devices stay.
 *
 * @see https://docs.aws.amazon.com/iot/latest/developerguide/bulk-provisioning.html
 */
export class BulkRegistration extends Construct {
  /** The id of the task, to ask AWS IoT with. */
  public readonly taskId: string;

  /** The role that AWS IoT registers devices with. */
  public readonly provisioningRole: iam.IRole;

  constructor(scope: Construct, id: string, props: BulkRegistrationProps) {
    super(scope, id);

    const declared = props.parameters ?? { ThingName: {} };
    requireParameters(this, props, declared);
    const certificate = certificateOf(props);
    this.checkFile(props, { ...declared, ...certificate.parameters });
    const file = props.file._bind(this);
    const body = new TemplateBody(this, props, {
      parameters: { ...declared, ...certificate.parameters, [FILE_VERSION]: { defaultValue: file.version } },
      missing: "'parameters' does not declare",
      identifying: Object.keys(declared).filter((name) => declared[name]!.defaultValue === undefined),
      unused: 'declare',
      certificate: certificate.properties,
    });
    const templateBody = body.render();

    const role = defineProvisioningRole(this, Stack.of(this).formatArn({ service: 'iot', resource: '*' }), props, body, [
      // No resource: the certificates do not exist yet.
      new iam.PolicyStatement({ actions: ['iot:RegisterThing', certificate.action], resources: [NO_RESOURCE] }),
    ]);
    this.provisioningRole = role;
    const task = new HandlerResource(this, 'Default', {
      kind: KIND,
      resourceType: 'IotRegistrationTask',
      properties: {
        TemplateBody: templateBody,
        InputFileBucket: file.bucket.bucketName,
        InputFileKey: file.key,
        RoleArn: role.roleArn,
        ...isKnownLater(props.caCertificatePem) && { CaCertificatePem: props.caCertificatePem },
      },
      permissions: () => [
        new iam.PolicyStatement({
          actions: ['iot:DescribeThingRegistrationTask', 'iot:ListThingRegistrationTasks', 'iot:StartThingRegistrationTask', 'iot:StopThingRegistrationTask'],
          resources: [NO_RESOURCE],
        }),
        new iam.PolicyStatement({
          actions: ['iam:PassRole'],
          resources: [role.roleArn],
          conditions: { StringEquals: { 'iam:PassedToService': 'iot.amazonaws.com' } },
        }),
      ],
      wildcards: HAS_NO_RESOURCE,
    });
    task.node.addDependency(this.permitReading(role, file, props.file._path));
    this.taskId = task.ref;
  }

  /** A policy of its own for each local file: the one before lasts until its task has ended. */
  private permitReading(role: iam.Role, file: BulkFileLocation, path: string | undefined): iam.Policy {
    file.bucket.encryptionKey?.grantDecrypt(role);
    return new iam.Policy(this, `Reading${BulkFile._suffix(file, path)}`, {
      roles: [role],
      statements: [new iam.PolicyStatement({ actions: ['s3:GetObject'], resources: [file.bucket.arnForObjects(file.key)] })],
    });
  }

  private inspect(path: string, rules: LineRules): LineProblems {
    try {
      return inspectLines(path, rules);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      throw code === undefined ? error : invalid(this, `'file' ${path} cannot be read (${code}); give the path of a file with a line for each device`);
    }
  }

  private checkFile({ file, certificates, acceptBadLines = false }: BulkRegistrationProps, parameters: { readonly [name: string]: ProvisioningParameter }): void {
    if (file._path === undefined) {
      return;
    }
    const hasRequests = certificates !== BulkCertificates.ISSUED;
    const { lines, bad, hasPrivateKey, text } = this.inspect(file._path, {
      parameters: new Map(Object.entries(parameters).map(([name, { defaultValue }]) => [name, defaultValue === undefined])),
      requests: hasRequests ? [CSR] : [],
      certificates: hasRequests ? [] : [CERTIFICATE, CA_CERTIFICATE],
    });
    if (lines === bad || hasPrivateKey || (bad > 0 && !acceptBadLines)) {
      throw invalid(this, lines === 0 ? "'file' must have at least one line, got none" : `'file' has ${bad} of ${lines} lines that cannot be registered: ${text}; correct them`);
    }
    if (bad > 0) {
      Annotations.of(this).addWarningV2('cdk-iot-warden:BulkRegistration.badLines', `'file' has ${bad} of ${lines} lines that cannot be registered: ${text}`);
    }
  }
}

function requireParameters(scope: Construct, { certificates, caCertificatePem }: BulkRegistrationProps, declared: { readonly [name: string]: ProvisioningParameter }): void {
  const own = OWN_PARAMETERS.find((name) => declared[name] !== undefined);
  if (own !== undefined) {
    throw invalid(scope, `'parameters' must not declare '${own}', which every template has that takes it`);
  }
  if (caCertificatePem !== undefined && certificates !== BulkCertificates.ISSUED) {
    throw invalid(scope, "'caCertificatePem' is for certificates that a CA has issued; set 'certificates' to BulkCertificates.ISSUED, or leave it out");
  }
  if (/PRIVATE KEY/i.test(caCertificatePem ?? '')) {
    throw invalid(scope, "'caCertificatePem' contains a private key; pass the certificate of the CA alone");
  }
}

/** Stands in the template for a certificate that the handler puts there: in JSON text, its line breaks would stay what they are. */
const LATER = 'known at deployment';

function isKnownLater(certificatePem: string | undefined): certificatePem is string {
  return certificatePem !== undefined && Token.isUnresolved(certificatePem);
}

/** What the template says about certificates, and the action that makes them. */
function certificateOf({ certificates, caCertificatePem }: BulkRegistrationProps): {
  readonly parameters: { readonly [name: string]: ProvisioningParameter };
  readonly properties: { readonly [name: string]: { readonly Ref: string } };
  readonly action: string;
} {
  return certificates === BulkCertificates.ISSUED
    ? {
      parameters: { [CERTIFICATE]: {}, [CA_CERTIFICATE]: caCertificatePem === undefined ? {} : { defaultValue: isKnownLater(caCertificatePem) ? LATER : caCertificatePem } },
      properties: { CertificatePem: { Ref: CERTIFICATE }, CACertificatePem: { Ref: CA_CERTIFICATE } },
      action: 'iot:RegisterCertificate',
    }
    : { parameters: { [CSR]: {} }, properties: { CertificateSigningRequest: { Ref: CSR } }, action: 'iot:CreateCertificateFromCsr' };
}
