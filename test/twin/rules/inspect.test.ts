import { RolePermissions } from '../../../lib/twin/iam';
import { inspectRules, readRules } from '../../../lib/twin/rules';
import { ACCOUNT, deploymentOf, ROLE, rule } from './rule-runner';

const RULE_ARN = `arn:aws:iot:${ACCOUNT.region}:${ACCOUNT.accountId}:rule/r`;
const trust = (Service: string | readonly string[], Condition?: object): object => ({ Effect: 'Allow', Principal: { Service }, Action: 'sts:AssumeRole', ...(Condition && { Condition }) });
const role = (...Statement: readonly object[]): object => ({ Role: { Type: 'AWS::IAM::Role', Properties: { RoleName: 'acts', AssumeRolePolicyDocument: { Version: '2012-10-17', Statement } } } });
const to = (StreamName: unknown): object => ({ Kinesis: { StreamName, RoleArn: ROLE } });
const stream = { Stream: { Type: 'AWS::Kinesis::Stream', Properties: { Name: 's' } } };

function inspect(resources: object): readonly string[] {
  const deployment = deploymentOf(resources);
  return inspectRules(readRules(deployment).rules, ACCOUNT, deployment, new RolePermissions(() => deployment));
}

const REFUSED = `rule r: its action Kinesis fails, and AWS would not create the rule: the role ${ROLE} does not let iot.amazonaws.com assume it for this rule`;

test.each([
  ['by name', [trust('iot.amazonaws.com')], []],
  ['in a list', [trust(['lambda.amazonaws.com', 'iot.amazonaws.com'])], []],
  ['for this rule', [trust('iot.amazonaws.com', { StringEquals: { 'aws:SourceAccount': ACCOUNT.accountId }, ArnLike: { 'aws:SourceArn': RULE_ARN } })], []],
  ['for another rule', [trust('iot.amazonaws.com', { ArnLike: { 'aws:SourceArn': `${RULE_ARN}2` } })], [REFUSED]],
  ['in another account', [trust('iot.amazonaws.com', { StringEquals: { 'aws:SourceAccount': '999999999999' } })], [REFUSED]],
  ['not at all', [trust('lambda.amazonaws.com')], [REFUSED]],
])('a role that trusts AWS IoT %s', (_, statements, lines) => {
  expect(inspect({ ...role(...statements), ...stream, ...rule('r', "SELECT * FROM 'a'", [to('s')]) })).toEqual(lines);
});

test('an action, or an error action, that goes out of the assembly is named', () => {
  const other = "goes to 'other', which is not in this assembly: what it would get is shown";
  expect(inspect({ ...role(trust('iot.amazonaws.com')), ...stream, ...rule('r', "SELECT * FROM 'a'", [to({ Ref: 'Stream' }), to('${topic()}'), to({ 'Fn::ImportValue': 's' })], { ErrorAction: to('other') }) }))
    .toEqual([`rule r: its action Kinesis ${other}`]);
});

test.each([
  ['AWS::CloudWatch::Alarm', {}, (Name: unknown) => ({ CloudwatchAlarm: { AlarmName: Name, StateReason: 'r', StateValue: 'OK', RoleArn: ROLE } })],
  ['AWS::Location::Tracker', { TrackerName: 't' }, (Name: unknown) => ({ Location: { TrackerName: Name, DeviceId: 'd', Latitude: '1', Longitude: '1', RoleArn: ROLE } })],
  ['AWS::Timestream::Table', { TableName: 't' }, () => ({ Timestream: { DatabaseName: 'd', TableName: 't', Dimensions: [], RoleArn: ROLE } })],
  ['AWS::IoTEvents::Input', { InputName: 'i' }, () => ({ IotEvents: { InputName: 'i', RoleArn: ROLE } })],
])('%s is found in the assembly', (Type, Properties, action) => {
  expect(inspect({ ...role(trust('iot.amazonaws.com')), Target: { Type, Properties }, ...rule('r', "SELECT * FROM 'a'", [action({ Ref: 'Target' })]) })).toEqual([]);
});

test('a role that is not in the assembly is for each message to ask', () => {
  expect(inspect({ ...stream, ...rule('r', "SELECT * FROM 'a'", [to('s')]) })).toEqual([]);
});
