import { AwsClient } from 'aws4fetch';
import { TwinError } from '../lib/twin';
import type { AwsAccess } from '../lib/twin';
import { print, printJson } from './output';
import { findTwin } from './running-twin';

interface EnvOptions {
  readonly state: string;
  readonly role?: string;
  readonly json?: boolean;
}

/** What would send a client to a real account all the same. */
const IN_THE_WAY = ['AWS_PROFILE', 'AWS_SESSION_TOKEN'];

/** `iot-warden env`. */
export async function env({ state, role, json }: EnvOptions): Promise<void> {
  const { folder, twin: { aws, mqttPort } } = findTwin(state);
  if (aws === undefined) {
    throw new TwinError(`the twin with the state folder ${folder.path} is of another version; stop it and start it again`);
  }
  const variables = {
    AWS_ENDPOINT_URL: aws.endpointUrl,
    ...await credentialsFor(role, aws),
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

/** Credentials for whoever runs the twin, or of a role for an hour. */
async function credentialsFor(roleArn: string | undefined, { endpointUrl, region, accessKeyId, secretAccessKey }: AwsAccess): Promise<Record<string, string>> {
  if (roleArn === undefined) {
    return { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey };
  }
  const body = new URLSearchParams({ Action: 'AssumeRole', Version: '2011-06-15', RoleArn: roleArn, RoleSessionName: 'iot-warden' });
  const answer = await new AwsClient({ accessKeyId, secretAccessKey, region, service: 'sts', retries: 0 })
    .fetch(endpointUrl, { method: 'POST', headers: { 'content-type': 'application/x-www-form-urlencoded' }, body: body.toString() });
  const text = await answer.text();
  const field = (name: string): string => new RegExp(`<${name}>([^<]*)</${name}>`).exec(text)?.[1] ?? '';
  if (!answer.ok) {
    throw new TwinError(`--role ${roleArn}: ${field('Message')}`);
  }
  return { AWS_ACCESS_KEY_ID: field('AccessKeyId'), AWS_SECRET_ACCESS_KEY: field('SecretAccessKey'), AWS_SESSION_TOKEN: field('SessionToken') };
}
