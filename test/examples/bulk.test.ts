import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DescribeThingRegistrationTaskCommand } from '@aws-sdk/client-iot';
import type { DescribeThingRegistrationTaskResponse } from '@aws-sdk/client-iot';
import { runDevice } from './support/device';
import { ExampleTwin } from './support/example-twin';
import { addBulkDevice } from './support/openssl';
import { BulkStack } from '../../examples/bulk/stack';

const maker = mkdtempSync(join(tmpdir(), 'iot-warden-maker-'));
const file = join(maker, 'devices.ndjson');
const keys = new Map(['2001', '2002', '2003'].map((serialNumber) => [serialNumber, addBulkDevice(serialNumber, file)]));
let example: ExampleTwin;

beforeAll(async () => {
  example = await ExampleTwin.start((app) => new BulkStack(app, 'Bulk', { file }));
});

afterAll(async () => {
  await example.stop();
  rmSync(maker, { recursive: true });
});

/** Asks until the task has ended, as its README says. */
async function endOfTask(taskId: string): Promise<DescribeThingRegistrationTaskResponse> {
  for (;;) {
    const task = await example.iot.send(new DescribeThingRegistrationTaskCommand({ taskId }));
    if (task.status !== 'InProgress') {
      return task;
    }
  }
}

test('every sensor of the file is registered, and publishes with its own key', async () => {
  expect(await endOfTask(example.output('TaskId'))).toMatchObject({ status: 'Completed', successCount: 3, failureCount: 0 });
  expect(await example.things()).toEqual(['sensor-2001', 'sensor-2002', 'sensor-2003']);

  const [{ certificatePem }] = await example.certificatesOf('sensor-2002') as [{ certificatePem: string }];
  const kit = example.kit('sensor-2002', { thingName: 'sensor-2002', privateKeyPem: keys.get('2002')!, certificatePem }, readFileSync(example.twin.endpoints.rootCa, 'utf8'));
  expect(await runDevice('bulk', ['--kit', kit])).toEqual({
    code: 0, signal: null, stderr: '', stdout: 'connected as sensor-2002\npublished to dt/sensors/sensor-2002/telemetry\n',
  });
});
