import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** From `lib/endpoint`, and from `dist/index.js` with everything in it. */
const FOLDER = ['../../trust-anchors', '../trust-anchors'].map((path) => join(__dirname, path)).find((path) => existsSync(path)) ?? __dirname;

/** A root certificate that devices trust. */
export interface TrustAnchor {
  /** Where its file is, for whoever builds an image from it. */
  readonly path: string;

  /** The certificate as PEM text. */
  readonly pem: string;

  /** The SHA-256 of the certificate in hexadecimal, as `openssl x509 -fingerprint -sha256` shows it. */
  readonly sha256: string;

  /**
   * The SHA-256 of its public key (SubjectPublicKeyInfo) in hexadecimal. Amazon publishes it, and advises to pin nothing else,
   * if anything.
   */
  readonly publicKeySha256: string;
}

/**
 * The roots of Amazon Trust Services, which the certificates of AWS IoT and the public ones of ACM lead to.
 *
 * Give devices both: AWS IoT chooses by the ciphers that a device offers, and changes what is below without notice. A device
 * with room for one takes root 1 if it has RSA, and root 3 if it has elliptic curves alone. Never pin what is below a root, and
 * keep a way to bring devices another one. A domain whose certificate comes from elsewhere needs the root of that.
 *
 * @see https://docs.aws.amazon.com/iot/latest/developerguide/server-authentication.html
 * @see https://www.amazontrust.com/repository/
 */
export class TrustAnchors {
  /** Amazon Root CA 1: RSA 2048, until January 2038. */
  public static amazonRootCa1(): TrustAnchor {
    return read('AmazonRootCA1.pem', {
      sha256: '8ecde6884f3d87b1125ba31ac3fcb13d7016de7f57cc904fe1cb97c6ae98196e',
      publicKeySha256: 'fbe3018031f9586bcbf41727e417b7d1c45c2f47f93be372a17b96b50757d5a2',
    });
  }

  /** Amazon Root CA 3: P-256, until May 2040. */
  public static amazonRootCa3(): TrustAnchor {
    return read('AmazonRootCA3.pem', {
      sha256: '18ce6cfe7bf14e60b2e347b8dfe868cb31d02ebb3ada271569f50343b46db3a4',
      publicKeySha256: '36abc32656acfc645c61b71613c4bf21c787f5cabbee48348d58597803d7abc9',
    });
  }

  /** Both in one PEM text, as most clients take their roots. */
  public static bundlePem(): string {
    return [TrustAnchors.amazonRootCa1(), TrustAnchors.amazonRootCa3()].map(({ pem }) => pem).join('');
  }

  private constructor() {}
}

function read(file: string, hashes: Pick<TrustAnchor, 'sha256' | 'publicKeySha256'>): TrustAnchor {
  const path = join(FOLDER, file);
  return { path, pem: readFileSync(path, 'utf8'), ...hashes };
}
