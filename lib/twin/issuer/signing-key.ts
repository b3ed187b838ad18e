import { createHash, createPrivateKey, createPublicKey, generateKeyPair } from 'node:crypto';
import type { JsonWebKey, KeyObject } from 'node:crypto';
import { promisify } from 'node:util';
import type { StateFolder } from '../pki/state-folder';

interface Opened {
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
  readonly kid: string;
}

/** The key of an issuer: made when it is first needed, and kept in the state folder, where only its owner may read it. */
export class SigningKey {
  private opened: Promise<Opened> | undefined;

  constructor(private readonly folder: StateFolder, private readonly name: string) {}

  public open(): Promise<Opened> {
    this.opened ??= this.read();
    return this.opened;
  }

  private async read(): Promise<Opened> {
    const kept = this.folder.readJson('issuers', `${this.name}.json`) as JsonWebKey | undefined;
    const privateKey = kept === undefined ? await this.make() : createPrivateKey({ key: kept, format: 'jwk' });
    const publicKey = createPublicKey(privateKey);
    return { privateKey, publicKey, kid: createHash('sha256').update(publicKey.export({ type: 'spki', format: 'der' })).digest('base64') };
  }

  private async make(): Promise<KeyObject> {
    const { privateKey } = await promisify(generateKeyPair)('rsa', { modulusLength: 2048 });
    this.folder.write(['issuers', `${this.name}.json`], JSON.stringify(privateKey.export({ format: 'jwk' })));
    return privateKey;
  }
}
