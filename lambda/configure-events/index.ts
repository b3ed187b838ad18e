/** Switches the events of the registry, jobs and certificates on, for the whole account. CloudFormation has no type for it. */
import { DescribeEventConfigurationsCommand, UpdateEventConfigurationsCommand } from '@aws-sdk/client-iot';
import type { Configuration } from '@aws-sdk/client-iot';
import { createClient, customResource, handle } from '../custom-resource';
import type { Handle, Iot, System } from '../custom-resource';
import { accountSettingLifecycle } from '../custom-resource/account-setting';

export function createHandler(iot: Iot, system?: System): Handle {
  return handle(accountSettingLifecycle({
    what: 'the events of AWS IoT',
    read: async (call) => {
      const { eventConfigurations = {} } = await call(() => iot.send(new DescribeEventConfigurationsCommand({})));
      return Object.fromEntries(Object.entries(eventConfigurations).map(([type, { Enabled: enabled }]) => [type, enabled ?? false]));
    },
    write: async ({ call }, setting) => {
      const eventConfigurations = Object.fromEntries(
        Object.entries(setting).map(([type, enabled]): [string, Configuration] => [type, { Enabled: enabled === true }]),
      );
      await call(() => iot.send(new UpdateEventConfigurationsCommand({ eventConfigurations })));
    },
  }), system);
}

export const handler = customResource(createHandler(createClient()));
