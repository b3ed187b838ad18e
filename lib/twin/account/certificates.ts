import { X509Certificate } from 'node:crypto';
import type * as api from '@aws-sdk/client-iot';
import { isSignedBy, objectToCertificate } from '../pki/certificate-checks';
import { certificateId } from '../pki/certificate-facts';
import { CaCertificates } from './ca-certificates';
import { certificateIn, settableStatus, validityOf } from './certificate-input';
import { byDate, nextMarker } from './core';
import { IotError, invalidRequest, notFound } from './errors';
import { Lookup } from './lookup';
import { checkName } from './names';
import type { CaCertificateRecord, CertificateRecord, CertificateStatus } from './records';

/** What calls that make a certificate known answer. */
export interface CertificateIdentity {
  readonly certificateArn: string;
  readonly certificateId: string;
}

/** @see https://docs.aws.amazon.com/iot/latest/developerguide/x509-client-certs.html */
export abstract class Certificates extends CaCertificates {
  protected readonly certificatesByThing = new Lookup(this.store, 'certificates', ({ things }) => things.map(({ thingName }) => thingName));
  private readonly certificatesByCa = new Lookup(this.store, 'certificates', ({ caCertificateId }) => (caCertificateId === undefined ? [] : [caCertificateId]));
  private readonly certificatesByModelId = new Lookup(this.store, 'certificates', ({ modelId }) => (modelId === undefined ? [] : [modelId]));
  private readonly standIns = new Lookup(this.store, 'certificates', ({ standsFor }) => (standsFor === undefined ? [] : [standsFor]));

  public registerCertificate({ certificatePem, caCertificatePem, setAsActive, status }: api.RegisterCertificateRequest): CertificateIdentity {
    const certificate = certificateIn(certificatePem, 'certificatePem', (one) => objectToCertificate(one, this.now()));
    const ca = this.issuerOf(certificate, caCertificatePem);
    return this.register(certificate, {
      certificatePem: certificatePem!,
      caCertificateId: ca.certificateId,
      status: setAsActive === true ? 'ACTIVE' : settableStatus(status ?? 'INACTIVE'),
      mode: ca.mode,
    });
  }

  /** For a certificate of any issuer; its clients must send the name of the server. */
  public registerCertificateWithoutCA({ certificatePem, status }: api.RegisterCertificateWithoutCARequest): CertificateIdentity {
    const certificate = certificateIn(certificatePem, 'certificatePem', (one) => objectToCertificate(one, this.now()));
    return this.register(certificate, { certificatePem: certificatePem!, status: settableStatus(status ?? 'INACTIVE'), mode: 'SNI_ONLY' });
  }

  /**
   * Puts a certificate into the registry that is known to be good: one that the twin's authority signed, or that a
   * registered CA signed and a device showed.
   */
  public addIssuedCertificate({ certificatePem, ...more }: Pick<CertificateRecord, 'status'> & { readonly certificatePem: string } & Partial<CertificateRecord>): CertificateRecord {
    const id = certificateId(new X509Certificate(certificatePem));
    const record: CertificateRecord = {
      certificateId: id, certificatePem, mode: 'DEFAULT', lastModifiedDate: this.now(), policies: [], things: [], ...this.fresh(), ...more,
    };
    this.store.put('certificates', id, record);
    return record;
  }

  public describeCertificate({ certificateId: id }: api.DescribeCertificateRequest): { readonly certificateDescription: api.CertificateDescription } {
    const { certificateId: known, certificatePem, caCertificateId, status, mode, creationDate, lastModifiedDate } = this.certificate(id);
    return {
      certificateDescription: {
        certificateArn: this.arn(`cert/${known}`),
        certificateId: known,
        ...(caCertificateId === undefined ? {} : { caCertificateId }),
        status,
        ...(certificatePem === undefined ? {} : { certificatePem, validity: validityOf(new X509Certificate(certificatePem)) }),
        ownedBy: this.scope.accountId,
        creationDate: new Date(creationDate),
        lastModifiedDate: new Date(lastModifiedDate),
        certificateMode: mode,
      },
    };
  }

  /** REVOKED is final. */
  public updateCertificate({ certificateId: id, newStatus }: api.UpdateCertificateRequest): object {
    const { certificateId: known, status } = this.certificate(id);
    const wanted = settableStatus(newStatus);
    if (status === 'REVOKED' && wanted !== 'REVOKED') {
      throw new IotError('CertificateStateException', 'The certificate is REVOKED, which is final');
    }
    this.setCertificateStatus(known, wanted);
    return {};
  }

  /** Set any status, as only AWS itself could. */
  public setCertificateStatus(id: string, status: CertificateStatus): void {
    const record = this.certificate(id);
    if (record.status !== status) {
      this.store.put('certificates', record.certificateId, { ...record, status, lastModifiedDate: this.now() });
    }
  }

  /** `forceDelete` takes policies with it, but not things. */
  public deleteCertificate({ certificateId: id, forceDelete }: api.DeleteCertificateRequest): object {
    const { certificateId: known, status, things, policies } = this.certificate(id);
    if (status === 'ACTIVE') {
      throw new IotError('CertificateStateException', `Certificate must be INACTIVE before it is deleted (id=${known})`);
    }
    if (things.length > 0) {
      throw new IotError('DeleteConflictException', `Things must be detached before deletion (arn=${this.arn(`cert/${known}`)})`);
    }
    if (policies.length > 0 && forceDelete !== true) {
      throw new IotError('DeleteConflictException', `Certificate policies must be detached before deletion (arn=${this.arn(`cert/${known}`)})`);
    }
    this.removeCertificate(known);
    return {};
  }

