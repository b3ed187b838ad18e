/**
 * The app of the thermostats' owner: sets a target, and shows what a thermostat last said, over HTTPS.
 *
 * It signs with the AWS credentials that it finds where the AWS SDKs look for them.
 */
import { GetThingShadowCommand, IoTDataPlaneClient, UpdateThingShadowCommand } from '@aws-sdk/client-iot-data-plane';
import type { Command } from 'commander';
import { command, runCommand, say } from '../device/command';
import { agentFor, endpointOption, readEndpoint } from '../device/endpoint';
import { DeviceError } from '../device/errors';
import { STATE, TARGET, readTarget } from './shadows';

interface Options {
  readonly endpoint: string;
  readonly region: string;
  readonly thing: string;
  readonly celsius: number;
}

const control = command('control', 'Set the target of a thermostat, or show what it says.');
withAddress(control.command('set').description('Set the target.')).requiredOption('--celsius <number>', 'the target', Number).action(set);
withAddress(control.command('show').description('Show what the thermostat last said.')).action(show);
runCommand(control);

function withAddress(subcommand: Command): Command {
  return subcommand
    .addOption(endpointOption())
    .requiredOption('--thing <name>', 'the thermostat')
    .option('--region <name>', 'Region of the stack', process.env.AWS_REGION ?? 'us-east-1');
}

async function set({ thing: thingName, celsius, ...where }: Options): Promise<void> {
  const desired = { celsius };
  const target = readTarget(desired);
  if (typeof target === 'string') {
    throw new DeviceError(target);
  }
  await ask(where, `set the target of ${thingName}`, (client) => client.send(new UpdateThingShadowCommand({ thingName, shadowName: TARGET, payload: Buffer.from(JSON.stringify({ state: { desired } })) })));
  say(`told ${thingName} ${target} °C`);
}

async function show({ thing: thingName, ...where }: Options): Promise<void> {
  const { payload } = await ask(where, `read the state of ${thingName}`, (client) => client.send(new GetThingShadowCommand({ thingName, shadowName: STATE })));
  const { state } = JSON.parse(Buffer.from(payload!).toString()) as { readonly state: { readonly reported?: object } };
  say(JSON.stringify(state.reported));
}

async function ask<T>({ endpoint, region }: Pick<Options, 'endpoint' | 'region'>, what: string, send: (client: IoTDataPlaneClient) => Promise<T>): Promise<T> {
  const address = readEndpoint(endpoint);
  const client = new IoTDataPlaneClient({ region, endpoint: `https://${address.host}:${address.port}`, requestHandler: { httpsAgent: agentFor(address) } });
  try {
    return await send(client);
  } catch (error) {
    throw new DeviceError(`cannot ${what} at ${address.host}:${address.port}: ${(error as Error).name}, ${(error as Error).message}`);
  } finally {
    client.destroy();
  }
}
