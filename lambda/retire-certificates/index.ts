/**
 * Deactivates certificates and detaches them from everything before CloudFormation deletes them, which it would fail to do
 * for one that something outside the stack has activated or attached.
 */
import { createHash } from 'node:crypto';
import { SSMClient } from '@aws-sdk/client-ssm';
import { CLIENT_CONFIG, createClient, customResource, failure, handle, text, texts } from '../custom-resource';
import type { Handle, Iot, System, Task } from '../custom-resource';
import { memory, type Ssm } from '../custom-resource/memory';
import { disarm } from '../custom-resource/retirement';

interface Request {
  readonly certificateIds: readonly string[];
  /** Where memory is. */
  readonly memory: string;
}

/** The set of certificates that is wanted now. */
interface Wanted {
  readonly owner: string;
  /** The beginnings of their ids: a parameter takes 4 KB, and a stack has up to 500 resources. */
  readonly certificates: readonly string[];
}

const KEY = 'wanted';

/** 48 bits tell the certificates of one stack apart. */
const BEGINNING_CHARS = 12;

export function createHandler(iot: Iot, ssm: Ssm, system?: System): Handle {
  const remember = async ({ call }: Task, request: Request): Promise<void> => {
    const wanted: Wanted = { owner: physicalIdOf(request), certificates: request.certificateIds.map(beginning) };
    await remembering(() => memory(ssm, request.memory).put(call, KEY, wanted));
  };
  return handle<Request>({
    read: (properties) => ({ certificateIds: texts(properties, 'CertificateIds'), memory: text(properties, 'Memory') }),
    // Another set is a replacement, so that the one before is deleted when nothing can be rolled back any more.
    identify: (_, request) => physicalIdOf(request),
    create: remember,
    update: remember,
    remove: async (task, before, physicalResourceId) => {
      const store = memory(ssm, before.memory);
      const wanted = await remembering(() => store.get<Wanted>(task.call, KEY));
      if (wanted === undefined) {
        task.note('nothing is retired: it has been already, or nobody knows what is still wanted');
        return;
      }
      const isLast = wanted.owner === physicalResourceId;
      for (const certificateId of before.certificateIds) {
        if (isLast || !wanted.certificates.includes(beginning(certificateId))) {
          await disarm(iot, task.call, certificateId);
        }
      }
      if (isLast) {
        await remembering(() => store.remove(task.call, KEY));
      }
    },
  }, system);
}

function physicalIdOf({ certificateIds }: Request): string {
  return `retirement/${createHash('sha256').update([...certificateIds].sort().join()).digest('hex').slice(0, 32)}`;
}

function beginning(certificateId: string): string {
  return certificateId.slice(0, BEGINNING_CHARS);
}

async function remembering<T>(action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    throw failure('remember in AWS Systems Manager which certificates are wanted', error);
  }
}

export const handler = customResource(createHandler(createClient(), new SSMClient(CLIENT_CONFIG)));
