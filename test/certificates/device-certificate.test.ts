import { App, CfnParameter, Lazy, RemovalPolicy, Stack, Token } from 'aws-cdk-lib';
import { Annotations, Match, Template } from 'aws-cdk-lib/assertions';
import fc from 'fast-check';
import { CertificateStatus, DeviceCertificate } from '../../lib/certificates';
import { ED25519, generateKeys, issue, P256, request, rewrap, rsa, type Holder } from './pki';

const ID = 'ab'.repeat(32);

let stack: Stack;
let csr: string;
let ca: Holder;
let device: Holder;

beforeAll(async () => {
  csr = await request();
  ca = await issue('ca', { ca: true, days: 3650 });
  device = await issue('device', { issuer: ca });
});

beforeEach(() => {
  stack = new Stack(new App(), 'Stack', { env: { account: '123456789012', region: 'eu-central-1' } });
});

afterEach(() => {
  jest.useRealTimers();
});

function fromCsr(text: string): DeviceCertificate {
  stack.node.tryRemoveChild('Certificate');
  return DeviceCertificate.fromCsr(stack, 'Certificate', { csr: text });
}

function fromPem(certificatePem: string, caCertificatePem?: string): DeviceCertificate {
  stack.node.tryRemoveChild('Certificate');
  return DeviceCertificate.fromPem(stack, 'Certificate', { certificatePem, caCertificatePem });
}

/** Runs at a number of days from now. */
function travel(days: number): void {
  jest.useFakeTimers({ now: Date.now() + days * 24 * 60 * 60 * 1000 });
}

describe('a certificate from a signing request', () => {
  test('is active and kept by default', () => {
    fromCsr(csr);

    Template.fromStack(stack).hasResource('AWS::IoT::Certificate', {
      Properties: { Status: 'ACTIVE', CertificateMode: 'DEFAULT', CertificateSigningRequest: csr, CertificatePem: Match.absent(), CACertificatePem: Match.absent() },
      DeletionPolicy: 'RetainExceptOnCreate',
      UpdateReplacePolicy: 'Retain',
    });
  });

  test('may come with Windows line ends and white space around it', () => {
    fromCsr(`\r\n${csr.replaceAll('\n', '\r\n')}\r\n\r\n`);
  });

  test('may carry the label of old OpenSSL versions', () => {
    fromCsr(rewrap(csr, 'NEW CERTIFICATE REQUEST'));
  });

  test('may be signed in a way that only AWS can judge', async () => {
    fromCsr(await request(rsa(2048, 'RSA-PSS')));
  });

  test('fails for a weak RSA key', async () => {
    const weak = await request(rsa(1024));

    expect(() => fromCsr(weak)).toThrow("'csr' must have an RSA key of at least 2048 bits or an EC key on P-256, P-384 or P-521, got RSA 1024 bits (at Stack/Certificate)");
  });

  test('fails for a key on another curve', async () => {
    const other = await request(ED25519);

    expect(() => fromCsr(other)).toThrow("'csr' must have an RSA key of at least 2048 bits or an EC key on P-256, P-384 or P-521, got ED25519 (at Stack/Certificate)");
  });

  test('fails when another key signed the request', async () => {
    const [own, other] = [await generateKeys(P256), await generateKeys(P256)];
    const forged = await request(P256, { publicKey: own.publicKey, privateKey: other.privateKey });

    expect(() => fromCsr(forged)).toThrow("'csr' is not signed by the private key that belongs to it; create it again on the device (at Stack/Certificate)");
  });

  test('fails for a request that cannot be read', () => {
    const broken = rewrap(csr, 'CERTIFICATE REQUEST', (der) => der.subarray(1));

    expect(() => fromCsr(broken)).toThrow("'csr' cannot be read as a PKCS #10 certificate signing request; create it again (at Stack/Certificate)");
  });

  test('fails for a file path', () => {
    expect(() => fromCsr('./device.csr')).toThrow(
      '\'csr\' must be PEM text that begins with "-----BEGIN CERTIFICATE REQUEST-----"; pass the content of the file, not its path (at Stack/Certificate)',
    );
  });

  test('fails for a byte order mark', () => {
    expect(() => fromCsr(`\uFEFF${csr}`)).toThrow(
      "'csr' contains a byte order mark, which AWS IoT does not read; save the file as UTF-8 without it (at Stack/Certificate)",
    );
  });

  test.each<[string, (pem: string) => string]>([
    ['there are no line breaks', (pem) => pem.replaceAll('\n', '')],
    ['spaces stand for line breaks', (pem) => pem.replaceAll('\n', ' ')],
    ['BEGIN is indented', (pem) => `  ${pem}`],
    ['END is indented', (pem) => pem.replace('-----END', '  -----END')],
  ])('fails where %s', (_, change) => {
    expect(() => fromCsr(change(csr))).toThrow(new Error(
      "'csr' must have BEGIN and END on lines of their own, without spaces before them; keep the line breaks of the file (at Stack/Certificate)",
    ));
  });

  test('fails for white space that PEM does not know', () => {
    expect(() => fromCsr(`\u00A0${csr}`)).toThrow("'csr' has text around its PEM block; keep only the lines from BEGIN to END (at Stack/Certificate)");
  });

  test('fails for a certificate', () => {
    expect(() => fromCsr(device.pem)).toThrow("'csr' holds a certificate; use DeviceCertificate.fromPem for it (at Stack/Certificate)");
  });

  test('fails for two requests', () => {
    expect(() => fromCsr(`${csr}\n${csr}`)).toThrow("'csr' must hold one certificate signing request, got 2 PEM blocks");
  });

  test('fails above 4096 characters', () => {
    expect(() => fromCsr(csr.padEnd(4097))).toThrow("'csr' must be at most 4096 characters long, got 4097 (at Stack/Certificate)");
    expect(() => fromCsr(csr.padEnd(4096))).not.toThrow();
  });
});

