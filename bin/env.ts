import { TwinError } from '../lib/twin';
import { print, printJson } from './output';
import { findTwin } from './running-twin';

interface EnvOptions {
  readonly state: string;
  readonly json?: boolean;
}

/** What would send a client to a real account all the same. */
const IN_THE_WAY = ['AWS_PROFILE', 'AWS_SESSION_TOKEN'];

/** `iot-warden env`. */
export function env({ state, json }: EnvOptions): void {
  const { folder, twin: { aws, mqttPort } } = findTwin(state);
  if (aws === undefined) {
    throw new TwinError(`the twin with the state folder ${folder.path} is of another version; stop it and start it again`);
  }
  const variables = {
    AWS_ENDPOINT_URL: aws.endpointUrl,
    AWS_ACCESS_KEY_ID: aws.accessKeyId,
    AWS_SECRET_ACCESS_KEY: aws.secretAccessKey,
    AWS_REGION: aws.region,
    AWS_DEFAULT_REGION: aws.region,
    IOT_WARDEN_MQTT_PORT: String(mqttPort),
    IOT_WARDEN_ROOT_CA: folder.file('root-ca.pem'),
  };
  if (json === true) {
    printJson(variables);
    return;
  }
  print(`unset ${IN_THE_WAY.join(' ')}`);
  for (const [name, value] of Object.entries(variables)) {
    print(`export ${name}='${value.replaceAll("'", "'\\''")}'`);
  }
}
