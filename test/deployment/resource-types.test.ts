import { ACCOUNT, readTemplate, resolveValue, resourceIn } from './in-memory';
import { RESOURCE_TYPES } from '../../lib/deployment';

const IOT = 'arn:aws:iot:eu-west-1:111122223333:';

test.each<[string, object, string, string]>([
  ['AWS::IoT::Thing', { ThingName: 'n' }, 'n', `${IOT}thing/n`],
  ['AWS::IoT::ThingGroup', { ThingGroupName: 'n' }, 'n', `${IOT}thinggroup/n`],
  ['AWS::IoT::Policy', { PolicyName: 'n' }, 'n', `${IOT}policy/n`],
  ['AWS::IoT::ProvisioningTemplate', { TemplateName: 'n' }, 'n', `${IOT}provisioningtemplate/n`],
  ['AWS::IoT::RoleAlias', { RoleAlias: 'n' }, 'n', `${IOT}rolealias/n`],
  ['AWS::IoT::Job', { JobId: 'n' }, `${IOT}job/n`, `${IOT}job/n`],
  ['AWS::IoT::SoftwarePackageVersion', { PackageName: 'p', VersionName: '1' }, 'p|1', `${IOT}package/p/version/1`],
  ['AWS::IAM::Role', { RoleName: 'n' }, 'n', 'arn:aws:iam::111122223333:role/n'],
  ['AWS::IAM::Role', { RoleName: 'n', Path: '/a/b/' }, 'n', 'arn:aws:iam::111122223333:role/a/b/n'],
  ['AWS::Lambda::Function', { FunctionName: 'n' }, 'n', 'arn:aws:lambda:eu-west-1:111122223333:function:n'],
  ['AWS::SQS::Queue', { QueueName: 'n' }, 'https://sqs.eu-west-1.amazonaws.com/111122223333/n', 'arn:aws:sqs:eu-west-1:111122223333:n'],
  ['AWS::SNS::Topic', { TopicName: 'n' }, 'arn:aws:sns:eu-west-1:111122223333:n', 'arn:aws:sns:eu-west-1:111122223333:n'],
  ['AWS::S3::Bucket', { BucketName: 'n' }, 'n', 'arn:aws:s3:::n'],
  ['AWS::IAM::OIDCProvider', { Url: 'https://login.example/a' }, 'arn:aws:iam::111122223333:oidc-provider/login.example/a', 'arn:aws:iam::111122223333:oidc-provider/login.example/a'],
])('%s %j has the physical ID %s', (type, properties, physicalId, arn) => {
  const resource = resourceIn(readTemplate({ Resources: { A: { Type: type, Properties: properties } } }, ACCOUNT), 'A');

  expect(resource).toMatchObject({ physicalId, arn });
});

test.each<[string, RegExp]>([
  ['AWS::IoT::Thing', /^App-Sensor-[A-Z0-9]{12}$/],
  ['AWS::IoT::Policy', /^App_Sensor_[A-Z0-9]{12}$/],
  ['AWS::IoT::TopicRule', /^App_Sensor_[A-Z0-9]{12}$/],
  ['AWS::S3::Bucket', /^app-sensor-[a-z0-9]{12}$/],
  ['AWS::KMS::Key', /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}$/],
  ['AWS::ApiGatewayV2::Api', /^[a-z0-9]{10}$/],
  ['AWS::Cognito::UserPool', /^eu-west-1_[a-z0-9]{9}$/],
  ['AWS::IoT::Certificate', /^[0-9a-f]{64}$/],
])('%s has a generated name that is always the same', (type, shape) => {
  const [first, second] = [1, 2].map(() => resourceIn(readTemplate({ Resources: { Sensor: { Type: type } } }, ACCOUNT), 'Sensor').physicalId);

  expect(first).toMatch(shape);
  expect(second).toBe(first);
});

test('a generated name keeps the limit of its type', () => {
  const id = 'A'.repeat(200);
  const template = { Resources: { [id]: { Type: 'AWS::IoT::ProvisioningTemplate' } } };

  expect(resourceIn(readTemplate(template, ACCOUNT), id).physicalId).toHaveLength(36);
});

test('generated names differ between stacks and resources', () => {
  const template = { Resources: { A: { Type: 'AWS::IoT::Certificate' }, B: { Type: 'AWS::IoT::Certificate' } } };
  const ids = ['One', 'Two'].flatMap((stackName) => readTemplate(template, { stackName }).certificates.map(({ id }) => id));

  expect(new Set(ids).size).toBe(4);
});

test('a name that refers to itself is unknown', () => {
  const { things } = readTemplate({ Resources: { A: { Type: 'AWS::IoT::Thing', Properties: { ThingName: { 'Fn::Sub': 'x-${A}' } } } } });

  expect(things[0]?.name).toEqual({ parts: ['x-', { unknown: 'App/A.Properties.ThingName' }] });
});

test('a name that is not a string is unknown', () => {
  const { things } = readTemplate({ Resources: { A: { Type: 'AWS::IoT::Thing', Properties: { ThingName: ['x'] } } } });

  expect(things[0]?.name).toEqual({ parts: [{ unknown: 'App/A.Properties.ThingName' }] });
});

test('a name that is removed is generated', () => {
  const { things } = readTemplate({ Resources: { A: { Type: 'AWS::IoT::Thing', Properties: { ThingName: { Ref: 'AWS::NoValue' } } } } });

  expect(things[0]?.name).toMatch(/^App-A-/);
});

/** Properties that a format asks for must be there in this test. */
const REQUIRED = {
  AccountId: '111122223333', ClientName: 'client', Domain: 'login', StageName: '$default', Url: 'https://login.example', IdentityPoolName: 'pool', Type: 'String', Value: 'x', PackageName: 'p', AliasName: 'alias/x',
};

test.each(Object.keys(RESOURCE_TYPES))('%s has formats without mistakes', (type) => {
  const { ref, attributes, arn } = RESOURCE_TYPES[type]!;
  const template = { Resources: { A: { Type: type, Properties: REQUIRED } } };
  const texts = [
    resolveValue({ Ref: 'A' }, template),
    ...Object.keys(attributes).map((attribute) => resolveValue({ 'Fn::GetAtt': ['A', attribute] }, template)),
  ];

  // The ARN of a topic rule destination cannot be told.
  if (arn !== undefined || !ref.includes('{arn}')) {
    expect(texts.every((text) => typeof text === 'string' && /^[^{}|]+(\|[^{}]+)?$/.test(text))).toBe(true);
  }
});
