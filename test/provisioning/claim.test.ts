import { App, CfnParameter, Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { IotPolicy } from '../../lib/access';
import { DeviceCertificate } from '../../lib/certificates';
import { createAuthorizer, type RequestDetails } from '../../lib/policy';
import { ClaimProvisioningTemplate, KeyGeneration, type ClaimProvisioningTemplateProps } from '../../lib/provisioning';
import { PayloadFormat } from '../../lib/topics';
import { ACCOUNT, policyDocuments } from '../access/device';
import { request } from '../certificates/pki';
import { hookIn } from './hook';

const TOPIC_ACTIONS = ['iot:Publish', 'iot:RetainPublish', 'iot:Subscribe', 'iot:Receive'];
const CSR = '$aws/certificates/create-from-csr';
const KEYS = '$aws/certificates/create';
const PROVISION = '$aws/provisioning-templates/sensors/provision';

let stack: Stack;
beforeEach(() => {
  stack = new Stack(new App(), 'Stack');
});
const define = (props: Partial<ClaimProvisioningTemplateProps> = {}, scope = stack) => new ClaimProvisioningTemplate(scope, 'Provisioning', {
  templateName: 'sensors',
  parameters: { SerialNumber: {} },
  thingName: 'sensor-{SerialNumber}',
  policies: [IotPolicy.fromPolicyName(scope, 'Policy', 'sensor')],
  hook: hookIn(scope),
  ...props,
});

/** A device with a claim certificate and nothing else. */
function claimant(props: Partial<ClaimProvisioningTemplateProps> = {}, clientId = 'claim-7f3a') {
  const scope = new Stack(new App(), 'Claim');
  define(props, scope);
  const authorizer = createAuthorizer({ account: ACCOUNT, principal: { kind: 'certificate', clientId }, policies: policyDocuments(scope) });
  const decide = (action: string, resource: string, details: RequestDetails = {}) => authorizer.decideOperation({ action, resource, ...details }).decision;
  return { decide, allowed: (topic: string) => TOPIC_ACTIONS.filter((action) => decide(action, topic) !== 'deny') };
}

describe('a claim certificate', () => {
  const device = claimant();

  test.each([
    [`${CSR}/json`, ['iot:Publish']],
    [`${CSR}/json/accepted`, ['iot:Subscribe', 'iot:Receive']],
    [`${CSR}/json/rejected`, ['iot:Subscribe', 'iot:Receive']],
    [`${PROVISION}/json`, ['iot:Publish']],
    [`${PROVISION}/json/accepted`, ['iot:Subscribe', 'iot:Receive']],
    [`${PROVISION}/json/rejected`, ['iot:Subscribe', 'iot:Receive']],
  ])('opens %s to %j', (topic, actions) => {
    expect(device.allowed(topic)).toEqual(actions);
  });

  test.each([
    `${KEYS}/json`, `${KEYS}/json/accepted`, `${KEYS}/cbor`, `${CSR}/cbor`, `${CSR}/cbor/accepted`, `${CSR}/json/`, `${CSR}/json/+`, `${CSR}/json/#`, `${CSR}/json/accepted/x`,
    `${CSR}/+/accepted`, `${CSR}/#`, '$aws/certificates/#', '$aws/certificates/+/json/accepted', '$aws/#', '#', '+', '+/+/+/+',
    '$aws/provisioning-templates/sensors2/provision/json', '$aws/provisioning-templates/sensor/provision/json', '$aws/provisioning-templates/doors/provision/json',
    '$aws/provisioning-templates/+/provision/json/accepted', '$aws/provisioning-templates/sensors/#', `${PROVISION}/cbor`, `${PROVISION}/json/#`,
    '$share/g/$aws/certificates/create-from-csr/json/accepted', '$aws/things/sensor-1/shadow/get', '$aws/things/claim-7f3a/shadow/update', '$aws/events/#',
    '$aws/rules/Ingest/x', 'dt/sensor-1', 'claim-7f3a',
  ])('leaves %s closed', (topic) => {
    expect(device.allowed(topic)).toEqual([]);
  });

  test('connects with ids of its own', () => {
    expect(device.decide('iot:Connect', 'claim-7f3a')).toBe('allow');
    expect(device.decide('iot:Connect', 'claim-')).toBe('allow');
  });

  test.each(['sensor-1', 'claim', 'Claim-1', 'x-claim-1', '*', ''])('does not connect as %j', (clientId) => {
    expect(claimant({}, clientId).decide('iot:Connect', clientId)).toBe('deny');
  });

  test.each(['PersistentConnect', 'LastWill'])('does not connect with %s, which the next holder would find', (attribute) => {
    expect(device.decide('iot:Connect', 'claim-7f3a', { connectAttributes: [attribute] })).toBe('deny');
  });

  test.each(['iot:GetThingShadow', 'iot:UpdateThingShadow', 'iot:AssumeRoleWithCertificate', 'iotjobsdata:DescribeJobExecution'])('gives no %s', (action) => {
    expect(device.decide(action, 'sensors', { protocol: 'https' })).toBe('deny');
  });
});

describe('keyGeneration', () => {
  test('in AWS opens that topic, and closes the other', () => {
    const device = claimant({ keyGeneration: KeyGeneration.IN_AWS });
    expect(device.allowed(`${KEYS}/json`)).toEqual(['iot:Publish']);
    expect(device.allowed(`${KEYS}/json/accepted`)).toEqual(['iot:Subscribe', 'iot:Receive']);
    for (const topic of [`${CSR}/json`, `${CSR}/json/accepted`, `${KEYS}/#`, `${KEYS}/cbor`]) {
      expect(device.allowed(topic)).toEqual([]);
    }
  });

  test('on the device is the default', () => {
    expect(claimant({ keyGeneration: KeyGeneration.ON_DEVICE }).allowed(`${CSR}/json`)).toEqual(claimant().allowed(`${CSR}/json`));
  });
});

describe('payloadFormats', () => {
  test('can be CBOR alone', () => {
    const device = claimant({ payloadFormats: [PayloadFormat.CBOR] });
    expect(device.allowed(`${PROVISION}/cbor`)).toEqual(['iot:Publish']);
    expect(device.allowed(`${CSR}/cbor/rejected`)).toEqual(['iot:Subscribe', 'iot:Receive']);
    expect(device.allowed(`${PROVISION}/json`)).toEqual([]);
  });

  test('can be both, in as many policies as that takes', () => {
    const payloadFormats = [PayloadFormat.JSON, PayloadFormat.CBOR];
    const device = claimant({ payloadFormats });
    for (const format of payloadFormats) {
      expect(device.allowed(`${CSR}/${format}`)).toEqual(['iot:Publish']);
      expect(device.allowed(`${PROVISION}/${format}/accepted`)).toEqual(['iot:Subscribe', 'iot:Receive']);
    }
    expect(define({ payloadFormats }).claimPolicies.map((policy) => policy.node.path)).toEqual(['Stack/Provisioning/ClaimPolicy', 'Stack/Provisioning/ClaimPolicy2']);
  });

  test('fail for none', () => {
    expect(() => define({ payloadFormats: [] })).toThrow(new Error("'payloadFormats' must have at least one entry, got none (at Stack/Provisioning)"));
  });
});

describe('claimClientIdPrefix', () => {
  test('is what client ids begin with', () => {
    const device = claimant({ claimClientIdPrefix: 'new:' }, 'new:1');
    expect(device.decide('iot:Connect', 'new:1')).toBe('allow');
    expect(claimant({ claimClientIdPrefix: 'new:' }).decide('iot:Connect', 'claim-7f3a')).toBe('deny');
  });

  test.each(['', '*', 'a/', '${iot:ClientId}', 'a?'])('fails for %j', (claimClientIdPrefix) => {
    expect(() => define({ claimClientIdPrefix })).toThrow(new Error(
      `'claimClientIdPrefix' must consist of one or more of a-z, A-Z, 0-9, ":", "_" and "-", got ${JSON.stringify(claimClientIdPrefix)} (at Stack/Provisioning)`,
    ));
  });

  test('fails where things have it too', () => {
    expect(() => define({ thingName: 'claim-{SerialNumber}' })).toThrow(new Error(
      "'thingName' must not begin with 'claimClientIdPrefix', \"claim-\": with the claim certificate, anyone could connect in the place of a device (at Stack/Provisioning)",
    ));
    expect(stack.node.findChild('Provisioning').node.children).toEqual([]);
  });

  test('may be a token', () => {
    define({ claimClientIdPrefix: new CfnParameter(stack, 'Prefix').valueAsString, templateName: new CfnParameter(stack, 'Name').valueAsString });
    expect(JSON.stringify(policyDocuments(stack))).toContain(':client/ref-Prefix*');
  });
});

describe('who may be provisioned', () => {
  test('is decided by a hook', () => {
    define();
    Template.fromStack(stack).hasResourceProperties('AWS::IoT::ProvisioningTemplate', { PreProvisioningHook: { PayloadVersion: '2020-04-01' } });
  });

  test('must be decided', () => {
    const props = { thingName: 'sensor-{SerialNumber}', parameters: { SerialNumber: {} }, policies: [IotPolicy.fromPolicyName(stack, 'P', 'p')] };
    expect(() => new ClaimProvisioningTemplate(stack, 'Open', props)).toThrow(new Error(
      "'hook' must be given: without it, whoever has the claim certificate can provision any number of devices; to allow just that, set 'acceptAnyDevice' (at Stack/Open)",
    ));
    expect(() => define({ acceptAnyDevice: true })).toThrow(new Error(
      "'acceptAnyDevice' must not be set together with a 'hook', which decides about devices (at Stack/Provisioning)",
    ));
  });

  test('can be anyone with the claim certificate, if that is said', () => {
    new ClaimProvisioningTemplate(stack, 'Open', {
      acceptAnyDevice: true, thingName: 'sensor-{SerialNumber}', parameters: { SerialNumber: {} }, policies: [IotPolicy.fromPolicyName(stack, 'P', 'p')],
    });
    Template.fromStack(stack).hasResourceProperties('AWS::IoT::ProvisioningTemplate', { PreProvisioningHook: Match.absent() });
  });
});

describe('claim policies', () => {
  test('are attached to a claim certificate, which has no thing', async () => {
    const template = define({ payloadFormats: [PayloadFormat.JSON, PayloadFormat.CBOR] });
    template.addClaimCertificate(DeviceCertificate.fromCsr(stack, 'Claim', { csr: await request() }));

    Template.fromStack(stack).resourceCountIs('AWS::IoT::PolicyPrincipalAttachment', 2);
    Template.fromStack(stack).resourceCountIs('AWS::IoT::ThingPrincipalAttachment', 0);
  });

  test('do not refer to the template, so that both can be there first', () => {
    define();
    Template.fromStack(stack).hasResource('AWS::IoT::Policy', { DependsOn: Match.absent() });
    expect(JSON.stringify(policyDocuments(stack))).toContain('$aws/provisioning-templates/sensors/provision/json');
  });

  test('can be had as statements', () => {
    const statements = define().claimStatements();
    const own = new Stack(new App(), 'Own');
    new IotPolicy(own, 'Policy', { statements });
    expect(policyDocuments(own)).toEqual(policyDocuments(stack));
  });

  test('are stable and small', () => {
    define();
    expect(policyDocuments(stack)).toMatchSnapshot();
  });
});
