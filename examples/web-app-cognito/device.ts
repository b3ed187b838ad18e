/** A thermostat that says how warm it is, and is told to make it warmer or cooler. */
import { setTimeout as sleep } from 'node:timers/promises';
import { command, runCommand, say } from '../device/command';
import { Connection } from '../device/connection';
import { readKit, thingNameOf } from '../device/kit';

interface Options {
  readonly kit: string;
  readonly everyMs: number;
  readonly commands: number;
}

const DEGREES: Readonly<Record<string, number>> = { warmer: 1, cooler: -1 };

runCommand(command('device', 'Publish how warm it is, again and again, and follow commands.')
  .requiredOption('--kit <dir>', 'connection kit of the thermostat')
  .option('--every-ms <ms>', 'how long from one reading to the next', Number, 1000)
  .option('--commands <n>', 'how many commands to follow before it ends', Number, Infinity)
  .action(async ({ kit: folder, everyMs, commands }: Options) => {
    const kit = readKit(folder);
    const thing = thingNameOf(kit, folder);
    const connection = await Connection.open(kit, { onFailure: (reason) => say(`not connected: ${reason}`) });
    let [celsius, target, followed] = [20, 20, 0];
    connection.client.on('messageReceived', ({ message: { topicName } }) => {
      const name = topicName.split('/').at(-1)!;
      target += Object.hasOwn(DEGREES, name) ? DEGREES[name]! : 0;
      followed += 1;
      say(`told ${name}, heats to ${target} °C`);
    });
    await connection.subscribe(`cmd/thermostats/${thing}/+`);
    say('ready');
    while (followed < commands) {
      // A room is slow, and never still.
      celsius += (target - celsius) / 8 + (Math.random() - 0.5) / 5;
      await connection.publish(`dt/thermostats/${thing}/telemetry`, { celsius: Math.round(celsius * 10) / 10 });
      await sleep(everyMs);
    }
    await connection.close();
  }));
