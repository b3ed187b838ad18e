export { Issuer, TokenError } from './issuer';
export type { Claims } from './issuer';
export { OIDC_PREFIX, OidcIssuers } from './oidc-issuers';
export type { OidcIssuer, OidcIssuerOptions, OidcTokenOptions } from './oidc-issuers';
export { SigningKey } from './signing-key';
