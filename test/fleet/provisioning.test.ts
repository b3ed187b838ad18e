import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App, Stack } from 'aws-cdk-lib';
import { Annotations, Match, Template } from 'aws-cdk-lib/assertions';
import * as iot from 'aws-cdk-lib/aws-iot';
import { AllowListHook, BulkFile, Channel, DeviceFleet, FleetDeletion, SubjectField, ThingGroup, ThingType, type DeviceFleetProps } from '../../lib';
import { request } from '../certificates/pki';
import { granted, needed } from '../lambda/permissions';
import { Authority } from '../provisioning/authority';
import { body, deployed, isAllowed, statements } from '../provisioning/deployed';
import { hookIn } from '../provisioning/hook';

let stack: Stack;
beforeEach(() => {
  stack = new Stack(new App(), 'Stack');
});
const define = (props: DeviceFleetProps = {}) => new DeviceFleet(stack, 'Sensors', { topics: { telemetry: Channel.fromDevice('dt/{thing}/telemetry') }, ...props });
const grouped = (): DeviceFleetProps => ({
  thingType: new ThingType(stack, 'Type', { thingTypeName: 'sensor' }),
  thingGroups: [new ThingGroup(stack, 'Group', { thingGroupName: 'indoor' })],
});

/** What the only custom resource of the fleet is told. */
function guard(): Record<string, unknown> {
  const [resource, ...others] = Object.values(Template.fromStack(stack).findResources('Custom::IotFleetGuard'));
  expect(others).toEqual([]);
  return { ...resource!.Properties, DependsOn: resource!.DependsOn } as Record<string, unknown>;
}

describe('a template', () => {
  test('is built from the fleet', () => {
    const fleet = define(grouped());
    fleet.addClaimProvisioning('Claim');

    const { Resources: resources, Parameters: parameters } = body(stack);
    expect(parameters).toEqual({ 'AWS::IoT::Certificate::Id': { Type: 'String' }, SerialNumber: { Type: 'String' } });
    expect(resources.thing).toMatchObject({
      Properties: { ThingName: { 'Fn::Join': ['', ['Sensors-', { Ref: 'SerialNumber' }]] }, ThingTypeName: expect.stringContaining('ref-Type'), ThingGroups: [expect.stringContaining('ref-Group')] },
    });
    expect(resources.policy!.Properties).toEqual({ PolicyName: expect.stringContaining('ref-SensorsPolicy') });
  });

  test('keeps away from the things of others', () => {
    define().addClaimProvisioning('Claim');
    const roles = Object.entries(Template.fromStack(stack).findResources('AWS::IAM::Role')).find(([id]) => id.includes('ClaimRole'));
    const { Policies: policies } = deployed(roles![1].Properties) as { Policies: [{ PolicyDocument: { Statement: Parameters<typeof isAllowed>[0] } }] };
    const may = (thing: string) => isAllowed(policies[0].PolicyDocument.Statement, 'iot:CreateThing', `arn:aws:iot:eu-west-1:111122223333:thing/${thing}`);
    expect([may('Sensors-1'), may('Pumps-1')]).toEqual([true, false]);
  });

  test('can name things otherwise', () => {
    define({ thingNamePrefix: 's:' }).addTrustedUserProvisioning('User');
    expect(body(stack).Resources.thing!.Properties.ThingName).toEqual({ 'Fn::Join': ['', ['s:', { Ref: 'SerialNumber' }]] });

    stack = new Stack(new App(), 'Other');
    define().addTrustedUserProvisioning('User', { parameters: { Mac: {} }, thingName: 'mac-{Mac}', acceptAnyDevice: true });
    expect(body(stack).Resources.thing!.Properties.ThingName).toEqual({ 'Fn::Join': ['', ['mac-', { Ref: 'Mac' }]] });
    Template.fromStack(stack).hasResourceProperties('AWS::IoT::ProvisioningTemplate', { PreProvisioningHook: Match.absent() });
  });

  test('fails for a prefix that is no part of a name', () => {
    expect(() => define({ thingNamePrefix: 'a/' })).toThrow(new Error('\'thingNamePrefix\' must consist of one or more of a-z, A-Z, 0-9, ":", "_" and "-", got "a/" (at Stack/Sensors)'));
  });
});

