import { createHash } from 'node:crypto';
import type { Deployment } from '../../deployment';
import type { Store } from '../account';
import type { LocalAuthority } from '../pki/authority';

/** A certificate issued for a signing request of the template. */
interface Issued {
  readonly request: string;
  readonly certificatePem: string;
}

/** Certificates issued here, by the id that the deployment has for them; a text is why there is none. */
export type RequestedCertificates = ReadonlyMap<string, { readonly certificatePem: string } | { readonly problem: string }>;

const SETTING = 'issuedCertificates';

/**
 * Issue the certificates that a template asks for with a signing request, as AWS IoT would, so that a device which has
 * the key can connect. They stay the same for as long as the request does.
 */
export async function issueDeclared({ certificates }: Deployment, authority: Pick<LocalAuthority, 'issueForCsr'>, store: Store): Promise<RequestedCertificates> {
  const before = (store.get('settings', SETTING)?.value ?? {}) as Readonly<Record<string, Issued>>;
  const now: Record<string, Issued> = {};
  const problems = new Map<string, { readonly problem: string }>();
  for (const { id, csr, pem } of certificates) {
    if (typeof csr !== 'string' || pem !== undefined) {
      continue;
    }
    const request = createHash('sha256').update(csr).digest('hex');
    try {
      now[id] = before[id]?.request === request ? before[id] : { request, certificatePem: await authority.issueForCsr(csr) };
    } catch (error) {
      problems.set(id, { problem: (error as Error).message });
    }
  }
  if (JSON.stringify(now) !== JSON.stringify(before)) {
    store.put('settings', SETTING, { value: now });
  }
  return new Map<string, { readonly certificatePem: string } | { readonly problem: string }>([...Object.entries(now), ...problems]);
}
