import { App, Aspects, CfnParameter, Duration, Lazy, PhysicalName, Stack, Tags } from 'aws-cdk-lib';
import { Annotations, Match, Template } from 'aws-cdk-lib/assertions';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as iot from 'aws-cdk-lib/aws-iot';
import * as kms from 'aws-cdk-lib/aws-kms';
import * as s3 from 'aws-cdk-lib/aws-s3';
import { AwsSolutionsChecks } from 'cdk-nag';
import {
  DeviceFleet, IotReadRole, JobAccess, JobDocument, JobFailure, JobRollout, JobTemplate, PayloadFormat, PresignedUrls, StreamAccess, type JobTemplateProps,
} from '../../lib';
import { Caller } from '../access/device';

const TYPE = 'AWS::IoT::JobTemplate';
const PLAIN: JobTemplateProps = { description: 'Restarts devices', document: JobDocument.fromObject({ operation: 'reboot' }) };

let stack: Stack;
beforeEach(() => {
  stack = new Stack(new App(), 'Stack', { env: { account: '111122223333', region: 'eu-west-1' } });
});
const define = (props: Partial<JobTemplateProps> = {}, id = 'Template') => new JobTemplate(stack, id, { ...PLAIN, ...props });
const propertiesOf = (of = stack) => Object.values(Template.fromStack(of).findResources(TYPE))[0]!.Properties;
const bucket = () => new s3.Bucket(stack, 'Bucket', { bucketName: 'files' });

test('says what it is for and what to do, and nothing else by default', () => {
  define();
  expect(propertiesOf()).toEqual({
    JobTemplateId: expect.stringMatching(/^Stack-Template-[0-9A-F]{8}-[0-9a-f]{8}$/), Description: 'Restarts devices', Document: '{"operation":"reboot"}',
  });
});

// CDK passes some of these on as they are, so that the names are CloudFormation's only if ours are: https://github.com/aws/aws-cdk/issues/32459
test('emits every property by the name that CloudFormation has for it', () => {
  const packages = new iot.CfnSoftwarePackageVersion(stack, 'Package', { packageName: 'firmware', versionName: '2' });
  define({
    jobTemplateId: 'update_2',
    presignedUrls: PresignedUrls.ofBucket(bucket(), { keyPrefix: 'firmware/', expiresIn: Duration.minutes(5) }),
    timeout: Duration.hours(1),
    rollout: JobRollout.exponential({ baseRatePerMinute: 5, incrementFactor: 1.5, succeededThings: 100, maximumPerMinute: 500 }),
    abort: [{ failure: JobFailure.FAILED, thresholdPercentage: 12.35, minNumberOfExecutedThings: 20 }],
    retries: [{ failure: JobFailure.FAILED, numberOfRetries: 3 }, { failure: JobFailure.TIMED_OUT, numberOfRetries: 0 }],
    maintenanceWindows: [{ startTime: 'cron(0 18 ? * MON *)', duration: Duration.minutes(1430) }],
    destinationPackageVersions: [packages],
  });
  expect(propertiesOf()).toEqual({
    JobTemplateId: 'update_2',
    Description: 'Restarts devices',
    Document: '{"operation":"reboot"}',
    PresignedUrlConfig: { RoleArn: { 'Fn::GetAtt': [expect.stringMatching(/^TemplatePresignedUrlRole/), 'Arn'] }, ExpiresInSec: 300 },
    TimeoutConfig: { InProgressTimeoutInMinutes: 60 },
    JobExecutionsRolloutConfig: {
      MaximumPerMinute: 500, ExponentialRolloutRate: { BaseRatePerMinute: 5, IncrementFactor: 1.5, RateIncreaseCriteria: { NumberOfSucceededThings: 100 } },
    },
    AbortConfig: { CriteriaList: [{ Action: 'CANCEL', FailureType: 'FAILED', ThresholdPercentage: 12.35, MinNumberOfExecutedThings: 20 }] },
    JobExecutionsRetryConfig: { RetryCriteriaList: [{ FailureType: 'FAILED', NumberOfRetries: 3 }, { FailureType: 'TIMED_OUT', NumberOfRetries: 0 }] },
    MaintenanceWindows: [{ StartTime: 'cron(0 18 ? * MON *)', DurationInMinutes: 1430 }],
    DestinationPackageVersions: [{
      'Fn::Join': ['', ['arn:', { Ref: 'AWS::Partition' }, ':iot:eu-west-1:111122223333:package/', expect.anything(), '/version/', expect.anything()]],
    }],
  });
});

