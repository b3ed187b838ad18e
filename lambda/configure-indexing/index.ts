/** Switches fleet indexing on, for the whole account. CloudFormation has no type for it. */
import { GetIndexingConfigurationCommand, UpdateIndexingConfigurationCommand } from '@aws-sdk/client-iot';
import { createClient, customResource, handle } from '../custom-resource';
import type { Handle, Iot, System } from '../custom-resource';
import { accountSettingLifecycle } from '../custom-resource/account-setting';
import { merge, readSetting, renderConfiguration } from './setting';

export function createHandler(iot: Iot, system?: System): Handle {
  return handle(accountSettingLifecycle({
    what: 'the fleet indexing of AWS IoT',
    merge,
    read: async (call) => readSetting(await call(() => iot.send(new GetIndexingConfigurationCommand({})))),
    write: async ({ call }, setting) => {
      await call(() => iot.send(new UpdateIndexingConfigurationCommand(renderConfiguration(setting))));
    },
  }), system);
}

export const handler = customResource(createHandler(createClient()));
