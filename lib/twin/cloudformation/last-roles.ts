import type { Deployment, Resource } from '../../deployment';
import type { StateFolder } from '../pki/state-folder';

const FILE = 'last-roles.json';

/**
 * The roles and policies that were deployed last. When the twin starts with another template, handlers still need those of
 * the one before, for what has left it.
 */
export class LastRoles {
  constructor(private readonly folder: StateFolder) {}

  public get resources(): readonly Resource[] {
    const kept = this.folder.readJson(FILE);
    return Array.isArray(kept) ? kept as Resource[] : [];
  }

  public keep({ resources }: Deployment): void {
    this.folder.write(FILE, JSON.stringify(resources.filter(({ type }) => type.startsWith('AWS::IAM::'))));
  }
}
