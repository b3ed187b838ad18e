import { DeletePolicyCommand, DeletePolicyVersionCommand, DetachPolicyCommand, ListPolicyVersionsCommand, ListTargetsForPolicyCommand } from '@aws-sdk/client-iot';
import type { Iot } from './client';
import { MISSING, unless } from './errors';
import { allItems } from './pages';
import { UNTIL_DETACHED, type Call } from './retry';

/** What a policy is attached to: ARNs of certificates and thing groups, ids of Cognito identities. */
export function targetsOf(iot: Iot, call: Call, policyName: string): AsyncGenerator<string> {
  return allItems(async (marker) => {
    const page = await call(() => iot.send(new ListTargetsForPolicyCommand({ policyName, marker })));
    return { items: page.targets, next: page.nextMarker };
  });
}

/** A Cognito identity has no ARN, everything else that a policy can be attached to does. */
export function isIdentity(target: string): boolean {
  return !target.startsWith('arn:');
}

/** Detaches a policy; one that is gone is detached from everything. */
export async function detach(iot: Iot, call: Call, policyName: string, target: string): Promise<void> {
  await unless(MISSING, () => call(() => iot.send(new DetachPolicyCommand({ policyName, target }))));
}

interface Version {
  readonly policyVersionId: string;
  readonly isDefault: boolean;
}

/** All versions, the oldest first. Their ids are numbers: as text, "10" would come before "9". */
export async function versionsOf(iot: Iot, policyName: string): Promise<Version[]> {
  const { policyVersions = [] } = await iot.send(new ListPolicyVersionsCommand({ policyName }));
  return policyVersions
    .flatMap(({ versionId, isDefaultVersion }) => (versionId === undefined ? [] : [{ policyVersionId: versionId, isDefault: isDefaultVersion === true }]))
    .sort((a, b) => Number(a.policyVersionId) - Number(b.policyVersionId));
}

export async function deleteVersion(iot: Iot, policyName: string, policyVersionId: string): Promise<void> {
  await unless(MISSING, () => iot.send(new DeletePolicyVersionCommand({ policyName, policyVersionId })));
}

/** Deletes a policy that is attached to nothing any more, as soon as AWS IoT notices. */
export async function deleteDetached(iot: Iot, call: Call, policyName: string): Promise<void> {
  for (const { policyVersionId } of (await call(() => versionsOf(iot, policyName))).filter(({ isDefault }) => !isDefault)) {
    await call(() => deleteVersion(iot, policyName, policyVersionId));
  }
  await call(() => iot.send(new DeletePolicyCommand({ policyName })), UNTIL_DETACHED);
}
