import { X509Certificate } from 'node:crypto';
import type * as api from '@aws-sdk/client-iot';
import { isSignedBy, objectToCaCertificate, objectToCertificate } from '../pki/certificate-checks';
import { certificateId } from '../pki/certificate-facts';
import { certificateIn, validityOf } from './certificate-input';
import { byDate, nextMarker } from './core';
import { IotError, invalidRequest, notFound } from './errors';
import { Lookup } from './lookup';
import { checkName } from './names';
import type { CaCertificateRecord } from './records';
import { ThingGroupMembers } from './thing-group-members';

/** @see https://docs.aws.amazon.com/general/latest/gr/iot-core.html */
const MAX_WITH_ONE_SUBJECT = 10;

/** @see https://docs.aws.amazon.com/iot/latest/developerguide/register-CA-cert.html */
export abstract class CaCertificates extends ThingGroupMembers {
  private readonly casBySubject = new Lookup(this.store, 'caCertificates', ({ certificatePem }) => [new X509Certificate(certificatePem).subject]);

  public registerCaCertificate(input: api.RegisterCACertificateRequest): { readonly certificateArn: string; readonly certificateId: string } {
    const { caCertificate, verificationCertificate, certificateMode = 'DEFAULT', setAsActive, allowAutoRegistration, registrationConfig, tags } = input;
    if (certificateMode === 'SNI_ONLY' && verificationCertificate !== undefined) {
      throw invalidRequest('A CA in certificate mode SNI_ONLY is registered without a verificationCertificate');
    }
    const ca = certificateIn(caCertificate, 'caCertificate', (certificate) => objectToCaCertificate(certificate, this.now()));
    const id = certificateId(ca);
    if (this.store.get('caCertificates', id) !== undefined) {
      throw new IotError('ResourceAlreadyExistsException', 'The CA certificate is already registered', { resourceId: id, resourceArn: this.arn(`cacert/${id}`) });
    }
    if (this.casBySubject.keysOf(ca.subject).size >= MAX_WITH_ONE_SUBJECT) {
      throw new IotError('LimitExceededException', `At most ${MAX_WITH_ONE_SUBJECT} CA certificates with one subject can be registered`);
    }
    if (certificateMode === 'DEFAULT') {
      this.verify(ca, verificationCertificate);
    }
    this.store.put('caCertificates', id, {
      certificateId: id,
      certificatePem: caCertificate!,
      status: setAsActive === true ? 'ACTIVE' : 'INACTIVE',
      mode: certificateMode,
      autoRegistrationStatus: allowAutoRegistration === true ? 'ENABLE' : 'DISABLE',
      ...(registrationConfig === undefined ? {} : { registrationConfig: this.checkedConfig(registrationConfig) }),
      lastModifiedDate: this.now(),
      ...this.fresh(tags),
    });
    return { certificateArn: this.arn(`cacert/${id}`), certificateId: id };
  }

  public describeCaCertificate({ certificateId: id }: api.DescribeCACertificateRequest): Omit<api.DescribeCACertificateResponse, '$metadata'> {
    const record = this.caCertificate(id);
    return {
      certificateDescription: {
        certificateArn: this.arn(`cacert/${record.certificateId}`),
        certificateId: record.certificateId,
        status: record.status,
        certificatePem: record.certificatePem,
        ownedBy: this.scope.accountId,
        creationDate: new Date(record.creationDate),
        autoRegistrationStatus: record.autoRegistrationStatus,
        lastModifiedDate: new Date(record.lastModifiedDate),
        validity: validityOf(new X509Certificate(record.certificatePem)),
        certificateMode: record.mode,
      },
      ...(record.registrationConfig === undefined ? {} : { registrationConfig: record.registrationConfig }),
    };
  }

