/** X.509 for handlers: typed ASN.1 of @peculiar, keys and digests of Node. @peculiar/x509 would be twice the size of all of it. */
export { certificateIdOf, issueCertificate, randomSerialNumber, readIssuer } from './certificate';
export type { CertificateContent, CertificateProfile, Issuer } from './certificate';
export { createCsr, readCsr } from './csr';
export type { CertificateRequest } from './csr';
export { keySpecOf, publicKeyOf } from './keys';
export { kmsSigner } from './kms-signer';
export type { Kms } from './kms-signer';
export { nameOf } from './name';
export type { NameFields } from './name';
export { localSigner, signatureAlgorithmFor } from './signer';
export type { SignatureAlgorithm, Signer } from './signer';