describe('the generated id', () => {
  const idOf = (props: Partial<JobTemplateProps>, change: (template: JobTemplate) => void = () => undefined): string => {
    stack = new Stack(new App(), 'Stack');
    change(define(props));
    return propertiesOf().JobTemplateId;
  };

  test('changes with all that the template says, and with nothing else', () => {
    const ids = [
      idOf({}), idOf({ description: 'Other' }), idOf({ document: JobDocument.fromObject({ operation: 'update' }) }), idOf({ timeout: Duration.hours(1) }),
      idOf({ rollout: JobRollout.constant(1) }), idOf({}, (template) => Tags.of(template).add('team', 'a')), idOf({ document: JobDocument.fromBucket(s3.Bucket.fromBucketName(new Stack(), 'B', 'docs'), 'doc') }),
    ];
    expect(new Set(ids).size).toBe(ids.length);
    expect(idOf({})).toBe(ids[0]);
  });

  test('knows what is only said later', () => {
    let operation = 'reboot';
    stack = new Stack(new App(), 'Stack');
    define({ document: JobDocument.fromObject({ operation: Lazy.string({ produce: () => operation }) }) });
    operation = 'update';
    const { JobTemplateId: later, Document: document } = propertiesOf();
    expect(document).toBe('{"operation":"update"}');
    expect(later).not.toBe(idOf({}));
  });

  test('cannot be one that CDK generates, which would stay the same', () => {
    expect(() => define({ jobTemplateId: PhysicalName.GENERATE_IF_NEEDED })).toThrow(
      "'jobTemplateId' must be left out or named, got PhysicalName.GENERATE_IF_NEEDED: an id that stays the same keeps a template from being replaced (at Stack/Template)",
    );
  });

  test('fits whatever the path', () => {
    const deep = new JobTemplate(new Stack(new App(), 'S'.repeat(60)), 'T'.repeat(200), PLAIN);
    expect(propertiesOf(deep.stack).JobTemplateId).toMatch(/^[a-zA-Z0-9_-]{1,64}$/);
  });
});

describe('a document', () => {
  test('may contain what only the deployment knows', () => {
    const { valueAsString } = new CfnParameter(stack, 'Version');
    define({ document: JobDocument.fromObject({ version: valueAsString }) });
    expect(propertiesOf().Document).toEqual({ 'Fn::Join': ['', ['{"version":"', { Ref: 'Version' }, '"}']] });
  });

  test('can be in a bucket', () => {
    define({ document: JobDocument.fromBucket(s3.Bucket.fromBucketName(stack, 'Docs', 'docs'), 'jobs/reboot.json') });
    expect(propertiesOf()).toMatchObject({ DocumentSource: { 'Fn::Join': ['', ['https://s3.eu-west-1.', { Ref: 'AWS::URLSuffix' }, '/docs/jobs/reboot.json']] } });
    expect(propertiesOf()).not.toHaveProperty('Document');
  });

  test.each([
    ['a document that is too long', () => JobDocument.fromObject({ a: 'x'.repeat(32768) }), "'document' must have at most 32768 characters as JSON, got 32776; put it into Amazon S3 and use JobDocument.fromBucket (at Stack/Template)"],
    ['a document without end', () => { const a: Record<string, unknown> = {}; a.a = a; return JobDocument.fromObject(a); }, "'document' must be an object that JSON can say: Converting circular structure to JSON (at Stack/Template)"],
    ['an odd key', () => JobDocument.fromBucket(s3.Bucket.fromBucketName(stack, 'Docs', 'docs'), 'a b'), "'key' must consist of letters, digits and _!.'()/-, got \"a b\""],
    ['URLs that nothing presigns', () => JobDocument.fromObject({ url: PresignedUrls.ofBucket(bucket(), { keyPrefix: 'a/' }).urlOf('b') }), "'presignedUrls' must be given for a document with their URLs, or AWS IoT has no role to presign them with"],
  ])('fails for %s', (_, document, message) => {
    expect(() => define({ document: document() })).toThrow(message);
  });

  test('of exactly the limit is good', () => {
    define({ document: JobDocument.fromObject({ a: 'x'.repeat(32760) }) });
    expect(propertiesOf().Document).toHaveLength(32768);
  });
});

