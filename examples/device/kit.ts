import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DeviceError } from './errors';

/** Everything that a device needs to connect: what its folder holds. */
export interface Kit {
  readonly endpoint: string;
  readonly mqttPort: number;
  readonly httpsPort: number;

  /** Where credentials for AWS come from, if not from `endpoint`. */
  readonly credentialEndpoint?: string;

  /** Absent for a device that has yet to be provisioned. */
  readonly thingName?: string;
  readonly clientId?: string;

  readonly privateKeyPem: string;
  readonly certificatePem: string;
  readonly rootCaPem: string;
}

/** The names of the files, as `iot-warden connect` writes them. */
export const KIT_FILES = { privateKeyPem: 'private.key', certificatePem: 'certificate.pem', rootCaPem: 'root-ca.pem', config: 'config.json' } as const;

const MAX_PORT = 65535;

/** Reads a connection kit. */
export function readKit(folder: string): Kit {
  const config = readConfig(folder);
  const text = (name: string): string | undefined => {
    const value = config[name];
    if (value !== undefined && (typeof value !== 'string' || value === '')) {
      throw inConfig(folder, `'${name}' must be text`);
    }
    return value;
  };
  const port = (name: string): number => {
    const value = config[name];
    if (!Number.isInteger(value) || Number(value) < 1 || Number(value) > MAX_PORT) {
      throw inConfig(folder, `'${name}' must be a port number`);
    }
    return Number(value);
  };
  const endpoint = text('endpoint');
  if (endpoint === undefined) {
    throw inConfig(folder, "'endpoint' is missing");
  }
  const [thingName, clientId, credentialEndpoint] = [text('thingName'), text('clientId'), text('credentialEndpoint')];
  return {
    endpoint,
    mqttPort: port('mqttPort'),
    httpsPort: port('httpsPort'),
    ...credentialEndpoint !== undefined && { credentialEndpoint },
    ...thingName !== undefined && { thingName },
    ...clientId !== undefined && { clientId },
    privateKeyPem: readPem(folder, KIT_FILES.privateKeyPem, 'PRIVATE KEY'),
    certificatePem: readPem(folder, KIT_FILES.certificatePem, 'CERTIFICATE'),
    rootCaPem: readPem(folder, KIT_FILES.rootCaPem, 'CERTIFICATE'),
  };
}

/** The name of the kit's thing, for what a device can do as a thing only. */
export function thingNameOf(kit: Kit, folder: string): string {
  if (kit.thingName === undefined) {
    throw inConfig(folder, "'thingName' is missing; this kit is for a device that has yet to be provisioned");
  }
  return kit.thingName;
}

function readConfig(folder: string): { readonly [name: string]: unknown } {
  const text = readFile(folder, KIT_FILES.config);
  try {
    const config = JSON.parse(text) as unknown;
    if (typeof config === 'object' && config !== null) {
      return config as { readonly [name: string]: unknown };
    }
  } catch {
    // Said below.
  }
  throw inConfig(folder, 'it must hold a JSON object');
}

function readPem(folder: string, name: string, label: string): string {
  const text = readFile(folder, name);
  if (!text.includes(`${label}-----`)) {
    throw new DeviceError(`${join(folder, name)}: must hold a PEM block of the kind ${label}`);
  }
  return text;
}

function readFile(folder: string, name: string): string {
  try {
    return readFileSync(join(folder, name), 'utf8');
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'error';
    throw new DeviceError(`${join(folder, name)}: cannot be read (${code}); a connection kit has ${Object.values(KIT_FILES).join(', ')}, see the README of the example`);
  }
}

function inConfig(folder: string, what: string): DeviceError {
  return new DeviceError(`${join(folder, KIT_FILES.config)}: ${what}`);
}
