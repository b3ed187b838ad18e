import { createPublicKey, type KeyObject } from 'node:crypto';
import { Token } from 'aws-cdk-lib';
import type { IConstruct } from 'constructs';
import { readPem, type PemKind } from '../certificates/pem';
import { invalid } from '../private/errors';
import { requireText, type TextRule } from '../private/text';

/** https://docs.aws.amazon.com/iot/latest/apireference/API_CreateAuthorizer.html */
const TOKEN_KEY_NAME: TextRule = { pattern: /^[a-zA-Z0-9_-]+$/, characters: 'letters, digits and _-', maxLength: 128 };
const KEY_NAME: TextRule = { pattern: /^[a-zA-Z0-9:_-]+$/, characters: 'letters, digits and :_-', maxLength: 128 };
const MIN_BITS = 2048;

const PUBLIC_KEY: PemKind = {
  label: 'PUBLIC KEY',
  noun: 'public key',
  maxLength: 5120,
  mixedUp: {
    'RSA PUBLIC KEY': "holds a public key in an older form; convert it with 'openssl rsa -RSAPublicKey_in -pubout'",
    'CERTIFICATE': "holds a certificate; take the key out of it with 'openssl x509 -pubkey -noout'",
  },
};

/** Whether AWS IoT checks the signature of a token before the function of an authorizer runs. */
export class TokenSigning {
  /**
   * AWS IoT lets a token through whose signature is good, and does not run the function for any other.
   *
   * Whoever issues tokens signs each with RSA PKCS#1 v1.5 and SHA-256, and keeps the private key. To replace a key: add
   * the new one under another name and deploy; sign with it, and wait until no token with a signature of the old one is in
   * use; remove the old one and deploy.
   *
   * @param publicKeys The public keys in PEM, by name: 1 to 128 letters, digits and `:_-`. A signature by any of them is good.
   * @param tokenKeyName The parameter or header that clients pass the token in: 1 to 128 letters, digits and `_-`.
   * @see https://docs.aws.amazon.com/iot/latest/developerguide/custom-auth.html#custom-auth-token-signature
   */
  public static keys(publicKeys: { [name: string]: string }, tokenKeyName: string): TokenSigning {
    return new TokenSigning(publicKeys, tokenKeyName);
  }

  /**
   * AWS IoT checks nothing, so that anyone who knows the endpoint can make the function run, at your cost and up to the
   * limits of your account; reserve concurrency for it.
   *
   * For tokens that nobody of yours signs, such as those that users get from Amazon Cognito. CloudFormation has been
   * reported to fail to update an authorizer like this; another `authorizerName` replaces it instead.
   *
   * @see https://github.com/hashicorp/terraform-provider-awscc/issues/1543
   */
  public static unsignedAnyoneMayInvoke(): TokenSigning {
    return new TokenSigning(undefined, undefined);
  }

  private constructor(
    /** @internal */ public readonly _publicKeys: { readonly [name: string]: string } | undefined,
    /** @internal */ public readonly _tokenKeyName: string | undefined,
  ) {}

  /**
   * Fails for what AWS IoT would not take.
   *
   * @internal
   */
  public _validate(scope: IConstruct): void {
    if (this._publicKeys === undefined) {
      return;
    }
    requireText(scope, 'tokenKeyName', this._tokenKeyName, TOKEN_KEY_NAME);
    const keys = Object.entries(this._publicKeys);
    if (keys.length === 0) {
      throw invalid(scope, "'publicKeys' must have a key; to do without signatures, say TokenSigning.unsignedAnyoneMayInvoke()");
    }
    for (const [name, pem] of keys) {
      requireText(scope, 'publicKeys', name, KEY_NAME);
      requirePublicKey(scope, `publicKeys.${name}`, pem);
    }
  }
}

/** No part of the text enters the message. */
function requirePublicKey(scope: IConstruct, prop: string, pem: string): void {
  // Also where a token hides the rest.
  if (/PRIVATE KEY/i.test(pem)) {
    throw invalid(scope, `'${prop}' contains a private key, which stays with whoever signs tokens; pass its public half, from 'openssl pkey -pubout'`);
  }
  if (Token.isUnresolved(pem)) {
    return;
  }
  const der = readPem(scope, prop, pem, PUBLIC_KEY)!;
  let key: KeyObject;
  try {
    key = createPublicKey({ key: der, format: 'der', type: 'spki' });
  } catch {
    throw invalid(scope, `'${prop}' cannot be read as a public key; copy the whole file`);
  }
  const bits = key.asymmetricKeyDetails?.modulusLength;
  if (key.asymmetricKeyType !== 'rsa' || bits === undefined || bits < MIN_BITS) {
    const got = bits === undefined ? `one of type ${key.asymmetricKeyType}` : `${bits} bits`;
    throw invalid(scope, `'${prop}' must be an RSA key of at least ${MIN_BITS} bits, got ${got}`);
  }
}
