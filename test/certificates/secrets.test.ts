import { App, CfnOutput, Lazy, Stack } from 'aws-cdk-lib';
import * as kms from 'aws-cdk-lib/aws-kms';
import fc from 'fast-check';
import { DeviceCertificate, KeyDelivery } from '../../lib/certificates';
import { issue, privateKey, request, rewrap, type Holder } from './pki';

let stack: Stack;
let csr: string;
let ca: Holder;
let device: Holder;

beforeAll(async () => {
  csr = await request();
  ca = await issue('ca', { ca: true });
  device = await issue('device', { issuer: ca });
});

beforeEach(() => {
  stack = new Stack(new App(), 'Stack');
});

function fromCsr(text: string): DeviceCertificate {
  stack.node.tryRemoveChild('Certificate');
  return DeviceCertificate.fromCsr(stack, 'Certificate', { csr: text });
}

function fromPem(certificatePem: string, caCertificatePem?: string): DeviceCertificate {
  stack.node.tryRemoveChild('Certificate');
  return DeviceCertificate.fromPem(stack, 'Certificate', { certificatePem, caCertificatePem });
}

function caught(define: () => unknown): string {
  try {
    define();
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error('was accepted');
}

describe('a private key', () => {
  let key: string;
  let lines: string[];

  beforeAll(async () => {
    key = await privateKey(device.keys);
    lines = key.split('\n').filter((line) => !line.startsWith('-----'));
  });

  test.each<[string, string, (pem: string) => unknown, () => string]>([
    ['a request', 'csr', (pem) => fromCsr(pem), () => csr],
    ['a certificate', 'certificatePem', (pem) => fromPem(pem), () => device.pem],
    ['a CA certificate', 'caCertificatePem', (pem) => fromPem(device.pem, pem), () => ca.pem],
  ])('is refused, alone or beside %s', (_name, prop, define, good) => {
    const json = JSON.stringify({ certificatePem: good(), keyPair: { PrivateKey: key } });
    const token = Lazy.string({ produce: good });
    for (const text of [key, `${key}\n${good()}`, `${good()}\n${key}`, json, `${token}\n${key}`]) {
      expect(caught(() => define(text))).toBe(
        `'${prop}' contains a private key; remove it, because a private key belongs to its device alone `
        + `and everyone who can read the stack can read '${prop}' (at Stack/Certificate)`,
      );
    }
  });

  test('is not repeated where it is not recognized as one', () => {
    const bare = lines.join('\n');
    const disguised = rewrap(key, 'CERTIFICATE');
    for (const error of [
      caught(() => fromPem(bare)),
      caught(() => fromPem(`${device.pem}\n${bare}`)),
      caught(() => fromPem(disguised)),
      caught(() => DeviceCertificate.fromCertificateArn(stack, 'Arn', key)),
      caught(() => DeviceCertificate.fromCertificateId(stack, 'Id', key)),
    ]) {
      for (const line of lines) {
        expect(error).not.toContain(line);
      }
    }
  });
});

test.each([
  ['csr', fromCsr],
  ['certificatePem', (text: string) => fromPem(text)],
])('no part of %s enters an error', (prop, define) => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 16, maxLength: 90 }), fc.constantFrom('CERTIFICATE', 'CERTIFICATE REQUEST', undefined), (bytes, label) => {
      const secret = Buffer.from(bytes).toString('base64');
      const text = label ? `-----BEGIN ${label}-----\n${secret}\n-----END ${label}-----` : secret;
      const error = caught(() => define(text));

      expect(error).toMatch(new RegExp(`^'${prop}' `));
      expect(error).not.toContain(secret);
    }),
  );
});

test('no private key is in the template, where AWS makes it', () => {
  const app = new App();
  stack = new Stack(app, 'Stack', { env: { account: '123456789012', region: 'eu-central-1' } });
  const encryptionKey = new kms.Key(stack, 'Key');
  const certificate = DeviceCertificate.withDeliveredKey(stack, 'One', { delivery: KeyDelivery.toSecret({ encryptionKey }) });
  DeviceCertificate.withDeliveredKey(stack, 'Two', { delivery: KeyDelivery.toSecureString({ parameterName: '/two', encryptionKey }) });
  new CfnOutput(stack, 'Text', { value: certificate.certificatePem });
  new CfnOutput(stack, 'Secret', { value: certificate.keySecret!.secretArn });

  const files = app.synth().stacks.map(({ template }) => JSON.stringify(template));
  expect(files).toHaveLength(1);
  expect(files.join()).not.toMatch(/PRIVATE KEY|-----BEGIN/);
});
