import type * as api from '@aws-sdk/client-iot';
import { invalidRequest } from './errors';

const MAX_TAGS = 50;

/** Tags as records keep them. */
export function tagsOf(tags: readonly api.Tag[]): Readonly<Record<string, string>> {
  const all = Object.fromEntries(tags.map(({ Key: key, Value: value }) => {
    if (typeof key !== 'string' || key === '' || key.startsWith('aws:')) {
      throw invalidRequest(`'${String(key)}' is not a tag key: it must be text that does not begin with 'aws:'`);
    }
    return [key, value ?? ''];
  }));
  if (Object.keys(all).length > MAX_TAGS) {
    throw invalidRequest(`a resource has at most ${MAX_TAGS} tags`);
  }
  return all;
}
