import { readFileSync } from 'node:fs';
import { iot, iotidentity, mqtt, mqtt5 } from 'aws-iot-device-sdk-v2';
import type { ConnectionKit } from '../../../lib/twin';
import { within } from '../support/within';

/** What to do, and how. */
export interface Job {
  readonly kit: ConnectionKit;
  readonly version: 4 | 5;
  readonly templateName: string;
  readonly parameters: { readonly [name: string]: string };

  /** Absent to have keys made. */
  readonly csrPem?: string;
}

/** What the identity client of the AWS IoT Device SDK made of it. */
export interface Outcome {
  readonly certificateId?: string;
  readonly certificatePem?: string;
  readonly privateKey?: string;
  readonly thingName?: string;
  readonly deviceConfiguration?: object;

  /** How a second use of the token was refused. */
  readonly refusal?: { readonly statusCode?: number; readonly errorCode?: string; readonly errorMessage?: string };
}

// A process of its own: the client keeps it alive long after it was closed.
// https://github.com/awslabs/aws-crt-nodejs/issues/600
const { kit, version, templateName, parameters, csrPem } = JSON.parse(readFileSync(0, 'utf8')) as Job;
const REQUESTS = { maxRequestResponseSubscriptions: 6, maxStreamingSubscriptions: 2, operationTimeoutInSeconds: 10 };

async function open(): Promise<iotidentity.IotIdentityClientv2> {
  if (version === 5) {
    const client = new mqtt5.Mqtt5Client(iot.AwsIotMqtt5ClientConfigBuilder
      .newDirectMqttBuilderWithMtlsFromMemory(kit.endpoint, kit.certificatePem, kit.privateKeyPem)
      .withCertificateAuthority(kit.rootCaPem).withPort(kit.mqttPort).withConnectProperties({ clientId: kit.clientId, keepAliveIntervalSeconds: 60 }).build());
    client.on('error', () => undefined);
    const connected = new Promise((resolve) => client.once('connectionSuccess', resolve));
    client.start();
    await within('the connection', connected);
    return iotidentity.IotIdentityClientv2.newFromMqtt5(client, REQUESTS);
  }
  const connection = new mqtt.MqttClient().new_connection(iot.AwsIotMqttConnectionConfigBuilder.new_mtls_builder(kit.certificatePem, kit.privateKeyPem)
    .with_certificate_authority(kit.rootCaPem).with_endpoint(kit.endpoint).with_port(kit.mqttPort).with_client_id(kit.clientId).with_clean_session(true).build());
  connection.on('error', () => undefined);
  await within('the connection', connection.connect());
  return iotidentity.IotIdentityClientv2.newFromMqtt311(connection, REQUESTS);
}

async function provision(): Promise<Outcome> {
  const client = await open();
  const created: iotidentity.model.CreateCertificateFromCsrResponse & { privateKey?: string } = csrPem === undefined
    ? await client.createKeysAndCertificate({})
    : await client.createCertificateFromCsr({ certificateSigningRequest: csrPem });
  const { certificateId, certificatePem, privateKey, certificateOwnershipToken } = created;
  const request = { templateName, certificateOwnershipToken: certificateOwnershipToken!, parameters };
  const { thingName, deviceConfiguration } = await client.registerThing(request);
  const refusal = await client.registerThing(request).then(() => undefined, (error: { modeledError?: Outcome['refusal'] }) => error.modeledError);
  return { certificateId, certificatePem, privateKey, thingName, deviceConfiguration, refusal };
}

provision().then((outcome) => {
  process.stdout.write(`${JSON.stringify(outcome)}\n`, () => process.exit(0));
}, (error: unknown) => {
  process.stderr.write(`${JSON.stringify(error)} ${String(error)}\n`, () => process.exit(1));
});
