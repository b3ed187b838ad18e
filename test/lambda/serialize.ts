import * as acmPca from '@aws-sdk/client-acm-pca';
import * as cognitoIdentity from '@aws-sdk/client-cognito-identity';
import * as cognitoIdp from '@aws-sdk/client-cognito-identity-provider';
import * as dynamodb from '@aws-sdk/client-dynamodb';
import * as iot from '@aws-sdk/client-iot';
import * as kms from '@aws-sdk/client-kms';
import * as secretsManager from '@aws-sdk/client-secrets-manager';
import * as ssm from '@aws-sdk/client-ssm';

interface HttpRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: Record<string, string>;
  readonly query?: Record<string, unknown>;
  readonly body?: unknown;
}

interface Client {
  send(command: never): Promise<unknown>;
}

/** The packages of commands, and what sends them. */
const SENDERS: readonly [object, new (config: ReturnType<typeof configuration>) => Client][] = [
  [iot, iot.IoTClient],
  [acmPca, acmPca.ACMPCAClient],
  [cognitoIdentity, cognitoIdentity.CognitoIdentityClient],
  [cognitoIdp, cognitoIdp.CognitoIdentityProviderClient],
  [dynamodb, dynamodb.DynamoDBClient],
  [kms, kms.KMSClient],
  [secretsManager, secretsManager.SecretsManagerClient],
  [ssm, ssm.SSMClient],
];

/** What the real clients send for these commands: they refuse those with parts missing. */
export async function serialize(commands: readonly object[]): Promise<string[]> {
  const lines: string[] = [];
  const clients = SENDERS.map(([api, Sender]) => [Object.values(api), new Sender(configuration(lines))] as const);
  for (const command of commands) {
    const [, client] = clients.find(([exports]) => exports.includes(command.constructor))!;
    await client.send(command as never);
  }
  return lines;
}

function configuration(lines: string[]) {
  return {
    region: 'eu-central-1',
    credentials: { accessKeyId: 'id', secretAccessKey: 'none' },
    requestHandler: {
      handle: async ({ method, path, headers, query = {}, body }: HttpRequest) => {
        await Promise.resolve();
        const target = headers['x-amz-target'] === undefined ? '' : ` ${headers['x-amz-target']}`;
        const search = Object.keys(query).length > 0 ? ` ${JSON.stringify(query)}` : '';
        lines.push(`${method} ${decodeURIComponent(path)}${target}${search}${textOf(body)}`);
        return { response: { statusCode: 200, headers: {}, body: new Uint8Array() } };
      },
    },
  };
}

function textOf(body: unknown): string {
  const text = body instanceof Uint8Array ? new TextDecoder().decode(body) : body;
  return typeof text === 'string' && text !== '' ? ` ${text}` : '';
}
