#!/usr/bin/env node
import { isIP } from 'node:net';
import { Command, InvalidArgumentError } from 'commander';
import { version } from '../package.json';
import { authorize } from './authorize';
import { connect } from './connect';
import { env } from './env';
import { local } from './local';
import { manifest } from './manifest';
import { ExitCode, fail } from './output';
import { simulate } from './simulate';

const program = new Command('iot-warden')
  .description('Security for AWS IoT Core as code: decide policies offline, and run a local IoT Core that enforces them.')
  .version(version)
  .exitOverride((error) => process.exit(error.exitCode === 0 ? ExitCode.GOOD : ExitCode.MISUSE))
  .addHelpText('after', '\nExit codes: 0 good, 1 denied or not as expected, 2 misuse or unreadable input.');

program.command('local')
  .argument('<assembly>', 'cloud assembly folder (cdk.out) or CloudFormation template (JSON or YAML)')
  .description('start a local AWS IoT Core that serves a cloud assembly or template')
  .option('--port <port>', 'MQTT over mutual TLS; 0 for any free port', port, 8883)
  .option('--https-port <port>', 'HTTPS, WebSockets and MQTT by ALPN; 0 for any free port', port, 8443)
  .option('--console-port <port>', 'the console page; 0 for any free port', port, 8080)
  .option('--host <address>', 'address to listen on; others than loopback let other computers in', address, '127.0.0.1')
  .option('--state <dir>', 'folder for the local certificate authority, the keys of kits, and what the twin was told: it is all there again after a restart', '.iot-warden')
  .option('--outputs-file <file>', 'where to write the outputs of the stacks as JSON, as cdk deploy --outputs-file does')
  .option('--parameter <name=value>', 'value of a template parameter; repeat for more', parameter, {})
  .option('--account <id>', 'account of a template that does not say', pattern(/^\d{12}$/, '12 digits'), '123456789012')
  .option('--region <region>', 'Region of a template that does not say', pattern(/^[a-z]{2,}(-[a-z]+)+-\d+$/, 'a Region such as eu-west-1'), 'us-east-1')
  .option('--no-functions', 'do not run the Lambda functions of the assembly, which may do here what you may: for what you do not trust')
  .option('--no-watch', 'do not follow changes of the assembly; SIGHUP reloads it all the same')
  .option('--verbose', 'print allowed requests too, not only refusals')
  .option('--json', 'print one line of JSON with the endpoints, and nothing else')
  .addHelpText('after', `
Examples:
  $ npx cdk synth && iot-warden local cdk.out
  $ iot-warden local template.yaml --port 0 --parameter Stage=test`)
  .action(local);

program.command('connect')
  .argument('[thing]', 'name of a thing of the running twin; without one, --certificate names a certificate that has no thing, such as a claim')
  .description('write a connection kit for a thing or certificate of the running twin')
  .option('--state <dir>', 'state folder of the running twin', '.iot-warden')
  .option('--out <dir>', 'folder for the kit (default: kits/<thing or certificate> in the state folder)')
  .option('--certificate <logical-id>', "which of the thing's certificates to stand for, where it has several; or one that has no thing")
  .option('--json', 'print the kit as JSON, and nothing else')
  .addHelpText('after', `
Writes private.key, certificate.pem, root-ca.pem and config.json. The certificate is issued locally and carries the
policies and the thing of the certificate in the template, whose private key only the device has.

Examples:
  $ iot-warden connect sensor-1 --out ./sensor-1
  $ iot-warden connect --certificate Claim --out ./claim`)
  .action(connect);

program.command('manifest')
  .argument('<files...>', "certificates in PEM, one after the other, or a signed manifest as Microchip delivers it; '-' for standard input")
  .description('turn what a device maker delivers into the file of a bulk registration')
  .option('--vendor-certificate <file>', 'certificate that signs the manifest, from the maker itself; repeat for more', repeated, [])
  .option('--out <file>', 'where to write the lines (default: standard output)')
  .addHelpText('after', `
Writes one line for each device, { "ThingName", "CertificatePem" }, for BulkFile.fromLocalFile. A device is named by the
common name of its certificate, or by the unique id that the manifest gives it. Nothing is written unless all is good.

Examples:
  $ iot-warden manifest certificates.pem --out devices.ndjson
  $ iot-warden manifest manifest.json --vendor-certificate signer.crt > devices.ndjson`)
  .action(manifest);

