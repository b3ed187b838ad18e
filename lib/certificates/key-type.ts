/** The kind and size of a key pair. */
export enum DeviceKeyType {
  /** On the curve P-256: small, fast, and known to every device that can do TLS with elliptic curves. */
  EC_P256 = 'EC_P256',
  /** On the curve P-384. */
  EC_P384 = 'EC_P384',
  /** On the curve P-521. */
  EC_P521 = 'EC_P521',
  /** RSA of 2048 bits, for devices without elliptic curves. */
  RSA_2048 = 'RSA_2048',
}
