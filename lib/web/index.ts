export type { Credentials, Login } from './credentials';
export { IotWebError } from './errors';
export { IotSession, signIn } from './session';
export type { MqttOptions, SignInOptions } from './session';
