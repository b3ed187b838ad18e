import { App, CfnParameter, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { Channel, IotAction, IotPolicy, IotPolicyEffect, IotResource, JobAccess, Shadow, TopicSpace } from '../../lib';
import type { IotPolicyStatement, TopicSpaceProps } from '../../lib';
import { deviceStatements } from '../../lib/access/device-statements';
import { packStatements } from '../../lib/access/packing';
import { policySize } from '../../lib/policy';
import { Device, policyDocuments } from './device';

const publish = (...topics: string[]): IotPolicyStatement => ({ actions: [IotAction.PUBLISH], resources: topics.map((topic) => IotResource.topic(topic)) });
const topicsNamed = (prefix: string, count: number) => Array.from({ length: count }, (_, index) => `${prefix}/${String(index).padStart(3, '0')}/${'x'.repeat(100)}`);

function split(...statements: IotPolicyStatement[]): Stack {
  const stack = new Stack(new App(), 'Stack');
  IotPolicy.split(stack, 'Policy', { statements });
  return stack;
}

const idsOf = (stack: Stack) => stack.node.children.filter((child) => child instanceof IotPolicy).map((child) => child.node.id);

function forDevices(space: TopicSpaceProps): Stack {
  const stack = new Stack(new App(), 'Stack');
  IotPolicy.forDevices(stack, 'Policy', { topicSpace: new TopicSpace(space) });
  return stack;
}

/** Channels from the device that fill one policy to the last character. */
function fullPolicy(): Record<string, Channel> {
  const channels = (last: number) => Object.fromEntries(Array.from({ length: 17 }, (_, n) => (
    [`c${n}`, Channel.fromDevice(`up/${n}${n === 16 ? 'x'.repeat(last) : ''}/{thing}`)]
  )));
  const fits = (last: number) => packStatements(deviceStatements(new TopicSpace({ topics: channels(last) }))).length === 1;
  return channels(Array.from({ length: 240 }, (_, last) => last).filter(fits).at(-1)!);
}

/** The policy that each permission is in. */
function placesOf(space: TopicSpaceProps): Map<string, number> {
  const documents = policyDocuments(forDevices(space)) as { Statement: { Action: string; Resource: string | string[] }[] }[];
  return new Map(documents.flatMap(({ Statement }, index) => Statement.flatMap(({ Action, Resource }) => (
    [Resource].flat().map((resource): [string, number] => [`${Action} ${resource}`, index])
  ))));
}

describe('splitting', () => {
  test('makes one policy of what fits one, and joins statements that differ in resources only', () => {
    const stack = split(publish('a'), publish('b'), { ...publish('c'), effect: IotPolicyEffect.DENY });

    expect(idsOf(stack)).toEqual(['Policy']);
    expect(policyDocuments(stack)).toMatchObject([{
      Statement: [{ Effect: 'Allow', Resource: [expect.stringMatching('topic/a$'), expect.stringMatching('topic/b$')] }, { Effect: 'Deny' }],
    }]);
  });

  test('leaves out resources that another one covers', () => {
    const [document] = policyDocuments(split(publish('a/b', 'a/*', 'a/b', 'ab')));
    expect(document).toMatchObject({ Statement: [{ Resource: ['arn:aws:iot:eu-west-1:111122223333:topic/a/*', 'arn:aws:iot:eu-west-1:111122223333:topic/ab'] }] });
  });

  test('keeps resources apart that differ in a token', () => {
    const stack = new Stack(new App(), 'Stack');
    const [one, two] = ['One', 'Two'].map((id) => new CfnParameter(stack, id).valueAsString);
    IotPolicy.split(stack, 'Policy', { statements: [publish(`${one}/x`, `${two}/x`), publish(`${one}/x`)] });
    expect(policyDocuments(stack)).toMatchObject([{
      Statement: [{ Resource: ['arn:aws:iot:eu-west-1:111122223333:topic/ref-One/x', 'arn:aws:iot:eu-west-1:111122223333:topic/ref-Two/x'] }],
    }]);
  });

  test('takes a single statement apart that is larger than a policy', () => {
    const topics = topicsNamed('t', 30);
    const stack = split(publish(...topics));
    const documents = policyDocuments(stack);

    expect(idsOf(stack)).toEqual(['Policy', 'Policy2', 'Policy3']);
    const device = new Device(documents, { thingName: 'a' });
    expect(topics.map((topic) => device.decide('iot:Publish', topic))).toEqual(topics.map(() => 'allow'));
    expect(documents.map(policySize).every((size) => size <= 2048)).toBe(true);
  });

  test('moves nothing when statements are added at the end', () => {
    const statements = ['a', 'b', 'c', 'd'].map((prefix) => publish(...topicsNamed(prefix, 5)));
    const before = policyDocuments(split(...statements));
    const after = policyDocuments(split(...statements, publish(...topicsNamed('e', 8))));

    expect(after.length).toBeGreaterThan(before.length);
    expect(after.slice(0, before.length)).toEqual(before);
  });

  test('passes the removal policy on', () => {
    const stack = new Stack(new App(), 'Stack');
    IotPolicy.split(stack, 'Policy', { statements: [publish(...topicsNamed('t', 20))], removalPolicy: RemovalPolicy.RETAIN });
    Template.fromStack(stack).allResources('AWS::IoT::Policy', { DeletionPolicy: 'Retain' });
  });

  test('fails beyond ten policies', () => {
    expect(() => split(publish('a'), publish(...topicsNamed('t', 121)), publish('b', 'c'))).toThrow(new Error(
      "the permissions need 11 policies of 2048 characters, a certificate has at most 10; largest: 'statements[1]' with 19695, "
      + "'statements[2]' with 207, 'statements[0]' with 148; shorten topics, join channels or divide the devices (at Stack)",
    ));
  });
});

describe('policies for devices', () => {
  const shadows = ['one', 'two', 'three'].map((name) => Shadow.named(name));
  const topics = Object.fromEntries(['a', 'b', 'c', 'd'].map((name) => [name, Channel.bidirectional(`${name}/{thing}/#`)]));

  test('are as many as needed, with the permissions of a shadow in one of them', () => {
    const stack = forDevices({ topics, shadows, jobs: JobAccess.EXECUTE });
    const documents = policyDocuments(stack);

    expect(idsOf(stack)).toEqual(['Policy', 'Policy2', 'Policy3', 'Policy4', 'Policy5']);
    for (const name of ['one', 'two', 'three']) {
      expect(documents.filter((document) => JSON.stringify(document).includes(`/shadow/name/${name}/`))).toHaveLength(1);
    }
    const device = new Device(documents, { thingName: 'sensor-1' });
    for (const topic of ['a/sensor-1/x', 'd/sensor-1/x', '$aws/things/sensor-1/shadow/name/three/get', '$aws/things/sensor-1/jobs/j/update']) {
      expect(device.decide('iot:Publish', topic)).toBe('allow');
    }
    expect(documents).toMatchSnapshot();
  });

  test('stay as they are when a channel is added', () => {
    const before = policyDocuments(forDevices({ topics, shadows }));
    const after = policyDocuments(forDevices({ topics: { ...topics, z: Channel.fromDevice('z/{thing}') }, shadows }));

    const changed = after.filter((document, index) => JSON.stringify(document) !== JSON.stringify(before[index]));
    expect(changed).toHaveLength(1);
    expect(JSON.stringify(changed[0])).toContain('topic/z/');
  });

  const channels = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, n) => (
    [`c${n}`, n % 2 ? Channel.toDevice(`down/${n}/{thing}/+`) : Channel.fromDevice(`up/${n}/{thing}`)]
  )));
  const jobs = JobAccess.EXECUTE;
  const config = [Shadow.named('config')];
  test.each<[string, TopicSpaceProps, TopicSpaceProps, RegExp]>([
    ['jobs are added', { topics: channels(20) }, { topics: channels(20), jobs }, /$/],
    ['a shadow is added', { topics: channels(20) }, { topics: channels(20), shadows: config }, /$/],
    ['a last channel is added', { topics: channels(20) }, { topics: channels(21) }, /$/],
    ['jobs are added to channels and shadows', { topics: channels(20), shadows: config }, { topics: channels(20), shadows: config, jobs }, /$/],
    ['a last channel is added, except for shadows and jobs', { topics: channels(20), shadows: config, jobs }, { topics: channels(21), shadows: config, jobs }, /^(?!.*\$aws)/],
    ['the first channel to the device is added to a full policy', { topics: fullPolicy() }, { topics: { ...fullPolicy(), down: Channel.toDevice('down/{thing}') } }, /$/],
  ])('leave each permission in its policy when %s', (_, before, after, stays) => {
    const [places, placesAfter] = [placesOf(before), placesOf(after)];
    const kept = [...places.keys()].filter((permission) => stays.test(permission) && !permission.startsWith('iot:Connect'));
    expect(kept.length).toBeGreaterThan(10);
    expect(kept.filter((permission) => placesAfter.get(permission) !== places.get(permission))).toEqual([]);
  });

  test('are one for channels with the classic shadow', () => {
    const topics = { telemetry: Channel.fromDevice('dt/{thing}/telemetry'), commands: Channel.toDevice('cmd/{thing}/+') };
    expect(idsOf(forDevices({ topics, shadows: [Shadow.classic()] }))).toEqual(['Policy']);
  });

  test('fail beyond ten policies', () => {
    expect(() => forDevices({ shadows: Array.from({ length: 20 }, (_, index) => Shadow.named(`shadow-${index}`)) })).toThrow(
      /^the permissions need \d+ policies of 2048 characters, a certificate has at most 10; largest: 'shadows.shadow-10' with \d+/,
    );
  });
});
