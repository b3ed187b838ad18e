import type { KnownResource } from '../../lib/deployment';
import { ACCOUNT, readTemplate, resourceIn, resolveValue } from './in-memory';

const CUSTOM = { Type: 'Custom::Thing', Properties: { ServiceToken: 'arn:aws:lambda:eu-west-1:111122223333:function:f' } };
const ID = 'a'.repeat(64);

function resolve(value: unknown, resources: object, known: Record<string, KnownResource> = {}, pending: readonly string[] = []): unknown {
  return resolveValue(value, { Resources: resources }, { ...ACCOUNT, known, pending: new Set(pending) });
}

describe('what became known of a resource', () => {
  const known = { 'App/Custom': { physicalId: 'thing-1', attributes: { 'Name': 'one', 'A.B': 'dotted', 'List': ['a', 'b'] } } };

  test.each([
    [{ Ref: 'Custom' }, 'thing-1'],
    [{ 'Fn::GetAtt': ['Custom', 'Name'] }, 'one'],
    [{ 'Fn::GetAtt': 'Custom.A.B' }, 'dotted'],
    [{ 'Fn::Select': [1, { 'Fn::GetAtt': ['Custom', 'List'] }] }, 'b'],
    [{ 'Fn::Sub': 'dt/${Custom}/${Custom.Name}' }, 'dt/thing-1/one'],
  ])('resolves %j', (value, expected) => {
    expect(resolve(value, { Custom: CUSTOM }, known)).toEqual(expected);
    expect(typeof resolve(value, { Custom: CUSTOM })).toBe('object');
  });

  test('does not resolve an attribute that is not known, or names of JavaScript', () => {
    expect(resolve({ 'Fn::GetAtt': ['Custom', 'Other'] }, { Custom: CUSTOM }, known)).toHaveProperty('unknown', 'App/Custom.Other');
    expect(resolve({ 'Fn::GetAtt': ['Custom', 'constructor'] }, { Custom: CUSTOM }, known)).toHaveProperty('unknown');
  });

  test('is a part of the ARN and attributes that follow from it', () => {
    const certificate = { Type: 'AWS::IoT::Certificate', Properties: { Status: 'ACTIVE', CertificateSigningRequest: 'csr' } };
    expect(resolve({ 'Fn::GetAtt': ['Cert', 'Arn'] }, { Cert: certificate }, { 'App/Cert': { physicalId: ID } })).toBe(`arn:aws:iot:eu-west-1:111122223333:cert/${ID}`);
    expect(resolve({ 'Fn::GetAtt': ['Cert', 'Id'] }, { Cert: certificate }, { 'App/Cert': { physicalId: ID } })).toBe(ID);
    expect(readTemplate({ Resources: { Cert: certificate } }, { ...ACCOUNT, known: { 'App/Cert': { physicalId: ID } } }).certificates[0]).toMatchObject({ id: ID });
  });
});

describe('a resource that does not exist yet', () => {
  const resources = { Custom: CUSTOM, Policy: { Type: 'Custom::IotPolicy', Properties: { PolicyName: 'p' } } };

  test('is unknown, whatever is known of it or follows from the template', () => {
    const known = { 'App/Custom': { physicalId: 'thing-1', attributes: { Name: 'one' } } };
    for (const value of [{ Ref: 'Custom' }, { 'Fn::GetAtt': ['Custom', 'Name'] }, { Ref: 'Policy' }, { 'Fn::GetAtt': ['Policy', 'PolicyArn'] }]) {
      expect(typeof resolve(value, resources, known, ['App/Custom', 'App/Policy'])).toBe('object');
      expect(typeof resolve(value, resources, known)).toBe('string');
    }
  });
});

test('a resource says what becomes of it when it leaves the template', () => {
  const deployment = readTemplate({ Resources: { Custom: { ...CUSTOM, DeletionPolicy: 'Retain', UpdateReplacePolicy: 'Delete' }, Other: CUSTOM } });
  expect(resourceIn(deployment, 'Custom')).toMatchObject({ deletionPolicy: 'Retain', updateReplacePolicy: 'Delete' });
  expect(resourceIn(deployment, 'Other').deletionPolicy).toBeUndefined();
});
