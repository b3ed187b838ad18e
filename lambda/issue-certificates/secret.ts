import { randomUUID } from 'node:crypto';
import {
  DescribeSecretCommand,
  GetSecretValueCommand,
  PutSecretValueCommand,
  UpdateSecretVersionStageCommand,
  type UpdateSecretVersionStageRequest,
} from '@aws-sdk/client-secrets-manager';
import { MISSING, nameOf, unless, type Call } from '../custom-resource';
import { callWithSecret, type Delivery, type HeldSecret, type Secrets } from './delivery';
import type { Destination } from './request';

const CURRENT = 'AWSCURRENT';

/** The secret is gone, or about to go. */
const GONE = [...MISSING, 'InvalidRequestException'];

type Label = Pick<UpdateSecretVersionStageRequest, 'VersionStage' | 'MoveToVersionId' | 'RemoveFromVersionId'>;

/** Delivers to a secret of AWS Secrets Manager: a version with a label of its own is held, the current one is read. */
export function toSecret(secrets: Secrets, { secretId }: Extract<Destination, { kind: 'secret' }>, name: string): Delivery {
  const label = `cdk-iot-warden/${name}`;
  const put = async (call: Call, secret: HeldSecret, stages: string[]): Promise<void> => {
    const command = new PutSecretValueCommand({
      SecretId: secretId,
      SecretString: JSON.stringify(secret),
      // The same for each repetition, which then makes no other version.
      ClientRequestToken: randomUUID(),
      VersionStages: stages,
    });
    await callWithSecret(call, () => secrets.send(command));
  };
  // Labels are read again before each try: to move one that an earlier try has moved is an error.
  const changeLabels = async (call: Call, change: (versions: ReadonlyMap<string, string>) => Label | undefined): Promise<void> => {
    await call(async () => {
      const { VersionIdsToStages: stages = {} } = await secrets.send(new DescribeSecretCommand({ SecretId: secretId }));
      const versions = new Map(Object.entries(stages).flatMap(([version, labels]) => labels.map((one) => [one, version] as const)));
      const changed = change(versions);
      if (changed) {
        await secrets.send(new UpdateSecretVersionStageCommand({ SecretId: secretId, ...changed }));
      }
    });
  };
  const release = async (call: Call): Promise<void> => {
    await unless(GONE, () => changeLabels(call, (versions) => {
      const RemoveFromVersionId = versions.get(label);
      return RemoveFromVersionId === undefined ? undefined : { VersionStage: label, RemoveFromVersionId };
    }));
  };
  return {
    read: async (call) => {
      try {
        const { SecretString: text } = await callWithSecret(call, () => secrets.send(new GetSecretValueCommand({ SecretId: secretId, VersionStage: label })));
        return text === undefined ? undefined : JSON.parse(text) as HeldSecret;
      } catch (error) {
        if (MISSING.includes(nameOf(error))) {
          return undefined;
        }
        throw error;
      }
    },
    hold: (call, secret) => put(call, secret, [label]),
    publish: (call) => changeLabels(call, (versions) => {
      const [MoveToVersionId, RemoveFromVersionId] = [versions.get(label), versions.get(CURRENT)];
      return MoveToVersionId === RemoveFromVersionId ? undefined : { VersionStage: CURRENT, MoveToVersionId, RemoveFromVersionId };
    }),
    release,
    // The secret belongs to the stack or to the user, who decides what becomes of it.
    erase: release,
  };
}
