import type { IncomingMessage } from 'node:http';

/** More than any issuer has keys. */
const MAX_BYTES = 256 * 1024;

/**
 * Fetches JSON within a time. Redirects are not followed, and what is too large is not read.
 *
 * Node's modules for it load when they are needed, which in most invocations they are not.
 */
export async function fetchJson(uri: string, timeMs: number): Promise<unknown> {
  // Plain HTTP is only ever that of this computer, see `isProtected`.
  const { get } = uri.startsWith('http:') ? await import('node:http') : await import('node:https');
  const body = await new Promise<string>((resolve, reject) => {
    const timer = setTimeout(() => request.destroy(new Error(`no answer within ${timeMs} ms`)), timeMs);
    const done = (settle: () => void): void => {
      clearTimeout(timer);
      settle();
    };
    const request = get(uri, { headers: { accept: 'application/json' } }, (response) => {
      read(response).then((text) => done(() => resolve(text)), (error: Error) => {
        request.destroy();
        done(() => reject(error));
      });
    });
    request.on('error', (error) => done(() => reject(error)));
  });
  try {
    return JSON.parse(body);
  } catch {
    throw new Error('the answer is not JSON');
  }
}

async function read(response: IncomingMessage): Promise<string> {
  if (response.statusCode !== 200) {
    throw new Error(`the answer has the status ${response.statusCode}, expected 200`);
  }
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_BYTES) {
      throw new Error(`the answer has more than ${MAX_BYTES} bytes`);
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}
