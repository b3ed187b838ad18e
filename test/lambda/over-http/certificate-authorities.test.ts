import { RemovalPolicy, SecretValue } from 'aws-cdk-lib';
import * as acmpca from 'aws-cdk-lib/aws-acmpca';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import { CertificateAuthority, CertificateMode, SigningKey } from '../../../lib/certificates';
import { issue, privateKey, type Holder } from '../../certificates/pki';
import type { LocalAccount } from './local-account';
import { prove } from './prove';

const authorities = new Map<string, Holder & { readonly key: string }>();

beforeAll(async () => {
  for (const version of ['first', 'second']) {
    const holder = await issue(version, { ca: true });
    authorities.set(version, { ...holder, key: await privateKey(holder.keys) });
  }
});

prove('issue-ca-certificate', [{
  name: 'another subject, which makes another certificate',
  // The key stays the same.
  isReadOnly: true,
  define: (stack, version) => {
    if (version !== 'without') {
      CertificateAuthority.createInKms(stack, 'Ca', { subject: { commonName: version }, keyRemovalPolicy: RemovalPolicy.DESTROY });
    }
  },
}]);

prove('verify-ca-certificate', [
  {
    name: 'a key in AWS KMS',
    isReadOnly: true,
    every: 2,
    define: (stack, version) => {
      if (version !== 'without') {
        CertificateAuthority.createInKms(stack, 'Ca', { subject: { commonName: version }, mode: CertificateMode.DEFAULT, keyRemovalPolicy: RemovalPolicy.DESTROY });
      }
    },
  },
  {
    name: 'a key in a secret',
    isReadOnly: true,
    every: 2,
    define: (stack, version) => {
      const authority = authorities.get(version);
      if (authority !== undefined) {
        const secret = new secretsmanager.Secret(stack, `Secret ${version}`, { secretStringValue: SecretValue.unsafePlainText(authority.key) });
        CertificateAuthority.fromPem(stack, 'Ca', { certificatePem: authority.pem, mode: CertificateMode.DEFAULT, signingKey: SigningKey.fromSecret(secret) });
      }
    },
  },
  {
    name: 'AWS Private CA',
    isReadOnly: true,
    every: 2,
    define: (stack, version) => {
      const authority = authorities.get(version);
      if (authority !== undefined) {
        const privateCa = new acmpca.CfnCertificateAuthority(stack, `PrivateCa-${version}`, {
          type: 'ROOT', keyAlgorithm: 'EC_prime256v1', signingAlgorithm: 'SHA256WITHECDSA', subject: { commonName: version },
        });
        CertificateAuthority.fromPem(stack, 'Ca', {
          certificatePem: authority.pem,
          mode: CertificateMode.DEFAULT,
          signingKey: SigningKey.fromPrivateCa(acmpca.CertificateAuthority.fromCertificateAuthorityArn(stack, 'Imported', privateCa.attrArn)),
        });
      }
    },
    meanwhile: putPrivateCas,
  },
]);

/** Private CAs have the keys of this test, as the certificate of one is in the template before it is made. */
function putPrivateCas({ deployment, folder }: LocalAccount): void {
  for (const { arn, logicalId } of deployment.resources.filter(({ type }) => type === 'AWS::ACMPCA::CertificateAuthority')) {
    const { pem, key } = authorities.get(logicalId.replace('PrivateCa', ''))!;
    folder.write(['aws', `ca-${String(arn).split('/')[1]}.json`], JSON.stringify({ certificatePem: pem, privateKeyPem: key }));
  }
}
