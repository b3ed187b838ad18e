import { once } from 'node:events';
import { iot, iotjobs, mqtt, mqtt5 } from 'aws-iot-device-sdk-v2';
import type { ConnectionKit } from '../../../lib/twin';
import { within } from './within';

/** What one client of jobs sees while it does two of them. */
export interface JobsSeen {
  readonly pending: number;
  readonly started?: string;
  readonly document?: unknown;
  readonly state?: { readonly status?: string; readonly versionNumber?: number };
  readonly next?: string;
  readonly described?: string;
  readonly rejected?: { readonly code?: string; readonly version?: number };
}

const { model } = iotjobs;
const QOS = mqtt.QoS.AtLeastOnce;

// A process of its own: the client keeps it alive long after it was closed.
const kit = JSON.parse(process.argv[2]!) as ConnectionKit;
const { thingName } = kit;

/** The next value that a listener is called with. */
class Awaited<T> {
  private readonly values: T[] = [];
  private wake: (() => void) | undefined;

  public readonly push = (value: T): void => {
    this.values.push(value);
    this.wake?.();
  };

  public async next(what: string): Promise<T> {
    if (this.values.length === 0) {
      await within(what, new Promise<void>((resolve) => {
        this.wake = resolve;
      }));
    }
    return this.values.shift()!;
  }
}

async function withV1(client: iotjobs.IotJobsClient): Promise<JobsSeen> {
  const answers = { pending: new Awaited<iotjobs.model.GetPendingJobExecutionsResponse>(), started: new Awaited<iotjobs.model.StartNextJobExecutionResponse>(), described: new Awaited<iotjobs.model.DescribeJobExecutionResponse>(), updated: new Awaited<iotjobs.model.UpdateJobExecutionResponse>(), rejected: new Awaited<iotjobs.model.RejectedErrorResponse>(), next: new Awaited<iotjobs.model.NextJobExecutionChangedEvent>() };
  const to = <T>(awaited: Awaited<T>) => (error?: Error, response?: T): void => {
    if (error) {
      throw error;
    }
    awaited.push(response!);
  };
  await within('subscriptions', Promise.all([
    client.subscribeToGetPendingJobExecutionsAccepted({ thingName }, QOS, to(answers.pending)),
    client.subscribeToStartNextPendingJobExecutionAccepted({ thingName }, QOS, to(answers.started)),
    client.subscribeToDescribeJobExecutionAccepted({ thingName, jobId: '$next' }, QOS, to(answers.described)),
    client.subscribeToNextJobExecutionChangedEvents({ thingName }, QOS, to(answers.next)),
  ]));
  // Over MQTT 5 this generation hears nothing of what it subscribes to with a wildcard.
  const listenFor = (jobId: string): Promise<unknown> => within(`subscriptions for ${jobId}`, Promise.all([
    client.subscribeToUpdateJobExecutionAccepted({ thingName, jobId }, QOS, to(answers.updated)),
    client.subscribeToUpdateJobExecutionRejected({ thingName, jobId }, QOS, to(answers.rejected)),
  ]));
  await client.publishGetPendingJobExecutions({ thingName }, QOS);
  const { inProgressJobs = [], queuedJobs = [] } = await answers.pending.next('pending');
  await client.publishStartNextPendingJobExecution({ thingName }, QOS);
  const { execution: first } = await answers.started.next('started');
  await listenFor(first!.jobId!);
  await client.publishUpdateJobExecution({ thingName, jobId: first!.jobId!, status: model.JobStatus.SUCCEEDED, expectedVersion: first!.versionNumber!, includeJobExecutionState: true }, QOS);
  const { executionState } = await answers.updated.next('updated');
  const { execution: next } = await answers.next.next('notify-next');
  await listenFor(next!.jobId!);
  await client.publishDescribeJobExecution({ thingName, jobId: '$next' }, QOS);
  const { execution: described } = await answers.described.next('described');
  await client.publishUpdateJobExecution({ thingName, jobId: next!.jobId!, status: model.JobStatus.IN_PROGRESS, expectedVersion: 99 }, QOS);
  const rejected = await answers.rejected.next('rejected');
  await client.publishUpdateJobExecution({ thingName, jobId: next!.jobId!, status: model.JobStatus.FAILED }, QOS);
  await answers.updated.next('the second one updated');
  return {
    pending: inProgressJobs.length + queuedJobs.length, started: first?.jobId, document: first?.jobDocument, state: executionState, next: next?.jobId, described: described?.jobId,
    rejected: { code: rejected.code, version: rejected.executionState?.versionNumber },
  };
}

