export type { KnownKeys, Need } from './need';
export { RolePermissions, roleIdOf, userArn } from './role-permissions';
export type { WebIdentity } from './role-permissions';
export { findRole, policiesOfRole } from './role-policies';
export { RoleSessions } from './role-sessions';
export { ServiceGuard } from './service-guard';
