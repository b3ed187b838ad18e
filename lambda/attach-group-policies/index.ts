/** Attaches policies to a static thing group: `AWS::IoT::PolicyPrincipalAttachment` takes certificates only. */
import { AttachPolicyCommand, DetachPolicyCommand, ListAttachedPoliciesCommand } from '@aws-sdk/client-iot';
import { allItems, createClient, customResource, EXISTING, handle, MISSING, text, texts, unless, UNTIL_FOUND } from '../custom-resource';
import type { Call, Handle, Iot, System } from '../custom-resource';
import { membershipLifecycle, type Membership, type Register } from '../custom-resource/membership';

/** https://docs.aws.amazon.com/iot/latest/developerguide/thing-groups.html */
const MAX_POLICIES = 2;

export function createHandler(iot: Iot, system?: System): Handle {
  return handle(membershipLifecycle(register(iot), (properties) => ({
    group: text(properties, 'ThingGroupArn'),
    members: texts(properties, 'PolicyNames'),
  })), system);
}

function register(iot: Iot): Register {
  const attach = (call: Call, policyName: string, { group }: Membership): Promise<void> => unless(
    EXISTING,
    () => call(() => iot.send(new AttachPolicyCommand({ policyName, target: group })), UNTIL_FOUND),
  );
  const detach = async (call: Call, policyName: string, { group }: Membership): Promise<void> => {
    await call(() => iot.send(new DetachPolicyCommand({ policyName, target: group })));
  };
  return {
    capacity: MAX_POLICIES,
    memberKind: 'policy',
    groupKind: 'thing group',
    has: async (call, policyName, { group }) => {
      for await (const name of policiesOf(iot, call, group)) {
        if (name === policyName) {
          return true;
        }
      }
      return false;
    },
    add: attach,
    remove: detach,
    move: async (call, policyName, from, to) => {
      await attach(call, policyName, to);
      await unless(MISSING, () => detach(call, policyName, from));
    },
  };
}

function policiesOf(iot: Iot, call: Call, target: string): AsyncGenerator<string | undefined> {
  return allItems(async (marker) => {
    const page = await call(() => iot.send(new ListAttachedPoliciesCommand({ target, marker })), UNTIL_FOUND);
    return { items: page.policies?.map(({ policyName }) => policyName), next: page.nextMarker };
  });
}

export const handler = customResource(createHandler(createClient()));
