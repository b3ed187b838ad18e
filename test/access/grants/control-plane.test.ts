import { App, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as s3 from 'aws-cdk-lib/aws-s3';
import { DeviceFleet, IotReadRole, JobAccess, JobDocument, PresignedUrls, StreamAccess, ThingGroup } from '../../../lib';
import { parsePolicy } from '../../../lib/policy';
import { allows, type Question } from '../../../lib/twin/iam/decide';
import { asDeployed } from '../../rules/deployed';

let stack: Stack;
let fleet: DeviceFleet;
let user: iam.User;
beforeEach(() => {
  stack = new Stack(new App(), 'Stack');
  user = new iam.User(stack, 'User');
  fleet = new DeviceFleet(stack, 'Sensors', {
    jobs: JobAccess.EXECUTE, streams: [StreamAccess.named('maps'), StreamAccess.any()], tunnels: true, things: ['pump-1'],
    thingGroups: [ThingGroup.fromThingGroupName(stack, 'Group', 'sensors')],
  });
});

const IOT = 'arn:aws:iot:eu-west-1:111122223333:';
const GROUP = `${IOT}thinggroup/sensors`;
const files = () => s3.Bucket.fromBucketName(stack, 'Files', 'files');

/** Asks the policies whose id in the template begins like this. */
function ask(owner: string): (action: string, resource: string, values?: Question['values']) => boolean {
  const policies = Object.entries(Template.fromStack(stack).findResources('AWS::IAM::Policy')).filter(([id]) => id.startsWith(owner))
    .map(([, { Properties }]) => parsePolicy(asDeployed(Properties.PolicyDocument) as object, { name: owner, language: 'iam' }));
  expect(policies).toHaveLength(1);
  return (action, resource, values = {}) => allows(policies, { action, resource, values });
}

describe('opening tunnels', () => {
  test.each<[string, boolean, string, Question['values']]>([
    ['to a device of the fleet', true, 'thing/Sensors-1', { 'iot:TunnelDestinationService': ['SSH'], 'iot:ThingGroupArn': [GROUP] }],
    ['to a device of the fleet that is named', true, 'thing/pump-1', { 'iot:TunnelDestinationService': ['SSH'], 'iot:ThingGroupArn': [GROUP, `${IOT}thinggroup/more`] }],
    ['whose id nobody knows yet', true, 'tunnel/1', { 'iot:TunnelDestinationService': ['SSH'], 'iot:ThingGroupArn': [GROUP] }],
    ['for another service', false, 'thing/pump-1', { 'iot:TunnelDestinationService': ['RDP'], 'iot:ThingGroupArn': [GROUP] }],
    ['for another service as well', false, 'tunnel/1', { 'iot:TunnelDestinationService': ['SSH', 'RDP'], 'iot:ThingGroupArn': [GROUP] }],
    ['to another device', false, 'thing/pump-10', { 'iot:TunnelDestinationService': ['SSH'], 'iot:ThingGroupArn': [GROUP] }],
    ['to a device of another group', false, 'tunnel/1', { 'iot:TunnelDestinationService': ['SSH'], 'iot:ThingGroupArn': [`${IOT}thinggroup/sensors2`] }],
    ['to a device in no group', false, 'tunnel/1', { 'iot:TunnelDestinationService': ['SSH'], 'iot:ThingGroupArn': [] }],
  ])('%s: %s', (_, allowed, resource, values) => {
    fleet.tunnels.grants.open(user, { services: ['SSH'] });
    expect(['iot:OpenTunnel', 'iot:RotateTunnelAccessToken'].map((action) => ask('User')(action, `${IOT}${resource}`, values))).toEqual([allowed, allowed]);
    expect(ask('User')('iot:CloseTunnel', `${IOT}${resource}`, values)).toBe(false);
  });
});

describe('a stream', () => {
  test('is created under ids of the fleet, with a role that no other service gets', () => {
    const { role } = new IotReadRole(stack, 'Reader', { bucket: files(), keyPrefix: 'fw/' });
    fleet.streams.grants.create(user, { role });
    const asked = ask('User');
    expect(['maps', 'Sensors-1', 'maps2', 'Sensor', 'other'].map((id) => asked('iot:CreateStream', `${IOT}stream/${id}`))).toEqual([true, true, false, false, false]);
    const arn = asDeployed(stack.resolve(role.roleArn)) as string;
    expect(['iot.amazonaws.com', 'lambda.amazonaws.com'].map((service) => asked('iam:PassRole', arn, { 'iam:PassedToService': service }))).toEqual([true, false]);
    expect(asked('iam:PassRole', 'arn:aws:iam::111122223333:role/other', { 'iam:PassedToService': 'iot.amazonaws.com' })).toBe(false);
    expect(asked('iot:DeleteStream', `${IOT}stream/maps`)).toBe(false);
  });
});

test.each<[string, () => void, string, readonly string[]]>([
  ['streams', () => void new IotReadRole(stack, 'Reader', { bucket: files(), keyPrefix: 'fw/' }), 'Reader', ['s3:GetObject', 's3:GetObjectVersion']],
  ['presigned URLs', () => void fleet.jobs.addTemplate('Update', {
    description: 'x', document: JobDocument.fromObject({}), presignedUrls: PresignedUrls.ofBucket(files(), { keyPrefix: 'fw/' }),
  }), 'SensorsJobTemplatesUpdate', ['s3:GetObject']],
])('the role for %s reads its objects and does nothing else', (_, make, owner, allowed) => {
  make();
  const asked = ask(owner);
  const actions = ['s3:GetObject', 's3:GetObjectVersion', 's3:PutObject', 's3:DeleteObject', 's3:ListBucket', 's3:GetObjectAcl'];
  expect(actions.filter((action) => asked(action, 'arn:aws:s3:::files/fw/v2.bin'))).toEqual(allowed);
  for (const other of ['arn:aws:s3:::files/other', 'arn:aws:s3:::files/fw', 'arn:aws:s3:::files', 'arn:aws:s3:::files2/fw/v2.bin']) {
    expect(actions.filter((action) => asked(action, other))).toEqual([]);
  }
});
