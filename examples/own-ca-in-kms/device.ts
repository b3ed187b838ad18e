/** A device that publishes with a key of its own, and a certificate that the CA in KMS issued for it. */
import { command, runCommand } from '../device/command';
import { publishReading } from '../device/publish';

runCommand(command('device', 'Connect with a certificate of the CA in KMS, and publish.')
  .requiredOption('--kit <dir>', 'connection kit of the device')
  .action(({ kit }: { readonly kit: string }) => publishReading(kit)));
