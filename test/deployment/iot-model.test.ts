import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ACCOUNT, readTemplate } from './in-memory';
import { hasIotResources, readDeployment } from '../../lib/deployment';

const FIXTURES = join(__dirname, '../fixtures/deployment');
const PEM = readFileSync(join(FIXTURES, 'device.pem'), 'utf8');
/** `openssl x509 -in device.pem -outform der | sha256sum` */
const DEVICE_ID = '8974db16c78c5f62b6552a6873c2a1e9cd151746b9b30e61f193efa042a68980';

describe('a hand-written template', () => {
  const deployment = readDeployment(join(FIXTURES, 'fleet.yaml'), { ...ACCOUNT, parameters: { Site: 'no' } });
  const [certificate] = deployment.certificates;

  test('has things', () => {
    expect(deployment.things).toEqual([
      {
        path: 'fleet/Sensor',
        logicalId: 'Sensor',
        arn: 'arn:aws:iot:eu-west-1:111122223333:thing/fleet-sensor-dev',
        name: 'fleet-sensor-dev',
        attributes: { site: 'no', group: 'south', serial: '007', version: '1.10', enabled: 'true' },
      },
      expect.objectContaining({ logicalId: 'SiteOnly', attributes: {} }),
    ]);
  });

  test('has a certificate with what is attached to it', () => {
    expect(certificate).toMatchObject({
      status: 'ACTIVE',
      mode: 'DEFAULT',
      csr: 'csr',
      arn: `arn:aws:iot:eu-west-1:111122223333:cert/${certificate?.id}`,
      policies: [deployment.policies[0]?.name],
      things: [{ name: 'fleet-sensor-dev', exclusive: true }],
    });
    expect(deployment.external).toEqual([]);
  });

  test('has a policy', () => {
    expect(deployment.policies[0]?.document).toEqual({
      Version: '2012-10-17',
      Statement: [
        { Effect: 'Allow', Action: 'iot:Connect', Resource: 'arn:aws:iot:eu-west-1:111122223333:client/${iot:Connection.Thing.ThingName}' },
        { Effect: 'Allow', Action: 'iot:Publish', Resource: 'arn:aws:iot:eu-west-1:111122223333:topic/dt/dev' },
      ],
    });
  });

  test('has nothing unknown', () => {
    expect(deployment.unknowns).toEqual([]);
  });

  test('changes with its parameters', () => {
    const production = readDeployment(join(FIXTURES, 'fleet.yaml'), { parameters: { 'fleet:Stage': 'prod', 'Site': '' } });

    expect(production.things.map(({ logicalId }) => logicalId)).toEqual(['Sensor', 'ProdOnly']);
    expect(production.policies[0]?.document).toMatchObject({ Statement: [{ Action: 'iot:Connect' }] });
  });

  test('fails where every parameter is required', () => {
    expect(() => readDeployment(join(FIXTURES, 'fleet.yaml'), { requireParameters: true })).toThrow(
      `${join(FIXTURES, 'fleet.yaml')}: parameters without a value: fleet:Site; pass one for each in 'parameters', by that name`,
    );
  });
});

describe('a certificate', () => {
  test('has the fingerprint of its PEM as ID', () => {
    const { certificates } = readTemplate({ Resources: { A: { Type: 'AWS::IoT::Certificate', Properties: { CertificatePem: PEM, Status: 'ACTIVE' } } } });

    expect(certificates[0]).toMatchObject({ id: DEVICE_ID, pem: PEM });
  });

  test.each<[string, unknown]>([
    ['a reference', { 'Fn::GetAtt': ['Certificate', 'Arn'] }],
    ['a text around its ID', { 'Fn::Join': [':', ['arn:aws:iot', { Ref: 'AWS::Region' }, { Ref: 'AWS::AccountId' }, { 'Fn::Sub': 'cert/${Certificate}' }]] }],
    ['an ARN', `arn:aws:iot:eu-west-1:111122223333:cert/${DEVICE_ID}`],
  ])('is found by %s', (_name, principal) => {
    const { certificates } = readTemplate(attached(principal));

    expect(certificates[0]?.policies).toEqual(['p']);
  });

  test.each<[string, unknown, object[]]>([
    ['another account', `arn:aws:iot:eu-west-1:999999999999:cert/${DEVICE_ID}`, [{ path: 'App/Attachment', what: `Principal 'arn:aws:iot:eu-west-1:999999999999:cert/${DEVICE_ID}'` }]],
    ['a Cognito identity', 'eu-west-1:1234', [{ path: 'App/Attachment', what: "Principal 'eu-west-1:1234'" }]],
    ['a parameter', { Ref: 'Open' }, [{ path: 'App/Attachment', what: "Principal '<unknown: App/Parameters/Open>'" }]],
  ])('is not found by %s', (_name, principal, external) => {
    const deployment = readTemplate(attached(principal), ACCOUNT);

    expect(deployment.certificates[0]?.policies).toEqual([]);
    expect(deployment.external).toEqual(external);
  });

  test('keeps policies and things that nothing declares', () => {
    const principal = { 'Fn::GetAtt': ['Certificate', 'Arn'] };
    const deployment = readTemplate({
      Resources: {
        Certificate: { Type: 'AWS::IoT::Certificate', Properties: { Status: 'INACTIVE' } },
        A: { Type: 'AWS::IoT::PolicyPrincipalAttachment', Properties: { PolicyName: 'other', Principal: principal } },
        B: { Type: 'AWS::IoT::ThingPrincipalAttachment', Properties: { ThingName: 'other', Principal: principal } },
      },
    });

    expect(deployment.certificates[0]).toMatchObject({ policies: ['other'], things: [{ name: 'other', exclusive: false }] });
    expect(deployment.external).toEqual([{ path: 'App/A', what: "PolicyName 'other'" }, { path: 'App/B', what: "ThingName 'other'" }]);
  });

  function attached(principal: unknown): object {
    return {
      Parameters: { Open: { Type: 'String' } },
      Resources: {
        Certificate: { Type: 'AWS::IoT::Certificate', Properties: { Status: 'ACTIVE', CertificatePem: PEM } },
        Policy: { Type: 'AWS::IoT::Policy', Properties: { PolicyName: 'p', PolicyDocument: {} } },
        Attachment: { Type: 'AWS::IoT::PolicyPrincipalAttachment', Properties: { PolicyName: { Ref: 'Policy' }, Principal: principal } },
      },
    };
  }
});

