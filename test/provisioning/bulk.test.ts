import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App, Fn, Stack } from 'aws-cdk-lib';
import { Annotations, Match, Template } from 'aws-cdk-lib/assertions';
import * as s3 from 'aws-cdk-lib/aws-s3';
import { IotPolicy } from '../../lib/access';
import { BulkCertificates, BulkFile, BulkRegistration, type BulkRegistrationProps } from '../../lib/provisioning';
import { inspectLines } from '../../lib/provisioning/bulk-lines';
import { issue, privateKey, request } from '../certificates/pki';
import { granted, needed } from '../lambda/permissions';
import { deployed, isAllowed, role, statements, type Body } from './deployed';

const ARN = 'arn:aws:iot:eu-west-1:111122223333';

let folder: string;
let stack: Stack;
let csr: string;
let pem: string;
let key: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'bulk-'));
  const device = await issue('device');
  [csr, pem, key] = [await request(), device.pem, await privateKey(device.keys)];
});
afterAll(() => rmSync(folder, { recursive: true }));
beforeEach(() => {
  stack = new Stack(new App(), 'Stack');
});

let count = 0;
function file(...lines: readonly unknown[]): BulkFile {
  return BulkFile.fromLocalFile(path(...lines));
}
function path(...lines: readonly unknown[]): string {
  const name = join(folder, `${count++}.ndjson`);
  writeFileSync(name, lines.map((line) => (typeof line === 'string' ? line : JSON.stringify(line))).join('\n'));
  return name;
}
const bucketFile = (version = '1') => BulkFile.fromBucket(s3.Bucket.fromBucketName(stack, `Bucket${version}`, 'devices'), 'all.ndjson', version);
const define = (props: Partial<BulkRegistrationProps> = {}, id = 'Bulk') => new BulkRegistration(stack, id, {
  thingName: 'sensor-{SerialNumber}', parameters: { SerialNumber: {} }, policies: [IotPolicy.fromPolicyName(stack, `Policy${id}`, 'sensor')], file: bucketFile(), ...props,
});

function task(): Record<string, string> {
  const [resource] = Object.values(Template.fromStack(stack).findResources('Custom::IotRegistrationTask'));
  return deployed(resource!.Properties) as Record<string, string>;
}
const body = (): Body => JSON.parse(task().TemplateBody!) as Body;

describe('the template of a task', () => {
  test('makes certificates for requests, and differs for another file', () => {
    define();
    expect(body()).toEqual({
      Parameters: { SerialNumber: { Type: 'String' }, CSR: { Type: 'String' }, FileVersion: { Type: 'String', Default: '1' } },
      Resources: {
        thing: expect.objectContaining({ Properties: { ThingName: { 'Fn::Join': ['', ['sensor-', { Ref: 'SerialNumber' }]] } } }),
        certificate: { Type: 'AWS::IoT::Certificate', Properties: { CertificateSigningRequest: { Ref: 'CSR' }, Status: 'ACTIVE', ThingPrincipalType: 'EXCLUSIVE_THING' } },
        policy: { Type: 'AWS::IoT::Policy', Properties: { PolicyName: 'sensor' } },
      },
    });
    expect(body().Resources.thing!.OverrideSettings).toEqual({ AttributePayload: 'FAIL', ThingTypeName: 'FAIL', ThingGroups: 'FAIL' });
  });

  test('registers certificates that exist, of one CA or of the CA in each line', () => {
    define({ certificates: BulkCertificates.ISSUED, caCertificatePem: pem });
    expect(body().Parameters).toMatchObject({ CertificatePem: { Type: 'String' }, CACertificatePem: { Type: 'String', Default: pem } });
    expect(body().Resources.certificate!.Properties).toMatchObject({ CertificatePem: { Ref: 'CertificatePem' }, CACertificatePem: { Ref: 'CACertificatePem' } });

    stack = new Stack(new App(), 'Other');
    define({ certificates: BulkCertificates.ISSUED });
    expect(body().Parameters.CACertificatePem).toEqual({ Type: 'String' });
  });

  test('leaves a certificate of a CA that is known only at deployment to the handler', () => {
    define({ certificates: BulkCertificates.ISSUED, caCertificatePem: Fn.getAtt('Ca', 'CertificatePem').toString() });
    const [task] = Object.values(Template.fromStack(stack).findResources('Custom::IotRegistrationTask'));
    expect(task!.Properties.CaCertificatePem).toEqual({ 'Fn::GetAtt': ['Ca', 'CertificatePem'] });
    expect(body().Parameters.CACertificatePem).toEqual({ Type: 'String', Default: 'known at deployment' });
  });

  test('names things as the file does where nothing else is said', () => {
    define({ thingName: '{ThingName}', parameters: undefined });
    expect(body().Parameters).toMatchObject({ ThingName: { Type: 'String' } });
  });
});

