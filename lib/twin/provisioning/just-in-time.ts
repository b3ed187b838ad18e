import { X509Certificate } from 'node:crypto';
import type { Account, CaCertificateRecord } from '../account';
import type { Clock } from '../clock';
import type { Journal } from '../journal';
import { isSignedBy, objectToCertificate } from '../pki/certificate-checks';
import { certificateFacts, certificateId } from '../pki/certificate-facts';
import { ProvisioningError } from './errors';
import { CERTIFICATE_ID } from './plan';
import type { Provisioner } from './provisioner';
import { parseTemplate } from './template';
import type { Template } from './template';

/** The parameters that a template may take from a certificate's subject, by what policy variables call the fields. */
const SUBJECT_FIELDS: Readonly<Record<string, string>> = {
  Country: 'AWS::IoT::Certificate::Country',
  Organization: 'AWS::IoT::Certificate::Organization',
  OrganizationalUnit: 'AWS::IoT::Certificate::OrganizationalUnit',
  DistinguishedNameQualifier: 'AWS::IoT::Certificate::DistinguishedNameQualifier',
  State: 'AWS::IoT::Certificate::StateName',
  CommonName: 'AWS::IoT::Certificate::CommonName',
  SerialNumber: 'AWS::IoT::Certificate::SerialNumber',
};

export interface JustInTimeProps {
  readonly account: Account;
  readonly provisioner: Provisioner;
  readonly journal: Journal;
  readonly clock: Clock;

  /** Publish as AWS IoT itself. */
  readonly publish: (topic: string, payload: Buffer) => void;
}

/**
 * Registers the certificates of registered CAs when their devices connect for the first time: just-in-time provisioning
 * where the CA names a template, else just-in-time registration. Either way that connection is dropped.
 *
 * @see https://docs.aws.amazon.com/iot/latest/developerguide/jit-provisioning.html
 * @see https://docs.aws.amazon.com/iot/latest/developerguide/auto-register-device-cert.html
 */
export class JustInTime {
  private readonly parsed = new WeakMap<CaCertificateRecord, X509Certificate>();

  constructor(private readonly props: JustInTimeProps) {}

  /**
   * A client shows a certificate that is not registered, or pending.
   *
   * @returns what was done, and so why the connection is dropped; undefined when the certificate is none of a CA's that registers
   */
  public present(certificate: X509Certificate, serverName: string | undefined): string | undefined {
    try {
      return this.register(certificate, serverName);
    } catch (error) {
      // The last resort: what one client shows must not end the process.
      return `the twin could not register the certificate: ${(error as Error).message}`;
    }
  }

  private register(certificate: X509Certificate, serverName: string | undefined): string | undefined {
    const { account, clock } = this.props;
    const id = certificateId(certificate);
    const known = account.findCertificate(id);
    // What was issued here waits for its device to provision, not for a CA.
    if (serverName === undefined || (known !== undefined && (known.status !== 'PENDING_ACTIVATION' || known.caCertificateId === undefined))) {
      return undefined;
    }
    const now = clock.now();
    const ca = this.issuerOf(certificate, now);
    if (ca === undefined || objectToCertificate(certificate, now) !== undefined) {
      return undefined;
    }
    if (known === undefined) {
      account.addIssuedCertificate({ certificatePem: certificate.toString(), status: 'PENDING_ACTIVATION', caCertificateId: ca.certificateId, mode: ca.mode });
    }
    return ca.registrationConfig?.templateName === undefined && ca.registrationConfig?.templateBody === undefined
      ? this.announce(id, ca)
      : this.provision(certificate, id, ca);
  }

  /** The CA that issued a certificate, by its signature; names are only where to look. */
  private issuerOf(certificate: X509Certificate, now: number): CaCertificateRecord | undefined {
    for (const record of this.props.account.store.all('caCertificates')) {
      if (record.status === 'ACTIVE' && record.autoRegistrationStatus === 'ENABLE') {
        const ca = this.parse(record);
        if (isSignedBy(certificate, ca) && objectToCertificate(ca, now) === undefined) {
          return record;
        }
      }
    }
    return undefined;
  }

  private parse(record: CaCertificateRecord): X509Certificate {
    const parsed = this.parsed.get(record) ?? new X509Certificate(record.certificatePem);
    this.parsed.set(record, parsed);
    return parsed;
  }

  /** Told again each time that a pending certificate connects, so whoever listens must be ready for that. */
  private announce(id: string, { certificateId: caCertificateId }: CaCertificateRecord): string {
    const { account, clock, publish } = this.props;
    publish(`$aws/events/certificates/registered/${caCertificateId}`, Buffer.from(JSON.stringify({
      certificateId: id,
      caCertificateId,
      timestamp: clock.now(),
      certificateStatus: 'PENDING_ACTIVATION',
      awsAccountId: account.scope.accountId,
      certificateRegistrationTimestamp: String(account.store.get('certificates', id)!.creationDate),
    })));
    return 'just-in-time registration: the certificate is PENDING_ACTIVATION until it is activated';
  }

  private provision(certificate: X509Certificate, id: string, ca: CaCertificateRecord): string {
    const { provisioner, journal } = this.props;
    try {
      const template = this.templateOf(ca);
      const { thingName } = provisioner.provision(template, parametersFor(template, certificate, id));
      journal.note({ certificateId: id }, 'provisioned', `just in time${thingName === undefined ? '' : `, thing ${thingName}`}`);
      return 'just-in-time provisioning: the device is provisioned and must connect again';
    } catch (error) {
      if (error instanceof ProvisioningError) {
        return `just-in-time provisioning: the certificate stays PENDING_ACTIVATION: ${error.message}`;
      }
      throw error;
    }
  }

  private templateOf({ registrationConfig = {} }: CaCertificateRecord): Template {
    const { templateName, templateBody } = registrationConfig;
    if (templateName === undefined) {
      return parseTemplate(templateBody ?? '', 'just-in-time');
    }
    const template = this.props.account.store.get('provisioningTemplates', templateName);
    if (template === undefined || template.type !== 'JITP' || !template.enabled) {
      throw new ProvisioningError('ResourceNotFound', `there is no enabled template ${templateName} of type JITP`);
    }
    return parseTemplate(template.templateBody, 'just-in-time');
  }
}

/** @throws ProvisioningError when the template declares what the subject has not. */
function parametersFor(template: Template, certificate: X509Certificate, id: string): ReadonlyMap<string, string> {
  const subject = certificateFacts(certificate).subject ?? {};
  const values = new Map([[CERTIFICATE_ID, id]]);
  for (const [field, parameter] of Object.entries(SUBJECT_FIELDS)) {
    const [value] = (subject[field] ?? []) as readonly string[];
    if (value !== undefined) {
      values.set(parameter, value);
    }
  }
  const missing = [...template.parameters].filter(([name, { defaultValue }]) => defaultValue === undefined && !values.has(name)).map(([name]) => name);
  if (missing.length > 0) {
    throw new ProvisioningError('InvalidParameters', `the template declares ${missing.join(', ')}, which the subject of the certificate has not`);
  }
  return values;
}