program.command('env')
  .description('print the shell lines that make AWS SDKs and the AWS CLI talk to the running twin')
  .option('--state <dir>', 'state folder of the running twin', '.iot-warden')
  .option('--role <arn>', 'with the credentials of a role of the deployment, for an hour, and not with those of an administrator')
  .option('--json', 'print the variables as JSON, and nothing else')
  .addHelpText('after', `
Examples:
  $ eval "$(iot-warden env)" && aws iot list-things
  $ eval "$(iot-warden env --role arn:aws:iam::123456789012:role/backend)" && node backend.js`)
  .action(env);

program.command('simulate')
  .argument('<cases>', "JSON file of { \"vectors\": [ … ] }, or '-' for standard input")
  .description('decide requests offline, each with the statements that decided')
  .option('--json', 'print { "decisions": [ … ] }, and nothing else')
  .addHelpText('after', `
A case names its policies, its principal, one action and one resource:
  { "vectors": [ { "id": "1", "policies": [ { "Version": "2012-10-17", "Statement": [ … ] } ],
    "principal": { "kind": "certificate", "clientId": "sensor-1", "thingName": "sensor-1", "attached": true },
    "action": "iot:Publish", "resource": "dt/sensor-1", "expect": "allow" } ] }

Exits with 0 when every case is as it expects, or allowed where it expects nothing; else with 1.`)
  .action(simulate);

program.command('authorize')
  .argument('<target>', 'cloud assembly folder or template with the authorizer, or the JavaScript file of a handler')
  .argument('[authorizer]', 'name, construct path or logical id of the authorizer, where there are several')
  .description('run a custom authorizer here, and print its decision')
  .option('--event <file>', "JSON file of the event, in place of the options that follow; '-' for standard input")
  .option('--token <text>', 'value of the token key')
  .option('--token-file <file>', 'file with the value of the token key, which others then cannot see in the list of processes')
  .option('--unverified', 'say that AWS IoT has not checked the signature of the token (default: as the authorizer is declared)')
  .option('--username <text>', 'user name of MQTT, perhaps with a query string')
  .option('--password-file <file>', 'file with the password of MQTT')
  .option('--client-id <id>', 'client id of MQTT')
  .option('--header <name=value>', 'header of HTTP; repeat for more', parameter, {})
  .option('--query <text>', 'query string of HTTP')
  .option('--server-name <name>', 'host name that the client asks for')
  .option('--simulate <action-resource...>', 'actions on resources to decide by the answer, such as iot:Publish cmd/sensor-1/reboot')
  .option('--handler <name>', 'export of a file that is the handler', 'handler')
  .option('--env <name=value>', 'environment variable of the function; repeat for more', parameter, {})
  .option('--parameter <name=value>', 'value of a template parameter; repeat for more', parameter, {})
  .option('--account <id>', 'account of a template that does not say', pattern(/^\d{12}$/, '12 digits'), '123456789012')
  .option('--region <region>', 'Region of a template that does not say', pattern(/^[a-z]{2,}(-[a-z]+)+-\d+$/, 'a Region such as eu-west-1'), 'us-east-1')
  .option('--json', 'print the answer, its problems and the decisions as JSON, and nothing else')
  .addHelpText('after', `
The function runs on this computer, with the credentials of a running twin (eval "$(iot-warden env)") or with none. The
signature of a token is not checked, as AWS IoT does before. No token, password or header is printed.

Exits with 0 when the caller is let in and everything that is simulated is allowed; else, as when the function fails or
its answer is none that AWS IoT takes, with 1.

Examples:
  $ iot-warden authorize cdk.out --password-file id-token.txt --client-id sensor-1
  $ iot-warden authorize dist/authorizer.js --token-file token.txt --simulate iot:Publish cmd/sensor-1/reboot`)
  .action(authorize);

program.parseAsync().catch(fail);

function port(text: string): number {
  if (!/^\d{1,5}$/.test(text) || Number(text) > 65535) {
    throw new InvalidArgumentError('must be a number from 0 to 65535.');
  }
  return Number(text);
}

function address(text: string): string {
  if (isIP(text) === 0 && text !== 'localhost') {
    throw new InvalidArgumentError('must be an IP address of this computer.');
  }
  return text;
}

function pattern(allowed: RegExp, what: string): (text: string) => string {
  return (text) => {
    if (!allowed.test(text)) {
      throw new InvalidArgumentError(`must be ${what}.`);
    }
    return text;
  };
}

function repeated(text: string, others: readonly string[]): readonly string[] {
  return [...others, text];
}

function parameter(text: string, others: { readonly [name: string]: string }): { readonly [name: string]: string } {
  const equals = text.indexOf('=');
  if (equals < 1) {
    throw new InvalidArgumentError('must be name=value.');
  }
  return { ...others, [text.slice(0, equals)]: text.slice(equals + 1) };
}
