import { X509Certificate } from 'node:crypto';
import type { PeerCertificate, TLSSocket } from 'node:tls';
import type { Clock } from './clock';
import type { Asker, Journal } from './journal';
import { certificateId } from './pki/certificate-facts';
import type { IssuedCertificates } from './pki/issued-certificates';
import type { JustInTime } from './provisioning';
import type { RegisteredCertificate, Registry } from './registry';

/** A client whose certificate is registered, active and in date. */
export interface Admitted {
  readonly certificate: X509Certificate;
  readonly registered: RegisteredCertificate;
  readonly sourceIp: string | undefined;
  readonly domainName: string | undefined;
}

/**
 * Decides at the end of the TLS handshake who may speak at all. AWS closes the connection of the others without an
 * MQTT packet; the journal says why.
 *
 * @see https://docs.aws.amazon.com/iot/latest/developerguide/x509-client-certs.html
 */
export class Admission {
  constructor(
    private readonly registry: Registry,
    private readonly issued: IssuedCertificates,
    private readonly journal: Journal,
    private readonly clock: Clock,
    private readonly justInTime?: JustInTime,
  ) {}

  public admit(socket: TLSSocket): Admitted | undefined {
    const certificate = peerCertificate(socket);
    if (certificate === undefined) {
      return this.refuse({}, 'the client showed no certificate');
    }
    const id = certificateId(certificate);
    const registered = this.find(id);
    const domainName = socket.servername === false || socket.servername === '' ? undefined : socket.servername ?? undefined;
    const objection = this.objectTo(certificate, registered, domainName);
    if (registered === undefined || objection !== undefined) {
      const isKnown = registered !== undefined && registered.status !== 'PENDING_ACTIVATION';
      const done = isKnown ? undefined : this.justInTime?.present(certificate, domainName);
      return this.refuse({ certificateId: id }, done ?? objection ?? 'the certificate is not registered');
    }
    return {
      certificate,
      registered,
      // IPv4 clients of a dual-stack socket.
      sourceIp: socket.remoteAddress?.replace(/^::ffff:/, ''),
      domainName,
    };
  }

  /** A registered certificate; `iot-warden connect` issues some while the twin runs. */
  public find(id: string): RegisteredCertificate | undefined {
    const standsFor = this.registry.find(id) === undefined ? this.issued.standsFor(id) : undefined;
    if (standsFor !== undefined) {
      this.registry.registerInPlaceOf(standsFor);
    }
    return this.registry.find(id);
  }

  private objectTo(certificate: X509Certificate, registered: RegisteredCertificate | undefined, domainName: string | undefined): string | undefined {
    if (registered === undefined) {
      return `the certificate (${certificate.subject.replaceAll('\n', ', ')}) is not registered`;
    }
    if (registered.status !== 'ACTIVE') {
      return `the certificate is ${registered.status}`;
    }
    // https://docs.aws.amazon.com/iot/latest/developerguide/transport-security.html
    if (registered.sniOnly && domainName === undefined) {
      return 'the certificate was registered without a CA (SNI_ONLY), and the client sent no server name (SNI)';
    }
    const now = this.clock.now();
    if (now > Date.parse(certificate.validTo) || now < Date.parse(certificate.validFrom)) {
      return `the certificate is valid from ${certificate.validFrom} to ${certificate.validTo}`;
    }
    return undefined;
  }

  private refuse(asker: Asker, reason: string): undefined {
    this.journal.note(asker, 'refused', reason);
  }
}

/** What the client showed. `getPeerX509Certificate` gives the same, but leaks 8 KB a connection (Node 20.20, by the soak test). */
function peerCertificate(socket: TLSSocket): X509Certificate | undefined {
  // No certificate is an empty object, a connection already gone is null.
  const { raw } = (socket.getPeerCertificate() as Partial<PeerCertificate> | null) ?? {};
  return raw === undefined ? undefined : new X509Certificate(raw);
}