describe('the role', () => {
  test('is for tasks of the account, and reads that object alone', () => {
    define();
    expect(role(stack).trust).toMatchObject({
      Statement: [{ Principal: { Service: 'iot.amazonaws.com' }, Condition: { StringEquals: { 'aws:SourceAccount': '111122223333' }, ArnLike: { 'aws:SourceArn': `${ARN}:*` } } }],
    });
    expect(statements(stack).filter(({ Action }) => Action === 's3:GetObject')).toEqual([{ Effect: 'Allow', Action: 's3:GetObject', Resource: 'arn:aws:s3:::devices/all.ndjson' }]);
  });

  test.each([
    [BulkCertificates.SIGNING_REQUESTS, 'iot:CreateCertificateFromCsr', 'iot:RegisterCertificate'],
    [BulkCertificates.ISSUED, 'iot:RegisterCertificate', 'iot:CreateCertificateFromCsr'],
  ])('for %s may %s and not %s', (certificates, allowed, denied) => {
    define({ certificates });
    const { policy } = role(stack);
    expect(isAllowed(policy.Statement, allowed, '*')).toBe(true);
    expect(isAllowed(policy.Statement, 'iot:RegisterThing', '*')).toBe(true);
    for (const action of [denied, 'iot:CreateKeysAndCertificate', 'iot:CreatePolicy', 'iot:DeleteThing', 'iot:StartThingRegistrationTask']) {
      expect({ action, isAllowed: isAllowed(policy.Statement, action, '*') }).toEqual({ action, isAllowed: false });
    }
  });

  test('is not that of the function, which may do what its requests take', () => {
    define();
    expect([...granted(stack).keys()].sort()).toEqual(['iam:PassRole', ...needed('start-registration-task')]);
  });

  test('can be passed to AWS IoT alone, by the function that starts tasks', () => {
    const { provisioningRole } = define();
    const passing = Object.values(Template.fromStack(stack).findResources('AWS::IAM::Policy')).flatMap(({ Properties: properties }) => properties.PolicyDocument.Statement).find(({ Action }) => Action === 'iam:PassRole');
    expect(passing).toEqual({
      Effect: 'Allow', Action: 'iam:PassRole', Resource: stack.resolve(provisioningRole.roleArn), Condition: { StringEquals: { 'iam:PassedToService': 'iot.amazonaws.com' } },
    });
  });
});

