/**
 * A device that nobody has announced: it connects with a certificate of a registered CA.
 *
 * AWS IoT drops the first connection, and makes a thing of the device meanwhile. So the device connects again, after a
 * random while that gets longer each time.
 */
import { command, runCommand } from '../device/command';
import { publishReading } from '../device/publish';

const ATTEMPTS = 10;

runCommand(command('device', 'Connect until the device is provisioned just in time, and publish.')
  .requiredOption('--kit <dir>', 'connection kit of the device')
  .action(({ kit }: { readonly kit: string }) => publishReading(kit, ATTEMPTS)));
