import { readFileSync } from 'node:fs';
import { Agent } from 'node:https';
import { Option } from 'commander';
import { DeviceError } from './errors';

/** Where AWS IoT is met, and whom to trust there. */
export interface Endpoint {
  readonly host: string;
  readonly port: number;

  /** Absent for AWS, whose root certificates every system knows. */
  readonly rootCaPem?: string;
}

/** The port for WebSockets and HTTPS on AWS; the twin says its own in its address. */
const AWS_PORT = 443;

/** The address that `IotEndpoint` has looked up when the stack was deployed: nothing asks for it again. */
export function endpointOption(): Option {
  return new Option('--endpoint <address>', 'address of AWS IoT: the output Endpoint of the stack').env('IOT_ENDPOINT').makeOptionMandatory();
}

/** Reads `HOST` or `HOST:PORT`. On the twin, IOT_WARDEN_ROOT_CA names the certificate to trust. */
export function readEndpoint(address: string): Endpoint {
  const [, host, port = AWS_PORT] = /^([\w.-]+|\[[\da-f:]+\])(?::(\d{1,5}))?$/i.exec(address) ?? [];
  if (host === undefined) {
    throw new DeviceError(`the endpoint must look like HOST or HOST:PORT, got ${JSON.stringify(address.slice(0, 80))}`);
  }
  const rootCa = process.env.IOT_WARDEN_ROOT_CA;
  return { host, port: Number(port), ...rootCa !== undefined && { rootCaPem: readPem(rootCa) } };
}

/** The same for HTTPS clients. */
export function agentFor({ rootCaPem }: Endpoint): Agent {
  return new Agent({ keepAlive: true, ...rootCaPem !== undefined && { ca: rootCaPem } });
}

function readPem(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new DeviceError(`IOT_WARDEN_ROOT_CA must name a file that can be read, got ${file} (${(error as NodeJS.ErrnoException).code ?? 'error'})`);
  }
}
