import { randomBytes } from 'node:crypto';
import { propertyOf } from '../../../deployment';
import { bytes, invalid, optionalText, text } from '../input';
import { jsonService } from '../json-service';
import type { Input } from '../json-service';
import { each } from '../permissions';
import type { Permission, Permissions } from '../permissions';
import { ServiceError } from '../service';
import type { Service } from '../service';
import { StateFile } from '../state-file';
import type { Surroundings } from '../surroundings';
import { Authorities, issue } from './authorities';

interface Issued {
  readonly certificatePem: string;
  readonly authority: string;
  readonly token?: string;
}

const DAY_MS = 24 * 3600 * 1000;

const onAuthority: Permission = { on: (input) => [text(input, 'CertificateAuthorityArn')] };

/** @see https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsprivatecertificateauthority.html */
const PERMISSIONS: Permissions = {
  IssueCertificate: { ...onAuthority, keys: (input) => ({ 'acm-pca:TemplateArn': optionalText(input, 'TemplateArn') }) },
  ...each(['GetCertificate', 'GetCertificateAuthorityCertificate', 'DescribeCertificateAuthority'], onAuthority),
};

/** AWS Private CA with the authorities that the deployment declares, each a root of its own. */
export function acmPcaService(around: Surroundings): Service {
  const authorities = new Authorities(around);
  const certificates = new StateFile<Readonly<Record<string, Issued>>>(around.folder, 'acm-pca', {});
  const authorityArn = (input: Input): string => text(input, 'CertificateAuthorityArn');
  return jsonService('acm-pca', 'ACM PCA', {
    IssueCertificate: async (input) => {
      const arn = authorityArn(input);
      const token = optionalText(input, 'IdempotencyToken');
      const authority = await authorities.find(arn);
      const now = around.clock.now();
      const certificatePem = await issue(authority, {
        csr: bytes(input, 'Csr').toString(),
        signingAlgorithm: text(input, 'SigningAlgorithm'),
        templateArn: optionalText(input, 'TemplateArn'),
        // As AWS does, for clocks that are behind.
        notBefore: new Date(now - 3_600_000),
        notAfter: endOf(input, now),
      });
      const known = Object.entries(certificates.read()).find(([, one]) => token !== undefined && one.token === token && one.authority === arn);
      const certificateArn = known?.[0] ?? `${arn}/certificate/${randomBytes(16).toString('hex')}`;
      if (known === undefined) {
        certificates.write({ ...certificates.read(), [certificateArn]: { certificatePem, authority: arn, ...token !== undefined && { token } } });
      }
      return { CertificateArn: certificateArn };
    },
    GetCertificate: async (input) => {
      const authority = await authorities.find(authorityArn(input));
      const certificateArn = text(input, 'CertificateArn');
      const issued = certificates.read()[certificateArn];
      if (issued?.authority !== authority.arn) {
        throw new ServiceError('ResourceNotFoundException', 'the authority has issued no such certificate');
      }
      return { Certificate: issued.certificatePem, CertificateChain: authority.certificatePem };
    },
    GetCertificateAuthorityCertificate: async (input) => ({ Certificate: (await authorities.find(authorityArn(input))).certificatePem }),
    DescribeCertificateAuthority: async (input) => {
      const { arn, resource: { properties } } = await authorities.find(authorityArn(input));
      return { CertificateAuthority: {
        Arn: arn,
        OwnerAccount: around.scope.accountId,
        Type: propertyOf(properties, 'Type'),
        Status: 'ACTIVE',
        CertificateAuthorityConfiguration: {
          KeyAlgorithm: propertyOf(properties, 'KeyAlgorithm'), SigningAlgorithm: propertyOf(properties, 'SigningAlgorithm'), Subject: propertyOf(properties, 'Subject'),
        },
      } };
    },
  }, PERMISSIONS);
}

/** @see https://docs.aws.amazon.com/privateca/latest/APIReference/API_Validity.html */
function endOf(input: Input, now: number): Date {
  const { Type: type, Value: value } = Object(input.Validity) as { readonly Type?: unknown; readonly Value?: unknown };
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 1 || value > 1e12) {
    throw invalid("'Validity.Value' must be a whole number above 0");
  }
  const end = new Date(now);
  switch (type) {
    case 'ABSOLUTE': return new Date(value * 1000);
    case 'DAYS': return new Date(now + value * DAY_MS);
    case 'MONTHS': end.setUTCMonth(end.getUTCMonth() + value); return end;
    case 'YEARS': end.setUTCFullYear(end.getUTCFullYear() + value); return end;
    default: throw invalid("'Validity.Type' must be one of ABSOLUTE, DAYS, MONTHS, YEARS in the twin");
  }
}
