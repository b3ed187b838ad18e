import { planOf } from '../../../lib/twin/provisioning/plan';
import { parseTemplate } from '../../../lib/twin/provisioning/template';
import type { Plan } from '../../../lib/twin/provisioning/plan';
import type { TemplateUse } from '../../../lib/twin/provisioning/template';

const CERTIFICATE = { Type: 'AWS::IoT::Certificate', Properties: { CertificateId: { Ref: 'AWS::IoT::Certificate::Id' } } };

function thing(properties: object): object {
  return { Type: 'AWS::IoT::Thing', Properties: properties };
}

function parse(body: object, use: TemplateUse = 'fleet'): ReturnType<typeof parseTemplate> {
  return parseTemplate(JSON.stringify(body), use);
}

function plan(body: object, parameters: Record<string, string> = {}, use: TemplateUse = 'fleet'): Plan {
  return planOf(parse(body, use), new Map(Object.entries(parameters)));
}

/** What a value becomes. */
function evaluated(value: unknown, parameters: Record<string, string> = {}): string | undefined {
  return plan({
    Parameters: { Site: { Type: 'String', Default: 'west' }, Serial: { Type: 'String' } },
    Mappings: { Urls: { west: { url: 'https://west' }, constructor: { url: 'https://odd' } } },
    Resources: {},
    DeviceConfiguration: { value },
  }, parameters).deviceConfiguration.value;
}

describe('functions', () => {
  test.each([
    ['text', 'text'],
    [{ Ref: 'Site' }, 'west'],
    [{ 'Fn::Join': ['-', ['a', { Ref: 'Site' }, 'c']] }, 'a-west-c'],
    [{ 'Fn::Join': ['', []] }, ''],
    [{ 'Fn::Select': ['1', ['a', 'b']] }, 'b'],
    [{ 'Fn::Select': [0, { 'Fn::Split': ['e', { Ref: 'Site' }] }] }, 'w'],
    [{ 'Fn::Join': ['|', { 'Fn::Split': [',', 'a,b'] }] }, 'a|b'],
    [{ 'Fn::FindInMap': ['Urls', { Ref: 'Site' }, 'url'] }, 'https://west'],
    [{ 'Fn::FindInMap': ['Urls', 'constructor', 'url'] }, 'https://odd'],
    [{ 'Fn::Sub': 'site-${Site}-${!Site}-${iot:ClientId}' }, 'site-west-${Site}-${iot:ClientId}'],
    [{ 'Fn::Sub': ['${Site}-${Own}', { Own: { 'Fn::Join': ['', ['x', { Ref: 'Site' }]] } }] }, 'west-xwest'],
    [7, '7'],
  ])('%j is %s', (value, expected) => {
    expect(evaluated(value)).toBe(expected);
  });

  test('a value that was sent comes before the default', () => {
    expect(evaluated({ Ref: 'Site' }, { Site: 'east' })).toBe('east');
  });

  test.each([
    [{ Ref: 'Serial' }, 'Cannot resolve reference value: Serial'],
    [{ Ref: 'AWS::Region' }, 'Cannot resolve reference value: AWS::Region'],
    [{ 'Fn::Join': ['-', ['a', { Ref: 'Serial' }]] }, 'Cannot resolve reference value: Serial'],
    [{ 'Fn::Select': [2, ['a', 'b']] }, 'Fn::Select: there is no value at 2'],
    [{ 'Fn::Select': ['length', ['a', 'b']] }, 'Fn::Select: there is no value at that index'],
    [{ 'Fn::Select': [0, [null]] }, 'Fn::Select: there is no value at 0'],
    [{ 'Fn::FindInMap': ['Urls', 'north', 'url'] }, 'Fn::FindInMap: the mappings have no Urls, north, url'],
    [{ 'Fn::FindInMap': ['Urls', 'toString', 'url'] }, 'Fn::FindInMap: the mappings have no Urls, toString, url'],
    [{ 'Fn::Split': ['', 'a'] }, 'Fn::Split: the delimiter is empty'],
    [{ 'Fn::Join': ['-'] }, 'Fn::Join takes two arguments'],
    [{ 'Fn::Join': ['-', 'a'] }, 'Fn::Join must have a list'],
    [{ 'Fn::GetAtt': ['thing', 'Arn'] }, 'Fn::GetAtt is no function of provisioning templates, or does not stand alone; there are Ref, Fn::Join, Fn::Select, Fn::Split, Fn::FindInMap, Fn::Sub'],
    [{ nested: 'a' }, 'DeviceConfiguration.value must be a string'],
    [['a'], 'DeviceConfiguration.value must be a string'],
  ])('fails for %j', (value, message) => {
    expect(() => evaluated(value)).toThrow(message);
  });

  test('fails for a value that grows without end', () => {
    const split = (value: unknown): object => ({ 'Fn::Split': [',', value] });
    const grow = (value: unknown): object => ({ 'Fn::Join': [`${','.repeat(100)}x`, split(value)] });
    expect(() => evaluated(grow(grow(grow({ Ref: 'Serial' }))), { Serial: ','.repeat(500) })).toThrow('a value is longer than 65536 characters');
  });
});

