/** A device that was registered along with others, and publishes with the key that it always had. */
import { command, runCommand } from '../device/command';
import { publishReading } from '../device/publish';

runCommand(command('device', 'Connect as a device that was registered in bulk, and publish.')
  .requiredOption('--kit <dir>', 'connection kit of the device')
  .action(({ kit }: { readonly kit: string }) => publishReading(kit)));
