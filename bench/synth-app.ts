// One synthesis in a process of its own. Prints how long it took and the template.
import { readFileSync } from 'node:fs';
import { App, Stack } from 'aws-cdk-lib';
import * as iot from 'aws-cdk-lib/aws-iot';
import { Channel, DeviceFleet, Shadow } from '../lib';
import { cpuMilliseconds } from './node-process';

const [kind, what, inputFile] = process.argv.slice(2);
const withCertificates = what === 'certificates';

/** Signing requests by thing name, and the documents that a fleet of them makes. */
const { requests, documents } = JSON.parse(readFileSync(inputFile!, 'utf8')) as {
  readonly requests: Readonly<Record<string, string>>;
  readonly documents: readonly object[];
};

/** With the constructs of this library. */
function defineFleet(stack: Stack): void {
  const fleet = new DeviceFleet(stack, 'Sensors', {
    topics: { telemetry: Channel.fromDevice('dt/sensors/{thing}/telemetry'), commands: Channel.toDevice('cmd/sensors/{thing}/+') },
    shadows: [Shadow.classic()],
  });
  for (const thing of fleet.addThings(Object.keys(requests))) {
    if (withCertificates) {
      fleet.addCertificate(thing.node.id, { thing, csr: requests[thing.node.id]! });
    }
  }
}

/** The same resources with what comes with the CDK. */
function defineL1s(stack: Stack): void {
  const policies = documents.map((policyDocument, index) => new iot.CfnPolicy(stack, `Policy${index}`, { policyDocument }));
  for (const [thingName, certificateSigningRequest] of Object.entries(requests)) {
    const thing = new iot.CfnThing(stack, thingName, { thingName });
    if (!withCertificates) {
      continue;
    }
    const certificate = new iot.CfnCertificate(stack, `${thingName}-certificate`, {
      certificateSigningRequest, certificateMode: 'DEFAULT', status: 'ACTIVE',
    });
    new iot.CfnThingPrincipalAttachment(stack, `${thingName}-principal`, {
      thingName: thing.ref, principal: certificate.attrArn, thingPrincipalType: 'EXCLUSIVE_THING',
    });
    policies.forEach((policy, index) => new iot.CfnPolicyPrincipalAttachment(stack, `${thingName}-policy-${index}`, {
      policyName: policy.ref, principal: certificate.attrArn,
    }));
  }
}

const start = process.cpuUsage();
const app = new App({ analyticsReporting: false });
const stack = new Stack(app, 'Stack');
(kind === 'l1' ? defineL1s : defineFleet)(stack);
const template = app.synth().getStackByName('Stack').template as object;
process.stdout.write(JSON.stringify({ synthesis: cpuMilliseconds(start), template }));