describe('presigned URLs', () => {
  const urls = () => PresignedUrls.ofBucket(bucket(), { keyPrefix: 'firmware/' });

  test('stand in the document as AWS IoT replaces them', () => {
    const presignedUrls = urls();
    define({ presignedUrls, document: JobDocument.fromObject({ url: presignedUrls.urlOf('v2.bin') }) });
    expect(propertiesOf().Document).toEqual({
      'Fn::Join': ['', ['{"url":"${aws:iot:s3-presigned-url-v2:https://s3.eu-west-1.', { Ref: 'AWS::URLSuffix' }, '/', { Ref: expect.stringMatching(/^Bucket/) }, '/firmware/v2.bin}"}']],
    });
    expect(propertiesOf().PresignedUrlConfig.ExpiresInSec).toBe(3600);
  });

  describe('of one instance with another', () => {
    const files = (name: string) => s3.Bucket.fromBucketName(stack, name, name);
    const of = (source: s3.IBucket, keyPrefix: string) => PresignedUrls.ofBucket(source, { keyPrefix });
    test.each<[string, () => s3.IBucket]>([['created', () => new s3.Bucket(stack, 'Created')], ['named', () => files('files')]])('fail, as the role could not read them: other keys of a bucket that is %s', (_, make) => {
      const shared = make();
      expect(() => define({ presignedUrls: of(shared, 'firmware/'), document: JobDocument.fromObject({ url: of(shared, 'models/').urlOf('v2.bin') }) }))
        .toThrow(`'document' must have URLs of 'presignedUrls' alone, got "models/v2.bin" where keys begin with "firmware/": their role could not read it; call urlOf() of the same PresignedUrls (at Stack/Template)`);
    });

    test('fail with another bucket of the app, or another that is named', () => {
      for (const [one, other] of [[new s3.Bucket(stack, 'A'), new s3.Bucket(stack, 'B')], [files('files-a'), files('files-b')]] as const) {
        expect(() => define({ presignedUrls: of(one, 'firmware/'), document: JobDocument.fromObject({ steps: [{ url: of(other, 'firmware/').urlOf('v2.bin') }] }) }, `${one.node.id}Template`))
          .toThrow(`'document' must have URLs of 'presignedUrls' alone, got "firmware/v2.bin" of another bucket: their role could not read it`);
      }
    });

    test('pass where the role can read them, or where nobody can tell', () => {
      const created = new s3.Bucket(stack, 'Files');
      const parameter = s3.Bucket.fromBucketName(stack, 'Parameter', new CfnParameter(stack, 'Name').valueAsString);
      for (const [index, [one, url]] of ([
        [of(created, 'firmware/'), of(created, 'firmware/beta/').urlOf('v3.bin')],
        [of(parameter, 'firmware/'), of(files('named'), 'firmware/').urlOf('v3.bin')],
        [of(created, 'firmware/'), '${aws:iot:s3-presigned-url-v2:https://files.s3.eu-west-1.amazonaws.com/models/v2.bin}'],
        [of(created, 'firmware/'), '${aws:iot:s3-presigned-url-upload:https://s3.eu-west-1.amazonaws.com/logs/${thingName}}'],
      ] as [PresignedUrls, string][]).entries()) {
        expect(() => define({ presignedUrls: one, document: JobDocument.fromObject({ url }) }, `Template${index}`)).not.toThrow();
      }
    });
  });

  test('have a role for their objects alone, which jobs of the account may use', () => {
    define({ presignedUrls: PresignedUrls.ofBucket(s3.Bucket.fromBucketName(stack, 'Files', 'files'), { keyPrefix: 'firmware/' }) });
    const template = Template.fromStack(stack);
    template.hasResourceProperties('AWS::IAM::Role', {
      AssumeRolePolicyDocument: {
        Statement: [{
          Action: 'sts:AssumeRole', Effect: 'Allow', Principal: { Service: 'iot.amazonaws.com' },
          Condition: {
            StringEquals: { 'aws:SourceAccount': '111122223333' },
            ArnLike: { 'aws:SourceArn': { 'Fn::Join': ['', ['arn:', { Ref: 'AWS::Partition' }, ':iot:eu-west-1:111122223333:job/*']] } },
          },
        }],
      },
    });
    const [policy] = Object.values(template.findResources('AWS::IAM::Policy'));
    expect(policy!.Properties.PolicyDocument.Statement).toEqual([
      { Action: 's3:GetObject', Effect: 'Allow', Resource: { 'Fn::Join': ['', ['arn:', { Ref: 'AWS::Partition' }, ':s3:::files/firmware/*']] } },
    ]);
    expect(policy!.Metadata.cdk_nag.rules_to_suppress).toEqual([expect.objectContaining({ id: 'AwsSolutions-IAM5' })]);
    template.hasResource(TYPE, { DependsOn: Match.arrayWith([Match.stringLikeRegexp('PresignedUrlRoleDefaultPolicy')]) });
  });

  test('of an encrypted bucket may be decrypted', () => {
    const encrypted = new s3.Bucket(stack, 'Encrypted', { encryptionKey: new kms.Key(stack, 'Key') });
    define({ presignedUrls: PresignedUrls.ofBucket(encrypted, { keyPrefix: 'a/' }) });
    Template.fromStack(stack).hasResourceProperties('AWS::IAM::Policy', { PolicyDocument: { Statement: Match.arrayWith([Match.objectLike({ Action: 'kms:Decrypt' })]) } });
  });

  test.each([['', 'got ""'], ['*', 'got "*"'], ['a/${x}', 'got']])('fail for the prefix %j', (keyPrefix, got) => {
    expect(() => define({ presignedUrls: PresignedUrls.ofBucket(bucket(), { keyPrefix }) })).toThrow(new RegExp(`'keyPrefix' must consist of .*${got}`));
  });

  test.each(['', 'a}', '../../*', 'a b'])('fail for the object %j', (name) => {
    expect(() => urls().urlOf(name)).toThrow("'name' must consist of");
  });

  test('fail for a part of a second', () => {
    expect(() => define({ presignedUrls: PresignedUrls.ofBucket(bucket(), { keyPrefix: 'a/', expiresIn: Duration.millis(60500) }) })).toThrow("'presignedUrls.expiresIn' must be whole seconds, got ");
  });

  test.each([Duration.seconds(59), Duration.minutes(61)])('fail for %s', (expiresIn) => {
    expect(() => define({ presignedUrls: PresignedUrls.ofBucket(bucket(), { keyPrefix: 'a/', expiresIn }) })).toThrow("'presignedUrls.expiresIn' must be from 1 to 60 minutes, got ");
  });
});

