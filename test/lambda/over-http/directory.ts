import type { Service } from '../../../lib/twin/aws';
import { jsonService } from '../../../lib/twin/aws/json-service';
import { ServiceError } from '../../../lib/twin/aws/service';
import { StateFile } from '../../../lib/twin/aws/state-file';
import type { StateFolder } from '../../../lib/twin/pki/state-folder';

/** Who there is in an identity pool, and in a user pool by `sub`. */
export interface People {
  readonly identities: readonly string[];
  readonly users: Readonly<Record<string, { readonly isEnabled: boolean }>>;
}

const NOBODY: People = { identities: [], users: {} };

function fileOf(folder: StateFolder): StateFile<People> {
  return new StateFile(folder, 'people', NOBODY);
}

/** Fills the identity pool and the user pool, before a handler is called. */
export function putPeople(folder: StateFolder, people: People): void {
  fileOf(folder).write(people);
}

/** Of Amazon Cognito, what administrators ask for; the state folder has the answers. */
export function directoryServices(folder: StateFolder): readonly Service[] {
  const read = (): People => fileOf(folder).read();
  return [
    jsonService('cognito-identity', 'Amazon Cognito identity pools', {
      DescribeIdentity: ({ IdentityId: id }) => {
        if (!read().identities.includes(String(id))) {
          throw new ServiceError('ResourceNotFoundException', `Identity '${String(id)}' not found.`);
        }
        return { IdentityId: id };
      },
      DeleteIdentities: ({ IdentityIdsToDelete: ids }) => {
        const { identities, users } = read();
        fileOf(folder).write({ users, identities: identities.filter((id) => !(ids as readonly string[]).includes(id)) });
        return { UnprocessedIdentityIds: [] };
      },
    }, {}),
    jsonService('cognito-idp', 'Amazon Cognito user pools', {
      ListUsers: ({ Filter: filter }) => {
        const user = read().users[/^sub = "([^"]*)"$/.exec(String(filter))?.[1] ?? ''];
        return { Users: user === undefined ? [] : [{ Enabled: user.isEnabled }] };
      },
    }, {}),
  ];
}
