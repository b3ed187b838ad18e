import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { DescribeThingCommand, IoTClient } from '@aws-sdk/client-iot';
import { AwsClient } from 'aws4fetch';
import { run, scratch, start } from './cli';

const TEMPLATE = {
  Resources: {
    Thing: { Type: 'AWS::IoT::Thing', Properties: { ThingName: 'pump-1' } },
    Api: { Type: 'AWS::ApiGatewayV2::Api', Properties: { Name: 'api', ProtocolType: 'HTTP' } },
    Role: { Type: 'AWS::IAM::Role', Properties: { RoleName: 'backend', AssumeRolePolicyDocument: {} } },
  },
  Outputs: {
    Pump: { Value: { Ref: 'Thing' } },
    Url: { Value: { 'Fn::Sub': '${Api.ApiEndpoint}/readings' } },
    // Of another app, which the twin does not serve.
    Other: { Value: 'https://a1b2c3d4e5.execute-api.us-east-1.amazonaws.com' },
  },
};

const state = scratch("somebody's state");

test('local prints outputs, and env makes a shell and the AWS SDK talk to the twin', async () => {
  writeFileSync(scratch('pumps.json'), JSON.stringify(TEMPLATE));
  const twin = start(['local', scratch('pumps.json'), '--port', '0', '--https-port', '0', '--console-port', '0', '--state', state, '--outputs-file', 'outputs.json']);
  await twin.firstLine;

  const { code, stdout } = await run(['env', '--state', state]);
  expect(code).toBe(0);
  const script = `${stdout}\nenv -0`;
  const lines = execFileSync('sh', ['-c', script], { env: { PATH: process.env.PATH, AWS_PROFILE: 'real', AWS_SESSION_TOKEN: 'real' } }).toString().split('\0');
  const shell = Object.fromEntries(lines.map((line) => line.split(/=(.*)/s).slice(0, 2))) as Record<string, string>;
  const variables = JSON.parse((await run(['env', '--state', state, '--json'])).stdout) as Record<string, string>;
  expect(shell).toMatchObject(variables);
  expect(shell).not.toHaveProperty('AWS_PROFILE');
  expect(shell).not.toHaveProperty('AWS_SESSION_TOKEN');
  expect(readFileSync(variables.IOT_WARDEN_ROOT_CA!, 'utf8')).toContain('BEGIN CERTIFICATE');

  const iot = new IoTClient({
    endpoint: variables.AWS_ENDPOINT_URL!,
    region: variables.AWS_REGION!,
    credentials: { accessKeyId: variables.AWS_ACCESS_KEY_ID!, secretAccessKey: variables.AWS_SECRET_ACCESS_KEY! },
  });
  expect(await iot.send(new DescribeThingCommand({ thingName: 'pump-1' }))).toMatchObject({ thingName: 'pump-1' });

  const role = 'arn:aws:iam::123456789012:role/backend';
  const { AWS_SESSION_TOKEN: sessionToken, ...ofRole } = JSON.parse((await run(['env', '--state', state, '--role', role, '--json'])).stdout) as Record<string, string>;
  const caller = await new AwsClient({ accessKeyId: ofRole.AWS_ACCESS_KEY_ID!, secretAccessKey: ofRole.AWS_SECRET_ACCESS_KEY!, sessionToken: sessionToken!, region: 'us-east-1', service: 'sts' })
    .fetch(variables.AWS_ENDPOINT_URL!, { method: 'POST', body: 'Action=GetCallerIdentity' });
  expect(await caller.text()).toContain('<Arn>arn:aws:sts::123456789012:assumed-role/backend/iot-warden</Arn>');
  expect(await run(['env', '--state', state, '--role', `${role}-2`])).toMatchObject({
    code: 2, stdout: '', stderr: `iot-warden: --role ${role}-2: the caller may not assume ${role}-2: it is no role of the deployment\n`,
  });

  const { pumps } = JSON.parse(readFileSync(scratch('outputs.json'), 'utf8')) as { pumps: { Url: string } };
  expect(pumps).toEqual({ Pump: 'pump-1', Url: expect.stringMatching(/\/_api\/\w+\/readings$/), Other: 'https://a1b2c3d4e5.execute-api.us-east-1.amazonaws.com' });
  expect(pumps.Url).toContain(`${variables.AWS_ENDPOINT_URL}/`);
  expect((await fetch(pumps.Url)).status).toBe(404);

  twin.process.kill('SIGTERM');
  const { stdout: printed } = await twin.finished;
  expect(printed).toContain(`Outputs:\n  pumps.Pump = pump-1\n  pumps.Url = ${pumps.Url}\n`);
  // The API is found there; it has no stage.
  expect(printed).toContain('it has no such stage');
});

test('env fails in one line where no twin runs', async () => {
  const { code, stdout, stderr } = await run(['env', '--state', scratch('nowhere')]);
  expect(stderr).toBe(`iot-warden: no twin runs with the state folder ${scratch('nowhere')}; start one with: iot-warden local <assembly> --state ${scratch('nowhere')}\n`);
  expect(stdout).toBe('');
  expect(code).toBe(2);
});
