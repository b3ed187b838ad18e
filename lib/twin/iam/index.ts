export { findRole, policiesOfRole } from './role-policies';
export { RoleSessions } from './role-sessions';
