/** Sets the authorizer of connections that name none, for the whole account. CloudFormation has no type for it. */
import { ClearDefaultAuthorizerCommand, DescribeDefaultAuthorizerCommand, SetDefaultAuthorizerCommand } from '@aws-sdk/client-iot';
import { createClient, customResource, EXISTING, handle, MISSING, nameOf, unless } from '../custom-resource';
import type { Handle, Iot, Patience, System } from '../custom-resource';
import { accountSettingLifecycle } from '../custom-resource/account-setting';

/** AWS IoT lists "already exists" among the errors and does not say when. What is in the way is cleared, then set again. */
const UNTIL_SET: Patience = { errors: ['ResourceAlreadyExistsException', 'ResourceNotFoundException'], seconds: 20 };

export function createHandler(iot: Iot, system?: System): Handle {
  const read = async (): Promise<string | undefined> => {
    try {
      return (await iot.send(new DescribeDefaultAuthorizerCommand({}))).authorizerDescription?.authorizerName;
    } catch (error) {
      if (MISSING.includes(nameOf(error))) {
        return undefined;
      }
      throw error;
    }
  };
  const clear = (): Promise<void> => unless(MISSING, () => iot.send(new ClearDefaultAuthorizerCommand({})));
  const set = async (authorizerName: string): Promise<void> => {
    try {
      await iot.send(new SetDefaultAuthorizerCommand({ authorizerName }));
    } catch (error) {
      if (EXISTING.includes(nameOf(error))) {
        // An earlier try may have been carried out although its answer was lost.
        if (await read() === authorizerName) {
          return;
        }
        await clear();
      }
      throw error;
    }
  };
  return handle(accountSettingLifecycle({
    what: 'the default authorizer',
    isExclusive: true,
    read: async (call) => ({ authorizerName: await call(read) }),
    write: ({ call }, { authorizerName }) => (typeof authorizerName === 'string' ? call(() => set(authorizerName), UNTIL_SET) : call(clear)),
  }), system);
}

export const handler = customResource(createHandler(createClient()));
