import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { Agent, request } from 'node:https';
import { connect as connectTcp } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { ConnectionOptions } from 'node:tls';
import { IoTClient, UpdateDomainConfigurationCommand } from '@aws-sdk/client-iot';
import type { IClientOptions } from 'mqtt';
import type { ConnectionKit } from '../../../lib/twin';
import { within } from '../support/inbox';
import { MqttJs } from '../support/mqttjs';
import { authorizer, fn } from '../support/resources';
import { TestTwin, allow, refused } from '../support/test-twin';

const PREFIX = 'arn:aws:iot:us-east-1:123456789012:';

/** Lets everybody in who has a certificate, and to a topic more than that has. */
const WITH_CERTIFICATE = `
  const { principalId, x509CertificatePem } = event.protocolData.tls;
  return {
    isAuthenticated: /BEGIN CERTIFICATE/.test(x509CertificatePem), principalId: event.protocolData.mqtt.username === 'wrong' ? 'somebody' : principalId,
    disconnectAfterInSeconds: 600, refreshAfterInSeconds: 600,
    policyDocuments: [{ Version: '2012-10-17', Statement: { Effect: 'Allow', Action: 'iot:Publish', Resource: '${PREFIX}topic/more/\${iot:Connection.Thing.ThingName}' } }],
  };`;

const YES = `return {
  isAuthenticated: true, principalId: 'x', disconnectAfterInSeconds: 600, refreshAfterInSeconds: 600,
  policyDocuments: [{ Version: '2012-10-17', Statement: { Effect: 'Allow', Action: ['iot:Connect', 'iot:Publish'], Resource: ['${PREFIX}client/x', '${PREFIX}topic/x'] } }],
};`;

function domain(name: string, properties: object): object {
  return { [name]: { Type: 'AWS::IoT::DomainConfiguration', Properties: { DomainConfigurationName: name, DomainName: `${name.toLowerCase()}.example.com`, ...properties } } };
}

let twin: TestTwin;
let kit: ConnectionKit;
let rootCaPem: string;

beforeAll(async () => {
  twin = await TestTwin.start({
    sensor: { may: [allow('iot:Connect', 'client/sensor'), allow('iot:Publish', 'topic/dt/sensor')] },
    plain: { may: [allow('iot:Connect', 'client/plain')] },
  }, {}, {
    ...authorizer('Default', YES, { SigningDisabled: true }),
    ...authorizer('Both', WITH_CERTIFICATE, { SigningDisabled: true }),
    ...authorizer('Other', YES, { SigningDisabled: true }),
    Callback: fn("console.log('callback ' + JSON.stringify(event)); return { isAuthenticated: !/CN=plain/.test(new (require('node:crypto').X509Certificate)(event.clientCertificateChain[0]).subject) };"),
    ...domain('Devices', { AuthenticationType: 'AWS_X509', ApplicationProtocol: 'SECURE_MQTT', TlsConfig: { SecurityPolicy: 'IoTSecurityPolicy_TLS13_1_3_2022_10' } }),
    ...domain('Old', { TlsConfig: { SecurityPolicy: 'IoTSecurityPolicy_TLS12_1_2_2022_10' } }),
    ...domain('Posts', { AuthenticationType: 'AWS_X509', ApplicationProtocol: 'HTTPS' }),
    ...domain('Tokens', { AuthenticationType: 'CUSTOM_AUTH', ApplicationProtocol: 'SECURE_MQTT', AuthorizerConfig: { DefaultAuthorizerName: 'Default', AllowAuthorizerOverride: false } }),
    ...domain('Open', { AuthenticationType: 'CUSTOM_AUTH', ApplicationProtocol: 'MQTT_WSS', AuthorizerConfig: { DefaultAuthorizerName: 'Default', AllowAuthorizerOverride: true } }),
    ...domain('Two', { AuthenticationType: 'CUSTOM_AUTH_X509', ApplicationProtocol: 'SECURE_MQTT', AuthorizerConfig: { DefaultAuthorizerName: 'Both' } }),
    ...domain('Checked', { AuthenticationType: 'AWS_X509', ApplicationProtocol: 'SECURE_MQTT', ClientCertificateConfig: { ClientCertificateCallbackArn: { 'Fn::GetAtt': ['Callback', 'Arn'] } } }),
    CallbackPermission: {
      Type: 'AWS::Lambda::Permission',
      Properties: { FunctionName: { 'Fn::GetAtt': ['Callback', 'Arn'] }, Action: 'lambda:InvokeFunction', Principal: 'iot.amazonaws.com', SourceArn: `${PREFIX}domainconfiguration/Checked/*` },
    },
    ...domain('Forgotten', { AuthenticationType: 'AWS_X509', ApplicationProtocol: 'SECURE_MQTT', ClientCertificateConfig: { ClientCertificateCallbackArn: { 'Fn::GetAtt': ['Callback', 'Arn'] } } }),
    ...domain('Signed', { AuthenticationType: 'AWS_SIGV4', ApplicationProtocol: 'MQTT_WSS' }),
    ...domain('Closed', { DomainConfigurationStatus: 'DISABLED' }),
    ...domain('Managed', { DomainName: undefined }),
    ...domain('Impossible', { AuthenticationType: 'AWS_SIGV4', ApplicationProtocol: 'SECURE_MQTT' }),
  });
  kit = await twin.kit('sensor');
  rootCaPem = readFileSync(twin.twin.endpoints.rootCa, 'utf8');
});

