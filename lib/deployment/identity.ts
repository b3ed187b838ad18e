import type { Account } from './model';
import { certificateId, fingerprint, generatedName, randomText, uuid } from './physical-names';
import type { ResourceType } from './resource-types';
import { asText } from './values';
import type { Value } from './values';
import type { Work } from './work';
import { joinText, partsOf } from '../policy/text';
import type { Text } from '../policy/text';

/** A resource whose name, ARN and attributes follow from the formats of its type. */
export interface Identified {
  readonly logicalId: string;
  readonly type: ResourceType;

  /** What `Ref` gives, where that became known when the resource was deployed. */
  readonly physicalId?: string;
  readonly stackPath: string;
  readonly stackName: string;
  readonly account: Account;
  urlSuffix(): Text;
  property(name: string): Value | undefined;
  readonly work: Work;
}

/** Fill in a format of `RESOURCE_TYPES`. */
export function expand(format: string, resource: Identified): Text {
  const path = `${resource.stackPath}/${resource.logicalId}`;
  const parts = format.split(/[{}]/).map((piece, index) => {
    const isVariable = index % 2 === 1;
    return isVariable ? variable(piece, resource) ?? resource.work.unknown(`${path}.${piece}`, 'it is known only after deployment') : piece;
  });
  return resource.work.text(parts, `${path}.${format}`, resource.stackPath);
}

function variable(name: string, resource: Identified): Text | undefined {
  const { type, account } = resource;
  const hash = fingerprint(`${resource.stackPath}/${resource.logicalId}`);
  if (resource.physicalId !== undefined && type.ref === `{${name}}`) {
    return resource.physicalId;
  }
  switch (name) {
    case 'account': return account.accountId;
    case 'region': return account.region;
    case 'partition': return account.partition;
    case 'urlSuffix': return resource.urlSuffix();
    case 'arn': return type.arn === undefined ? undefined : expand(type.arn, resource);
    case 'uuid': return uuid(hash);
    case 'name':
      return propertyText(resource, type.name) ?? generatedName(resource.stackName, resource.logicalId, hash, type.generated);
    case 'certificate': {
      const pem = propertyText(resource, type.pem);
      return (typeof pem === 'string' ? certificateId(pem) : undefined) ?? hash;
    }
  }
  const [, url] = /^address:(\w+)$/.exec(name) ?? [];
  if (url !== undefined) {
    const [first = '', ...more] = partsOf(propertyText(resource, url) ?? '');
    return joinText([typeof first === 'string' ? first.replace(/^https:\/\//, '') : first, ...more]);
  }
  const [, random] = /^random:(\d+)$/.exec(name) ?? [];
  const [, property, fallback] = /^\.(\w+)(?:\|(.*))?$/.exec(name) ?? [];
  return random === undefined ? propertyText(resource, property) ?? fallback : randomText(hash, Number(random));
}

function propertyText(resource: Identified, name: string | undefined): Text | undefined {
  const value = name === undefined ? undefined : resource.property(name);
  return value === undefined || value === null ? undefined : asText(value) ?? joinText([
    resource.work.unknown(`${resource.stackPath}/${resource.logicalId}.Properties.${name}`, 'it is not a string'),
  ]);
}
