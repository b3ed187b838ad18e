import { createHash } from 'node:crypto';
import { object, objects, RequestError, text, type Properties } from '../custom-resource';
import { certificateIdOf } from '../x509';

/** Where a private key that was made here is delivered to. */
export type Destination =
  | { readonly kind: 'secret'; readonly secretId: string }
  | { readonly kind: 'secure-string'; readonly parameterName: string; readonly keyId: string };

/** A CA of the user, which signs with a key in AWS KMS. */
export interface Authority {
  readonly certificatePem: string;
  readonly keyId: string;
}

interface CommonItem {
  /** The attribute that the id of the certificate becomes. */
  readonly key: string;
  /** Where the construct is, for messages. */
  readonly path: string;
  readonly status: 'ACTIVE' | 'INACTIVE' | 'REVOKED';
  readonly onRemoval: 'retain' | 'destroy';
  /** Another one wants another certificate. */
  readonly generation: string;
}

/** A certificate of AWS IoT for a key that is made here. */
export interface DeliveredItem extends CommonItem {
  readonly kind: 'delivered';
  readonly keyType: 'EC_P256' | 'EC_P384' | 'EC_P521' | 'RSA_2048';
  readonly destination: Destination;
}

/** A certificate that a CA of the user issues for a request. */
export interface IssuedItem extends CommonItem {
  readonly kind: 'issued';
  readonly csr: string;
  readonly validitySeconds: number;
  readonly authority: string;
}

export type Item = DeliveredItem | IssuedItem;

/** All certificates of a stack. */
export interface Request {
  /** By what they are remembered under: a name for one certificate, where `key` is one for all that follow each other. */
  readonly items: ReadonlyMap<string, Item>;
  /** By what items call them. */
  readonly authorities: { readonly [key: string]: Authority };
  /** Where memory is. */
  readonly memory: string;
}

export function readRequest(properties: Properties): Request {
  const items = objects(properties, 'Items').map(readItem);
  // The CDK leaves out an object without members.
  const authorities = (properties.Authorities === undefined ? {} : object(properties, 'Authorities')) as Request['authorities'];
  return {
    items: new Map(items.map((item) => [certificateName(item, authorities), item])),
    authorities,
    memory: text(properties, 'Memory'),
  };
}

/** CloudFormation makes text of numbers. */
function readItem(item: Readonly<Record<string, unknown>>): Item {
  return (item.kind === 'issued' ? { ...item, validitySeconds: Number(item.validitySeconds) } : item) as unknown as Item;
}

const ID_PREFIX = 'certificates/';

/** The physical id of a set of certificates: another for another set, the same for a set that comes back in a rollback. */
export function physicalIdOf({ items }: Request): string {
  return `${ID_PREFIX}${digest([...items.keys()].sort(), 32)}`;
}

/** Whether a set of certificates was complete: CloudFormation gets to know its physical id then, and not before. */
export function isComplete(physicalResourceId: string): boolean {
  return physicalResourceId.startsWith(ID_PREFIX);
}

/** To change what goes into the name is to replace every certificate of every user. */
function certificateName(item: Item, authorities: Request['authorities']): string {
  const identity = item.kind === 'delivered'
    ? [item.keyType, item.destination]
    : [item.csr.replace(/\s+/g, ''), item.validitySeconds, certificateIdOf(authorityOf(item, authorities).certificatePem)];
  return `${item.key}-${digest([item.kind, ...identity, item.generation], 16)}`;
}

export function authorityOf({ path, authority }: IssuedItem, authorities: Request['authorities']): Authority {
  const found = authorities[authority];
  if (found === undefined) {
    throw new RequestError(`the CA of ${path} is missing in 'Authorities'`);
  }
  return found;
}

function digest(value: unknown, length: number): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('hex').slice(0, length);
}
