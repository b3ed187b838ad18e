import { randomUUID } from 'node:crypto';
import {
  DescribeSecretCommand,
  GetSecretValueCommand,
  PutSecretValueCommand,
  UpdateSecretVersionStageCommand,
} from '@aws-sdk/client-secrets-manager';
import { MISSING, nameOf, unless, type Call } from '../custom-resource';
import { callWithSecret, type Delivery, type HeldSecret, type Secrets } from './delivery';
import type { Destination } from './request';

const CURRENT = 'AWSCURRENT';

/** The secret is gone, or about to go. */
const GONE = [...MISSING, 'InvalidRequestException'];

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
  const versionsOf = async (call: Call): Promise<[string, readonly string[]][]> => {
    const { VersionIdsToStages: stages = {} } = await call(() => secrets.send(new DescribeSecretCommand({ SecretId: secretId })));
    return Object.entries(stages);
  };
  const versionWith = (versions: readonly [string, readonly string[]][], stage: string): string | undefined => (
    versions.find(([, stages]) => stages.includes(stage))?.[0]
  );
  const release = async (call: Call): Promise<void> => {
    await unless(GONE, async () => {
      const version = versionWith(await versionsOf(call), label);
      if (version !== undefined) {
        await call(() => secrets.send(new UpdateSecretVersionStageCommand({ SecretId: secretId, VersionStage: label, RemoveFromVersionId: version })));
      }
    });
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
    publish: async (call) => {
      const versions = await versionsOf(call);
      const [version, current] = [versionWith(versions, label), versionWith(versions, CURRENT)];
      if (version !== current) {
        await call(() => secrets.send(new UpdateSecretVersionStageCommand({
          SecretId: secretId,
          VersionStage: CURRENT,
          MoveToVersionId: version,
          RemoveFromVersionId: current,
        })));
      }
    },
    release,
    // The secret belongs to the stack or to the user, who decides what becomes of it.
    erase: release,
  };
}
