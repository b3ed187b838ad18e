export { CredentialProvider } from './credential-provider';
export type { CredentialAnswer } from './credential-provider';
