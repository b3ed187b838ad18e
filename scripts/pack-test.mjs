// The package is a product: pack it, install it elsewhere, import every entry point, run the CLI.
import assert from 'node:assert/strict';
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { CreateThingCommand, IoTClient, ListThingsCommand } from '@aws-sdk/client-iot';

const own = JSON.parse(readFileSync('package.json', 'utf8'));
const folder = mkdtempSync(join(tmpdir(), 'iot-warden-pack-'));
const run = (command, args) => execFileSync(command, args, { cwd: folder, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });

try {
  const [{ filename, files, size }] = JSON.parse(execFileSync('npm', ['pack', '--json', '--pack-destination', folder], { encoding: 'utf8' }));
  const stray = files.map(({ path }) => path).filter((path) => !path.startsWith('trust-anchors/') && /(^|\/)(test|bench|examples)\/|\.(key|pem)$|(?<!\.d)\.ts$/.test(path));
  assert.deepEqual(stray, [], 'the package holds sources, tests or keys');
  const guides = [...readFileSync('README.md', 'utf8').matchAll(/\]\((docs\/[^)#]+)/g)].map(([, path]) => path);
  assert.deepEqual(guides.filter((guide) => !files.some(({ path }) => path === guide)), [], 'the README leads to guides that the package lacks');
  assert.deepEqual(own.dependencies ?? {}, {}, 'users must get no dependency but the CDK');

  writeFileSync(join(folder, 'package.json'), JSON.stringify({ private: true }));
  const { 'aws-cdk-lib': cdk, constructs } = own.devDependencies;
  run('npm', ['install', '--no-audit', '--no-fund', resolve(folder, filename), `aws-cdk-lib@${cdk}`, `constructs@${constructs}`]);

  // Every entry point loads, from CommonJS and from ES modules, and gives what it is for.
  const expected = { '.': 'DeviceFleet', './policy': 'createAuthorizer', './authorizer': 'authorizer', './twin': 'startTwin' };
  for (const [entry, name] of Object.entries(expected)) {
    const specifier = entry.replace('.', own.name);
    run('node', ['-e', `if (typeof require('${specifier}').${name} !== 'function') process.exit(1)`]);
    run('node', ['--input-type=module', '-e', `import { ${name} } from '${specifier}'; if (typeof ${name} !== 'function') process.exit(1)`]);
  }

  // What web apps take is an ES module for bundlers, and takes the app's own client of Amazon Cognito.
  run('npm', ['install', '--no-audit', '--no-fund', `@aws-sdk/client-cognito-identity@${own.devDependencies['@aws-sdk/client-cognito-identity']}`]);
  run('node', ['--input-type=module', '-e', `
    import { signIn } from '${own.name}/web';
    const { brokerUrl } = signIn({ region: 'eu-central-1', identityPoolId: 'pool', iotEndpoint: 'host', attachUrl: 'https://host', login: { provider: 'provider', token: () => '' } });
    if (brokerUrl !== 'wss://host/mqtt') process.exit(1);
  `]);

  // A fleet with a certificate and a rule: what is loaded only when it is needed is there, without its packages.
  writeFileSync(join(folder, 'app.js'), `
    const { App, Stack } = require('aws-cdk-lib');
    const { Queue } = require('aws-cdk-lib/aws-sqs');
    const { Channel, DeviceFleet, RuleAction, ThingGroup, ThingGroupMembership, TrustAnchors } = require('${own.name}');
    const app = new App({ outdir: 'cdk.out' });
    const stack = new Stack(app, 'Packed');
    const fleet = new DeviceFleet(stack, 'Fleet', { topics: { telemetry: Channel.fromDevice('dt/{thing}') } });
    const [thing] = fleet.addThings(['sensor-1']);
    new ThingGroupMembership(stack, 'Membership', { thingGroup: new ThingGroup(stack, 'Group'), things: [thing] });
    fleet.addCertificate('Sensor1', { thing, csr: ${JSON.stringify(readFileSync('examples/quickstart/devices/sensor-1.csr.pem', 'utf8'))} });
    fleet.channel('telemetry').addRule('Hot', RuleAction.toSqs(new Queue(stack, 'Readings')), { where: 'celsius > 30' });
    if (!TrustAnchors.bundlePem().includes('BEGIN CERTIFICATE')) throw new Error('no trust anchors');
    app.synth();
  `);
  run('node', ['app.js']);

  // The CLI answers, and the local IoT Core serves the template, handlers included: no AWS SDK is installed here.
  const cli = join(folder, 'node_modules', '.bin', 'iot-warden');
  assert.match(run(cli, ['--version']), new RegExp(`^${own.version.replaceAll('.', '\\.')}\\n$`));
  assert.match(run(cli, ['--help']), /simulate/);
  const refused = spawnSync(cli, ['local', 'nowhere'], { cwd: folder, encoding: 'utf8' });
  assert.equal(refused.status, 2);
  assert.equal(refused.stderr.trim().split('\n').length, 1, `one line, got: ${refused.stderr}`);
  run('node', ['-e', `
    const { startTwin } = require('${own.name}/twin');
    startTwin({ assembly: 'cdk.out' }).then(async (twin) => {
      require('node:assert').deepEqual(twin.warnings, []);
      await twin.issueKit('sensor-1');
      await twin.stop();
    });
  `]);
  // What it is told outlasts it, however it ends: the database is in the package.
  const template = { Resources: { Thing: { Type: 'AWS::IoT::Thing', Properties: { ThingName: 'one' } } } };
  writeFileSync(join(folder, 'template.json'), JSON.stringify(template));
  for (const [signal, created] of [['SIGKILL', []], ['SIGTERM', ['late']]]) {
    const twin = spawn(cli, ['local', 'template.json', ...['--port', '--https-port', '--console-port'].flatMap((option) => [option, '0']), '--state', 'state', '--json'], { cwd: folder, stdio: ['ignore', 'pipe', 'inherit'] });
    await once(twin.stdout, 'data');
    const { AWS_ENDPOINT_URL: endpoint, AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey } = JSON.parse(run(cli, ['env', '--state', 'state', '--json']));
    const iot = new IoTClient({ endpoint, region: 'us-east-1', credentials: { accessKeyId, secretAccessKey } });
    const { things } = await iot.send(new ListThingsCommand({}));
    assert.deepEqual(things.map(({ thingName }) => thingName).filter((name) => name !== 'one'), created);
    if (created.length === 0) {
      await iot.send(new CreateThingCommand({ thingName: 'late' }));
    }
    twin.kill(signal);
    await once(twin, 'close');
  }
  process.stdout.write(`packed ${files.length} files, ${Math.round(size / 1024)} KB; every entry point and the CLI work\n`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
