import {
  DeleteCertificateCommand,
  DescribeCertificateCommand,
  DetachPolicyCommand,
  DetachThingPrincipalCommand,
  ListAttachedPoliciesCommand,
  ListPrincipalThingsCommand,
  UpdateCertificateCommand,
} from '@aws-sdk/client-iot';
import type { Iot } from './client';
import { failure, MISSING, unless } from './errors';
import { allItems, firstItems } from './pages';
import { UNTIL_DETACHED, type Call, type Patience } from './retry';

/** That it has been deactivated is not noticed at once either. */
const UNTIL_DELETABLE: Patience = { errors: [...UNTIL_DETACHED.errors, 'CertificateStateException'], seconds: UNTIL_DETACHED.seconds };

/**
 * Deactivates a certificate and detaches it from all things and policies, also from those that the stack does not know.
 * A certificate that is not there, or no longer, is not an error.
 */
export async function disarm(iot: Iot, call: Call, certificateId: string): Promise<void> {
  await retiring(certificateId, async () => {
    const { certificateDescription } = await call(() => iot.send(new DescribeCertificateCommand({ certificateId })));
    if (certificateDescription?.status === 'ACTIVE') {
      await call(() => iot.send(new UpdateCertificateCommand({ certificateId, newStatus: 'INACTIVE' })));
    }
    const principal = certificateDescription?.certificateArn;
    for (const thingName of await thingsOf(iot, call, principal)) {
      await unless(MISSING, () => call(() => iot.send(new DetachThingPrincipalCommand({ thingName, principal }))));
    }
    for (const policyName of await policiesOf(iot, call, principal)) {
      await unless(MISSING, () => call(() => iot.send(new DetachPolicyCommand({ policyName, target: principal }))));
    }
  });
}

/** Disarms a certificate and deletes it. */
export async function retire(iot: Iot, call: Call, certificateId: string): Promise<void> {
  await disarm(iot, call, certificateId);
  await retiring(certificateId, () => call(() => iot.send(new DeleteCertificateCommand({ certificateId })), UNTIL_DELETABLE));
}

async function retiring(certificateId: string, action: () => Promise<unknown>): Promise<void> {
  try {
    await unless(MISSING, action);
  } catch (error) {
    throw failure(`retire certificate "${certificateId}"`, error);
  }
}

/** The lists are read to their ends first: what is detached would move the rest of them. */
function thingsOf(iot: Iot, call: Call, principal: string | undefined): Promise<string[]> {
  return firstItems(allItems(async (nextToken) => {
    const page = await call(() => iot.send(new ListPrincipalThingsCommand({ principal, nextToken })));
    return { items: page.things, next: page.nextToken };
  }), Infinity);
}

async function policiesOf(iot: Iot, call: Call, target: string | undefined): Promise<string[]> {
  const policies = await firstItems(allItems(async (marker) => {
    const page = await call(() => iot.send(new ListAttachedPoliciesCommand({ target, marker })));
    return { items: page.policies, next: page.nextMarker };
  }), Infinity);
  return policies.flatMap(({ policyName }) => policyName ?? []);
}
