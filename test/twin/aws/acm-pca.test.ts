import { X509Certificate, generateKeyPairSync } from 'node:crypto';
import { ACMPCAClient, DescribeCertificateAuthorityCommand, GetCertificateAuthorityCertificateCommand, GetCertificateCommand, IssueCertificateCommand } from '@aws-sdk/client-acm-pca';
import { createCsr } from '../../../lambda/x509';
import { EndpointOf } from './endpoint-of';

const endpoint = new EndpointOf(Object.fromEntries([['Ec', 'EC_prime256v1', 'SHA256WITHECDSA'], ['Rsa', 'RSA_2048', 'SHA256WITHRSA']].map(([name, KeyAlgorithm, SigningAlgorithm]) => [name, {
  Type: 'AWS::ACMPCA::CertificateAuthority', Properties: { Type: 'ROOT', KeyAlgorithm, SigningAlgorithm, Subject: { CommonName: `${name} root`, Organization: 'Pumps' } },
}])));
let client: ACMPCAClient;

async function start(): Promise<void> {
  await endpoint.start();
  client = new ACMPCAClient(endpoint.config);
}

beforeAll(start);
afterAll(() => endpoint.stop());

const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });

async function issue(name: string, options: object = {}): Promise<string> {
  const { CertificateArn } = await client.send(new IssueCertificateCommand({
    CertificateAuthorityArn: endpoint.ref(name),
    Csr: Buffer.from(await createCsr('device-1', privateKey)),
    SigningAlgorithm: name === 'Ec' ? 'SHA256WITHECDSA' : 'SHA256WITHRSA',
    Validity: { Type: 'DAYS', Value: 30 },
    ...options,
  }));
  return CertificateArn!;
}

test.each(['Ec', 'Rsa'])('a certificate is issued by the authority %s, which lasts', async (name) => {
  const CertificateAuthorityArn = endpoint.ref(name);
  const { Certificate, CertificateChain } = await client.send(new GetCertificateCommand({ CertificateAuthorityArn, CertificateArn: await issue(name) }));
  await start();
  const root = new X509Certificate((await client.send(new GetCertificateAuthorityCertificateCommand({ CertificateAuthorityArn }))).Certificate!);
  const leaf = new X509Certificate(Certificate!);

  expect([root.subject, root.ca, CertificateChain]).toEqual([`CN=${name} root\nO=Pumps`, true, root.toString().trimEnd()]);
  expect([leaf.subject, leaf.ca, leaf.checkIssued(root), leaf.verify(root.publicKey)]).toEqual(['CN=device-1', false, true, true]);
  expect(Date.parse(leaf.validTo) - Date.now()).toBeGreaterThan(29 * 24 * 3600 * 1000);
});

test('the same request with the same token is the same certificate', async () => {
  const one = await issue('Ec', { IdempotencyToken: 'a' });
  await expect(issue('Ec', { IdempotencyToken: 'a' })).resolves.toBe(one);
  await expect(issue('Ec', { IdempotencyToken: 'b' })).resolves.not.toBe(one);
});

test('an authority is described', async () => {
  await expect(client.send(new DescribeCertificateAuthorityCommand({ CertificateAuthorityArn: endpoint.ref('Ec') }))).resolves.toMatchObject({
    CertificateAuthority: { Status: 'ACTIVE', CertificateAuthorityConfiguration: { KeyAlgorithm: 'EC_prime256v1', Subject: { CommonName: 'Ec root' } } },
  });
});

test('fails for a request that is none, another template, and an end after that of the authority', async () => {
  await expect(issue('Ec', { Csr: Buffer.from('no request') })).rejects.toMatchObject({ name: 'MalformedCSRException' });
  await expect(issue('Ec', { TemplateArn: 'arn:aws:acm-pca:::template/RootCACertificate/V1' })).rejects.toMatchObject({ name: 'InvalidArgsException' });
  await expect(issue('Ec', { Validity: { Type: 'YEARS', Value: 11 } })).rejects.toMatchObject({ name: 'ValidationException' });
  await expect(client.send(new GetCertificateAuthorityCertificateCommand({ CertificateAuthorityArn: 'arn:other' }))).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
  expect(endpoint.faults).toEqual([]);
});
