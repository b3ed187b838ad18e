export { AccessKeys } from './access-keys';
export type { Credentials } from './access-keys';
export { createAwsEndpoint } from './endpoint';
export type { EndpointParts, OpenRoute } from './endpoint';
export { jsonAnswer, jsonError, jsonService } from './json-service';
export type { Input, Operations } from './json-service';
export { ServiceError, unknownOperation } from './service';
export type { Service, ServiceRequest, ServiceResponse } from './service';
