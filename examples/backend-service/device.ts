/** A sensor that is too hot: it says so, and waits to be told what to do. */
import { once } from 'node:events';
import type { mqtt5 } from 'aws-iot-device-sdk-v2';
import { command, runCommand, say } from '../device/command';
import { Connection } from '../device/connection';
import { DeviceError } from '../device/errors';
import { readKit, thingNameOf } from '../device/kit';

interface Options {
  readonly kit: string;
  readonly celsius: number;
}

const ANSWER_WITHIN_MS = 30_000;

runCommand(command('device', 'Publish a reading, and wait for a command.')
  .requiredOption('--kit <dir>', 'connection kit of the sensor')
  .option('--celsius <number>', 'the reading', Number, 35)
  .action(async ({ kit: folder, celsius }: Options) => {
    const kit = readKit(folder);
    const thing = thingNameOf(kit, folder);
    const connection = await Connection.open(kit, { onFailure: (reason) => say(`not connected: ${reason}`) });
    const told = once(connection.client, 'messageReceived', { signal: AbortSignal.timeout(ANSWER_WITHIN_MS) }) as Promise<[mqtt5.MessageReceivedEvent]>;
    // It is waited for below; until then a failure must not end the process.
    told.catch(() => undefined);
    await connection.subscribe(`cmd/sensors/${thing}/+`);
    await connection.publish(`dt/sensors/${thing}/telemetry`, { celsius });
    say(`published ${celsius} °C`);
    const [{ message }] = await told.catch(() => {
      throw new DeviceError(`no command within ${ANSWER_WITHIN_MS / 1000} s; is the service running?`);
    });
    say(`told on ${message.topicName}`);
    await connection.close();
  }));
