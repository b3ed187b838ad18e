/**
 * Detaches policies from all Cognito identities and deletes them, before CloudFormation would: it fails to do so while
 * they are attached, and for some minutes after.
 */
import { choice, createClient, customResource, deleteDetached, detach, failure, firstItems, handle, isIdentity, MISSING, targetsOf, texts, unless } from '../custom-resource';
import type { Call, Handle, Iot, System } from '../custom-resource';

/** How many are detached at once. AWS IoT takes some ten requests in a second. */
const AT_ONCE = 5;

const REMOVALS = ['retain', 'detach-then-delete'] as const;

interface IdentityPolicies {
  readonly policyNames: readonly string[];
  readonly removal: typeof REMOVALS[number];
}

export function createHandler(iot: Iot, system?: System): Handle {
  return handle<IdentityPolicies>({
    read: (properties) => ({ policyNames: texts(properties, 'PolicyNames'), removal: choice(properties, 'OnRemoval', REMOVALS) }),
    create: async () => {},
    // CloudFormation deletes those that the stack has no more after this. Identities get the others when they attach again.
    update: async ({ call }, wanted, before) => {
      for (const policyName of wanted.removal === 'retain' ? [] : before.policyNames.filter((name) => !wanted.policyNames.includes(name))) {
        await attempt(policyName, () => detachAll(iot, call, policyName));
      }
    },
    remove: async ({ call }, { policyNames, removal }) => {
      for (const policyName of removal === 'retain' ? [] : policyNames) {
        await attempt(policyName, async () => {
          await detachAll(iot, call, policyName);
          await deleteDetached(iot, call, policyName);
        });
      }
    },
  }, system);
}

async function attempt(policyName: string, action: () => Promise<unknown>): Promise<void> {
  try {
    await unless(MISSING, action);
  } catch (error) {
    throw failure(`detach policy "${policyName}" from identities`, error);
  }
}

/** The list is read to its end first: what is detached would move the rest of it. */
async function detachAll(iot: Iot, call: Call, policyName: string): Promise<void> {
  const identities = (await firstItems(targetsOf(iot, call, policyName), Infinity)).filter(isIdentity);
  for (let from = 0; from < identities.length; from += AT_ONCE) {
    await Promise.all(identities.slice(from, from + AT_ONCE).map((identity) => detach(iot, call, policyName, identity)));
  }
}

export const handler = customResource(createHandler(createClient()));
