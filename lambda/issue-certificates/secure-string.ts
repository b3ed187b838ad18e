import { DeleteParameterCommand, GetParameterCommand, PutParameterCommand } from '@aws-sdk/client-ssm';
import { nameOf, RequestError, unless, type Call, type Patience } from '../custom-resource';
import type { Ssm } from '../custom-resource/memory';
import { callWithSecret, type Delivery, type HeldSecret } from './delivery';
import type { Destination } from './request';

const GONE = ['ParameterNotFound'];

/** Another request writes the same parameter. */
const UNTIL_ALONE: Patience = { errors: ['TooManyUpdates'], seconds: 60 };

/** Delivers to a SecureString of AWS Systems Manager. What is held has a parameter beside it, under the same key. */
export function toSecureString(ssm: Ssm, { parameterName, keyId }: Extract<Destination, { kind: 'secure-string' }>, name: string): Delivery {
  const held = `${parameterName}.${name}`;
  const get = async (call: Call, parameter: string): Promise<string | undefined> => {
    try {
      const { Parameter: found } = await callWithSecret(call, () => ssm.send(new GetParameterCommand({ Name: parameter, WithDecryption: true })));
      return found?.Value;
    } catch (error) {
      if (GONE.includes(nameOf(error))) {
        return undefined;
      }
      throw error;
    }
  };
  const put = async (call: Call, parameter: string, secret: HeldSecret): Promise<void> => {
    await callWithSecret(call, () => ssm.send(new PutParameterCommand({
      Name: parameter,
      Type: 'SecureString',
      KeyId: keyId,
      Value: JSON.stringify(secret),
      Overwrite: true,
    })), UNTIL_ALONE);
  };
  const remove = async (call: Call, parameter: string): Promise<void> => {
    await unless(GONE, () => call(() => ssm.send(new DeleteParameterCommand({ Name: parameter })), UNTIL_ALONE));
  };
  const release = (call: Call): Promise<void> => remove(call, held);
  return {
    read: async (call) => {
      const text = await get(call, held);
      return text === undefined ? undefined : JSON.parse(text) as HeldSecret;
    },
    hold: (call, secret) => put(call, held, secret),
    publish: async (call, secret, others) => {
      const text = await get(call, parameterName);
      const current = text === undefined ? undefined : certificateIn(text);
      if (text !== undefined && (current === undefined || ![secret.certificateId, ...others].includes(current))) {
        throw new RequestError(`cannot deliver to parameter "${parameterName}": it holds something else; choose another name, or delete it`);
      }
      if (current !== secret.certificateId) {
        await put(call, parameterName, secret);
      }
    },
    release,
    erase: async (call, certificateId) => {
      const text = await get(call, parameterName);
      if (text !== undefined && certificateId !== undefined && certificateIn(text) === certificateId) {
        await remove(call, parameterName);
      }
      await release(call);
    },
  };
}

/** The id of the certificate that a parameter was delivered for, if any. */
function certificateIn(text: string): string | undefined {
  try {
    const { certificateId } = Object(JSON.parse(text)) as { certificateId?: unknown };
    return typeof certificateId === 'string' ? certificateId : undefined;
  } catch {
    return undefined;
  }
}