async function withV2(client: iotjobs.IotJobsClientv2): Promise<JobsSeen> {
  const changes = new Awaited<iotjobs.model.NextJobExecutionChangedEvent>();
  const stream = client.createNextJobExecutionChangedStream({ thingName });
  stream.on('incomingPublish', ({ message }) => changes.push(message));
  const established = once(stream, 'subscriptionStatus');
  stream.open();
  await within('stream', established);
  const { inProgressJobs = [], queuedJobs = [] } = await within('pending', client.getPendingJobExecutions({ thingName }));
  const { execution: first } = await within('started', client.startNextPendingJobExecution({ thingName }));
  const { executionState } = await within('updated', client.updateJobExecution({ thingName, jobId: first!.jobId!, status: model.JobStatus.SUCCEEDED, expectedVersion: first!.versionNumber!, includeJobExecutionState: true }));
  const { execution: next } = await changes.next('notify-next');
  const { execution: described } = await within('described', client.describeJobExecution({ thingName, jobId: '$next' }));
  const rejected = await within('rejected', client.updateJobExecution({ thingName, jobId: next!.jobId!, status: model.JobStatus.IN_PROGRESS, expectedVersion: 99 }).then(() => undefined, (error: { modeledError?: iotjobs.model.V2ErrorResponse }) => error.modeledError));
  await within('the second one updated', client.updateJobExecution({ thingName, jobId: next!.jobId!, status: model.JobStatus.FAILED }));
  client.close();
  return {
    pending: inProgressJobs.length + queuedJobs.length, started: first?.jobId, document: first?.jobDocument, state: executionState, next: next?.jobId, described: described?.jobId,
    rejected: { code: rejected?.code, version: rejected?.executionState?.versionNumber },
  };
}

const OPTIONS = { maxRequestResponseSubscriptions: 6, maxStreamingSubscriptions: 2, operationTimeoutInSeconds: 6 };

/** One connection for each client: what one subscribed to is not heard by the next. */
async function over311<T>(use: (connection: mqtt.MqttClientConnection) => Promise<T>): Promise<T> {
  const connection = new mqtt.MqttClient().new_connection(iot.AwsIotMqttConnectionConfigBuilder.new_mtls_builder(kit.certificatePem, kit.privateKeyPem)
    .with_certificate_authority(kit.rootCaPem).with_endpoint(kit.endpoint).with_port(kit.mqttPort).with_client_id(kit.clientId).with_clean_session(true).build());
  connection.on('error', () => undefined);
  await within('connect', connection.connect());
  const seen = await use(connection);
  await within('disconnect', connection.disconnect());
  return seen;
}

async function over5<T>(use: (client: mqtt5.Mqtt5Client) => Promise<T>): Promise<T> {
  const client = new mqtt5.Mqtt5Client(iot.AwsIotMqtt5ClientConfigBuilder.newDirectMqttBuilderWithMtlsFromMemory(kit.endpoint, kit.certificatePem, kit.privateKeyPem)
    .withCertificateAuthority(kit.rootCaPem).withPort(kit.mqttPort).withConnectProperties({ clientId: kit.clientId, keepAliveIntervalSeconds: 60 }).build());
  client.on('error', () => undefined);
  const connected = once(client, 'connectionSuccess');
  client.start();
  await within('connect', connected);
  const seen = await use(client);
  const stopped = once(client, 'stopped');
  client.stop();
  await within('stop', stopped);
  return seen;
}

async function look(): Promise<JobsSeen[]> {
  return [
    await over311((connection) => withV1(new iotjobs.IotJobsClient(connection))),
    await over311((connection) => withV2(iotjobs.IotJobsClientv2.newFromMqtt311(connection, OPTIONS))),
    await over5((client) => withV1(iotjobs.IotJobsClient.newFromMqtt5Client(client))),
    await over5((client) => withV2(iotjobs.IotJobsClientv2.newFromMqtt5(client, OPTIONS))),
  ];
}

look().then((seen) => {
  process.stdout.write(`\n${JSON.stringify(seen)}\n`, () => process.exit(0));
}, (error: unknown) => {
  process.stderr.write(`${String(error)}\n`, () => process.exit(1));
});
