import { App, Stack, type CfnResource } from 'aws-cdk-lib';
import * as iot from 'aws-cdk-lib/aws-iot';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { Construct } from 'constructs';
import { DeviceCertificate, type IDeviceCertificate } from '../../lib/certificates';
import { Thing } from '../../lib/registry';
import { request } from './pki';

const ENV = { account: '123456789012', region: 'eu-central-1' };
const POLICY = 'AWS::IoT::PolicyPrincipalAttachment';
const THING = 'AWS::IoT::ThingPrincipalAttachment';

let app: App;
let stack: Stack;
let csr: string;
let certificate: IDeviceCertificate;

beforeAll(async () => {
  csr = await request();
});

beforeEach(() => {
  app = new App();
  stack = new Stack(app, 'Stack', { env: ENV });
  certificate = DeviceCertificate.fromCsr(stack, 'Certificate', { csr });
});

function policy(scope: Construct, id: string): iot.CfnPolicy {
  return new iot.CfnPolicy(scope, id, { policyDocument: { Version: '2012-10-17', Statement: [] } });
}

function logicalId(resource: unknown): string {
  return stack.getLogicalId(resource as CfnResource);
}

describe('attaching a policy', () => {
  test('refers to the policy and the certificate, so that both go after it', () => {
    const read = policy(stack, 'Read');
    certificate.attachPolicy(read);

    Template.fromStack(stack).hasResource(POLICY, {
      Properties: { PolicyName: { Ref: 'Read' }, Principal: { 'Fn::GetAtt': [logicalId(certificate.node.defaultChild), 'Arn'] } },
      DependsOn: Match.absent(),
    });
  });

  test('works for a certificate from outside the app', () => {
    DeviceCertificate.fromCertificateArn(stack, 'Imported', 'arn:aws:iot:eu-central-1:123456789012:cert/abc').attachPolicy(policy(stack, 'Read'));

    Template.fromStack(stack).hasResourceProperties(POLICY, { Principal: 'arn:aws:iot:eu-central-1:123456789012:cert/abc' });
  });

  test('works for a policy of another stack', () => {
    const other = new Stack(app, 'Other', { env: ENV });
    certificate.attachPolicy(policy(other, 'Read'));

    Template.fromStack(stack).hasResourceProperties(POLICY, { PolicyName: { 'Fn::ImportValue': Match.stringLikeRegexp('^Other:') } });
    expect(stack.dependencies).toContain(other);
  });

  test('twice changes nothing', () => {
    const read = policy(stack, 'Read');
    certificate.attachPolicy(read);
    certificate.attachPolicy(read);

    Template.fromStack(stack).resourceCountIs(POLICY, 1);
  });

  test('has a logical id that depends on the policy alone', () => {
    const [read, write] = [policy(stack, 'Read'), policy(stack, 'Write')];
    const again = DeviceCertificate.fromCsr(new Stack(new App(), 'Renamed', { env: ENV }), 'Certificate', { csr });
    certificate.attachPolicy(read);
    certificate.attachPolicy(write);
    again.attachPolicy(policy(again.stack, 'Write'));

    const before = Object.keys(Template.fromStack(stack).findResources(POLICY, { Properties: { PolicyName: { Ref: 'Write' } } }));
    expect(Object.keys(Template.fromStack(again.stack).findResources(POLICY))).toEqual(before);
  });

  test('fails for the eleventh', () => {
    for (let i = 0; i < 10; i++) {
      certificate.attachPolicy(policy(stack, `Policy${i}`));
    }

    expect(() => certificate.attachPolicy(policy(stack, 'Policy10'))).toThrow(
      'a certificate must have at most 10 policies, got one more; merge some of them into one policy (at Stack/Certificate)',
    );
  });

  test('fails across regions', () => {
    const elsewhere = policy(new Stack(app, 'Elsewhere', { env: { ...ENV, region: 'us-east-1' } }), 'Read');

    expect(() => certificate.attachPolicy(elsewhere)).toThrow(
      'a certificate must be in the same region as what is attached to it, got eu-central-1 for the certificate and us-east-1 for Elsewhere/Read (at Stack/Certificate)',
    );
  });
});

