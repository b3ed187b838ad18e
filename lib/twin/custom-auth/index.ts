export { readAuthorizers } from './authorizers';
export type { CustomAuthorizer } from './authorizers';
export { SAID_NO } from './answer';
export type { Verdict } from './answer';
export { CustomAuth } from './custom-auth';
export type { Question } from './custom-auth';
export type { Presented } from './request';
