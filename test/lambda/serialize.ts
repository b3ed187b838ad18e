import { IoTClient } from '@aws-sdk/client-iot';

interface HttpRequest {
  readonly method: string;
  readonly path: string;
  readonly query?: Record<string, unknown>;
  readonly body?: unknown;
}

/** What the real client sends for these commands: it refuses those with parts missing. */
export async function serialize(commands: readonly object[]): Promise<string[]> {
  const lines: string[] = [];
  const client = new IoTClient({
    region: 'eu-central-1',
    credentials: { accessKeyId: 'id', secretAccessKey: 'none' },
    requestHandler: {
      handle: async ({ method, path, query = {}, body }: HttpRequest) => {
        await Promise.resolve();
        const search = Object.keys(query).length > 0 ? ` ${JSON.stringify(query)}` : '';
        lines.push(`${method} ${decodeURIComponent(path)}${search}${textOf(body)}`);
        return { response: { statusCode: 200, headers: {}, body: undefined } };
      },
    },
  });
  for (const command of commands) {
    await client.send(command as never);
  }
  return lines;
}

function textOf(body: unknown): string {
  const text = body instanceof Uint8Array ? new TextDecoder().decode(body) : body;
  return typeof text === 'string' && text !== '' ? ` ${text}` : '';
}