describe('a certificate from another CA', () => {
  test('is registered with its CA', () => {
    fromPem(device.pem, ca.pem);

    Template.fromStack(stack).hasResourceProperties('AWS::IoT::Certificate', {
      Status: 'ACTIVE',
      CertificateMode: 'DEFAULT',
      CertificatePem: device.pem,
      CACertificatePem: ca.pem,
      CertificateSigningRequest: Match.absent(),
    });
  });

  test('is registered by itself without one', () => {
    fromPem(device.pem);

    Template.fromStack(stack).hasResourceProperties('AWS::IoT::Certificate', {
      Status: 'ACTIVE',
      CertificateMode: 'SNI_ONLY',
      CertificatePem: device.pem,
      CACertificatePem: Match.absent(),
    });
  });

  test('fails for another CA', async () => {
    const other = await issue('other', { ca: true });

    expect(() => fromPem(device.pem, other.pem)).toThrow(
      "'certificatePem' must be issued by the CA in 'caCertificatePem', got one with another issuer; pass the certificate of the CA that signed it (at Stack/Certificate)",
    );
  });

  test.each([P256, rsa(2048)])('fails for another CA of the same name', async (algorithm) => {
    const namesake = await issue('ca', { ca: true, algorithm });

    expect(() => fromPem(device.pem, namesake.pem)).toThrow("'certificatePem' must be issued by the CA in 'caCertificatePem'");
  });

  test('fails for a CA that may not sign', async () => {
    const leaf = await issue('leaf');
    const signed = await issue('device', { issuer: leaf });

    expect(() => fromPem(signed.pem, leaf.pem)).toThrow(
      "'caCertificatePem' must be the certificate of a certificate authority, got one that may not sign others (at Stack/Certificate)",
    );
  });

  test('fails for a chain', () => {
    expect(() => fromPem(device.pem + '\n' + ca.pem)).toThrow(
      "'certificatePem' must hold one certificate, got 2 PEM blocks; keep only the first, which in a chain is the device's own (at Stack/Certificate)",
    );
  });

  test('fails for text around the certificate', () => {
    expect(() => fromPem(`subject=/CN=device\n${device.pem}`)).toThrow(
      "'certificatePem' has text around its PEM block; keep only the lines from BEGIN to END (at Stack/Certificate)",
    );
  });

  test('fails for a signing request', () => {
    expect(() => fromPem(csr)).toThrow("'certificatePem' holds a certificate signing request; use DeviceCertificate.fromCsr for it (at Stack/Certificate)");
  });

  test('fails for a certificate that cannot be read', () => {
    const unreadable = "'certificatePem' cannot be read as an X.509 certificate; export it again as PEM (at Stack/Certificate)";

    expect(() => fromPem(rewrap(csr, 'CERTIFICATE'))).toThrow(unreadable);
    expect(() => fromPem(rewrap(device.pem, 'CERTIFICATE', (der) => Buffer.concat([der, der])))).toThrow(unreadable);
  });

  test('fails for a weak key, of the device or of the CA', async () => {
    const weak = await issue('weak', { ca: true, algorithm: rsa(1024) });
    const signed = await issue('device', { issuer: weak });

    expect(() => fromPem(weak.pem)).toThrow("'certificatePem' must have an RSA key of at least 2048 bits");
    expect(() => fromPem(signed.pem, weak.pem)).toThrow("'caCertificatePem' must have an RSA key of at least 2048 bits");
  });

  test('fails above 65536 characters', () => {
    expect(() => fromPem(device.pem.padEnd(65537))).toThrow("'certificatePem' must be at most 65536 characters long, got 65537 (at Stack/Certificate)");
  });
});

