import 'reflect-metadata';
import { X509Certificate, createPrivateKey, webcrypto } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  AuthorityKeyIdentifierExtension, BasicConstraintsExtension, ExtendedKeyUsage, ExtendedKeyUsageExtension, KeyUsageFlags, KeyUsagesExtension,
  Pkcs10CertificateRequest, Pkcs10CertificateRequestGenerator, SubjectKeyIdentifierExtension, X509CertificateGenerator,
} from '@peculiar/x509';
import { connect } from 'mqtt';
import type { MqttClient } from 'mqtt';
import { LocalAuthority } from '../lib/twin/pki/authority';
import type { KeyPair } from '../lib/twin/pki/authority';
import { StateFolder } from '../lib/twin/pki/state-folder';
import { ask, stop } from './brokers/broker';
import { startTwinProcess } from './brokers/twin';
import { cpuMilliseconds } from './node-process';
import { count, median, ratio } from './report';
import type { Bench } from './report';

const MUST_RATIO = 1.3;
const DEVICES = { quick: 50, full: 10_000 };
const AT_ONCE = 20;

/** Certificates of one turn, and turns. */
const ISSUED = { quick: 20, full: 500 };
const ROUNDS = { quick: 3, full: 15 };

const MB = 1024 * 1024;
const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const CREATE = '$aws/certificates/create-from-csr/json';
const REGISTER = '$aws/provisioning-templates/fleet/provision/json';