describe('a template', () => {
  test('plans a thing, its certificate and policies', () => {
    expect(plan({
      Parameters: { Serial: { Type: 'String' }, 'AWS::IoT::Certificate::Id': { Type: 'String' } },
      Resources: {
        thing: {
          Type: 'AWS::IoT::Thing',
          Properties: {
            ThingName: { 'Fn::Join': ['', ['sensor-', { Ref: 'Serial' }]] },
            AttributePayload: { serial: { Ref: 'Serial' } }, ThingTypeName: 'sensor', ThingGroups: ['all', { Ref: 'Serial' }], BillingGroup: 'north',
          },
          OverrideSettings: { AttributePayload: 'MERGE', ThingTypeName: 'REPLACE', ThingGroups: 'DO_NOTHING' },
        },
        certificate: { ...CERTIFICATE, Properties: { ...CERTIFICATE.Properties, Status: 'Active', ThingPrincipalType: 'EXCLUSIVE_THING' } },
        policy: { Type: 'AWS::IoT::Policy', Properties: { PolicyName: 'device' } },
      },
      DeviceConfiguration: { url: 'https://a' },
    }, { 'Serial': '1', 'AWS::IoT::Certificate::Id': 'abc' })).toEqual({
      thing: {
        logicalName: 'thing', thingName: 'sensor-1', attributes: { serial: '1' }, thingTypeName: 'sensor', thingGroups: ['all', '1'], billingGroup: 'north',
        overrides: { AttributePayload: 'MERGE', ThingTypeName: 'REPLACE', ThingGroups: 'DO_NOTHING' },
      },
      certificate: { logicalName: 'certificate', source: { certificateId: 'abc' }, status: 'ACTIVE', thingPrincipalType: 'EXCLUSIVE_THING', overrides: {} },
      policies: [{ logicalName: 'policy', policyName: 'device' }],
      deviceConfiguration: { url: 'https://a' },
    });
  });

  test('names a policy of its own after the document', () => {
    const document = '{"Version":"2012-10-17","Statement":[]}';
    const planned = (PolicyDocument: unknown): Plan['policies'] => plan({
      Resources: { certificate: { ...CERTIFICATE, Properties: { CertificateId: 'abc' } }, policy: { Type: 'AWS::IoT::Policy', Properties: { PolicyDocument } } },
    }).policies;
    expect(planned(document)).toEqual(planned(JSON.parse(document)));
    expect(planned(document)[0]!.policyName).toMatch(/^[0-9A-F]{40}$/);
  });

  const CSR = { Type: 'AWS::IoT::Certificate', Properties: { CertificateSigningRequest: 'csr' } };

  test.each<[string, object, TemplateUse?]>([
    ["'Outputs' is none of its sections: Parameters, Mappings, Resources and DeviceConfiguration", { Resources: {}, Outputs: {} }],
    ['Resources must be an object', {}],
    ['Parameters.Serial.Type must be String', { Parameters: { Serial: { Type: 'Number' } }, Resources: {} }],
    ['Parameters.Serial.Default must be a string', { Parameters: { Serial: { Type: 'String', Default: 1 } }, Resources: {} }],
    ['Resources.bucket.Type must be one of AWS::IoT::Thing, AWS::IoT::Certificate, AWS::IoT::Policy', { Resources: { bucket: { Type: 'AWS::S3::Bucket' } } }],
    ["Resources.thing.Properties: AWS::IoT::Thing has no 'Name'; it has", { Resources: { thing: thing({ Name: 'a' }) } }],
    ['Resources.thing: a thing needs a ThingName', { Resources: { thing: thing({}) } }],
    ['it has more than one AWS::IoT::Thing', { Resources: { a: thing({ ThingName: 'a' }), b: thing({ ThingName: 'b' }) } }],
    ['Resources.thing.OverrideSettings.ThingTypeName must be one of DO_NOTHING, REPLACE, FAIL', { Resources: { thing: { ...thing({ ThingName: 'a' }), OverrideSettings: { ThingTypeName: 'MERGE' } } } }],
    ['Resources.thing.OverrideSettings.BillingGroup is not a setting of AWS::IoT::Thing', { Resources: { thing: { ...thing({ ThingName: 'a' }), OverrideSettings: { BillingGroup: 'FAIL' } } } }],
    ['Resources.policy: neither policyName nor policyDocument is present', { Resources: { policy: { Type: 'AWS::IoT::Policy' } } }],
    ['Resources.policy: a policy takes PolicyName or PolicyDocument, not both', { Resources: { policy: { Type: 'AWS::IoT::Policy', Properties: { PolicyName: 'a', PolicyDocument: '{}' } } } }],
    ['Resources.policy: Fn::Join cannot be used in a policy', { Resources: { policy: { Type: 'AWS::IoT::Policy', Properties: { PolicyName: { 'Fn::Join': ['', ['a']] } } } } }],
    ['a policy needs a certificate to be attached to', { Resources: { policy: { Type: 'AWS::IoT::Policy', Properties: { PolicyName: 'a' } } } }],
    ['Resources.certificate: a certificate takes one of CertificateId, CertificateSigningRequest and CertificatePem, got none', { Resources: { certificate: { Type: 'AWS::IoT::Certificate' } } }],
    ['Resources.certificate: only CertificateId can be used with fleet provisioning', { Resources: { certificate: CSR } }],
    ['Resources.certificate: only CertificateId can be used with just-in-time provisioning', { Resources: { certificate: CSR } }, 'just-in-time'],
    ['Resources.certificate: CACertificatePem goes with CertificatePem', { Resources: { certificate: { ...CSR, Properties: { ...CSR.Properties, CACertificatePem: 'a' } } } }, 'register-thing'],
    ['it is larger than 10240 bytes', { Resources: {}, DeviceConfiguration: { a: 'x'.repeat(10_240) } }],
  ])('fails: %s', (message, body, use = 'fleet') => {
    expect(() => parse(body, use)).toThrow(`the provisioning template is not valid: ${message}`);
  });

  test.each([
    ['it is no JSON', '{'],
    ['it must be an object', '[]'],
    ['it is nested deeper than 32 levels', `{"Resources":${'['.repeat(5000)}${']'.repeat(5000)}}`],
  ])('fails for text: %s', (message, body) => {
    expect(() => parseTemplate(body, 'fleet')).toThrow(message);
  });

  test('has a signing request or a certificate where the API provisions', () => {
    expect(plan({ Resources: { certificate: CSR } }, {}, 'register-thing').certificate!.source).toEqual({ signingRequest: 'csr' });
  });
});