afterAll(() => twin.stop());

function connect(servername: string, options: IClientOptions & { readonly maxVersion?: string; readonly ALPNProtocols?: string[] } = {}, device: ConnectionKit = kit): Promise<MqttJs> {
  return MqttJs.connect(device, { host: 'localhost', servername, ...options });
}

const WITHOUT_CERTIFICATE = { key: undefined, cert: undefined } as const;

/** What a handshake ends with. */
function handshake(servername: string, port: number, options: ConnectionOptions = {}): Promise<{ readonly version: string; readonly names: string }> {
  return within('TLS handshake', new Promise((resolve, reject) => {
    const socket = connectTls({ host: 'localhost', servername, port, ca: rootCaPem, key: kit.privateKeyPem, cert: kit.certificatePem, ...options }, () => {
      resolve({ version: socket.getProtocol()!, names: socket.getPeerCertificate().subjectaltname! });
      socket.destroy();
    });
    socket.once('error', reject);
  }));
}

test('a name has a certificate of its own, whatever its case', async () => {
  expect((await handshake('Devices.Example.com', kit.mqttPort)).names).toContain('devices.example.com');
  expect((await handshake('localhost', kit.mqttPort)).names).not.toContain('devices.example.com');
  expect((await handshake('managed.localhost', kit.mqttPort)).names).toContain('managed.localhost');
});

describe('the TLS security policy', () => {
  test.each<[string, ConnectionOptions, string]>([
    ['devices.example.com', {}, 'TLSv1.3'], ['old.example.com', {}, 'TLSv1.2'], ['localhost', {}, 'TLSv1.3'], ['localhost', { maxVersion: 'TLSv1.2' }, 'TLSv1.2'],
  ])('of %s with %j gives %s', async (name, options, version) => {
    expect((await handshake(name, kit.mqttPort, options)).version).toBe(version);
  });

  test.each<[string, ConnectionOptions]>([
    ['devices.example.com', { maxVersion: 'TLSv1.2' }], ['old.example.com', { minVersion: 'TLSv1.3' }], ['localhost', { minVersion: 'TLSv1.1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT:@SECLEVEL=0' }],
  ])('of %s refuses %j', async (name, options) => {
    const journal = twin.journal();
    await expect(handshake(name, kit.mqttPort, options)).rejects.toThrow();
    await journal.next('a note', refused(/^TLS handshake: .*unsupported protocol|^TLS handshake: .*inappropriate|^TLS handshake: .*protocol version/));
  });
});

test("the TLS security policy of the account's endpoint is a setting", async () => {
  const { endpointUrl, region, ...credentials } = twin.twin.aws;
  const iot = new IoTClient({ endpoint: endpointUrl, region, credentials });
  await iot.send(new UpdateDomainConfigurationCommand({ domainConfigurationName: 'iot:Data-ATS', tlsConfig: { securityPolicy: 'IoTSecurityPolicy_TLS13_1_3_2022_10' } }));
  await expect(handshake('localhost', kit.mqttPort, { maxVersion: 'TLSv1.2' })).rejects.toThrow(/protocol version/);
  expect((await handshake('localhost', kit.mqttPort)).version).toBe('TLSv1.3');
  await iot.send(new UpdateDomainConfigurationCommand({ domainConfigurationName: 'iot:Data-ATS', tlsConfig: {} }));
  expect((await handshake('localhost', kit.mqttPort, { maxVersion: 'TLSv1.2' })).version).toBe('TLSv1.2');
});

