/**
 * Sends one command to a sensor over HTTPS, which takes neither a connection nor a client id: the permission to publish
 * is enough.
 */
import { IoTDataPlaneClient, PublishCommand } from '@aws-sdk/client-iot-data-plane';
import { command, runCommand, say } from '../device/command';
import { DeviceError } from '../device/errors';
import { agentFor, endpointOption, readEndpoint } from '../device/endpoint';

interface Options {
  readonly endpoint: string;
  readonly region: string;
  readonly thing: string;
  readonly command: string;
}

runCommand(command('publish', 'Send a command to a sensor over HTTPS.')
  .addOption(endpointOption())
  .requiredOption('--thing <name>', 'the sensor')
  .option('--command <name>', 'the command', 'cool')
  .option('--region <name>', 'Region of the stack', process.env.AWS_REGION ?? 'us-east-1')
  .action(async ({ endpoint, region, thing, command: name }: Options) => {
    const address = readEndpoint(endpoint);
    const client = new IoTDataPlaneClient({ region, endpoint: `https://${address.host}:${address.port}`, requestHandler: { httpsAgent: agentFor(address) } });
    const topic = `cmd/sensors/${thing}/${name}`;
    try {
      await client.send(new PublishCommand({ topic, qos: 1, contentType: 'application/json', payload: Buffer.from('{}') }));
    } catch (error) {
      throw new DeviceError(`cannot publish to ${topic} at ${address.host}:${address.port}: ${(error as Error).name}, ${(error as Error).message}`);
    }
    say(`published to ${topic}`);
  }));
