/** Gives things their thing type, which CloudFormation cannot. */
import { DescribeThingCommand, UpdateThingCommand } from '@aws-sdk/client-iot';
import { createClient, customResource, handle, text, texts, UNTIL_FOUND } from '../custom-resource';
import type { Call, Handle, Iot, System } from '../custom-resource';
import { membershipLifecycle } from '../custom-resource/membership';
import { slotRegister } from '../custom-resource/slot';

export function createHandler(iot: Iot, system?: System): Handle {
  const assign = async (call: Call, thingName: string, thingTypeName: string): Promise<void> => {
    await call(() => iot.send(new UpdateThingCommand({ thingName, thingTypeName })), UNTIL_FOUND);
  };
  const register = slotRegister({
    what: 'thing type',
    read: async (call, thingName, patience) => (await call(() => iot.send(new DescribeThingCommand({ thingName })), patience)).thingTypeName,
    fill: assign,
    clear: async (call, thingName) => {
      await call(() => iot.send(new UpdateThingCommand({ thingName, removeThingType: true })));
    },
    change: (call, thing, _, to) => assign(call, thing, to),
  });
  return handle(membershipLifecycle(register, (properties) => ({
    group: text(properties, 'ThingTypeName'),
    members: texts(properties, 'ThingNames'),
  })), system);
}

export const handler = customResource(createHandler(createClient()));
