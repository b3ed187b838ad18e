/** Manifests of device makers, turned into the file of a bulk registration. Plain TypeScript, for the command line. */
export { readCertificateBundle } from './certificate-bundle';
export { registrationLines } from './device';
export type { ManifestDevice } from './device';
export { ManifestError } from './errors';
export { readSignedManifest } from './signed-manifest';
