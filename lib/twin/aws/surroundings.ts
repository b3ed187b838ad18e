import type { Deployment, Resource } from '../../deployment';
import type { AccountScope } from '../../policy';
import type { AccessKeys } from './access-keys';
import type { Clock } from '../clock';
import type { StateFolder } from '../pki/state-folder';
import type { Storage } from '../storage';

/** What the stand-ins for AWS services work with. */
export interface Surroundings {
  /** What is deployed at the moment. */
  readonly deployment: () => Deployment;
  readonly scope: AccountScope;

  /** Where they keep what AWS would keep. */
  readonly folder: StateFolder;
  readonly storage: Storage;
  readonly clock: Clock;

  /** The credentials that are handed out. */
  readonly keys: AccessKeys;
}

/** A resource whose name and ARN are known. */
export interface DeclaredResource {
  readonly id: string;
  readonly arn: string;
  readonly resource: Resource;
}

/** The resources of a type that certainly exist. */
export function declared({ deployment }: Pick<Surroundings, 'deployment'>, ...types: readonly string[]): readonly DeclaredResource[] {
  return deployment().resources.flatMap((resource) => {
    const { type, physicalId, arn, condition } = resource;
    return types.includes(type) && condition === undefined && typeof physicalId === 'string' && (arn === undefined || typeof arn === 'string')
      ? [{ id: physicalId, arn: arn ?? '', resource }]
      : [];
  });
}