describe('a local file', () => {
  test('is uploaded, and starts another task when it changes', () => {
    define({ file: file({ SerialNumber: '1', CSR: csr }) });
    const { InputFileKey: first, TemplateBody: one } = task();
    const reading = Object.keys(Template.fromStack(stack).findResources('AWS::IAM::Policy')).filter((id) => id.includes('Reading'));
    stack = new Stack(new App(), 'Stack');
    define({ file: file({ SerialNumber: '2', CSR: csr }) });

    expect(task().InputFileKey).not.toBe(first);
    expect(task().TemplateBody).not.toBe(one);
    expect(Object.keys(Template.fromStack(stack).findResources('AWS::IAM::Policy'))).not.toEqual(expect.arrayContaining(reading));
    Template.fromStack(stack).hasResource('Custom::IotRegistrationTask', { DependsOn: Match.arrayWith([Match.stringLikeRegexp('Reading')]) });
  });

  test('may end with a line feed, and have DOS line ends in requests', () => {
    expect(() => define({ file: file({ SerialNumber: '1', CSR: csr.replace(/\n/g, '\r\n') }, '') })).not.toThrow();
  });

  test.each<[string, () => unknown, string]>([
    ['is no JSON', () => 'nothing', 'is no JSON object of texts'],
    ['is a list', () => [], 'is no JSON object of texts'],
    ['has numbers', () => ({ SerialNumber: 1, CSR: csr }), 'is no JSON object of texts'],
    ['is empty', () => '', 'is no JSON object of texts'],
    ['lacks a parameter', () => ({ CSR: csr }), "lacks 'SerialNumber'"],
    ['lacks the request', () => ({ SerialNumber: '1' }), "lacks 'CSR'"],
    ['has something else', () => ({ SerialNumber: '1', CSR: csr, Color: 'red' }), 'has a parameter that the template does not declare; there are: SerialNumber, CSR'],
    ['has a request that is none', () => ({ SerialNumber: '1', CSR: pem }), "has no certificate signing request in 'CSR'"],
    ['has a request that was changed', () => ({ SerialNumber: '1', CSR: csr.replace(/.{4}\n/, 'AAAA\n') }), "has no certificate signing request in 'CSR'"],
    ['is too long', () => ({ SerialNumber: '1', CSR: csr, Note: 'x'.repeat(300_000) }), 'has more than 262144 bytes'],
    ['has a private key', () => ({ SerialNumber: '1', CSR: key }), 'has a private key, which belongs to its device alone'],
  ])('fails where a line %s', (_, line, why) => {
    const good = { SerialNumber: '1', CSR: csr };
    expect(() => define({ file: file(good, line(), good) })).toThrow(new Error(`'file' has 1 of 3 lines that cannot be registered: line 2 ${why}; correct them (at Stack/Bulk)`));
  });

  test('fails where a certificate is none', () => {
    expect(() => define({ certificates: BulkCertificates.ISSUED, caCertificatePem: pem, file: file({ SerialNumber: '1', CertificatePem: csr }) })).toThrow("line 1 has no certificate in 'CertificatePem'");
  });

  test.each([['that is not there', '/nowhere.ndjson', 'ENOENT'], ['that is a folder', tmpdir(), 'EISDIR']])('%s is named', (_, path, code) => {
    expect(() => define({ file: BulkFile.fromLocalFile(path) })).toThrow(
      new Error(`'file' ${path} cannot be read (${code}); give the path of a file with a line for each device (at Stack/Bulk)`),
    );
  });

  test('with many bad lines names some of them', () => {
    expect(() => define({ file: file(...Array.from({ length: 20 }, () => 'bad')) })).toThrow(/^'file' has 20 of 20 lines that cannot be registered: line 1 is no JSON object of texts; .*line 5 is no JSON object of texts; and 15 more lines; correct them/);
  });

  test('may have bad lines, if that is said, which AWS IoT reports', () => {
    define({ acceptBadLines: true, file: file({ SerialNumber: '1', CSR: csr }, 'bad') });
    Annotations.fromStack(stack).hasWarning('/Stack/Bulk', Match.stringLikeRegexp("'file' has 1 of 2 lines that cannot be registered: line 2 is no JSON object of texts"));
  });

  test('may have no private key, whatever is said', () => {
    expect(() => define({ acceptBadLines: true, file: file({ SerialNumber: '1', CSR: csr }, { SerialNumber: '2', CSR: key }) })).toThrow('line 2 has a private key');
  });

  test('must have lines', () => {
    expect(() => define({ file: file() })).toThrow(new Error("'file' must have at least one line, got none (at Stack/Bulk)"));
  });
});

test('a file is read piece by piece, whatever the length of its lines', () => {
  const lines = [10, 70_000, 262_100, 1_500_000, 3_000_000, 5, 262_145].map((length) => JSON.stringify({ A: 'x'.repeat(length) }));
  const { text, ...numbers } = inspectLines(path(...lines), { parameters: new Map([['A', true]]), requests: [], certificates: [] });
  expect(numbers).toEqual({ lines: 7, bad: 3, hasPrivateKey: false });
  expect(text).toBe('line 4 has more than 262144 bytes; line 5 has more than 262144 bytes; line 7 has more than 262144 bytes');
});

describe('fails', () => {
  test.each<[string, Partial<BulkRegistrationProps>, string]>([
    ['for a parameter of its own', { parameters: { SerialNumber: {}, CSR: {} } }, "'parameters' must not declare 'CSR', which every template has that takes it"],
    ['for a CA without certificates', { caCertificatePem: 'x' }, "'caCertificatePem' is for certificates that a CA has issued; set 'certificates' to BulkCertificates.ISSUED, or leave it out"],
    ['for the key of a CA', { certificates: BulkCertificates.ISSUED, caCertificatePem: '-----BEGIN PRIVATE KEY-----' }, "'caCertificatePem' contains a private key; pass the certificate of the CA alone"],
    ['for a name without a parameter', { thingName: 'sensor' }, "'thingName' must contain a parameter that differs between devices, one of SerialNumber, got \"sensor\""],
    ['for the id of a certificate that does not exist yet', { thingName: 's-{AWS::IoT::Certificate::Id}' }, "'thingName' uses the parameter 'AWS::IoT::Certificate::Id', which 'parameters' does not declare; there are: SerialNumber, CSR, FileVersion"],
  ])('%s', (_, props, message) => {
    expect(() => define(props)).toThrow(new Error(`${message} (at Stack/Bulk)`));
  });
});
