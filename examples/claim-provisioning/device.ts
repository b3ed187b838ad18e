/**
 * A device that comes with a claim certificate, gets one of its own, and publishes with it.
 *
 * Pull the plug at any time, and start it again. Everything is on disk before the next step needs it: first the key,
 * then the certificate with its ownership token, then the thing's name. What was asked for and not kept is asked for
 * again, with the same key, by which the hook knows the device.
 */
import { randomBytes } from 'node:crypto';
import { command, runCommand, say } from '../device/command';
import { Connection } from '../device/connection';
import { readKit } from '../device/kit';
import { provision } from './provision';

interface Options {
  readonly claim: string;
  readonly serialNumber: string;
  readonly template: string;
  readonly device: string;
}

runCommand(command('device', 'Get a certificate with a claim certificate, and publish with it.')
  .requiredOption('--claim <dir>', 'connection kit with the claim certificate')
  .requiredOption('--serial-number <text>', 'the serial number that the device was made with')
  .option('--template <name>', 'provisioning template', 'sensors-by-claim')
  .option('--device <dir>', 'folder in which the device keeps its own key and certificate', 'device')
  .action(async ({ claim, serialNumber, template, device }: Options) => {
    const kit = await provision({
      claim: { ...readKit(claim), clientId: `claim-${randomBytes(8).toString('hex')}` },
      folder: device,
      serialNumber,
      templateName: template,
    });
    const connection = await Connection.open(kit);
    say(`connected as ${kit.clientId}`);
    const topic = `dt/sensors/${kit.thingName}/telemetry`;
    await connection.publish(topic, { celsius: 21 });
    say(`published to ${topic}`);
    await connection.close();
  }));
