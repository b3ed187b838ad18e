import { once } from 'node:events';
import { createHash, createHmac } from 'node:crypto';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { SignatureV4 } from '@smithy/signature-v4';
import mqttPacket from 'mqtt-packet';
import { WebSocketServer } from 'ws';

export const REGION = 'eu-central-1';
export const IDENTITY = 'eu-central-1:11111111-2222-3333-4444-555555555555';

/** A request as it came. */
export interface Received {
  readonly method: string;
  readonly url: URL;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

/** The hash of Node's for a signer that shares no code with what is tested. */
class Sha256 {
  private readonly hash;

  constructor(secret?: unknown) {
    this.hash = secret === undefined ? createHash('sha256') : createHmac('sha256', secret as string);
  }

  public update(data: string | Uint8Array): void {
    this.hash.update(data);
  }

  public digest(): Promise<Uint8Array> {
    return Promise.resolve(new Uint8Array(this.hash.digest()));
  }
}

/** Amazon Cognito, an attach service and a broker that checks nothing, on one port. */
export class LocalAws {
  public static async start(): Promise<LocalAws> {
    const aws = new LocalAws();
    aws.server.listen(0, '127.0.0.1');
    await once(aws.server, 'listening');
    return aws;
  }

  public readonly tokens: string[] = [];
  public readonly attachments: Received[] = [];
  public readonly upgrades: Received[] = [];
  /** What the attach service answers next; 200 when there is nothing. */
  public readonly answers: (readonly [number, object])[] = [];
  /** Ends connections once they have been accepted. */
  public hangsUp = false;
  public refusal: string | undefined;
  public lifetimeMs = 3_600_000;
  public issued = 0;
  private readonly server: Server;
  private readonly sockets = new WebSocketServer({ noServer: true, handleProtocols: () => 'mqtt' });

  private constructor() {
    this.server = createServer((request, response) => {
      void read(request).then((received) => {
        const [status, body] = request.headers['x-amz-target'] === undefined ? this.attach(received) : this.cognito(received);
        response.writeHead(status, { 'content-type': 'application/x-amz-json-1.1' }).end(JSON.stringify(body));
      });
    });
    this.server.on('upgrade', (request, socket, head) => {
      this.upgrades.push(describe(request, ''));
      this.sockets.handleUpgrade(request, socket, head, (webSocket) => {
        webSocket.on('message', (data: Buffer) => {
          if (data[0]! >> 4 === 1) {
            webSocket.send(mqttPacket.generate({ cmd: 'connack', returnCode: 0, sessionPresent: false }));
            if (this.hangsUp) {
              webSocket.close();
            }
          }
        });
      });
    });
  }

  public get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  public stop(): void {
    this.sockets.clients.forEach((client) => client.terminate());
    this.server.close();
    this.server.closeAllConnections();
  }

  private cognito({ headers, body }: Received): readonly [number, object] {
    const { Logins: logins } = JSON.parse(body) as { readonly Logins: Readonly<Record<string, string>> };
    this.tokens.push(...Object.entries(logins).map(([provider, token]) => `${provider} ${token}`));
    if (this.refusal !== undefined) {
      return [400, { __type: this.refusal, message: 'Invalid login token.' }];
    }
    if (headers['x-amz-target'] === 'AWSCognitoIdentityService.GetId') {
      return [200, { IdentityId: IDENTITY }];
    }
    this.issued++;
    return [200, {
      IdentityId: IDENTITY,
      Credentials: { AccessKeyId: `ASIA${this.issued}`, SecretKey: `secret-${this.issued}`, SessionToken: `a/token+${this.issued}==`, Expiration: (Date.now() + this.lifetimeMs) / 1000 },
    }];
  }

  private attach(received: Received): readonly [number, object] {
    this.attachments.push(received);
    return this.answers.shift() ?? [200, { attached: true }];
  }
}

async function read(request: IncomingMessage): Promise<Received> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) {
    chunks.push(chunk as Buffer);
  }
  return describe(request, Buffer.concat(chunks).toString());
}

function describe({ method = '', url = '', headers }: IncomingMessage, body: string): Received {
  return { method, url: new URL(url, `http://${headers.host}`), headers, body };
}

const signerOf = (number: number, service: string) => new SignatureV4({
  service, region: REGION, sha256: Sha256, applyChecksum: false, credentials: { accessKeyId: `ASIA${number}`, secretAccessKey: `secret-${number}` },
});
export const dateOf = (text: string): Date => new Date(text.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z'));

/** The signature that a URL must have, by another implementation: the token is no part of it. */
export async function expectedUrlSignature({ url }: Pick<Received, 'url'>, number: number): Promise<string> {
  const presigned = await signerOf(number, 'iotdevicegateway').presign(
    { method: 'GET', protocol: 'wss:', hostname: url.hostname, path: url.pathname, headers: { host: url.host }, query: {} },
    { expiresIn: Number(url.searchParams.get('X-Amz-Expires')), signingDate: dateOf(url.searchParams.get('X-Amz-Date')!) },
  );
  return String(presigned.query!['X-Amz-Signature']);
}

/** The header that a request must have, by another implementation. */
export async function expectedAuthorization({ method, url, headers }: Received, number: number): Promise<string> {
  const request: Parameters<SignatureV4['presign']>[0] = {
    method, protocol: 'https:', hostname: url.hostname, path: url.pathname, query: {},
    headers: { 'host': headers.host!, 'x-amz-date': String(headers['x-amz-date']), 'x-amz-security-token': String(headers['x-amz-security-token']) },
  };
  const signed = await signerOf(number, 'execute-api').sign(request, { signingDate: dateOf(String(headers['x-amz-date'])) });
  return signed.headers.authorization!;
}
