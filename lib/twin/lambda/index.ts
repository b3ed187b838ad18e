export { functionsOf } from './function-config';
export type { FunctionAccess } from './environment';
export type { FunctionConfig } from './function-config';
export { FunctionError, FunctionUnavailableError } from './function-error';
export { LambdaFunctions } from './functions';
export type { Functions } from './functions';
