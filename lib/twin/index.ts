export * from './errors';
export * from './kit';
export * from './options';
export * from './twin';
export type { Clock, Timer } from './clock';
export type { Asker, Journal, JournalEntry, JournalListener } from './journal';
export type { CertificateStatus } from './account/records';
export { StateFolder } from './pki/state-folder';
export { LocalAuthority } from './pki/authority';