describe('a policy document', () => {
  test.each<[string, unknown, unknown]>([
    ['an object', { Version: '2012-10-17' }, { Version: '2012-10-17' }],
    ['JSON text', '{"Version":"2012-10-17"}', { Version: '2012-10-17' }],
    ['JSON text with unknown parts', { 'Fn::Sub': '{"Statement":[{"Resource":"a/${Open}/b"}]}' }, {
      Statement: [{ Resource: { parts: ['a/', { unknown: 'App/Parameters/Open' }, '/b'] } }],
    }],
    ['JSON text made by a function', { 'Fn::ToJsonString': { Statement: [{ Resource: { Ref: 'Open' } }] } }, {
      Statement: [{ Resource: { parts: [{ unknown: 'App/Parameters/Open' }] } }],
    }],
    ['text that is not JSON', 'nonsense', 'nonsense'],
    ['JSON text with an unknown key', { 'Fn::Sub': '{"${Open}":1}' }, { parts: ['{"', { unknown: 'App/Parameters/Open' }, '":1}'] }],
    ['JSON text with an unknown value', { 'Fn::Sub': '{"a":${Open}}' }, { parts: ['{"a":', { unknown: 'App/Parameters/Open' }, '}'] }],
    ['JSON text with lists', '{"a":[1,["b"]]}', { a: [1, ['b']] }],
    ['JSON text with characters that stand for unknowns', '"\uE0000\uE002"', '"\uE0000\uE002"'],
    ['JSON text with objects that are deep', '{"a":'.repeat(300) + '1' + '}'.repeat(300), '{"a":'.repeat(300) + '1' + '}'.repeat(300)],
    ['JSON text that is deep', '['.repeat(5000) + ']'.repeat(5000), '['.repeat(5000) + ']'.repeat(5000)],
  ])('is %s', (_name, document, expected) => {
    const { policies } = readTemplate({
      Parameters: { Open: { Type: 'String' } },
      Resources: { A: { Type: 'AWS::IoT::Policy', Properties: { PolicyDocument: document } } },
    });

    expect(policies[0]?.document).toEqual(expected);
  });

  test('is listed when it cannot be read', () => {
    const { unknowns } = readTemplate({ Resources: { A: { Type: 'AWS::IoT::Policy', Properties: { PolicyDocument: '{' } } } }, ACCOUNT);

    expect(unknowns).toEqual([{ path: 'App/A.PolicyDocument', reason: 'the text is not JSON, or only partly known' }]);
  });
});

test('the registry is read', () => {
  const deployment = readTemplate({
    Parameters: { Open: { Type: 'String' } },
    Resources: {
      Type: {
        Type: 'AWS::IoT::ThingType',
        Properties: {
          ThingTypeName: 'pump',
          DeprecateThingType: true,
          ThingTypeProperties: {
            SearchableAttributes: ['site'],
            Mqtt5Configuration: { PropagatingAttributes: [{ UserPropertyKey: 'k', ThingAttribute: 'site' }] },
          },
        },
      },
      Group: {
        Type: 'AWS::IoT::ThingGroup',
        Properties: { ThingGroupName: 'all', ParentGroupName: 'root', ThingGroupProperties: { AttributePayload: { Attributes: { a: 1 } } } },
      },
      Dynamic: { Type: 'AWS::IoT::ThingGroup', Properties: { QueryString: 'attributes.site:a', ThingGroupProperties: { Ref: 'Open' } } },
      Billing: { Type: 'AWS::IoT::BillingGroup', Properties: { BillingGroupName: 'b' } },
      Authority: {
        Type: 'AWS::IoT::CACertificate',
        Properties: { Status: 'ACTIVE', CertificateMode: 'SNI_ONLY', CACertificatePem: PEM, AutoRegistrationStatus: 'ENABLE', RegistrationConfig: { TemplateName: 't' } },
      },
    },
  });

  expect(deployment).toMatchObject({
    thingTypes: [{ name: 'pump', deprecated: true, searchableAttributes: ['site'], propagatingAttributes: [{ userPropertyKey: 'k', thingAttribute: 'site' }] }],
    thingGroups: [{ name: 'all', parent: 'root', attributes: { a: '1' }, policies: [] }, { query: 'attributes.site:a', attributes: undefined }],
    billingGroups: [{ name: 'b' }],
    caCertificates: [{ id: DEVICE_ID, mode: 'SNI_ONLY', autoRegistrationStatus: 'ENABLE', registrationConfig: { TemplateName: 't' } }],
  });
});

test('it is told whether there are IoT resources', () => {
  expect(hasIotResources(readTemplate({ Resources: { A: { Type: 'AWS::IoT::TopicRule' } } }))).toBe(true);
  expect(hasIotResources(readTemplate({ Resources: { A: { Type: 'AWS::SNS::Topic' } } }))).toBe(false);
});
