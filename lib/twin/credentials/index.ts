export { CredentialProvider } from './credential-provider';
export type { TemporaryCredentials } from './credential-provider';
