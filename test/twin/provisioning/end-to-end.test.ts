import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreateProvisioningClaimCommand, DescribeCertificateCommand, IoTClient, ListPrincipalThingsCommand, ListThingPrincipalsCommand, RegisterThingCommand } from '@aws-sdk/client-iot';
import { startTwin } from '../../../lib/twin';
import type { ConnectionKit, Twin } from '../../../lib/twin';
import { MqttJs } from '../support/mqttjs';
import { DEVICE_POLICY, claimPolicy, functionArn, functionResources } from './device-twin';
import { OpenSsl } from './openssl';
import type { Job, Outcome } from './sdk-identity';

const openssl = new OpenSsl();

const BODY = JSON.stringify({
  Parameters: { 'SerialNumber': { Type: 'String' }, 'AWS::IoT::Certificate::Id': { Type: 'String' } },
  Resources: {
    thing: { Type: 'AWS::IoT::Thing', Properties: { ThingName: { Ref: 'SerialNumber' } } },
    certificate: { Type: 'AWS::IoT::Certificate', Properties: { CertificateId: { Ref: 'AWS::IoT::Certificate::Id' }, Status: 'ACTIVE' } },
    policy: { Type: 'AWS::IoT::Policy', Properties: { PolicyName: 'device' } },
  },
  DeviceConfiguration: { region: 'here' },
});

function policy(name: string, Statement: readonly object[]): object {
  return { Type: 'AWS::IoT::Policy', Properties: { PolicyName: name, PolicyDocument: { Version: '2012-10-17', Statement } } };
}

function template(name: string, more: object = {}): object {
  return { Type: 'AWS::IoT::ProvisioningTemplate', Properties: { TemplateName: name, Enabled: true, ProvisioningRoleArn: 'arn:aws:iam::123456789012:role/r', TemplateBody: BODY, ...more } };
}

let folder: string;
let twin: Twin;
let iot: IoTClient;
let claim: ConnectionKit;

async function start(name: string, more: object): Promise<Twin> {
  const assembly = join(folder, `${name}.json`);
  writeFileSync(assembly, JSON.stringify({
    Resources: {
      ClaimPolicy: policy('claim', claimPolicy('fleet')),
      DevicePolicy: policy('device', DEVICE_POLICY),
      Claim: { Type: 'AWS::IoT::Certificate', Properties: { Status: 'ACTIVE', CertificateSigningRequest: 'csr' } },
      ClaimRights: { Type: 'AWS::IoT::PolicyPrincipalAttachment', Properties: { PolicyName: { Ref: 'ClaimPolicy' }, Principal: { 'Fn::GetAtt': ['Claim', 'Arn'] } } },
      Fleet: template('fleet'),
      Other: template('other'),
      ...more,
    },
  }));
  return startTwin({ assembly });
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'end-to-end-'));
  twin = await start('fleet', {});
  claim = await twin.issueKit(undefined, 'Claim');
  iot = new IoTClient({ endpoint: twin.aws.endpointUrl, region: twin.aws.region, credentials: { accessKeyId: twin.aws.accessKeyId, secretAccessKey: twin.aws.secretAccessKey } });
});

afterAll(async () => {
  await twin.stop();
  rmSync(folder, { recursive: true, force: true });
});

