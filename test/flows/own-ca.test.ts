import { createPrivateKey } from 'node:crypto';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { readFileSync } from 'node:fs';
import { PutSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { DescribeCACertificateCommand, ListCACertificatesCommand } from '@aws-sdk/client-iot';
import { CfnOutput, type Stack } from 'aws-cdk-lib';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import { CertificateAuthority, CertificateMode, Channel, DeviceFleet, SigningKey } from '../../lib';
import { ExampleTwin } from '../examples/support/example-twin';
import { OpensslCa } from '../lambda/openssl-ca';
import { makeRequest } from '../examples/support/openssl';
import { kitOf, publishes, stackOf } from './flow';

const factory = new OpensslCa('/CN=Factory');
const request = makeRequest('sensor-1');
let flow: ExampleTwin;

afterAll(async () => {
  await flow.stop();
  rmSync(factory.folder, { recursive: true });
});

test('a CA in DEFAULT mode proves with its key in a secret that it is there, and its devices connect', async () => {
  const certificatePem = factory.issue('/CN=sensor-2');
  const deviceKey = factory.deviceKey;
  const define = (isRegistered: boolean) => (stack: Stack): void => {
    const secret = new secretsmanager.Secret(stack, 'FactoryKey');
    const fleet = new DeviceFleet(stack, 'Sensors', { topics: { telemetry: Channel.fromDevice('dt/{thing}') } });
    const [one, two] = fleet.addThings(['sensor-1', 'sensor-2']);
    const issuer = CertificateAuthority.createInKms(stack, 'Own', { subject: { commonName: 'Own' } });
    const issued = fleet.addCertificate('One', { thing: one!, csr: request.pem, issuer });
    new CfnOutput(stack, 'Issued', { value: issued.certificatePem });
    new CfnOutput(stack, 'FactoryKeyArn', { value: secret.secretArn });
    if (isRegistered) {
      CertificateAuthority.fromPem(stack, 'Factory', { certificatePem: factory.pem, mode: CertificateMode.DEFAULT, signingKey: SigningKey.fromSecret(secret) });
      fleet.addCertificate('Two', { thing: two!, certificatePem, caCertificatePem: factory.pem });
    }
  };
  flow = await ExampleTwin.start(stackOf(define(false)));
  expect(flow.twin.warnings).toEqual([]);

  const secrets = new SecretsManagerClient(flow.sdk);
  const key = createPrivateKey(readFileSync(join(factory.folder, 'ca.key'))).export({ type: 'pkcs8', format: 'pem' }) as string;
  await secrets.send(new PutSecretValueCommand({ SecretId: flow.output('FactoryKeyArn'), SecretString: key }));
  secrets.destroy();
  expect((await flow.redeploy(stackOf(define(true)))).warnings).toEqual([]);

  const { certificates = [] } = await flow.iot.send(new ListCACertificatesCommand({}));
  const modes = await Promise.all(certificates.map(async ({ certificateId }) => (
    (await flow.iot.send(new DescribeCACertificateCommand({ certificateId }))).certificateDescription!.certificateMode
  )));
  expect(modes.sort()).toEqual(['DEFAULT', 'SNI_ONLY']);
  await publishes(kitOf(flow, 'sensor-2', deviceKey, certificatePem), 'dt/sensor-2');
});

test('a device connects with the certificate that the CA in AWS KMS issued for its request', async () => {
  await publishes(kitOf(flow, 'sensor-1', request.privateKeyPem, flow.output('Issued')), 'dt/sensor-1');
});
