import { X509Certificate } from 'node:crypto';
import type * as api from '@aws-sdk/client-iot';
import { invalidRequest } from '../account';
import type { Account, CertificateIdentity } from '../account';
import type { Clock } from '../clock';
import type { LocalAuthority } from '../pki/authority';

/** A claim can be used for this long. */
const CLAIM_MS = 5 * 60 * 1000;

/** The common name that AWS IoT gives to certificates of its own keys. */
const COMMON_NAME = 'AWS IoT Certificate';

type Issued = CertificateIdentity & { readonly certificatePem: string };
type WithKeys = { readonly certificatePem: string; readonly keyPair: { readonly PublicKey: string; readonly PrivateKey: string } };

/** The calls that need the twin's authority. */
export class Issuing {
  constructor(private readonly account: Account, private readonly authority: Pick<LocalAuthority, 'deviceCertificate' | 'issueForCsr'>, private readonly clock: Clock) {}

  public async createKeysAndCertificate({ setAsActive }: api.CreateKeysAndCertificateRequest): Promise<CertificateIdentity & WithKeys> {
    const { certificatePem, privateKeyPem } = await this.authority.deviceCertificate(COMMON_NAME);
    return { ...this.add(certificatePem, setAsActive), keyPair: keyPair(certificatePem, privateKeyPem) };
  }

  public async createCertificateFromCsr({ certificateSigningRequest, setAsActive }: api.CreateCertificateFromCsrRequest): Promise<Issued> {
    let certificatePem: string;
    try {
      certificatePem = await this.authority.issueForCsr(certificateSigningRequest ?? '');
    } catch (error) {
      throw invalidRequest((error as Error).message);
    }
    return this.add(certificatePem, setAsActive);
  }

  /** A claim is good for one template, and not for long. */
  public async createProvisioningClaim({ templateName }: api.CreateProvisioningClaimRequest): Promise<WithKeys & { readonly certificateId: string; readonly expiration: Date }> {
    const template = this.account.provisioningTemplate(templateName);
    if (!template.enabled || template.type !== 'FLEET_PROVISIONING') {
      throw invalidRequest(`Provisioning template ${template.templateName} is ${template.enabled ? `of type ${template.type}` : 'not enabled'}`);
    }
    const { certificatePem, privateKeyPem } = await this.authority.deviceCertificate(COMMON_NAME);
    const expiresAt = this.clock.now() + CLAIM_MS;
    const { certificateId } = this.account.addIssuedCertificate({ certificatePem, status: 'ACTIVE', claim: { templateName: template.templateName, expiresAt } });
    // Looking for one that has expired removes it, which cuts its connections.
    this.clock.after(CLAIM_MS, () => this.account.findCertificate(certificateId));
    return { certificateId, certificatePem, keyPair: keyPair(certificatePem, privateKeyPem), expiration: new Date(expiresAt) };
  }

  private add(certificatePem: string, setAsActive: boolean | undefined): Issued {
    const { certificateId } = this.account.addIssuedCertificate({ certificatePem, status: setAsActive === true ? 'ACTIVE' : 'INACTIVE' });
    return { certificateArn: this.account.arn(`cert/${certificateId}`), certificateId, certificatePem };
  }
}

function keyPair(certificatePem: string, privateKeyPem: string): WithKeys['keyPair'] {
  return { PublicKey: new X509Certificate(certificatePem).publicKey.export({ type: 'spki', format: 'pem' }) as string, PrivateKey: privateKeyPem };
}