describe('bounds', () => {
  test.each<[Partial<JobTemplateProps>, string]>([
    [{ description: '' }, "'description' must consist of one or more characters, none of them a control character, got \"\""],
    [{ description: 'a\nb' }, "'description' must consist of one or more characters"],
    [{ description: 'x'.repeat(2029) }, "'description' must be at most 2028 characters long, got 2029"],
    [{ jobTemplateId: 'a.b' }, '\'jobTemplateId\' must consist of letters, digits, "_" and "-", got "a.b"'],
    [{ jobTemplateId: 'x'.repeat(65) }, "'jobTemplateId' must be at most 64 characters long, got 65"],
    [{ timeout: Duration.seconds(59) }, "'timeout' must be from 1 to 10080 minutes, got 59 seconds"],
    [{ timeout: Duration.seconds(90) }, "'timeout' must be whole minutes, got 1 minute 30 seconds (at Stack/Template)"],
    [{ timeout: Duration.days(8) }, "'timeout' must be from 1 to 10080 minutes, got 8 days"],
    [{ rollout: JobRollout.constant(0) }, "'maximumPerMinute' must be a whole number from 1 to 1000, got 0"],
    [{ rollout: JobRollout.constant(1.5) }, "'maximumPerMinute' must be a whole number from 1 to 1000, got 1.5"],
    [{ rollout: JobRollout.constant(NaN) }, "'maximumPerMinute' must be a whole number from 1 to 1000, got NaN"],
    [{ rollout: JobRollout.exponential({ baseRatePerMinute: 1, incrementFactor: 1, notifiedThings: 1 }) }, "'incrementFactor' must be a multiple of 0.1 from 1.1 to 5, got 1"],
    [{ rollout: JobRollout.exponential({ baseRatePerMinute: 1, incrementFactor: 1.25, notifiedThings: 1 }) }, "'incrementFactor' must be a multiple of 0.1 from 1.1 to 5, got 1.25"],
    [{ rollout: JobRollout.exponential({ baseRatePerMinute: 1001, incrementFactor: 2, notifiedThings: 1 }) }, "'baseRatePerMinute' must be a whole number from 1 to 1000, got 1001"],
    [{ rollout: JobRollout.exponential({ baseRatePerMinute: 1, incrementFactor: 2, notifiedThings: 0 }) }, "'notifiedThings' must be a whole number at least 1, got 0"],
    [{ rollout: JobRollout.exponential({ baseRatePerMinute: 1, incrementFactor: 2 }) }, "exactly one must be given of 'succeededThings' and 'notifiedThings'"],
    [{ rollout: JobRollout.exponential({ baseRatePerMinute: 1, incrementFactor: 2, notifiedThings: 1, succeededThings: 1 }) }, "exactly one must be given of 'succeededThings' and 'notifiedThings'"],
    [{ abort: [{ failure: JobFailure.ALL, thresholdPercentage: 101, minNumberOfExecutedThings: 1 }] }, "'abort[0].thresholdPercentage' must be a multiple of 0.01 from 0.01 to 100, got 101"],
    [{ abort: [{ failure: JobFailure.ALL, thresholdPercentage: 12.345, minNumberOfExecutedThings: 1 }] }, "'abort[0].thresholdPercentage' must be a multiple of 0.01"],
    [{ abort: [{ failure: JobFailure.ALL, thresholdPercentage: 1, minNumberOfExecutedThings: 0 }] }, "'abort[0].minNumberOfExecutedThings' must be a whole number at least 1, got 0"],
    [{ retries: [{ failure: JobFailure.ALL, numberOfRetries: 11 }] }, "'retries[0].numberOfRetries' must be a whole number from 0 to 10, got 11"],
    [{ retries: [{ failure: JobFailure.REJECTED, numberOfRetries: 1 }] }, "'retries[0].failure' must be FAILED, TIMED_OUT or ALL, got REJECTED: AWS IoT does not ask again a device that refused"],
    [{ retries: [{ failure: JobFailure.ALL, numberOfRetries: 1 }, { failure: JobFailure.FAILED, numberOfRetries: 1 }] }, "'retries' must have each failure once, got ALL beside what it includes; leave one out"],
    [{ maintenanceWindows: [{ startTime: '18:00', duration: Duration.hours(1) }] }, '\'maintenanceWindows[0].startTime\' must be a cron expression of six fields, such as "cron(0 18 ? * MON *)", got "18:00"'],
    [{ maintenanceWindows: [{ startTime: 'cron(0 18 ? * MON *)', duration: Duration.days(1) }] }, "'maintenanceWindows[0].duration' must be from 1 to 1430 minutes, got 1 day"],
  ])('fail for %j', (props, message) => {
    expect(() => define(props)).toThrow(message);
  });

  test.each([0.01, 0.07, 0.29, 1.1, 33.33, 57.89, 100])('take %d percent', (thresholdPercentage) => {
    define({ abort: [{ failure: JobFailure.ALL, thresholdPercentage, minNumberOfExecutedThings: 1 }] });
    expect(propertiesOf().AbortConfig.CriteriaList[0].ThresholdPercentage).toBe(thresholdPercentage);
  });

  test('are not known of tokens', () => {
    const number = new CfnParameter(stack, 'Number', { type: 'Number' }).valueAsNumber;
    const text = new CfnParameter(stack, 'Text').valueAsString;
    define({
      jobTemplateId: text, description: text, timeout: Duration.minutes(number), rollout: JobRollout.constant(number),
      abort: [{ failure: JobFailure.ALL, thresholdPercentage: number, minNumberOfExecutedThings: number }],
      retries: [{ failure: JobFailure.ALL, numberOfRetries: number }], maintenanceWindows: [{ startTime: text, duration: Duration.minutes(number) }],
    });
    expect(propertiesOf()).toMatchObject({
      JobTemplateId: { Ref: 'Text' }, TimeoutConfig: { InProgressTimeoutInMinutes: { Ref: 'Number' } }, JobExecutionsRolloutConfig: { MaximumPerMinute: { Ref: 'Number' } },
      MaintenanceWindows: [{ StartTime: { Ref: 'Text' }, DurationInMinutes: { Ref: 'Number' } }],
    });
  });
});

