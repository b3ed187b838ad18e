import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { App, Aspects, CfnResource, Stack } from 'aws-cdk-lib';
import { Annotations, Match, Template } from 'aws-cdk-lib/assertions';
import { AwsSolutionsChecks } from 'cdk-nag';
import { Device, policyDocuments } from './access/device';
import { throwawayAuthorityPem } from './examples/support/openssl';
import { BackendServiceStack } from '../examples/backend-service/stack';
import { BulkStack } from '../examples/bulk/stack';
import { ClaimProvisioningStack } from '../examples/claim-provisioning/stack';
import { CustomDomainStack } from '../examples/custom-domain/stack';
import { DeviceAwsCredentialsStack } from '../examples/device-aws-credentials/stack';
import { JitpStack } from '../examples/jitp/stack';
import { JwtAuthorizerStack } from '../examples/jwt-authorizer/stack';
import { OwnCaInKmsStack } from '../examples/own-ca-in-kms/stack';
import { QuickstartStack } from '../examples/quickstart/stack';
import { ThermostatStack } from '../examples/shadow-thermostat/stack';
import { TelemetryStack } from '../examples/telemetry-to-s3-and-alarms/stack';
import { WebAppCognitoStack } from '../examples/web-app-cognito/stack';

// test/setup.ts turns CloudFormation validation off for speed; here every example goes through it.
process.env.CDK_VALIDATION = 'true';

const EXAMPLES: { readonly [name: string]: (app: App) => Stack } = {
  'quickstart': (app) => new QuickstartStack(app, 'Quickstart'),
  'claim-provisioning': (app) => new ClaimProvisioningStack(app, 'ClaimProvisioning'),
  'jitp': (app) => new JitpStack(app, 'Jitp', { caCertificatePem: throwawayAuthorityPem() }),
  'own-ca-in-kms': (app) => new OwnCaInKmsStack(app, 'OwnCaInKms', { csr: committedCsr('own-ca-in-kms') }),
  'jwt-authorizer': (app) => new JwtAuthorizerStack(app, 'JwtAuthorizer', { issuer: 'https://issuer.example.com', audience: 'app' }),
  'bulk': (app) => new BulkStack(app, 'Bulk', { file: resolve('examples/bulk/devices.ndjson') }),
  'backend-service': (app) => new BackendServiceStack(app, 'BackendService', { csr: committedCsr('backend-service') }),
  'device-aws-credentials': (app) => new DeviceAwsCredentialsStack(app, 'DeviceAwsCredentials', { csr: committedCsr('device-aws-credentials') }),
  'web-app-cognito': (app) => new WebAppCognitoStack(app, 'WebAppCognito', {
    thermostats: { 'thermostat-1': committedCsr('web-app-cognito', 'thermostat-1') }, origin: 'http://localhost:5173',
  }),
  'telemetry-to-s3-and-alarms': (app) => new TelemetryStack(app, 'Telemetry', { csr: committedCsr('telemetry-to-s3-and-alarms') }),
  'shadow-thermostat': (app) => new ThermostatStack(app, 'Thermostat', { csr: committedCsr('shadow-thermostat', 'thermostat-1') }),
  'custom-domain': (app) => new CustomDomainStack(app, 'CustomDomain', { ...CUSTOM_DOMAIN, csr: committedCsr('custom-domain') }),
};

const CUSTOM_DOMAIN = { domainName: 'iot.example.com', zoneName: 'example.com', hostedZoneId: 'Z0123456789ABCDEFGHIJ' };

function committedCsr(example: string, thing = 'sensor-1'): string {
  return readFileSync(resolve('examples', example, `${thing}.csr.pem`), 'utf8');
}

/** An app in which what CloudFormation validation finds is an error, as in cdk.json. */
const strictApp = () => new App({ context: { '@aws-cdk/core:validateAgainstDefaultRules': true } });

describe.each(Object.entries(EXAMPLES))('the example %s', (_, define) => {
  const app = strictApp();
  const stack = define(app);

  test('passes CloudFormation validation without errors or warnings', () => {
    const report = JSON.parse(readFileSync(join(app.synth().directory, 'validation-report.json'), 'utf8')) as { pluginReports: unknown[] };
    expect(report.pluginReports).toEqual([]);
  });

  test('passes cdk-nag AwsSolutions, with a reason for everything that is acknowledged', () => {
    const nagged = strictApp();
    Aspects.of(nagged).add(new AwsSolutionsChecks());
    const annotations = Annotations.fromStack(define(nagged));
    const finding = Match.stringLikeRegexp('AwsSolutions-');
    expect([...annotations.findError('*', finding), ...annotations.findWarning('*', finding)].map(({ id, entry }) => `${id}: ${String(entry.data)}`)).toEqual([]);
  });

  test('matches its snapshot', () => {
    expect(lasting(Template.fromStack(stack).toJSON().Resources)).toMatchSnapshot();
  });
});

/** A template without what is another each time: certificates that the test makes, and hashes of what the build bundles. */
function lasting(resources: object): object {
  return JSON.parse(JSON.stringify(resources)
    .replace(/-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----\\n/g, 'a certificate')
    .replace(/"[0-9a-f]{64}\.zip"/g, '"a bundle"')) as object;
}

test('CloudFormation validation is on', () => {
  const app = strictApp();
  new CfnResource(new Stack(app, 'Stack'), 'Thing', { type: 'AWS::IoT::Thing', properties: { ThingNam: 'a' } });
  expect(() => app.synth()).toThrow("'ThingNam' was unexpected");
});

describe('the quickstart', () => {
  const stack = EXAMPLES.quickstart!(strictApp());
  const policies = policyDocuments(stack);

  test('has two things with a certificate each, under one policy', () => {
    const template = Template.fromStack(stack);
    template.resourceCountIs('AWS::IoT::Policy', 1);
    for (const thing of ['sensor-1', 'sensor-10']) {
      template.hasResourceProperties('AWS::IoT::Thing', { ThingName: thing });
    }
    template.resourceCountIs('AWS::IoT::Certificate', 2);
    template.allResourcesProperties('AWS::IoT::ThingPrincipalAttachment', { ThingPrincipalType: 'EXCLUSIVE_THING' });
  });

  test.each([
    ['sensor-1', 'sensor-10'],
    ['sensor-10', 'sensor-1'],
  ])('lets %s use its own topics and none of %s', (own, other) => {
    const device = new Device(policies, { thingName: own });
    const requests = (thing: string): [string, string][] => [
      ['iot:Connect', thing],
      ['iot:Publish', `dt/sensors/${thing}/telemetry`],
      ['iot:Subscribe', `cmd/sensors/${thing}/+`],
      ['iot:Receive', `cmd/sensors/${thing}/reboot`],
      ['iot:Publish', `$aws/things/${thing}/shadow/update`],
      ['iot:Receive', `$aws/things/${thing}/shadow/update/delta`],
    ];

    expect(requests(own).map(([action, resource]) => device.decide(action, resource))).toEqual(Array(6).fill('allow'));
    expect(requests(other).map(([action, resource]) => device.decide(action, resource))).toEqual(Array(6).fill('deny'));
  });
});