describe('devices', () => {
  test('are let in by one list, which is empty, where nothing else is said', () => {
    const fleet = define();
    fleet.addClaimProvisioning('Claim');
    fleet.addTrustedUserProvisioning('User');

    Template.fromStack(stack).resourceCountIs('AWS::DynamoDB::Table', 1);
    Template.fromStack(stack).allResourcesProperties('AWS::IoT::ProvisioningTemplate', { PreProvisioningHook: { PayloadVersion: '2020-04-01' } });
    expect(fleet.allowList.table.node.path).toBe('Stack/Sensors/AllowList/Table');
  });

  test('can be let in by a hook of one\'s own, or all', () => {
    define().addClaimProvisioning('Claim', { hook: hookIn(stack) });
    new DeviceFleet(stack, 'Open').addClaimProvisioning('Claim', { acceptAnyDevice: true });
    new DeviceFleet(stack, 'Listed').addClaimProvisioning('Claim', { hook: new AllowListHook(stack, 'Own') });
    Template.fromStack(stack).resourceCountIs('AWS::DynamoDB::Table', 1);
  });

  test('cannot be let in by both', () => {
    expect(() => define().addClaimProvisioning('Claim', { hook: hookIn(stack), acceptAnyDevice: true })).toThrow("'acceptAnyDevice' must not be set together with a 'hook'");
  });

  test('are told apart by their certificate just in time', () => {
    const fleet = define(grouped());
    fleet.addJustInTimeProvisioning('Jitp', { subjectFields: [SubjectField.COMMON_NAME] });
    fleet.addJustInTimeRegistration('Jitr', { certificateAuthority: new Authority(stack, 'Ca'), serialNumberField: SubjectField.SERIAL_NUMBER, allowList: fleet.allowList });

    expect(body(stack).Resources.thing!.Properties.ThingName).toEqual({ 'Fn::Join': ['', ['Sensors-', { Ref: 'AWS::IoT::Certificate::CommonName' }]] });
    const functions = JSON.stringify(deployed(Template.fromStack(stack).findResources('AWS::Lambda::Function')));
    expect(functions).toContain('Sensors-{AWS::IoT::Certificate::SerialNumber}');
    Template.fromStack(stack).resourceCountIs('AWS::IoT::TopicRule', 1);
  });

  test('come from a file', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'fleet-'));
    writeFileSync(join(folder, 'devices'), JSON.stringify({ ThingName: '1', CSR: await request() }));
    define(grouped()).addBulkRegistration('Bulk', { file: BulkFile.fromLocalFile(join(folder, 'devices')) });
    rmSync(folder, { recursive: true });

    const [task] = Object.values(Template.fromStack(stack).findResources('Custom::IotRegistrationTask'));
    expect(deployed(task!.Properties.TemplateBody)).toContain('"Fn::Join":["",["Sensors-",{"Ref":"ThingName"}]]');
  });

  test('that the app defines are of the type and in the groups too', () => {
    define({ ...grouped(), things: ['a', 'b'] });
    Template.fromStack(stack).hasResourceProperties('Custom::IotThingTypeAssociation', { ThingNames: [{ Ref: Match.anyValue() }, { Ref: Match.anyValue() }] });
    Template.fromStack(stack).resourceCountIs('Custom::IotThingGroupMembership', 1);
  });

  test('that could not use channels are warned of', () => {
    const fleet = define({ topics: { alerts: Channel.broadcast('alerts/{attribute:site}'), news: Channel.broadcast('news/{type}') } });
    fleet.addClaimProvisioning('Claim');
    Annotations.fromStack(stack).hasWarning('/Stack/Sensors/Provisioning/Claim', Match.stringLikeRegexp("cannot use channels that depend on 'site'; set 'attributes'"));
    Annotations.fromStack(stack).hasWarning('/Stack/Sensors/Provisioning/Claim', Match.stringLikeRegexp("depend on {type} until its thing has a type; set 'thingType' of the fleet"));
    expect(() => fleet.addClaimProvisioning('Other', { attributes: { site: 'a/b' } })).toThrow("attribute 'site' must have no '/' or '#', as channels depend on it, got \"a/b\" (at Stack/Sensors)");
  });

  test('with everything that channels take are not warned of', () => {
    const fleet = define({ ...grouped(), topics: { alerts: Channel.broadcast('alerts/{attribute:site}'), news: Channel.broadcast('news/{type}') } });
    fleet.addClaimProvisioning('Claim', { parameters: { SerialNumber: {}, Site: {} }, attributes: { site: '{Site}' } });
    Annotations.fromStack(stack).hasNoWarning('/Stack/Sensors/Provisioning/Claim', Match.anyValue());
  });
});