  public listCertificates(asked: api.ListCertificatesRequest): { readonly certificates: api.Certificate[]; readonly nextMarker?: string } {
    return this.certificatePage(this.store.all('certificates'), asked);
  }

  public listCertificatesByCa({ caCertificateId, ...asked }: api.ListCertificatesByCARequest): { readonly certificates: api.Certificate[]; readonly nextMarker?: string } {
    // Not only those of a registered CA: a CA can be deleted, its certificates stay.
    return this.certificatePage(this.certificatesByCa.of(checkName('certificateId', caCertificateId)), asked);
  }

  /** The certificates that the twin issued in the place of one. */
  public standInsOf(id: string): CertificateRecord[] {
    return this.standIns.of(id);
  }

  /** A certificate, by its id or by the one that the deployment has for it. */
  public findCertificate(id: string): CertificateRecord | undefined {
    const record = this.store.get('certificates', id) ?? this.certificatesByModelId.of(id)[0];
    if (record?.claim !== undefined && record.claim.expiresAt <= this.now()) {
      this.removeCertificate(record.certificateId);
      return undefined;
    }
    return record;
  }

  /** The certificates of a thing; not what stands in their place. */
  public certificatesOf(thingName: string): CertificateRecord[] {
    return this.certificatesByThing.of(thingName);
  }

  /** Remove a certificate, whatever hangs on it, and what stands in its place. */
  public removeCertificate(id: string): void {
    this.standIns.of(id).forEach((record) => this.store.remove('certificates', record.certificateId));
    this.store.remove('certificates', id);
  }

  protected certificate(id: string | undefined): CertificateRecord {
    const name = checkName('certificateId', id);
    const record = this.findCertificate(name);
    if (record === undefined) {
      throw notFound(`Certificate ${name}`);
    }
    return record;
  }

  /** The certificate that an ARN names. */
  protected principal(principal: string | undefined): CertificateRecord {
    const prefix = this.arn('cert/');
    if (principal?.startsWith(prefix) !== true) {
      throw invalidRequest(`Invalid principal '${String(principal)}': the twin knows certificates of this account, ${prefix}ID`);
    }
    return this.certificate(principal.slice(prefix.length));
  }

  private register(certificate: X509Certificate, more: Pick<CertificateRecord, 'status' | 'mode'> & { readonly certificatePem: string } & Partial<CertificateRecord>): CertificateIdentity {
    const id = certificateId(certificate);
    const certificateArn = this.arn(`cert/${id}`);
    if (this.findCertificate(id) !== undefined) {
      throw new IotError('ResourceAlreadyExistsException', 'The certificate is already provisioned or registered', { resourceId: id, resourceArn: certificateArn });
    }
    this.addIssuedCertificate(more);
    return { certificateArn, certificateId: id };
  }

  private issuerOf(certificate: X509Certificate, caPem: string | undefined): CaCertificateRecord {
    const given = caPem === undefined ? undefined : certificateId(certificateIn(caPem, 'caCertificatePem', () => undefined));
    const issuers = this.issuersOf(certificate).filter((ca) => given === undefined || ca.certificateId === given);
    const [issuer] = issuers;
    if (issuer === undefined) {
      const ca = given === undefined ? undefined : this.store.get('caCertificates', given);
      if (ca !== undefined && !isSignedBy(certificate, new X509Certificate(ca.certificatePem))) {
        throw new IotError('CertificateValidationException', 'The certificate is not signed by the CA certificate in \'caCertificatePem\'');
      }
      throw new IotError('CertificateValidationException', 'The CA certificate that signed the certificate is not registered in this account and Region');
    }
    if (issuers.length > 1) {
      throw new IotError('CertificateConflictException', 'Several registered CA certificates have this subject and public key; pass the one to use in \'caCertificatePem\'');
    }
    if (issuer.status !== 'ACTIVE') {
      throw new IotError('CertificateStateException', `The CA certificate ${issuer.certificateId} is ${issuer.status}`);
    }
    return issuer;
  }

  private certificatePage(
    records: Iterable<CertificateRecord>, { pageSize, marker, ascendingOrder }: Pick<api.ListCertificatesRequest, 'pageSize' | 'marker' | 'ascendingOrder'>,
  ): { readonly certificates: api.Certificate[]; readonly nextMarker?: string } {
    // On AWS there are no stand-ins, and claims are in no list.
    const listed = [...records].filter(({ standsFor, claim }) => standsFor === undefined && claim === undefined);
    const page = this.page(listed, ({ creationDate, certificateId: id }) => byDate(creationDate, id), { limit: pageSize, token: marker, descending: ascendingOrder !== true });
    return {
      certificates: page.items.map(({ certificateId: id, status, mode, creationDate }) => ({
        certificateArn: this.arn(`cert/${id}`), certificateId: id, status, certificateMode: mode, creationDate: new Date(creationDate),
      })),
      ...nextMarker(page),
    };
  }
}
