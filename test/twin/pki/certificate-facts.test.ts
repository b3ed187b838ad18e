import { X509Certificate } from 'node:crypto';
import { certificateFacts, certificateId } from '../../../lib/twin/pki/certificate-facts';

// Made with openssl: a negative serial number, two units and alternative names of every kind.
const PEM = `
-----BEGIN CERTIFICATE-----
MIICNTCCAdugAwIBAgIB+zAKBggqhkjOPQQDAjBaMQswCQYDVQQGEwJOTzENMAsG
A1UECgwEQWNtZTEMMAoGA1UECwwDb25lMQwwCgYDVQQLDAN0d28xEjAQBgNVBAMM
CXNlbnNvciwgMTEMMAoGA1UEBRMDUy03MB4XDTI2MTEyNDAxNTEwMloXDTM2MTEy
MTAxNTEwMlowWjELMAkGA1UEBhMCTk8xDTALBgNVBAoMBEFjbWUxDDAKBgNVBAsM
A29uZTEMMAoGA1UECwwDdHdvMRIwEAYDVQQDDAlzZW5zb3IsIDExDDAKBgNVBAUT
A1MtNzBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABHzSlpjYJDxPa0UF2zLhsHIe
krsZ8BBiEfKRtEbCjWW25Y7iRsfJvPELlhZ8ezUjS2dM+WYMKysqJvy3nIJRFyej
gZEwgY4wHQYDVR0OBBYEFMx1NY0x3WdUHbGXvcg7ZSBg05KdMB8GA1UdIwQYMBaA
FMx1NY0x3WdUHbGXvcg7ZSBg05KdMA8GA1UdEwEB/wQFMAMBAf8wOwYDVR0RBDQw
MoIJYS5leGFtcGxlggliLmV4YW1wbGWBDXhAZXhhbXBsZS5jb22HBAoAAAGGBXVy
bjphMAoGCCqGSM49BAMCA0gAMEUCIQD7Mxq1+A/Kw/zpzRMqKdlL306Jhd0yjmi4
8UYWEe4z5wIgeExv9ufg0LI+N6H9VzGnc1Pr/WFQuBx31irMt4hVQKk=
-----END CERTIFICATE-----
`;

describe('what policies see of a certificate', () => {
  const certificate = new X509Certificate(PEM);

  test('is its subject and issuer, every value in order, and its alternative names', () => {
    const name = {
      Country: ['NO'], Organization: ['Acme'], OrganizationalUnit: ['one', 'two'], CommonName: ['sensor, 1'], SerialNumber: ['S-7'],
    };
    expect(certificateFacts(certificate)).toEqual({
      subject: {
        ...name,
        alternativeName: {
          DNSName: ['a.example', 'b.example'], RFC822Name: ['x@example.com'], IPAddress: ['10.0.0.1'], UniformResourceIdentifier: ['urn:a'],
        },
      },
      issuer: name,
      serialNumber: '-5',
    });
  });

  test('is known by the SHA-256 of its DER form', () => {
    expect(certificateId(certificate)).toMatch(/^[0-9a-f]{64}$/);
  });
});
