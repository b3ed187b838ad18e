/** Sets the TLS policies of the endpoints that an account has. CloudFormation can change no domain configuration of AWS. */
import { DescribeDomainConfigurationCommand, UpdateDomainConfigurationCommand } from '@aws-sdk/client-iot';
import { createClient, customResource, failure, handle, MISSING, nameOf } from '../custom-resource';
import type { Call, Handle, Iot, System } from '../custom-resource';
import { accountSettingLifecycle } from '../custom-resource/account-setting';
import { allOrNothing } from '../custom-resource/lifecycle';

const ENDPOINTS = ['iot:Data-ATS', 'iot:CredentialProvider', 'iot:Jobs'];

export function createHandler(iot: Iot, system?: System): Handle {
  const read = async (call: Call, domainConfigurationName: string): Promise<string | undefined> => {
    try {
      const { tlsConfig } = await call(() => iot.send(new DescribeDomainConfigurationCommand({ domainConfigurationName })));
      return tlsConfig?.securityPolicy;
    } catch (error) {
      // Not every Region has every endpoint.
      if (MISSING.includes(nameOf(error))) {
        return undefined;
      }
      throw error;
    }
  };
  const update = async (call: Call, domainConfigurationName: string, securityPolicy: unknown): Promise<void> => {
    try {
      if (typeof securityPolicy === 'string') {
        await call(() => iot.send(new UpdateDomainConfigurationCommand({ domainConfigurationName, tlsConfig: { securityPolicy } })));
      }
    } catch (error) {
      throw failure(`change the TLS policy of ${domainConfigurationName}`, error);
    }
  };
  return handle(accountSettingLifecycle({
    what: 'the TLS configuration of the endpoints',
    read: async (call) => {
      const policies: Record<string, string | undefined> = {};
      for (const name of ENDPOINTS) {
        policies[name] = await read(call, name);
      }
      return policies;
    },
    // AWS IoT takes one such request a second, so that those for nothing are left out. It has none for "no policy".
    write: (task, policies, current) => allOrNothing(task, Object.entries(policies).map(([name, policy]) => ({
      isDone: () => Promise.resolve(policy === current[name]),
      run: () => update(task.call, name, policy),
      undo: () => update(task.undo, name, current[name]),
    }))),
  }), system);
}

export const handler = customResource(createHandler(createClient()));
