import { App, PhysicalName, Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import * as s3 from 'aws-cdk-lib/aws-s3';
import { RuleAction, TopicRule } from '../../lib/rules';

let app: App;
let stack: Stack;
let rule: TopicRule;
beforeEach(() => {
  app = new App();
  stack = new Stack(app, 'Stack', { env: { account: '111122223333', region: 'eu-west-1' } });
  rule = new TopicRule(stack, 'Rule', { sql: "SELECT * FROM 'dt/+/telemetry'", loseFailedMessages: true });
});

describe('the role of an action that is added', () => {
  test('can be let in by what belongs to another account of the app', () => {
    const archive = new Stack(app, 'Archive', { env: { account: '999999999999', region: 'eu-west-1' } });
    const bucket = new s3.Bucket(archive, 'Bucket', { bucketName: PhysicalName.GENERATE_IF_NEEDED });
    bucket.grantPut(rule.addAction(RuleAction.toS3(bucket))!);
    Template.fromStack(archive).hasResourceProperties('AWS::S3::BucketPolicy', {
      PolicyDocument: { Statement: [{ Principal: { AWS: Match.objectLike({}) }, Action: Match.arrayWith(['s3:PutObject']) }] },
    });
  });

  test('has no name where nobody needs one', () => {
    rule.addAction(RuleAction.republish('alerts/heat'));
    Template.fromStack(stack).hasResourceProperties('AWS::IAM::Role', { RoleName: Match.absent() });
  });

  test('is none for a function, which lets the rule in itself', () => {
    expect(rule.addAction(RuleAction.toLambda(lambda.Function.fromFunctionName(stack, 'Handler', 'handler')))).toBeUndefined();
  });
});
