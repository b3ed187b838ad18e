import { resolve } from 'node:path';
import { issueKit, writeKit } from '../lib/twin';
import type { ConnectionKit, KitFiles } from '../lib/twin';
import { bold, print, printJson } from './output';
import { findTwin } from './running-twin';

interface ConnectOptions {
  readonly state: string;
  readonly out?: string;
  readonly certificate?: string;
  readonly json?: boolean;
}

/** `iot-warden connect`. */
export async function connect(thing: string | undefined, { state, out, certificate, json }: ConnectOptions): Promise<void> {
  const { folder, twin } = findTwin(state);
  const kit = await issueKit(folder, twin, thing, Date.now, certificate);
  const files = writeKit(kit, out === undefined ? folder.file('kits', thing ?? certificate ?? kit.clientId) : resolve(out));
  if (json === true) {
    const { thingName, clientId, endpoint, mqttPort, httpsPort } = kit;
    printJson({ thingName, clientId, endpoint, mqttPort, httpsPort, ...files });
    return;
  }
  print(`Wrote ${Object.values(files).join(', ')}\n`);
  print(bold('mosquitto'));
  print(`  ${mosquittoLine(kit, files, 'mosquitto_sub', "-t 'TOPIC FILTER'")}`);
  print(`  ${mosquittoLine(kit, files, 'mosquitto_pub', "-t 'TOPIC' -m '{}'")}\n`);
  print(bold('aws-iot-device-sdk-v2'));
  print(`  ${sdkLine(kit, files)}`);
}

/** A command line that connects as the thing. */
export function mosquittoLine(
  { endpoint, mqttPort, clientId }: Pick<ConnectionKit, 'endpoint' | 'mqttPort' | 'clientId'>, files: KitFiles, program: string, rest: string,
): string {
  const identity = `--cafile ${quote(files.rootCa)} --cert ${quote(files.certificate)} --key ${quote(files.privateKey)}`;
  return `${program} -h ${endpoint} -p ${mqttPort} ${identity} -i ${quote(clientId)} -q 1 ${rest}`;
}

function sdkLine({ endpoint, mqttPort, clientId }: ConnectionKit, files: KitFiles): string {
  return [
    `AwsIotMqtt5ClientConfigBuilder.newDirectMqttBuilderWithMtlsFromPath('${endpoint}', '${files.certificate}', '${files.privateKey}')`,
    `.withCertificateAuthorityFromPath(undefined, '${files.rootCa}').withPort(${mqttPort})`,
    `.withConnectProperties({ clientId: '${clientId}', keepAliveIntervalSeconds: 1200 })`,
  ].join('\n    ');
}

function quote(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