describe('a template that exists', () => {
  test('is of the stack by its id', () => {
    const template = JobTemplate.fromJobTemplateId(stack, 'Imported', 'reboot');
    expect(stack.resolve([template.jobTemplateId, template.jobTemplateArn, template.jobTemplateRef.jobTemplateId])).toEqual([
      'reboot', { 'Fn::Join': ['', ['arn:', { Ref: 'AWS::Partition' }, ':iot:eu-west-1:111122223333:jobtemplate/reboot']] }, 'reboot',
    ]);
    expect(template.presignedUrlRole).toBeUndefined();
    expect(() => JobTemplate.fromJobTemplateId(stack, 'Bad', 'a/b')).toThrow("'jobTemplateId' must consist of");
  });

  test('is where its ARN says', () => {
    const arn = 'arn:aws-cn:iot:cn-north-1:111122223333:jobtemplate/reboot';
    const template = JobTemplate.fromJobTemplateArn(stack, 'Imported', arn);
    expect([template.jobTemplateId, template.jobTemplateArn, template.env.region]).toEqual(['reboot', arn, 'cn-north-1']);
    expect(() => JobTemplate.fromJobTemplateArn(stack, 'Bad', 'arn:aws:iot:eu-west-1:111122223333:job/reboot')).toThrow("'jobTemplateArn' must look like");
  });
});

