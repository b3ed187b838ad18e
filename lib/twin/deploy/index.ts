export { deploy } from './deploy';
export { issueDeclared } from './issue-declared';
export type { RequestedCertificates } from './issue-declared';
