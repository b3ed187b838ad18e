export { CredentialVariable } from './credential-variable';
export { RoleAlias } from './role-alias';
export type { IRoleAlias, RoleAliasProps } from './role-alias';
