/** Puts things into a billing group, which CloudFormation cannot. */
import { AddThingToBillingGroupCommand, DescribeThingCommand, RemoveThingFromBillingGroupCommand } from '@aws-sdk/client-iot';
import { createClient, customResource, handle, MISSING, text, texts, unless, UNTIL_FOUND } from '../custom-resource';
import type { Call, Handle, Iot, Patience, System } from '../custom-resource';
import { membershipLifecycle } from '../custom-resource/membership';
import { slotRegister } from '../custom-resource/slot';

/**
 * A thing that left its billing group a moment ago may still count as a member, and be refused by another group.
 *
 * @see https://docs.aws.amazon.com/iot/latest/apireference/API_RemoveThingFromBillingGroup.html "This call is asynchronous"
 */
const UNTIL_LEFT: Patience = { errors: ['InvalidRequestException', 'ResourceNotFoundException'], seconds: 20 };

export function createHandler(iot: Iot, system?: System): Handle {
  const join = async (call: Call, thingName: string, billingGroupName: string, patience: Patience): Promise<void> => {
    await call(() => iot.send(new AddThingToBillingGroupCommand({ thingName, billingGroupName })), patience);
  };
  const leave = async (call: Call, thingName: string, billingGroupName: string): Promise<void> => {
    await call(() => iot.send(new RemoveThingFromBillingGroupCommand({ thingName, billingGroupName })));
  };
  const register = slotRegister({
    what: 'billing group',
    read: async (call, thingName, patience) => (await call(() => iot.send(new DescribeThingCommand({ thingName })), patience)).billingGroupName,
    fill: (call, thing, group) => join(call, thing, group, UNTIL_FOUND),
    clear: leave,
    change: async (call, thing, from, to) => {
      await unless(MISSING, () => leave(call, thing, from));
      await join(call, thing, to, UNTIL_LEFT);
    },
  });
  return handle(membershipLifecycle(register, (properties) => ({
    group: text(properties, 'BillingGroupName'),
    members: texts(properties, 'ThingNames'),
  })), system);
}

export const handler = customResource(createHandler(createClient()));
