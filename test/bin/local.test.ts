import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { connectAsync } from 'mqtt';
import { run, scratch, start } from './cli';

const TEMPLATE = {
  Parameters: { Site: { Type: 'String' } },
  Resources: {
    Thing: { Type: 'AWS::IoT::Thing', Properties: { ThingName: 'pump-1' } },
    Spare: { Type: 'AWS::IoT::Thing', Properties: { ThingName: 'spare' } },
    Policy: { Type: 'AWS::IoT::Policy', Properties: { PolicyName: 'Pumps', PolicyDocument: { Version: '2012-10-17', Statement: [
      { Effect: 'Allow', Action: 'iot:Connect', Resource: 'arn:aws:iot:us-east-1:123456789012:client/${iot:Connection.Thing.ThingName}' },
      { Effect: 'Allow', Action: 'iot:Publish', Resource: { 'Fn::Sub': 'arn:${AWS::Partition}:iot:${AWS::Region}:${AWS::AccountId}:topic/${Site}/${!iot:ClientId}' } },
    ] } } },
    Certificate: { Type: 'AWS::IoT::Certificate', Properties: { Status: 'ACTIVE', CertificateSigningRequest: readFileSync('examples/quickstart/devices/sensor-1.csr.pem', 'utf8') } },
    PolicyAttachment: { Type: 'AWS::IoT::PolicyPrincipalAttachment', Properties: { PolicyName: { Ref: 'Policy' }, Principal: { 'Fn::GetAtt': ['Certificate', 'Arn'] } } },
    Claim: { Type: 'AWS::IoT::Certificate', Properties: { Status: 'ACTIVE', CertificateSigningRequest: readFileSync('examples/quickstart/devices/sensor-1.csr.pem', 'utf8') } },
    ClaimPolicy: { Type: 'AWS::IoT::Policy', Properties: { PolicyName: 'Claim', PolicyDocument: { Version: '2012-10-17', Statement: [
      { Effect: 'Allow', Action: 'iot:Connect', Resource: 'arn:aws:iot:us-east-1:123456789012:client/claim-*' },
    ] } } },
    ClaimAttachment: { Type: 'AWS::IoT::PolicyPrincipalAttachment', Properties: { PolicyName: { Ref: 'ClaimPolicy' }, Principal: { 'Fn::GetAtt': ['Claim', 'Arn'] } } },
    ThingAttachment: { Type: 'AWS::IoT::ThingPrincipalAttachment', Properties: { ThingName: { Ref: 'Thing' }, Principal: { 'Fn::GetAtt': 'Certificate.Arn' } } },
  },
};

const PORTS = ['--port', '0', '--https-port', '0', '--console-port', '0'];

function template(name: string, content: unknown = TEMPLATE): string {
  writeFileSync(scratch(name), JSON.stringify(content));
  return scratch(name);
}