describe('the dates of a certificate', () => {
  test('are no concern while it is valid for 30 days more', () => {
    travel(333);
    fromPem(device.pem, ca.pem);

    Annotations.fromStack(stack).hasNoWarning('*', Match.anyValue());
    Annotations.fromStack(stack).hasNoError('*', Match.anyValue());
  });

  test('are a warning when it is valid for less', () => {
    travel(335);
    fromPem(device.pem);

    Annotations.fromStack(stack).hasWarning(
      '/Stack/Certificate',
      Match.stringLikeRegexp("^'certificatePem' expires on \\d{4}-\\d\\d-\\d\\d; issue its successor before then \\[ack: cdk-iot-warden:DeviceCertificate.expiresSoon\\]$"),
    );
  });

  test('are an error when it has expired, which keeps no other stack from synthesizing', () => {
    travel(365);
    fromPem(device.pem);

    Annotations.fromStack(stack).hasError('/Stack/Certificate', Match.stringLikeRegexp("^'certificatePem' expired on \\d{4}-\\d\\d-\\d\\d; issue a new certificate$"));
  });

  test('are an error when it is not valid yet', () => {
    travel(-2);
    fromPem(device.pem);

    Annotations.fromStack(stack).hasError(
      '/Stack/Certificate',
      Match.stringLikeRegexp("^'certificatePem' is not valid before \\d{4}-\\d\\d-\\d\\d; check the clock of the issuer$"),
    );
  });

  test('matter for its CA too', async () => {
    const old = await issue('old', { ca: true, from: new Date('2020-01-01T00:00:00Z'), days: 31 });
    const signed = await issue('device', { issuer: old });
    fromPem(signed.pem, old.pem);

    Annotations.fromStack(stack).hasError('/Stack/Certificate', "'caCertificatePem' expired on 2020-02-01; issue a new certificate");
  });
});

describe('tokens', () => {
  test('are not checked', () => {
    const parameter = new CfnParameter(stack, 'Pem').valueAsString;
    DeviceCertificate.fromCsr(stack, 'Csr', { csr: parameter, status: Token.asString({ Ref: 'Status' }) as CertificateStatus });
    DeviceCertificate.fromPem(stack, 'Both', { certificatePem: parameter, caCertificatePem: parameter });
    DeviceCertificate.fromPem(stack, 'Device', { certificatePem: parameter, caCertificatePem: ca.pem });
    DeviceCertificate.fromPem(stack, 'Ca', { certificatePem: device.pem, caCertificatePem: parameter });

    Template.fromStack(stack).hasResourceProperties('AWS::IoT::Certificate', { Status: { Ref: 'Status' }, CertificateSigningRequest: { Ref: 'Pem' } });
  });

  test('never make a declaration fail, wherever they stand', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (before, after) => {
        const text = `${before}${Lazy.string({ produce: () => csr })}${after}`;
        DeviceCertificate.fromCsr(stack, 'Csr', { csr: text });
        DeviceCertificate.fromPem(stack, 'Pem', { certificatePem: text, caCertificatePem: text });
        stack.node.tryRemoveChild('Csr');
        stack.node.tryRemoveChild('Pem');
      }),
    );
  });
});