describe('deletion', () => {
  test('is guarded before anything else of the fleet, by one custom resource', async () => {
    const fleet = define({ ...grouped(), things: ['a'] });
    fleet.addClaimProvisioning('Claim');
    fleet.addJustInTimeProvisioning('Jitp', { subjectFields: [SubjectField.COMMON_NAME] });
    fleet.addCertificate('A', { thing: fleet.addThing('b'), csr: await request() });

    const told = guard();
    expect(deployed(told)).toMatchObject({
      FleetName: 'Stack/Sensors', PolicyNames: [expect.stringContaining('ref-SensorsPolicy')], ThingGroupNames: [expect.stringContaining('ref-Group')], ThingTypeNames: [expect.stringContaining('ref-Type')],
      OwnCertificates: [expect.stringMatching(/^SensorsCertificatesA.*\.Arn$/)], OwnThings: [expect.stringContaining('ref-SensorsThingsa'), expect.stringContaining('ref-SensorsThingsb')], OnDeletion: 'fail-if-devices-remain',
    });
    const isGuarded = (type: string) => Object.keys(Template.fromStack(stack).findResources(type)).every((id) => (told.DependsOn as string[]).includes(id));
    for (const type of [
      'AWS::IoT::Policy', 'AWS::IoT::Thing', 'AWS::IoT::ThingType', 'AWS::IoT::ThingGroup', 'AWS::IoT::Certificate', 'AWS::IoT::PolicyPrincipalAttachment', 'AWS::IoT::ThingPrincipalAttachment',
      'AWS::IoT::ProvisioningTemplate', 'Custom::IotThingTypeAssociation', 'Custom::IotThingGroupMembership',
    ]) {
      expect({ type, isGuarded: isGuarded(type) }).toEqual({ type, isGuarded: true });
    }
  });

  test('is not guarded where the stack makes all devices', () => {
    define({ things: ['a'] });
    Template.fromStack(stack).resourceCountIs('Custom::IotFleetGuard', 0);
  });

  test('leaves alone what another stack has made', () => {
    const fleet = define({ thingType: ThingType.fromThingTypeName(stack, 'T', 't'), thingGroups: [ThingGroup.fromThingGroupName(stack, 'G', 'g')] });
    fleet.addClaimProvisioning('Claim');
    expect(guard()).toMatchObject({ ThingGroupNames: [], ThingTypeNames: [] });
    expect(isAllowed(statements(stack), 'iot:ListThings', '*')).toBe(false);
  });

  test('takes resources of the CDK itself', () => {
    define({ thingGroups: [new iot.CfnThingGroup(stack, 'Group')] }).addClaimProvisioning('Claim');
    expect(guard().ThingGroupNames).toHaveLength(1);
  });

  test('can leave the policies to the devices', () => {
    define({ onDeletion: FleetDeletion.RETAIN_POLICIES }).addClaimProvisioning('Claim');
    expect(guard()).toMatchObject({ OnDeletion: 'retain-policies' });
    const [[, policy]] = Object.entries(Template.fromStack(stack).findResources('AWS::IoT::Policy')).filter(([id]) => id.startsWith('SensorsPolicy')) as [[string, { DeletionPolicy: string }]];
    expect(policy.DeletionPolicy).toBe('RetainExceptOnCreate');
  });

  test('may look and nothing else', () => {
    define(grouped()).addClaimProvisioning('Claim');
    expect([...granted(stack).keys()].sort()).toEqual(needed('guard-fleet'));
    expect(isAllowed(statements(stack), 'iot:ListTargetsForPolicy', 'arn:aws:iot:eu-west-1:111122223333:policy/other')).toBe(false);
  });
});