describe('a domain configuration', () => {
  test('for MQTT with certificates takes them on either port, with ALPN or without', async () => {
    for (const port of [kit.mqttPort, kit.httpsPort]) {
      await (await connect('devices.example.com', { port })).end();
      await (await connect('devices.example.com', { port, ALPNProtocols: ['x-amzn-mqtt-ca'] })).end();
    }
    await expect(connect('devices.example.com', WITHOUT_CERTIFICATE)).rejects.toThrow();
  });

  test('for HTTPS does not speak MQTT', async () => {
    const journal = twin.journal();
    await expect(connect('posts.example.com')).rejects.toThrow();
    await journal.next('a note', refused("domain configuration 'Posts' is for HTTPS, which this port does not speak"));
    const status = await new Promise((resolve, reject) => {
      request({ host: 'localhost', servername: 'posts.example.com', port: kit.httpsPort, path: '/topics/dt/sensor?qos=1', method: 'POST', agent: new Agent({ ca: rootCaPem, key: kit.privateKeyPem, cert: kit.certificatePem }) }, (response) => resolve(response.resume().statusCode)).on('error', reject).end('x');
    });
    expect(status).toBe(200);
  });

  test('for tokens asks its default authorizer, and no other unless it allows that', async () => {
    const journal = twin.journal();
    await (await connect('tokens.example.com', { ...WITHOUT_CERTIFICATE, clientId: 'x' })).end();
    await (await connect('tokens.example.com', { ...WITHOUT_CERTIFICATE, clientId: 'x', username: '?x-amz-customauthorizer-name=Default' })).end();
    await expect(connect('tokens.example.com', { ...WITHOUT_CERTIFICATE, clientId: 'x', username: '?x-amz-customauthorizer-name=Other' })).rejects.toThrow('CONNACK 7');
    await journal.next('a note', refused(/'Tokens' does not let clients name another authorizer/));
    const overWebSocket = { ...WITHOUT_CERTIFICATE, clientId: 'x', protocol: 'wss', port: kit.httpsPort, path: '/mqtt' } as const;
    await (await connect('open.example.com', { ...overWebSocket, wsOptions: { servername: 'open.example.com', ca: rootCaPem } as never, username: '?x-amz-customauthorizer-name=Other' })).end();
    await expect(connect('signed.example.com', { ...overWebSocket, wsOptions: { servername: 'signed.example.com', ca: rootCaPem } as never })).rejects.toThrow();
    await journal.next('a note', refused(/^WebSocket: signature: MissingAuthenticationTokenException/));
  });

  test('with certificate and authorizer wants both, and adds up what they allow', async () => {
    const sensor = await connect('two.example.com', { clientId: 'sensor' });
    await sensor.publish('dt/sensor', 'by the policy of the certificate');
    await sensor.publish('more/sensor', 'by the answer of the authorizer, which knows the thing');
    sensor.send('more/plain', 'by neither');
    await sensor.disconnected();
    const journal = twin.journal();
    await expect(connect('two.example.com', { clientId: 'sensor', username: 'wrong' })).rejects.toThrow('CONNACK 7');
    await journal.next('a note', refused(/answered a principalId that is not that of the client's certificate/));
    await expect(connect('two.example.com', WITHOUT_CERTIFICATE)).rejects.toThrow();
    await journal.next('a note', refused('the client showed no certificate'));
  });

  test('asks its callback about every certificate', async () => {
    const journal = twin.journal();
    await (await connect('checked.example.com', { clientId: 'sensor' })).end();
    const { reason } = await journal.next('the event', ({ event, reason: line }) => event === 'log' && line.includes('callback {'));
    expect(JSON.parse(reason.slice(reason.indexOf('callback ') + 9))).toEqual({
      connectionMetadata: { id: expect.stringMatching(/^[0-9a-f-]{36}$/) }, principalId: expect.stringMatching(/^[0-9a-f]{64}$/), serverName: 'checked.example.com', clientCertificateChain: [expect.stringContaining('BEGIN CERTIFICATE')],
    });
    await expect(connect('checked.example.com', { clientId: 'plain' }, await twin.kit('plain'))).rejects.toThrow();
    await journal.next('a note', refused(/^the client certificate callback of 'Checked' did not answer/));
    await expect(connect('forgotten.example.com', { clientId: 'sensor' })).rejects.toThrow();
    await journal.next('a note', refused(/^the client certificate callback of 'Forgotten' .* no AWS::Lambda::Permission/));
  });

  test('that is disabled lets nobody in', async () => {
    const journal = twin.journal();
    await expect(connect('closed.example.com')).rejects.toThrow();
    await journal.next('a note', refused("domain configuration 'Closed' is DISABLED"));
  });

  test('that AWS would refuse is told when the twin starts', () => {
    expect(twin.twin.warnings).toContainEqual(expect.stringMatching(/Impossible.*not served by the twin: AWS IoT has no AWS_SIGV4 with SECURE_MQTT$/));
  });
});

test('what is no TLS is dropped, and what offers a protocol that is not spoken', async () => {
  const journal = twin.journal();
  const socket = connectTcp(kit.mqttPort, 'localhost');
  socket.on('error', () => undefined).write('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n');
  await within('the end', once(socket, 'close'));
  await journal.next('a note', refused(/^TLS handshake: /));
  await expect(handshake('localhost', kit.mqttPort, { ALPNProtocols: ['nonsense'] })).rejects.toThrow(/no application protocol/);
  await journal.next('a note', refused(/^TLS handshake: /));
});
