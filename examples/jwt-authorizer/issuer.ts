/**
 * An OpenID Connect issuer for trying the example out: it gives a token to anyone who asks for one, and so must stay on
 * this computer. Its keys are new each time that it starts.
 */
import { createPrivateKey, generateKeyPairSync, sign } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:https';
import { join } from 'node:path';
import { command, runCommand, say } from '../device/command';
import { DeviceError } from '../device/errors';

interface Options {
  readonly port: number;
  readonly tls: string;
  readonly user: string;
  readonly sensors: string;
  readonly out: string;
}

const KEY_ID = 'example';
const HOUR_S = 3600;

runCommand(command('issuer', 'Be an OpenID Connect issuer, and write a token of one user.')
  .requiredOption('--tls <dir>', 'folder with the key.pem and certificate.pem of localhost')
  .option('--port <number>', 'port to listen on', Number, 9443)
  .option('--user <name>', 'who the token is for', 'ann')
  .option('--sensors <names>', 'sensors of the user, with commas between', 'sensor-1')
  .option('--out <dir>', 'folder for the token', 'tokens')
  .action(async ({ port, tls, user, sensors, out }: Options) => {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const issuer = `https://localhost:${port}`;
    const documents: Readonly<Record<string, object>> = {
      '/.well-known/openid-configuration': { issuer, jwks_uri: `${issuer}/keys` },
      '/keys': { keys: [{ ...publicKey.export({ format: 'jwk' }), kid: KEY_ID, alg: 'ES256', use: 'sig' }] },
    };
    const server = createServer(readTls(tls), ({ url = '' }, response) => {
      const document = Object.hasOwn(documents, url) ? documents[url] : undefined;
      response.writeHead(document === undefined ? 404 : 200, { 'content-type': 'application/json' }).end(JSON.stringify(document ?? {}));
    });
    await new Promise<void>((resolve, reject) => {
      server.once('error', (error) => reject(new DeviceError(`cannot listen on port ${port}: ${error.message}`)));
      server.listen(port, '127.0.0.1', resolve);
    });
    const now = Math.floor(Date.now() / 1000);
    const input = [{ alg: 'ES256', kid: KEY_ID }, { iss: issuer, sub: user, aud: 'app', iat: now, exp: now + HOUR_S, sensors: sensors.split(',') }]
      .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.');
    const signature = sign('sha256', Buffer.from(input), { key: privateKey, dsaEncoding: 'ieee-p1363' }).toString('base64url');
    mkdirSync(out, { recursive: true });
    const file = join(out, `${user}.jwt`);
    writeFileSync(file, `${input}.${signature}`, { mode: 0o600 });
    say(`${issuer} is up, and ${file} is good for an hour`);
    await new Promise<void>((resolve) => process.once('SIGINT', resolve).once('SIGTERM', resolve));
    server.close();
  }));

function readTls(folder: string): { readonly key: string; readonly cert: string } {
  try {
    const key = readFileSync(join(folder, 'key.pem'), 'utf8');
    createPrivateKey(key);
    return { key, cert: readFileSync(join(folder, 'certificate.pem'), 'utf8') };
  } catch (error) {
    throw new DeviceError(`${folder}: must have key.pem and certificate.pem, see the README of the example (${(error as NodeJS.ErrnoException).code ?? 'unreadable'})`);
  }
}