  public updateCaCertificate({ certificateId: id, newStatus, newAutoRegistrationStatus, registrationConfig, removeAutoRegistration }: api.UpdateCACertificateRequest): object {
    const { registrationConfig: before, ...record } = this.caCertificate(id);
    if (![undefined, 'ACTIVE', 'INACTIVE'].includes(newStatus) || ![undefined, 'ENABLE', 'DISABLE'].includes(newAutoRegistrationStatus)) {
      throw invalidRequest('newStatus must be ACTIVE or INACTIVE, newAutoRegistrationStatus ENABLE or DISABLE');
    }
    const config = removeAutoRegistration === true ? undefined : registrationConfig === undefined ? before : this.checkedConfig(registrationConfig);
    this.store.put('caCertificates', record.certificateId, {
      ...record,
      status: newStatus ?? record.status,
      autoRegistrationStatus: newAutoRegistrationStatus ?? (removeAutoRegistration === true ? 'DISABLE' : record.autoRegistrationStatus),
      ...(config === undefined ? {} : { registrationConfig: config }),
      lastModifiedDate: this.now(),
    });
    return {};
  }

  public deleteCaCertificate({ certificateId: id }: api.DeleteCACertificateRequest): object {
    const { certificateId: known, status } = this.caCertificate(id);
    if (status === 'ACTIVE') {
      throw new IotError('CertificateStateException', 'CA certificate must be INACTIVE before it is deleted');
    }
    this.store.remove('caCertificates', known);
    return {};
  }

  public listCaCertificates({ pageSize, marker, ascendingOrder, templateName }: api.ListCACertificatesRequest): { readonly certificates: api.CACertificate[]; readonly nextMarker?: string } {
    const fitting = [...this.store.all('caCertificates')].filter(({ registrationConfig }) => templateName === undefined || registrationConfig?.templateName === templateName);
    const page = this.page(fitting, ({ creationDate, certificateId: id }) => byDate(creationDate, id), { limit: pageSize, token: marker, descending: ascendingOrder !== true });
    return {
      certificates: page.items.map(({ certificateId: id, status, creationDate }) => ({
        certificateArn: this.arn(`cacert/${id}`), certificateId: id, status, creationDate: new Date(creationDate),
      })),
      ...nextMarker(page),
    };
  }

  /** The registered CAs whose key signed a certificate. */
  public issuersOf(certificate: X509Certificate): CaCertificateRecord[] {
    return this.casBySubject.of(certificate.issuer).filter(({ certificatePem }) => isSignedBy(certificate, new X509Certificate(certificatePem)));
  }

  protected caCertificate(id: string | undefined): CaCertificateRecord {
    const name = checkName('certificateId', id);
    const record = this.store.get('caCertificates', name);
    if (record === undefined) {
      throw notFound(`CA certificate ${name}`);
    }
    return record;
  }

  /** Who registers a CA proves to have its key: it signed a certificate with the registration code as its common name. */
  private verify(ca: X509Certificate, pem: string | undefined): void {
    if (pem === undefined) {
      throw invalidRequest('A CA in certificate mode DEFAULT is registered with a verificationCertificate');
    }
    const verification = certificateIn(pem, 'verificationCertificate', (certificate) => objectToCertificate(certificate, this.now()));
    const code = this.store.get('settings', 'registrationCode')?.value;
    const { CN: name } = verification.toLegacyObject().subject;
    if (code === undefined || name !== code) {
      throw new IotError('RegistrationCodeValidationException', 'The common name of the verification certificate is not the registration code of this account and Region');
    }
    if (!isSignedBy(verification, ca)) {
      throw new IotError('CertificateValidationException', 'The verification certificate is not signed by the key of the CA certificate');
    }
  }

  private checkedConfig({ templateBody, roleArn, templateName }: api.RegistrationConfig): NonNullable<CaCertificateRecord['registrationConfig']> {
    if (templateName !== undefined) {
      if (templateBody !== undefined) {
        throw invalidRequest('registrationConfig has either a templateName or a templateBody');
      }
      const template = this.store.get('provisioningTemplates', checkName('templateName', templateName));
      if (template === undefined) {
        throw notFound(`Provisioning template ${templateName}`);
      }
      if (template.type !== 'JITP') {
        throw invalidRequest(`Provisioning template ${templateName} is not of type JITP`);
      }
    }
    return {
      ...(templateBody === undefined ? {} : { templateBody }),
      ...(roleArn === undefined ? {} : { roleArn: checkName('roleArn', roleArn) }),
      ...(templateName === undefined ? {} : { templateName }),
    };
  }
}
