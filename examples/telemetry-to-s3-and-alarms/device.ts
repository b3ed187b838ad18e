/** A sensor that publishes one reading. */
import { command, runCommand, say } from '../device/command';
import { Connection } from '../device/connection';
import { readKit, thingNameOf } from '../device/kit';

interface Options {
  readonly kit: string;
  readonly celsius: number;
}

runCommand(command('device', 'Publish a reading.')
  .requiredOption('--kit <dir>', 'connection kit of the sensor')
  .option('--celsius <number>', 'the reading', Number, 21)
  .action(async ({ kit: folder, celsius }: Options) => {
    const kit = readKit(folder);
    const topic = `dt/sensors/${thingNameOf(kit, folder)}/telemetry`;
    const connection = await Connection.open(kit, { onFailure: (reason) => say(`not connected: ${reason}`) });
    await connection.publish(topic, { celsius });
    say(`published ${celsius} °C to ${topic}`);
    await connection.close();
  }));
