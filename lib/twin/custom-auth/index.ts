export { mayInvoke, readAuthorizers } from './authorizers';
export type { CustomAuthorizer } from './authorizers';
export type { Verdict } from './answer';
export { CustomAuth } from './custom-auth';
export type { Question } from './custom-auth';
export type { Presented } from './request';
