import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { Agent, request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { generate, parser as createParser } from 'mqtt-packet';
import { LocalAuthority } from '../lib/twin/pki/authority';
import type { KeyPair } from '../lib/twin/pki/authority';
import { StateFolder } from '../lib/twin/pki/state-folder';
import { ask, stop } from './brokers/broker';
import { startTwinProcess } from './brokers/twin';
import { count } from './report';
import type { Bench } from './report';

const MUST_PER_SECOND = 200;
const CONNECTIONS = { quick: 60, full: 3000 };
const AT_ONCE = 16;

/** The core that the twin and the processes of its functions share. */
const CORE = '0';

const ARN = 'arn:aws:iot:us-east-1:123456789012:';
const DOCUMENT = { Version: '2012-10-17', Statement: { Effect: 'Allow', Action: ['iot:Connect', 'iot:Publish'], Resource: [`${ARN}client/*`, `${ARN}topic/t`] } };
const ANSWER = { isAuthenticated: true, principalId: 'bench', disconnectAfterInSeconds: 86_400, refreshAfterInSeconds: 86_400, policyDocuments: [DOCUMENT] };

function authorizer(name: string, caching: boolean): object {
  return {
    [name]: { Type: 'AWS::IoT::Authorizer', Properties: { AuthorizerName: name, AuthorizerFunctionArn: { 'Fn::GetAtt': ['Function', 'Arn'] }, Status: 'ACTIVE', SigningDisabled: true, EnableCachingForHttp: caching } },
  };
}

export const callersBench: Bench = {
  name: 'callers',
  about: 'connections a second that the twin accepts on one core, by how clients show who they are',
  async run({ quick, say }) {
    const directory = mkdtempSync(join(tmpdir(), 'bench-callers-'));
    try {
      const authority = await LocalAuthority.open(StateFolder.create(directory), Date.now);
      const device = await authority.deviceCertificate('device');
      const assembly = join(directory, 'template.json');
      writeFileSync(assembly, JSON.stringify({ Resources: resources(device) }));
      // Where the bundled twin looks for it.
      symlinkSync(join(__dirname, '..', 'bundle', 'lambda-runtime'), join(directory, 'lambda-runtime'));
      const twin = await startTwinProcess({ directory, assembly });
      try {
        const httpsPort = await ask(twin, { ask: 'https-port' }) as number;
        execFileSync('taskset', ['-a', '-c', '-p', CORE, String(twin.process.pid)]);
        const connections = quick ? CONNECTIONS.quick : CONNECTIONS.full;
        const ca = authority.rootCaPem;
        const rate = async (what: string, once: (index: number) => Promise<void>): Promise<number> => {
          say(what);
          await inParallel(Math.min(connections, 200), once);
          const start = process.hrtime.bigint();
          await inParallel(connections, once);
          return connections / (Number(process.hrtime.bigint() - start) / 1e9);
        };
        const agent = new Agent({ ca, keepAlive: true, maxSockets: AT_ONCE });
        const publish = (name: string): Promise<void> => post(httpsPort, agent, { 'x-amz-customauthorizer-name': name });
        const byCertificate = await rate('MQTT with certificates', (index) => mqtt(httpsPort, ca, `d-${index}`, device));
        const byAuthorizer = await rate('MQTT with an authorizer', (index) => mqtt(httpsPort, ca, `a-${index}`, undefined, '?x-amz-customauthorizer-name=Plain'));
        const asked = await rate('HTTPS with an authorizer', () => publish('Plain'));
        const cached = await rate('HTTPS with an authorizer that caches', () => publish('Caching'));
        agent.destroy();
        return {
          table: {
            head: ['client', 'a second'],
            rows: [
              ['MQTT connections with a certificate', count(byCertificate)],
              ['MQTT connections with a custom authorizer, which is asked for each', count(byAuthorizer)],
              [`HTTPS requests over ${AT_ONCE} connections, the authorizer asked for each`, count(asked)],
              ['the same, with EnableCachingForHttp', count(cached)],
            ],
          },
          verdicts: [
            { must: `at least ${MUST_PER_SECOND} connections a second with a custom authorizer`, holds: byAuthorizer >= MUST_PER_SECOND, measured: count(byAuthorizer) },
            { must: `at least ${MUST_PER_SECOND} requests a second with a custom authorizer that caches`, holds: cached >= MUST_PER_SECOND, measured: count(cached) },
          ],
          notes: ['the function answers at once; it runs in processes of its own on the same core'],
        };
      } finally {
        await stop(twin);
      }
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  },
};

function resources({ certificatePem }: KeyPair): object {
  const certificateArn = { 'Fn::GetAtt': ['Certificate', 'Arn'] };
  return {
    Certificate: { Type: 'AWS::IoT::Certificate', Properties: { CertificatePem: certificatePem, CertificateMode: 'SNI_ONLY', Status: 'ACTIVE' } },
    Policy: { Type: 'AWS::IoT::Policy', Properties: { PolicyName: 'device', PolicyDocument: DOCUMENT } },
    Attachment: { Type: 'AWS::IoT::PolicyPrincipalAttachment', Properties: { PolicyName: 'device', Principal: certificateArn } },
    Function: { Type: 'AWS::Lambda::Function', Properties: { Runtime: 'nodejs24.x', Handler: 'index.handler', Code: { ZipFile: `exports.handler = async () => (${JSON.stringify(ANSWER)});` } } },
    Permission: { Type: 'AWS::Lambda::Permission', Properties: { FunctionName: { 'Fn::GetAtt': ['Function', 'Arn'] }, Action: 'lambda:InvokeFunction', Principal: 'iot.amazonaws.com', SourceArn: `${ARN}authorizer/*` } },
    ...authorizer('Plain', false),
    ...authorizer('Caching', true),
  };
}

/** Do something so many times, a few at once. */
async function inParallel(times: number, once: (index: number) => Promise<void>): Promise<void> {
  let next = 0;
  await Promise.all(Array.from({ length: AT_ONCE }, async () => {
    while (next < times) {
      await once(next++);
    }
  }));
}

/** TLS handshake, CONNECT and CONNACK. */
async function mqtt(port: number, ca: string, clientId: string, device: KeyPair | undefined, username?: string): Promise<void> {
  const socket = connect({
    port, host: '127.0.0.1', servername: 'localhost', ca, ALPNProtocols: [device === undefined ? 'mqtt' : 'x-amzn-mqtt-ca'], ...(device && { cert: device.certificatePem, key: device.privateKeyPem }),
  });
  const parser = createParser();
  const [packet] = await Promise.race([
    once(parser, 'packet'),
    once(socket, 'close').then((): never => {
      throw new Error('the twin closed the connection');
    }),
    once(socket, 'secureConnect').then(() => {
      socket.on('data', (chunk: Buffer) => parser.parse(chunk));
      socket.write(generate({ cmd: 'connect', protocolId: 'MQTT', protocolVersion: 4, clientId, clean: true, keepalive: 1200, ...(username === undefined ? {} : { username }) }));
      return new Promise<never>(() => undefined);
    }),
  ]) as [{ readonly returnCode?: number }];
  socket.destroy();
  if (packet.returnCode !== 0) {
    throw new Error(`CONNACK ${packet.returnCode}`);
  }
}

function post(port: number, agent: Agent, headers: Record<string, string>): Promise<void> {
  return new Promise((resolve, reject) => {
    request({ host: '127.0.0.1', servername: 'localhost', port, path: '/topics/t?qos=1', method: 'POST', agent, headers }, (response) => {
      response.resume().on('end', () => (response.statusCode === 200 ? resolve() : reject(new Error(`HTTP ${response.statusCode}`))));
    }).on('error', reject).end('x');
  });
}
