import { X509Certificate } from 'node:crypto';
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { CfnOutput, Duration } from 'aws-cdk-lib';
import { CertificateAuthority, CertificateProvider, Channel, DeviceCertificate, DeviceFleet, KeyDelivery } from '../../lib';
import { ExampleTwin } from '../examples/support/example-twin';
import { makeRequest } from '../examples/support/openssl';
import { MqttJs } from '../twin/support/mqttjs';
import { kitOf, publishes, stackOf } from './flow';

const CREATE = '$aws/certificates/create-from-csr/json';
const PROVISION = '$aws/provisioning-templates/sensors/provision/json';

let flow: ExampleTwin;
let claim: MqttJs;

beforeAll(async () => {
  flow = await ExampleTwin.start(stackOf((stack) => {
    const certificateAuthority = CertificateAuthority.createInKms(stack, 'Ca', { subject: { commonName: 'Sensors of one maker' } });
    new CertificateProvider(stack, 'Provider', { certificateAuthority, csrPolicy: { commonNames: ['sn-*'] }, validity: Duration.days(30) });
    const fleet = new DeviceFleet(stack, 'Sensors', { topics: { telemetry: Channel.fromDevice('dt/{thing}') }, thingNamePrefix: 'sensor-' });
    const template = fleet.addClaimProvisioning('Claim', { templateName: 'sensors', acceptAnyDevice: true });
    const certificate = DeviceCertificate.withDeliveredKey(stack, 'ClaimCertificate', { delivery: KeyDelivery.toSecret() });
    template.addClaimCertificate(certificate);
    new CfnOutput(stack, 'Claim', { value: certificate.keySecret!.secretArn });
    new CfnOutput(stack, 'CaPem', { value: certificateAuthority.certificatePem });
  }));
  expect(flow.twin.warnings).toEqual([]);
  const secrets = new SecretsManagerClient(flow.sdk);
  const { SecretString: text } = await secrets.send(new GetSecretValueCommand({ SecretId: flow.output('Claim') }));
  secrets.destroy();
  const { privateKey, certificatePem } = JSON.parse(text!) as { privateKey: string; certificatePem: string };
  claim = await MqttJs.connect(kitOf(flow, 'claim-1', privateKey, certificatePem));
  await claim.subscribe([CREATE, PROVISION].flatMap((topic) => [`${topic}/accepted`, `${topic}/rejected`]));
});

afterAll(async () => {
  await claim.end();
  await flow.stop();
});

async function ask(topic: string, request: object): Promise<{ readonly topic: string; readonly answer: Readonly<Record<string, string>> }> {
  await claim.publish(topic, JSON.stringify(request));
  const message = await claim.message();
  return { topic: message.topic, answer: JSON.parse(message.payload.toString()) as Readonly<Record<string, string>> };
}

test('a device gets a certificate of the own CA by claim, and connects with it', async () => {
  const request = makeRequest('sn-1');
  const created = await ask(CREATE, { certificateSigningRequest: request.pem });
  expect(created.topic).toBe(`${CREATE}/accepted`);
  const { certificatePem = '', certificateOwnershipToken } = created.answer;
  const certificate = new X509Certificate(certificatePem);
  const ca = new X509Certificate(flow.output('CaPem'));
  expect(certificate.checkIssued(ca) && certificate.verify(ca.publicKey)).toBe(true);
  expect(certificate.subject).toBe('CN=sn-1');

  const provisioned = await ask(PROVISION, { certificateOwnershipToken, parameters: { SerialNumber: '1' } });
  expect(provisioned).toMatchObject({ topic: `${PROVISION}/accepted`, answer: { thingName: 'sensor-1' } });
  await publishes(kitOf(flow, 'sensor-1', request.privateKeyPem, certificatePem), 'dt/sensor-1');
});

test('a request that the policy does not allow is refused, and the device learns no more', async () => {
  const { topic, answer } = await ask(CREATE, { certificateSigningRequest: makeRequest('admin').pem });
  expect(topic).toBe(`${CREATE}/rejected`);
  expect(answer).toEqual({ statusCode: expect.any(Number), errorCode: expect.any(String), errorMessage: expect.any(String) });
  expect(answer.errorMessage).not.toMatch(/sn-/);
});
