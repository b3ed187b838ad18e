/**
 * Sets the target of a thermostat, and says what the thermostat does at the moment. It signs its requests with the AWS
 * credentials that it finds where the AWS SDKs look for them.
 */
import { GetThingShadowCommand, IoTDataPlaneClient, ResourceNotFoundException, UpdateThingShadowCommand } from '@aws-sdk/client-iot-data-plane';
import { agentFor, endpointOption, readEndpoint } from '../backend-service/endpoint';
import { command, runCommand, say } from '../device/command';
import { DeviceError } from '../device/errors';

interface Options {
  readonly endpoint: string;
  readonly region: string;
  readonly thing: string;
  readonly celsius: number;
}

runCommand(command('set-target', 'Set the target temperature of a thermostat.')
  .addOption(endpointOption())
  .requiredOption('--thing <name>', 'the thermostat')
  .requiredOption('--celsius <number>', 'the target', Number)
  .option('--region <name>', 'Region of the stack', process.env.AWS_REGION ?? 'us-east-1')
  .action(async ({ endpoint, region, thing: thingName, celsius }: Options) => {
    const address = readEndpoint(endpoint);
    const client = new IoTDataPlaneClient({ region, endpoint: `https://${address.host}:${address.port}`, requestHandler: { httpsAgent: agentFor(address) } });
    try {
      const state = await client.send(new GetThingShadowCommand({ thingName, shadowName: 'state' })).catch((error: unknown) => {
        if (error instanceof ResourceNotFoundException) {
          return undefined;
        }
        throw error;
      });
      say(state === undefined ? `${thingName} has said nothing yet` : `${thingName} says ${reportedIn(state.payload)}`);
      await client.send(new UpdateThingShadowCommand({ thingName, shadowName: 'config', payload: Buffer.from(JSON.stringify({ state: { desired: { celsius } } })) }));
    } catch (error) {
      throw new DeviceError(`cannot set the target of ${thingName} at ${address.host}:${address.port}: ${(error as Error).name}, ${(error as Error).message}`);
    }
    say(`the target of ${thingName} is ${celsius} °C`);
  }));

function reportedIn(payload: Uint8Array | undefined): string {
  const { state } = JSON.parse(Buffer.from(payload!).toString()) as { readonly state: { readonly reported?: object } };
  return JSON.stringify(state.reported ?? {});
}