export const provisioningBench: Bench = {
  name: 'provisioning',
  about: 'devices provisioned by claim with a signing request over MQTT, and certificates issued next to plain @peculiar/x509',
  async run({ quick, say }) {
    const directory = mkdtempSync(join(tmpdir(), 'bench-provisioning-'));
    try {
      const authority = await LocalAuthority.open(StateFolder.create(directory), Date.now);
      say('making signing requests');
      const devices = quick ? DEVICES.quick : DEVICES.full;
      const requests = await signingRequests(devices);
      const issuing = await compareIssuing(authority, directory, requests, quick, say);
      const fleet = await provisionAll(authority, directory, requests, say);
      return {
        table: {
          head: ['what', 'figure'],
          rows: [
            ['devices provisioned per second, TLS handshake to answer', count(devices / fleet.seconds)],
            ['the same, of the last tenth', count(fleet.lastTenth)],
            ['memory of the twin before', `${fleet.before.toFixed(0)} MB`],
            [`after ${count(devices)} devices`, `${fleet.after.toFixed(0)} MB`],
            ['certificates issued per CPU second by the twin', count(issuing.twin)],
            ['by plain @peculiar/x509', count(issuing.plain)],
          ],
        },
        verdicts: [{
          must: `issuing takes at most ${MUST_RATIO} times as long as with plain @peculiar/x509`, holds: issuing.times <= MUST_RATIO, measured: ratio(issuing.times),
        }],
        notes: [
          `${count(devices)} devices, ${AT_ONCE} at once, each with a connection of its own; the clients take part of the machine.`,
          `Both read and check a request and sign a certificate with the same extensions; ${quick ? ROUNDS.quick : ROUNDS.full} rounds of ${quick ? ISSUED.quick : ISSUED.full} in turn, the median of the ratios.`,
        ],
      };
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  },
};

/** One key is enough for all: nobody looks at that. */
async function signingRequests(size: number): Promise<readonly string[]> {
  const keys = await webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
  const requests: string[] = [];
  for (let index = 0; index < size; index++) {
    requests.push((await Pkcs10CertificateRequestGenerator.create({ name: `CN=device-${index}`, keys, signingAlgorithm: ALGORITHM })).toString('pem'));
  }
  return requests;
}

async function compareIssuing(
  authority: LocalAuthority, directory: string, requests: readonly string[], quick: boolean, say: (progress: string) => void,
): Promise<{ readonly twin: number; readonly plain: number; readonly times: number }> {
  const plainly = await plainIssuer(StateFolder.at(directory));
  const size = quick ? ISSUED.quick : ISSUED.full;
  const time = async (issue: (csr: string) => Promise<string>): Promise<number> => {
    const start = process.cpuUsage();
    for (let index = 0; index < size; index++) {
      await issue(requests[index % requests.length]!);
    }
    return cpuMilliseconds(start);
  };
  const twin: number[] = [];
  const plain: number[] = [];
  for (let round = 0; round < (quick ? ROUNDS.quick : ROUNDS.full); round++) {
    say(`issuing, round ${round + 1}`);
    twin.push(await time((csr) => authority.issueForCsr(csr)));
    plain.push(await time(plainly));
  }
  const rate = (milliseconds: readonly number[]): number => size / median(milliseconds) * 1000;
  return { twin: rate(twin), plain: rate(plain), times: median(twin.map((milliseconds, round) => milliseconds / plain[round]!)) };
}

/** What the twin's authority does, with nothing around it. */
async function plainIssuer(folder: StateFolder): Promise<(csrPem: string) => Promise<string>> {
  const ca = new X509Certificate(folder.read('root-ca.pem')!);
  const pkcs8 = createPrivateKey(folder.read('root-ca.key')!).export({ type: 'pkcs8', format: 'der' });
  const signingKey = await webcrypto.subtle.importKey('pkcs8', pkcs8, ALGORITHM, false, ['sign']);
  const issuerKey = await webcrypto.subtle.importKey('spki', ca.publicKey.export({ type: 'spki', format: 'der' }), ALGORITHM, true, ['verify']);
  return async (csrPem) => {
    const request = new Pkcs10CertificateRequest(csrPem);
    if (!await request.verify()) {
      throw new Error('not signed by its own key');
    }
    const certificate = await X509CertificateGenerator.create({
      serialNumber: Buffer.from(webcrypto.getRandomValues(new Uint8Array(16))).toString('hex'),
      subject: request.subjectName,
      issuer: ca.subject.split('\n').join(', '),
      notBefore: new Date(),
      notAfter: new Date('2049-12-31T23:59:59Z'),
      signingAlgorithm: ALGORITHM,
      publicKey: request.publicKey,
      signingKey,
      extensions: [
        new BasicConstraintsExtension(false, undefined, true),
        new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
        await AuthorityKeyIdentifierExtension.create(issuerKey),
        await SubjectKeyIdentifierExtension.create(request.publicKey),
        new ExtendedKeyUsageExtension([ExtendedKeyUsage.clientAuth]),
      ],
    });
    return certificate.toString('pem');
  };
}

interface Provisioned {
  readonly seconds: number;

  /** Devices per second. */
  readonly lastTenth: number;

  /** MB. */
  readonly before: number;
  readonly after: number;
}

async function provisionAll(authority: LocalAuthority, directory: string, requests: readonly string[], say: (progress: string) => void): Promise<Provisioned> {
  const claim = await authority.deviceCertificate('claim');
  const broker = await startTwinProcess({ directory, assembly: writeAssembly(directory, claim) }, ['--expose-gc']);
  try {
    const memory = async (): Promise<number> => (await ask(broker, { ask: 'memory' }) as NodeJS.MemoryUsage).rss / MB;
    const before = await memory();
    const start = performance.now();
    let next = 0;
    let done = 0;
    let lastTenth = start;
    const work = async (): Promise<void> => {
      while (next < requests.length) {
        const index = next++;
        await provision(broker.port, claim, authority.rootCaPem, index, requests[index]!);
        done += 1;
        if (done === Math.floor(requests.length * 0.9)) {
          lastTenth = performance.now();
        }
        if (done % 1000 === 0) {
          say(`${count(done)} devices, ${count(done / (performance.now() - start) * 1000)} per second`);
        }
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));
    const end = performance.now();
    return { seconds: (end - start) / 1000, lastTenth: requests.length * 0.1 / (end - lastTenth) * 1000, before, after: await memory() };
  } finally {
    await stop(broker);
  }
}

async function provision(port: number, claim: KeyPair, ca: string, index: number, certificateSigningRequest: string): Promise<void> {
  const client = connect({
    host: 'localhost', port, protocol: 'mqtts', key: claim.privateKeyPem, cert: claim.certificatePem, ca, clientId: `claim-${index}`, reconnectPeriod: 0,
  });
  const failed = new Promise<never>((_, reject) => client.once('error', reject).once('close', () => reject(new Error(`device ${index}: the connection was closed`))));
  // It is told below, while there is something to wait for.
  failed.catch(() => undefined);
  await Promise.race([failed, run(client, index, certificateSigningRequest)]);
  await client.endAsync();
}

async function run(client: MqttClient, index: number, certificateSigningRequest: string): Promise<void> {
  await new Promise((resolve) => client.once('connect', resolve));
  await client.subscribeAsync([`${CREATE}/accepted`, `${CREATE}/rejected`, `${REGISTER}/accepted`, `${REGISTER}/rejected`]);
  const { certificateOwnershipToken } = await request(client, CREATE, { certificateSigningRequest });
  await request(client, REGISTER, { certificateOwnershipToken, parameters: { SerialNumber: `device-${index}` } });
}

async function request(client: MqttClient, topic: string, members: object): Promise<Readonly<Record<string, unknown>>> {
  const answer = new Promise<[string, Buffer]>((resolve) => client.once('message', (answered, payload) => resolve([answered, payload])));
  client.publish(topic, JSON.stringify(members), { qos: 0 });
  const [answered, payload] = await answer;
  if (answered !== `${topic}/accepted`) {
    throw new Error(`${answered}: ${payload.toString()}`);
  }
  return JSON.parse(payload.toString()) as Readonly<Record<string, unknown>>;
}

function writeAssembly(directory: string, claim: KeyPair): string {
  const topics = ['$aws/certificates/create-from-csr/json*', '$aws/provisioning-templates/fleet/provision/json*'];
  const arn = (resource: string): string => `arn:aws:iot:us-east-1:123456789012:${resource}`;
  const policy = (PolicyName: string, Statement: readonly object[]): object => ({ Type: 'AWS::IoT::Policy', Properties: { PolicyName, PolicyDocument: { Version: '2012-10-17', Statement } } });
  const body = {
    Parameters: { 'SerialNumber': { Type: 'String' }, 'AWS::IoT::Certificate::Id': { Type: 'String' } },
    Resources: {
      thing: { Type: 'AWS::IoT::Thing', Properties: { ThingName: { Ref: 'SerialNumber' }, AttributePayload: { site: 'here' }, ThingGroups: ['sensors'] } },
      certificate: { Type: 'AWS::IoT::Certificate', Properties: { CertificateId: { Ref: 'AWS::IoT::Certificate::Id' }, Status: 'ACTIVE' } },
      policy: { Type: 'AWS::IoT::Policy', Properties: { PolicyName: 'device' } },
    },
  };
  const folder = join(directory, 'assembly');
  mkdirSync(folder);
  const file = join(folder, 'template.json');
  writeFileSync(file, JSON.stringify({
    Resources: {
      ClaimPolicy: policy('claim', [
        { Effect: 'Allow', Action: 'iot:Connect', Resource: arn('client/claim-*') },
        { Effect: 'Allow', Action: ['iot:Publish', 'iot:Receive'], Resource: topics.map((topic) => arn(`topic/${topic}`)) },
        { Effect: 'Allow', Action: 'iot:Subscribe', Resource: topics.map((topic) => arn(`topicfilter/${topic}`)) },
      ]),
      DevicePolicy: policy('device', [{ Effect: 'Allow', Action: 'iot:Connect', Resource: arn('client/${iot:Connection.Thing.ThingName}') }]),
      Group: { Type: 'AWS::IoT::ThingGroup', Properties: { ThingGroupName: 'sensors' } },
      Claim: { Type: 'AWS::IoT::Certificate', Properties: { CertificatePem: claim.certificatePem, CertificateMode: 'SNI_ONLY', Status: 'ACTIVE' } },
      ClaimRights: { Type: 'AWS::IoT::PolicyPrincipalAttachment', Properties: { PolicyName: 'claim', Principal: { 'Fn::GetAtt': ['Claim', 'Arn'] } } },
      Fleet: {
        Type: 'AWS::IoT::ProvisioningTemplate',
        Properties: { TemplateName: 'fleet', Enabled: true, ProvisioningRoleArn: 'arn:aws:iam::123456789012:role/provisioning', TemplateBody: JSON.stringify(body) },
      },
    },
  }));
  return file;
}