test('local serves a template, connect gives a kit for it, and SIGTERM stops it cleanly', async () => {
  const state = scratch('state');
  const twin = start(['local', template('good.json'), ...PORTS, '--state', state, '--parameter', 'Site=north', '--json']);
  const endpoints = JSON.parse(await twin.firstLine) as { mqtt: string; https: string; console: string; rootCa: string };
  expect(endpoints).toEqual({
    mqtt: expect.stringMatching(/^mqtts:\/\/localhost:\d+$/),
    https: expect.stringMatching(/^https:\/\/localhost:\d+$/),
    console: expect.stringMatching(/^http:\/\/localhost:\d+$/),
    rootCa: scratch('state', 'root-ca.pem'),
  });

  const { code, stdout } = await run(['connect', 'pump-1', '--state', state, '--out', scratch('kit'), '--json']);
  expect(code).toBe(0);
  const kit = JSON.parse(stdout) as { clientId: string; privateKey: string; certificate: string; rootCa: string; config: string };
  expect(JSON.parse(readFileSync(kit.config, 'utf8'))).toEqual({
    thingName: 'pump-1', clientId: 'pump-1', endpoint: 'localhost', mqttPort: Number(new URL(endpoints.mqtt).port), httpsPort: Number(new URL(endpoints.https).port),
  });
  expect(statSync(kit.privateKey).mode & 0o777).toBe(0o600);

  const client = await connectAsync(endpoints.mqtt, {
    clientId: kit.clientId, key: readFileSync(kit.privateKey), cert: readFileSync(kit.certificate), ca: readFileSync(kit.rootCa), reconnectPeriod: 0,
  }, false);
  await client.publishAsync('north/pump-1', 'the parameter counts', { qos: 1 });
  await client.endAsync();

  const claim = await run(['connect', '--certificate', 'Claim', '--state', state, '--json']);
  expect(JSON.parse(claim.stdout)).toMatchObject({ clientId: expect.stringMatching(/^claim-[0-9a-f]+$/), config: scratch('state', 'kits', 'Claim', 'config.json') });
  expect(await run(['connect', '--state', state])).toMatchObject({ code: 2, stderr: expect.stringContaining('name a thing, or with --certificate') as string });
  expect(JSON.parse(readFileSync(scratch('state', 'twin.json'), 'utf8'))).toMatchObject({ aws: { endpointUrl: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/), region: 'us-east-1' } });

  expect(await run(['connect', 'pump-2', '--state', state])).toMatchObject({ code: 2, stderr: expect.stringContaining("thing 'pump-2' is not part of the deployment") as string });
  expect(await run(['connect', 'spare', '--state', state])).toMatchObject({ code: 2, stderr: expect.stringContaining("thing 'spare' has no certificate") as string });
  expect(await run(['connect', 'pump-1', '--state', state, '--certificate', 'Other'])).toMatchObject({ code: 2, stderr: expect.stringContaining("attached are Certificate") as string });

  twin.process.kill('SIGTERM');
  expect(await twin.finished).toMatchObject({ code: 0, stderr: '' });
  expect(await run(['connect', 'pump-1', '--state', state])).toMatchObject({ code: 2, stderr: expect.stringContaining('no twin runs with the state folder') as string });
});

describe('local refuses with 2 and one line', () => {
  const oneLine = async (args: readonly string[], message: RegExp): Promise<void> => {
    const { code, stdout, stderr } = await run(['local', ...args]);
    expect(stderr.trimEnd()).toMatch(message);
    expect(stderr.trimEnd().split('\n')).toHaveLength(1);
    expect(stdout).toBe('');
    expect(code).toBe(2);
  };

  test('an assembly that is not there', () => oneLine(['nowhere'], /nowhere: /));

  test('a file that is no template', async () => {
    writeFileSync(scratch('prose.txt'), 'dear reader');
    await oneLine([scratch('prose.txt')], /prose\.txt: /);
  });

  test('a template without IoT resources', () => oneLine(
    [template('empty.json', { Resources: { Topic: { Type: 'AWS::SNS::Topic' } } })], /empty\.json: declares no AWS IoT things, certificates or policies/));

  test('a template that needs parameters', () => oneLine([template('needs.json')], /Site.*--parameter|Site/));

  test('a policy that AWS would refuse', () => oneLine([template('bad-policy.json', { Resources: { Policy: { Type: 'AWS::IoT::Policy', Properties: {
    PolicyDocument: { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: 's3:GetObject', Resource: '*' }] },
  } } } })], /AWS would refuse this policy: .*Statement\[0\]\.Action: 's3:GetObject' is not an AWS IoT action/));

  test('a state folder that cannot be written to', async () => {
    writeFileSync(scratch('file'), '');
    await oneLine([template('good.json'), '--parameter', 'Site=a', '--state', scratch('file', 'state')], /state folder .*: cannot be written to \(ENOTDIR\); choose another with --state$/);
  });

  test('a file for outputs that cannot be written', () => oneLine(
    [template('good.json'), '--parameter', 'Site=a', ...PORTS, '--state', scratch('state3'), '--outputs-file', scratch('nowhere', 'outputs.json')],
    /nowhere\/outputs\.json: cannot be written \(ENOENT\); choose another file with --outputs-file$/));

  test('a port in use, and leaves nothing running or half-written', async () => {
    const taken = createServer();
    await new Promise<void>((listening) => taken.listen(0, '127.0.0.1', listening));
    const { port } = taken.address() as AddressInfo;
    mkdirSync(scratch('state2'));
    await oneLine([template('good.json'), '--parameter', 'Site=a', ...PORTS, '--port', String(port), '--state', scratch('state2')],
      new RegExp(`port ${port} on 127\\.0\\.0\\.1 is in use; choose another with --port, 0 for any free one$`));
    expect(existsSync(scratch('state2', 'twin.json'))).toBe(false);
    taken.close();
  });
});
