import type { Ssm } from '../custom-resource/memory';
import type { Delivery, Secrets } from './delivery';
import type { Destination } from './request';
import { toSecret } from './secret';
import { toSecureString } from './secure-string';

/** @param name A name for one certificate, as in `Request.items`. */
export function deliveryTo(destination: Destination, name: string, secrets: Secrets, ssm: Ssm): Delivery {
  return destination.kind === 'secret' ? toSecret(secrets, destination, name) : toSecureString(ssm, destination, name);
}
