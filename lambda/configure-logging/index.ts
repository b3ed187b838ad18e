/** Sets where and what AWS IoT logs, for the whole account: `AWS::IoT::Logging` fails where that is set already. */
import { GetV2LoggingOptionsCommand, SetV2LoggingOptionsCommand } from '@aws-sdk/client-iot';
import type { GetV2LoggingOptionsResponse, SetV2LoggingOptionsRequest } from '@aws-sdk/client-iot';
import { createClient, customResource, handle, nameOf } from '../custom-resource';
import type { Handle, Iot, Patience, System } from '../custom-resource';
import { accountSettingLifecycle, type Setting } from '../custom-resource/account-setting';

/** AWS IoT tries the role, which IAM takes seconds to make known. */
const UNTIL_ASSUMED: Patience = { errors: ['InvalidRequestException'], seconds: 45 };

export function createHandler(iot: Iot, system?: System): Handle {
  return handle(accountSettingLifecycle({
    what: 'the logging of AWS IoT',
    read: async (call) => {
      try {
        const options = await call(() => iot.send(new GetV2LoggingOptionsCommand({ verbose: true })));
        return settingOf(options);
      } catch (error) {
        // Nobody has ever set it.
        if (nameOf(error) === 'NotConfiguredException') {
          return {};
        }
        throw error;
      }
    },
    write: async ({ call }, setting) => {
      await call(() => iot.send(new SetV2LoggingOptionsCommand(optionsOf(setting))), UNTIL_ASSUMED);
    },
  }), system);
}

function settingOf({ roleArn, defaultLogLevel, disableAllLogs, eventConfigurations }: GetV2LoggingOptionsResponse): Setting {
  return {
    roleArn,
    defaultLogLevel,
    disableAllLogs: disableAllLogs ?? false,
    ...eventConfigurations?.length && { eventConfigurations },
  };
}

/** There is no call for "never set": logging is switched off instead. */
function optionsOf(setting: Setting): SetV2LoggingOptionsRequest {
  return setting.roleArn === undefined ? { disableAllLogs: true } : setting;
}

export const handler = customResource(createHandler(createClient()));
