import { KIT_FILES, readKit, type Kit } from '../device/kit';
import { makePrivateKey } from '../device/key';
import { Storage } from '../device/storage';

/** A certificate that is of no use before RegisterThing; the token proves that it is this device's. */
export interface Pending {
  readonly certificatePem: string;
  readonly certificateOwnershipToken: string;
}

const PENDING = 'pending.json';

/**
 * What a device has of its own identity, on disk. In the end it is a connection kit; its configuration is written last,
 * and tells that the rest is complete.
 */
export class Identity {
  private readonly storage: Storage;

  constructor(folder: string, private readonly claim: Kit) {
    this.storage = new Storage(folder);
  }

  /** The finished kit, and with it the end of what it was made of; nothing before. */
  public kit(): Kit | undefined {
    if (this.storage.read(KIT_FILES.config) === undefined) {
      return undefined;
    }
    this.forget();
    return readKit(this.storage.folder);
  }

  /** The private key, which is made once and never leaves the device. */
  public privateKey(): string {
    const kept = this.storage.read(KIT_FILES.privateKeyPem);
    if (kept !== undefined) {
      return kept;
    }
    const made = makePrivateKey();
    this.storage.write(KIT_FILES.privateKeyPem, made);
    return made;
  }

  public pending(): Pending | undefined {
    const text = this.storage.read(PENDING);
    return text === undefined ? undefined : JSON.parse(text) as Pending;
  }

  public keep(pending: Pending): void {
    this.storage.write(PENDING, JSON.stringify(pending));
  }

  public forget(): void {
    this.storage.remove(PENDING);
  }

  /** The kit that there would be, were the certificate active. */
  public kitOf({ certificatePem }: Pending, thingName: string): Kit {
    return { ...this.claim, privateKeyPem: this.privateKey(), certificatePem, thingName, clientId: thingName };
  }

  /** The certificate is active, and the device is this thing. */
  public settle(pending: Pending, thingName: string): void {
    const { privateKeyPem, certificatePem, rootCaPem, ...config } = this.kitOf(pending, thingName);
    this.storage.write(KIT_FILES.certificatePem, certificatePem);
    this.storage.write(KIT_FILES.rootCaPem, rootCaPem);
    this.storage.write(KIT_FILES.config, `${JSON.stringify(config, undefined, 2)}\n`);
  }
}