test.each([CertificateStatus.INACTIVE, CertificateStatus.REVOKED])('a certificate can be %s', (status) => {
  DeviceCertificate.fromCsr(stack, 'Certificate', { csr, status });

  Template.fromStack(stack).hasResourceProperties('AWS::IoT::Certificate', { Status: status });
});

test('a certificate fails for a status that AWS IoT keeps to itself', () => {
  expect(() => DeviceCertificate.fromCsr(stack, 'Certificate', { csr, status: 'PENDING_TRANSFER' as CertificateStatus })).toThrow(
    '\'status\' must be ACTIVE, INACTIVE or REVOKED, got "PENDING_TRANSFER" (at Stack/Certificate)',
  );
});

test('a certificate can go with its stack', () => {
  DeviceCertificate.fromPem(stack, 'Certificate', { certificatePem: device.pem, removalPolicy: RemovalPolicy.DESTROY });

  Template.fromStack(stack).hasResource('AWS::IoT::Certificate', { DeletionPolicy: 'Delete', UpdateReplacePolicy: 'Delete' });
});

test('a certificate knows its id and its ARN', () => {
  const certificate = fromCsr(csr);
  const logicalId = stack.getLogicalId(certificate.node.defaultChild as never);

  expect(stack.resolve(certificate.certificateRef)).toEqual({
    certificateId: { Ref: logicalId },
    certificateArn: { 'Fn::GetAtt': [logicalId, 'Arn'] },
  });
});

describe('a certificate from outside the app', () => {
  test('is known by its id', () => {
    const certificate = DeviceCertificate.fromCertificateId(stack, 'Certificate', ID);

    expect(certificate.certificateId).toBe(ID);
    expect(stack.resolve(certificate.certificateArn)).toEqual({
      'Fn::Join': ['', ['arn:', { Ref: 'AWS::Partition' }, `:iot:eu-central-1:123456789012:cert/${ID}`]],
    });
  });

  test('is known by its ARN, with account and region', () => {
    const certificate = DeviceCertificate.fromCertificateArn(stack, 'Certificate', `arn:aws-cn:iot:cn-north-1:210987654321:cert/${ID}`);

    expect(certificate.certificateId).toBe(ID);
    expect(certificate.env).toEqual({ account: '210987654321', region: 'cn-north-1' });
  });

  test('can be a token', () => {
    const parameter = new CfnParameter(stack, 'Arn').valueAsString;
    const certificate = DeviceCertificate.fromCertificateArn(stack, 'Certificate', parameter);

    expect(stack.resolve(certificate.certificateId)).toEqual({ 'Fn::Select': [1, { 'Fn::Split': ['/', { Ref: 'Arn' }] }] });
  });

  test('fails for an id that is none', () => {
    expect(() => DeviceCertificate.fromCertificateId(stack, 'Certificate', 'abc')).toThrow('\'certificateId\' must consist of 64 hexadecimal digits, got "abc" (at Stack)');
  });

  test('fails for the ARN of something else', () => {
    expect(() => DeviceCertificate.fromCertificateArn(stack, 'Certificate', 'arn:aws:iot:eu-central-1:123456789012:cacert/abc')).toThrow(
      '\'certificateArn\' must look like "arn:aws:iot:REGION:ACCOUNT:cert/NAME", got "arn:aws:iot:eu-central-1:123456789012:ca…" (at Stack)',
    );
  });
});
