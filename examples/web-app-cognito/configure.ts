/** Tells the page where its services are: writes the config.json that it fetches. Nothing in it is secret. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Option } from 'commander';
import { command, runCommand, say } from '../device/command';
import { DeviceError } from '../device/errors';
import type { Config } from './page/config';

interface Options {
  readonly outputs: string;
  readonly endpointUrl?: string;
  readonly out: string;
}

const NAMES = ['UserPoolId', 'ClientId', 'IdentityPoolId', 'AttachUrl', 'Endpoint'] as const;

type Outputs = Readonly<Record<typeof NAMES[number], string>>;

runCommand(command('configure', 'Write the configuration of the page.')
  .requiredOption('--outputs <file>', 'outputs of the stack, as written by `cdk deploy --outputs-file` or `iot-warden local --outputs-file`')
  .addOption(new Option('--endpoint-url <url>', 'where Amazon Cognito is, for the twin').env('AWS_ENDPOINT_URL'))
  .option('--out <file>', 'file to write', join(__dirname, 'page', 'public', 'config.json'))
  .action(({ outputs: file, endpointUrl, out }: Options) => {
    const { UserPoolId: userPoolId, ClientId: clientId, IdentityPoolId: identityPoolId, AttachUrl: attachUrl, Endpoint: iotEndpoint } = readOutputs(file);
    const config: Config = {
      region: identityPoolId.split(':')[0]!, userPoolId, clientId, identityPoolId, attachUrl, iotEndpoint, ...endpointUrl !== undefined && { endpointUrl },
    };
    try {
      writeFileSync(out, `${JSON.stringify(config, undefined, 2)}\n`);
    } catch (error) {
      throw new DeviceError(`${out}: cannot be written (${codeOf(error)}); choose another file with --out`);
    }
    say(`wrote ${out}`);
  }));

function readOutputs(file: string): Outputs {
  let stacks: unknown;
  try {
    stacks = JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    throw new DeviceError(`${file}: cannot be read as JSON (${codeOf(error)}); give the file that was written with --outputs-file`);
  }
  const found = Object.values(stacks ?? {}).find(isOutputs);
  if (found === undefined) {
    throw new DeviceError(`${file}: no stack in it has the outputs ${NAMES.join(', ')}; deploy the stack of this example`);
  }
  return found;
}

function isOutputs(outputs: unknown): outputs is Outputs {
  return typeof outputs === 'object' && outputs !== null && NAMES.every((name) => typeof (outputs as Partial<Outputs>)[name] === 'string');
}

function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? 'not JSON';
}
