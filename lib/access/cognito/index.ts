export { AttachService } from './attach-service';
export type { AttachServiceProps } from './attach-service';
export { CognitoAccess } from './cognito-access';
export type { CognitoAccessProps } from './cognito-access';
export { GuestAccess } from './guest-access';
export type { SweepOptions } from './identity-sweep';
export { LoginProvider, SocialLogin } from './login-provider';
export type { LoginOptions } from './login-provider';
export { UserVariable } from './user-variable';