test('can be used in another stack', () => {
  const other = new Stack(stack.node.root, 'Other', { env: { account: '111122223333', region: 'eu-west-1' } });
  const fleet = new DeviceFleet(other, 'Sensors', { jobs: JobAccess.EXECUTE });
  fleet.jobs.grants.create(new iam.User(other, 'User'), { templates: [define()] });
  expect(JSON.stringify(Template.fromStack(other).findResources('AWS::IAM::Policy'))).toContain('jobtemplate/');
  Template.fromStack(other).resourceCountIs(TYPE, 0);
});

test('a fleet has templates of its own', () => {
  const fleet = new DeviceFleet(stack, 'Sensors', { jobs: JobAccess.EXECUTE });
  const template = fleet.jobs.addTemplate('Reboot', PLAIN);
  fleet.jobs.addTemplate('Update', PLAIN);
  expect(template.node.path).toBe('Stack/Sensors/JobTemplates/Reboot');
  Template.fromStack(stack).resourceCountIs(TYPE, 2);
});

describe('a role to read files', () => {
  test('reads objects that begin alike, of one bucket, for the own account', () => {
    new IotReadRole(stack, 'Role', { bucket: s3.Bucket.fromBucketName(stack, 'Files', 'files'), keyPrefix: 'maps/' });
    const template = Template.fromStack(stack);
    template.hasResourceProperties('AWS::IAM::Role', {
      AssumeRolePolicyDocument: { Statement: [Match.objectLike({ Principal: { Service: 'iot.amazonaws.com' }, Condition: { StringEquals: { 'aws:SourceAccount': '111122223333' } } })] },
    });
    template.hasResourceProperties('AWS::IAM::Policy', {
      PolicyDocument: {
        Statement: [{ Action: ['s3:GetObject', 's3:GetObjectVersion'], Effect: 'Allow', Resource: { 'Fn::Join': ['', ['arn:', { Ref: 'AWS::Partition' }, ':s3:::files/maps/*']] } }],
      },
    });
    expect(new Caller(stack).decide('iot:Publish', 'a')).toBe('deny');
  });

  test('can be one that the app keeps elsewhere', () => {
    iam.Role.customizeRoles(stack, { usePrecreatedRoles: { 'Stack/Role/Role': 'reader' } });
    const { role } = new IotReadRole(stack, 'Role', { bucket: bucket(), keyPrefix: 'maps/' });
    expect(role.roleName).toBe('reader');
    Template.fromStack(stack).resourceCountIs('AWS::IAM::Policy', 0);
  });

  test('fails for a whole bucket', () => {
    expect(() => new IotReadRole(stack, 'Role', { bucket: bucket(), keyPrefix: '' })).toThrow("'keyPrefix' must consist of letters, digits and _!.'()/-, got \"\" (at Stack/Role)");
  });
});

test('everything passes cdk-nag AwsSolutions', () => {
  Aspects.of(stack).add(new AwsSolutionsChecks());
  const files = s3.Bucket.fromBucketName(stack, 'Files', 'files');
  const fleet = new DeviceFleet(stack, 'Sensors', { jobs: JobAccess.EXECUTE, streams: [StreamAccess.any()], defenderMetrics: [PayloadFormat.JSON], tunnels: true });
  fleet.jobs.addTemplate('Update', { ...PLAIN, presignedUrls: PresignedUrls.ofBucket(files, { keyPrefix: 'firmware/' }) });
  new IotReadRole(stack, 'Role', { bucket: files, keyPrefix: 'maps/' });
  const findings = Annotations.fromStack(stack);
  expect([...findings.findError('*', Match.stringLikeRegexp('AwsSolutions-.*')), ...findings.findWarning('*', Match.stringLikeRegexp('AwsSolutions-.*'))].map(({ id, entry }) => [id, entry.data])).toEqual([]);
});