function withSdk(job: Job): Promise<Outcome> {
  const child = spawn(process.execPath, ['--import', 'tsx', join(__dirname, 'sdk-identity.ts')], { timeout: 30_000 });
  child.stdin.end(JSON.stringify(job));
  const output = { stdout: '', stderr: '' };
  child.stdout.on('data', (chunk: Buffer) => (output.stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (output.stderr += chunk.toString()));
  return new Promise((resolve, reject) => {
    child.on('close', (code) => (code === 0 ? resolve(JSON.parse(output.stdout) as Outcome) : reject(new Error(output.stderr))));
  });
}

describe.each([4, 5] as const)('the identity client of the AWS IoT Device SDK over protocol version %d', (version) => {
  test.each(['a signing request', 'keys'])('provisions with %s', async (way) => {
    const serial = `sdk-${version}-${way.length}`;
    const own = way === 'keys' ? undefined : openssl.csr('/CN=sdk');
    const outcome = await withSdk({
      kit: { ...claim, clientId: `claim-${serial}` }, version, templateName: 'fleet', parameters: { SerialNumber: serial }, ...(own === undefined ? {} : { csrPem: own.csrPem }),
    });
    expect(outcome).toMatchObject({
      thingName: serial,
      deviceConfiguration: { region: 'here' },
      refusal: { statusCode: 400, errorCode: 'InvalidCertificateOwnershipToken', errorMessage: 'Certificate ownership token is invalid or expired.' },
    });
    const device = await MqttJs.connect({ ...claim, clientId: serial, certificatePem: outcome.certificatePem!, privateKeyPem: own?.privateKeyPem ?? outcome.privateKey! });
    await device.end();
  });
});

describe('a claim that a trusted user fetched', () => {
  async function fetchClaim(): Promise<ConnectionKit> {
    const { certificatePem, keyPair } = await iot.send(new CreateProvisioningClaimCommand({ templateName: 'fleet' }));
    return { ...claim, clientId: 'app', certificatePem: certificatePem!, privateKeyPem: keyPair!.PrivateKey! };
  }

  test('provisions with its template', async () => {
    const outcome = await withSdk({ kit: await fetchClaim(), version: 5, templateName: 'fleet', parameters: { SerialNumber: 'trusted' } });
    expect(outcome.thingName).toBe('trusted');
  });

  test('does not provision with another', async () => {
    const device = await MqttJs.connect(await fetchClaim(), { protocolVersion: 5 });
    device.send('$aws/provisioning-templates/other/provision/json', '{}');
    expect((await device.disconnected())?.reasonCode).toBe(135);
  });
});

/** A device that keeps what it has learnt, as flash memory would, and can lose its power before any of its steps. */
class Device {
  private readonly flash: { csrPem?: string; privateKeyPem?: string; certificatePem?: string; token?: string; done?: boolean } = {};

  constructor(private readonly serial: string) {}

  /** Start, and stop dead before a step; says whether it came to its end. */
  public async run(steps: number): Promise<boolean> {
    const step = (): void => {
      if (steps-- === 0) {
        throw new Error('power lost');
      }
    };
    let client: MqttJs | undefined;
    try {
      const { flash } = this;
      step();
      if (flash.csrPem === undefined) {
        Object.assign(flash, openssl.csr(`/CN=${this.serial}`));
      }
      step();
      // It may have been provisioned without having heard of it.
      if (flash.certificatePem !== undefined && await this.tryOut()) {
        return true;
      }
      step();
      client = await MqttJs.connect(claim, { clientId: `claim-${this.serial}` });
      await client.subscribe(['$aws/certificates/create-from-csr/json/+', '$aws/provisioning-templates/fleet/provision/json/+']);
      step();
      if (flash.token === undefined) {
        await client.publish('$aws/certificates/create-from-csr/json', JSON.stringify({ certificateSigningRequest: flash.csrPem }));
        step();
        const created = JSON.parse(await client.payload('$aws/certificates/create-from-csr/json/accepted')) as { certificatePem: string; certificateOwnershipToken: string };
        step();
        Object.assign(flash, { certificatePem: created.certificatePem, token: created.certificateOwnershipToken });
      }
      step();
      await client.publish('$aws/provisioning-templates/fleet/provision/json', JSON.stringify({ certificateOwnershipToken: flash.token, parameters: { SerialNumber: this.serial } }));
      step();
      await client.message('$aws/provisioning-templates/fleet/provision/json/accepted');
      step();
      return await this.tryOut();
    } catch (error) {
      if ((error as Error).message !== 'power lost') {
        throw error;
      }
      return false;
    } finally {
      await client?.vanish();
    }
  }

  private async tryOut(): Promise<boolean> {
    const { certificatePem = '', privateKeyPem = '' } = this.flash;
    try {
      await (await MqttJs.connect({ ...claim, certificatePem, privateKeyPem, clientId: this.serial })).end();
      return true;
    } catch {
      return false;
    }
  }
}

test('a device killed before each of its steps starts again, and ends with one active certificate and thing', async () => {
  for (let killedBefore = 0; ; killedBefore++) {
    const serial = `killed-${killedBefore}`;
    const device = new Device(serial);
    const finished = await device.run(killedBefore);
    if (!finished) {
      expect(await device.run(Infinity)).toBe(true);
    }
    const { principals } = await iot.send(new ListThingPrincipalsCommand({ thingName: serial }));
    expect(principals).toHaveLength(1);
    const { things } = await iot.send(new ListPrincipalThingsCommand({ principal: principals![0] }));
    expect(things).toEqual([serial]);
    const { certificateDescription } = await iot.send(new DescribeCertificateCommand({ certificateId: principals![0]!.split('/')[1]! }));
    expect(certificateDescription!.status).toBe('ACTIVE');
    if (finished) {
      expect(killedBefore).toBe(9);
      break;
    }
  }
});

test('RegisterThing of the API provisions by any template', async () => {
  const templateBody = JSON.stringify({
    Parameters: { CSR: { Type: 'String' } },
    Resources: {
      thing: { Type: 'AWS::IoT::Thing', Properties: { ThingName: 'by-api' } },
      certificate: { Type: 'AWS::IoT::Certificate', Properties: { CertificateSigningRequest: { Ref: 'CSR' } } },
    },
  });
  const { csrPem } = openssl.csr('/CN=by-api');
  const { certificatePem, resourceArns } = await iot.send(new RegisterThingCommand({ templateBody, parameters: { CSR: csrPem } }));
  expect(certificatePem).toMatch(/^-----BEGIN CERTIFICATE/);
  expect(resourceArns!.thing).toBe('arn:aws:iot:us-east-1:123456789012:thing/by-api');
  await expect(iot.send(new RegisterThingCommand({ templateBody, parameters: {} }))).rejects.toMatchObject({ name: 'InvalidRequestException', message: 'Cannot resolve reference value: CSR' });
});

describe('a certificate provider', () => {
  const PROVIDERS = {
    none: 'async () => undefined',
    throws: "async () => { throw new Error('secret'); }",
    echo: 'async () => ({ certificatePem: process.env.CERTIFICATE })',
  };

  async function ask(name: keyof typeof PROVIDERS, certificatePem = ''): Promise<{ topic: string; payload: Record<string, unknown>; reasons: string[] }> {
    const functions = functionResources({ [name]: PROVIDERS[name] }) as { [id: string]: { Properties: { Environment?: object } } };
    functions[`${name}Function`]!.Properties.Environment = { Variables: { CERTIFICATE: certificatePem } };
    const other = await start(name, {
      ...functions, Provider: { Type: 'AWS::IoT::CertificateProvider', Properties: { LambdaFunctionArn: functionArn(name), AccountDefaultForOperations: ['CreateCertificateFromCsr'] } },
    });
    try {
      const reasons: string[] = [];
      other.journal.listen(({ reason }) => reasons.push(reason));
      const client = await MqttJs.connect(await other.issueKit(undefined, 'Claim'), { clientId: 'claim-1' });
      await client.subscribe('$aws/certificates/create-from-csr/json/+');
      await client.publish('$aws/certificates/create-from-csr/json', JSON.stringify({ certificateSigningRequest: request.csrPem }));
      const { topic, payload } = await client.message();
      await client.end();
      return { topic: topic.split('/').at(-1)!, payload: JSON.parse(payload.toString()) as Record<string, unknown>, reasons };
    } finally {
      await other.stop();
    }
  }

  const request = openssl.csr('/CN=own');
  const ca = openssl.authority('/CN=Own CA');

  test('signs in place of AWS IoT', async () => {
    const certificatePem = openssl.sign(ca, request.csrPem);
    const { topic, payload } = await ask('echo', certificatePem);
    expect(topic).toBe('accepted');
    expect(payload.certificatePem).toBe(certificatePem);
  });

  test.each<[string, keyof typeof PROVIDERS, () => string, string]>([
    ['fails', 'throws', () => '', 'the certificate provider failed: '],
    ['answers nothing', 'none', () => '', 'the certificate provider did not answer { certificatePem }'],
    ['answers no certificate', 'echo', () => 'pem', 'the certificate provider did not answer one certificate'],
    ['answers a chain', 'echo', () => openssl.sign(ca, request.csrPem) + ca.certificatePem, 'the certificate provider did not answer one certificate'],
    ['changes the subject', 'echo', () => openssl.issue(ca, '/CN=other').certificatePem, "the certificate provider changed the request's subject"],
    ['changes the key', 'echo', () => openssl.issue(ca, '/CN=own').certificatePem, "the certificate provider changed the request's public key"],
  ])('that %s gives no certificate', async (_, name, certificatePem, reason) => {
    const { topic, payload, reasons } = await ask(name, certificatePem());
    expect(topic).toBe('rejected');
    expect(payload).toEqual({ statusCode: 500, errorCode: 'InternalFailure', errorMessage: 'The certificate provider did not issue a certificate.' });
    expect(reasons.some((one) => one.startsWith(reason))).toBe(true);
  });
});
