import { App, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import * as dynamodb from 'aws-cdk-lib/aws-dynamodb';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as kms from 'aws-cdk-lib/aws-kms';
import { IotPolicy } from '../../lib/access';
import {
  AllowList, AllowListHook, ClaimProvisioningTemplate, KeyGeneration, OverrideSetting, TrustedUserProvisioningTemplate,
  type AllowListHookProps, type ClaimProvisioningTemplateProps,
} from '../../lib/provisioning';
import { ThingGroup } from '../../lib/registry';
import { needed } from '../lambda/permissions';
import { body, deployed, isAllowed, statements } from './deployed';

const ARN = 'arn:aws:iot:eu-west-1:111122223333';

let stack: Stack;
beforeEach(() => {
  stack = new Stack(new App(), 'Stack');
});
const propsFor = (hook: AllowListHook): ClaimProvisioningTemplateProps => ({
  templateName: 'sensors', parameters: { SerialNumber: {} }, thingName: 'sensor-{SerialNumber}', policies: [IotPolicy.fromPolicyName(stack, 'Policy', 'sensor')], hook,
});
const define = (props: Partial<ClaimProvisioningTemplateProps> = {}, hookProps?: AllowListHookProps) => {
  const hook = new AllowListHook(stack, 'Hook', hookProps);
  return new ClaimProvisioningTemplate(stack, 'Provisioning', { ...propsFor(hook), ...props });
};

interface Environment {
  readonly ALLOW_LIST_TABLE: string;
  readonly SERIAL_NUMBERS: string;
  readonly SETTINGS: string;
}

function environment(): Environment {
  const [resource] = Object.values(Template.fromStack(stack).findResources('AWS::Lambda::Function'));
  return (deployed(resource!.Properties.Environment) as { Variables: Environment }).Variables;
}

describe('the list', () => {
  test('is a table that is kept, can be put back and is encrypted', () => {
    define();
    Template.fromStack(stack).hasResource('AWS::DynamoDB::Table', {
      DeletionPolicy: 'Retain',
      Properties: {
        KeySchema: [{ AttributeName: 'serialNumber', KeyType: 'HASH' }],
        BillingMode: 'PAY_PER_REQUEST',
        PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
        SSESpecification: { SSEEnabled: true },
      },
    });
  });

  test('can have a key of its own, and go with the stack', () => {
    const allowList = new AllowList(stack, 'List', { encryptionKey: new kms.Key(stack, 'Key'), removalPolicy: RemovalPolicy.DESTROY });
    define({}, { allowList });
    Template.fromStack(stack).hasResource('AWS::DynamoDB::Table', { DeletionPolicy: 'Delete', Properties: { SSESpecification: { SSEType: 'KMS' } } });
    expect(JSON.stringify(Template.fromStack(stack).findResources('AWS::IAM::Policy'))).toContain('kms:Decrypt');
  });

  test('can be a table that exists', () => {
    define({}, { allowList: new AllowList(stack, 'List', { table: dynamodb.Table.fromTableName(stack, 'Table', 'devices') }) });
    expect(environment().ALLOW_LIST_TABLE).toBe('devices');
  });

  test('takes a few serial numbers from the app, and no more', () => {
    define({}, { allowList: new AllowList(stack, 'List', { serialNumbers: ['1', '2'] }) });
    expect(environment().SERIAL_NUMBERS).toBe('["1","2"]');
    expect(() => new AllowList(stack, 'Long', { serialNumbers: Array.from({ length: 500 }, (_, n) => `serial-${n}`) })).toThrow(
      /^'serialNumbers' must take at most 2048 bytes, got \d+; put them into the table instead \(at Stack\/Long\)$/,
    );
  });

  test('fails with contradictions', () => {
    expect(() => new AllowList(stack, 'List', { table: dynamodb.Table.fromTableName(stack, 'Table', 'devices'), removalPolicy: RemovalPolicy.DESTROY })).toThrow(
      new Error("'encryptionKey' and 'removalPolicy' are for a new table, and must not be given with 'table' (at Stack/List)"),
    );
  });
});

describe('the hook', () => {
  test('is called by its templates alone', () => {
    define();
    Template.fromStack(stack).hasResourceProperties('AWS::Lambda::Permission', { Action: 'lambda:InvokeFunction', Principal: 'iot.amazonaws.com', SourceAccount: { Ref: 'AWS::AccountId' } });
    const [permission] = Object.values(Template.fromStack(stack).findResources('AWS::Lambda::Permission'));
    expect(deployed(permission!.Properties.SourceArn)).toBe(`${ARN}:provisioningtemplate/sensors`);
  });

  test('has 5 seconds, its own log, and is told what templates take', () => {
    define({ parameters: { SerialNumber: {}, Site: { defaultValue: 'hall-0' } } }, { uncheckedParameters: ['Firmware'], clientId: 'claim-{SerialNumber}', claimCertificateIds: ['abc'] });
    Template.fromStack(stack).hasResourceProperties('AWS::Lambda::Function', { Timeout: 5, Runtime: 'nodejs24.x', LoggingConfig: Match.anyValue() });
    expect(JSON.parse(environment().SETTINGS)).toEqual({
      templates: [{ templateName: 'sensors', thingName: 'sensor-{SerialNumber}', parameters: { SerialNumber: null, Site: 'hall-0' }, keysInAws: false }],
      serialNumberParameter: 'SerialNumber',
      uncheckedParameters: ['Firmware'],
      clientId: 'claim-{SerialNumber}',
      claimCertificateIds: ['abc'],
    });
  });

  test('serves several templates', () => {
    const hook = new AllowListHook(stack, 'Hook');
    new ClaimProvisioningTemplate(stack, 'Claim', { ...propsFor(hook), keyGeneration: KeyGeneration.IN_AWS });
    new TrustedUserProvisioningTemplate(stack, 'User', { templateName: 'users', parameters: { SerialNumber: {} }, thingName: 'pump-{SerialNumber}', policies: [IotPolicy.fromPolicyName(stack, 'P2', 'pump')], hook });

    const { templates } = JSON.parse(environment().SETTINGS) as { templates: { templateName: string; keysInAws: boolean }[] };
    expect(templates.map(({ templateName, keysInAws }) => [templateName, keysInAws])).toEqual([['sensors', true], ['users', false]]);
    Template.fromStack(stack).resourceCountIs('AWS::Lambda::Permission', 2);
  });

  test('may do what it takes and nothing else', () => {
    define();
    const granted = statements(stack);
    const decide = (action: string, resource: string) => isAllowed(granted, action, resource);

    expect(decide('iot:DetachThingPrincipal', `${ARN}:thing/sensor-1`)).toBe(true);
    expect(decide('iot:DescribeThing', `${ARN}:thing/sensor-1`)).toBe(true);
    expect(decide('iot:DeleteCertificate', `${ARN}:cert/${'a'.repeat(64)}`)).toBe(true);
    expect(decide('iot:DetachThingPrincipal', `${ARN}:thing/pump-1`)).toBe(false);
    expect(decide('iot:DescribeThing', `${ARN}:thing/pump-1`)).toBe(false);
    expect(decide('iot:UpdateCertificate', `${ARN}:cacert/1`)).toBe(false);
    expect([...new Set(granted.flatMap(({ Action }) => Action).filter((action) => action.startsWith('iot:')))].sort()).toEqual(needed('check-allow-list'));
    for (const action of ['iot:AttachThingPrincipal', 'iot:AttachPolicy', 'iot:CreateThing', 'iot:RegisterThing', 'iot:CreateKeysAndCertificate', 'iot:Publish']) {
      expect(decide(action, '*')).toBe(false);
    }
    expect(granted.flatMap(({ Action }) => Action).filter((action) => !action.startsWith('iot:')).sort()).toEqual(['dynamodb:GetItem', 'dynamodb:UpdateItem', 'logs:CreateLogStream', 'logs:PutLogEvents']);
  });
});

describe('a thing that exists', () => {
  const settings = () => body(stack).Resources.thing!.OverrideSettings;

  test('is left as it is where the template adds nothing', () => {
    define();
    expect(settings()).toEqual({ AttributePayload: 'DO_NOTHING', ThingTypeName: 'DO_NOTHING', ThingGroups: 'DO_NOTHING' });
  });

  test('gets what a try before has left out', () => {
    define({ attributes: { site: '{SerialNumber}' }, thingGroups: [ThingGroup.fromThingGroupName(stack, 'Group', 'indoor')] });
    expect(settings()).toEqual({ AttributePayload: 'MERGE', ThingTypeName: 'DO_NOTHING', ThingGroups: 'MERGE' });
  });

  test('can be treated otherwise', () => {
    define({ overrideSettings: { attributePayload: OverrideSetting.REPLACE } });
    expect(settings()).toMatchObject({ AttributePayload: 'REPLACE' });
  });
});

describe('fails', () => {
  test.each<[string, Partial<ClaimProvisioningTemplateProps>, AllowListHookProps, string]>([
    ['without the serial number', { parameters: { Other: {} }, thingName: '{Other}' }, {}, "'parameters' must declare 'SerialNumber', the serial number that the hook looks up, without a default value"],
    ['with a default serial number', { parameters: { SerialNumber: { defaultValue: '1' }, Other: {} }, thingName: '{Other}' }, {}, "'parameters' must declare 'SerialNumber', the serial number that the hook looks up, without a default value"],
    ['with a name that the serial number is not in', { parameters: { SerialNumber: {}, Other: {} }, thingName: 's-{Other}' }, {}, "'thingName' must contain {SerialNumber}, which the hook looks up, got \"s-{Other}\""],
    ['with a name that the device chooses', { parameters: { SerialNumber: {}, Other: {} }, thingName: '{SerialNumber}-{Other}' }, { uncheckedParameters: ['Other'] }, "'thingName' must not contain {Other}, which the hook does not check, got \"{SerialNumber}-{Other}\""],
    ['with a name that differs each time', { thingName: '{SerialNumber}-{AWS::IoT::Certificate::Id}' }, {}, "'thingName' must not contain {AWS::IoT::Certificate::Id}, which the hook does not check, got \"{SerialNumber}-{AWS::IoT::Certificate::Id}\""],
    ['with a client id of unknown parameters', {}, { clientId: 'claim-{Other}' }, "'parameters' must declare 'Other', which the client id of the hook has, got SerialNumber"],
  ])('%s', (_, props, hookProps, message) => {
    expect(() => define(props, hookProps)).toThrow(new Error(`${message} (at Stack/Provisioning)`));
  });

  test('with a serial number that nobody checks', () => {
    expect(() => new AllowListHook(stack, 'Hook', { uncheckedParameters: ['SerialNumber'] })).toThrow(
      new Error("'uncheckedParameters' must not have the serial number, 'SerialNumber' (at Stack/Hook)"),
    );
  });
});

test('the role can be given more', () => {
  const hook = new AllowListHook(stack, 'Hook');
  new iam.Policy(stack, 'More', { roles: [hook.role!], statements: [new iam.PolicyStatement({ actions: ['xray:PutTraceSegments'], resources: ['*'] })] });
  expect(hook.isBoundToVpc).toBe(false);
});