describe('attaching a thing', () => {
  test('is exclusive by default, and refers to the thing, so that it goes after it', () => {
    const thing = new Thing(stack, 'Thing');
    certificate.attachThing(thing);

    const thingId = logicalId(thing.node.defaultChild);
    Template.fromStack(stack).hasResource(THING, {
      Properties: {
        ThingName: { Ref: thingId },
        Principal: { 'Fn::GetAtt': [logicalId(certificate.node.defaultChild), 'Arn'] },
        ThingPrincipalType: 'EXCLUSIVE_THING',
      },
      DependsOn: Match.absent(),
    });
  });

  test('twice changes nothing', () => {
    const thing = new Thing(stack, 'Thing');
    certificate.attachThing(thing);
    certificate.attachThing(thing, { exclusive: true });

    Template.fromStack(stack).resourceCountIs(THING, 1);
  });

  test('can be shared on request', () => {
    certificate.attachThing(new Thing(stack, 'One'), { exclusive: false });
    certificate.attachThing(new Thing(stack, 'Two'), { exclusive: false });

    Template.fromStack(stack).resourcePropertiesCountIs(THING, { ThingPrincipalType: 'NON_EXCLUSIVE_THING' }, 2);
  });

  test('can name a thing from outside the app, and an L1 thing', () => {
    certificate.attachThing(Thing.fromThingName(stack, 'One', 'one'), { exclusive: false });
    certificate.attachThing(new iot.CfnThing(stack, 'Two'), { exclusive: false });

    Template.fromStack(stack).hasResource(THING, { Properties: { ThingName: 'one' }, DependsOn: Match.absent() });
    Template.fromStack(stack).hasResource(THING, { Properties: { ThingName: { Ref: 'Two' } }, DependsOn: Match.absent() });
  });

  test('depends on a thing of the app whose name is no reference to it', () => {
    class Named extends Construct implements iot.IThingRef {
      public readonly env = ENV;
      public readonly thingRef = { thingName: 'one', thingArn: 'arn:aws:iot:eu-central-1:123456789012:thing/one' };
      public readonly resource = new iot.CfnThing(this, 'Resource', { thingName: 'one' });
    }
    const thing = new Named(stack, 'Thing');
    certificate.attachThing(thing);

    Template.fromStack(stack).hasResource(THING, { Properties: { ThingName: 'one' }, DependsOn: [logicalId(thing.resource)] });
  });

  test('is possible for many certificates of one thing, wherever they are declared', () => {
    const thing = new Thing(stack, 'Thing');
    for (const id of ['Current', 'Next']) {
      DeviceCertificate.fromCsr(thing, id, { csr }).attachThing(thing);
    }

    Template.fromStack(stack).resourceCountIs(THING, 2);
  });

  test.each([
    [true, true],
    [true, false],
    [false, true],
  ])('fails for a second thing when exclusive is %s and then %s', (first, second) => {
    certificate.attachThing(new Thing(stack, 'One'), { exclusive: first });

    expect(() => certificate.attachThing(new Thing(stack, 'Two'), { exclusive: second })).toThrow(
      "a certificate that is attached exclusively has one thing, got Stack/Two as a second; issue a certificate for each thing, or set 'exclusive' to false for all of them (at Stack/Certificate)",
    );
  });

  test('fails when the same thing is attached in another way', () => {
    const thing = new Thing(stack, 'Thing');
    certificate.attachThing(thing);

    expect(() => certificate.attachThing(thing, { exclusive: false })).toThrow(
      "'exclusive' must be the same each time a thing is attached, got false after true for Stack/Thing (at Stack/Certificate)",
    );
  });

  test('fails across accounts', () => {
    const elsewhere = Thing.fromThingArn(stack, 'Thing', 'arn:aws:iot:eu-central-1:210987654321:thing/one');

    expect(() => certificate.attachThing(elsewhere)).toThrow(
      'a certificate must be in the same account as what is attached to it, got 123456789012 for the certificate and 210987654321 for Stack/Thing (at Stack/Certificate)',
    );
  });
});
