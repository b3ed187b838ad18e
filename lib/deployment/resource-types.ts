/**
 * What CloudFormation gives for a resource of a type, as formats. `{name}` is the physical name, `{arn}` the ARN,
 * `{.Property}` a property and `{.Property|default}` one with a default; `{partition}`, `{region}`, `{account}` and
 * `{urlSuffix}` are those of the stack. What AWS generates has a stand-in that is the same on every run: `{uuid}`,
 * `{random:LENGTH}` and `{certificate}`. `{address:Property}` is a URL without its `https://`.
 */
export interface ResourceType {
  /** The property that holds the name. */
  readonly name?: string;

  /** How a name is generated where the property is absent. */
  readonly generated?: NameRule;
  readonly arn?: string;
  readonly ref: string;
  readonly attributes: Readonly<Record<string, string>>;

  /** The property with the PEM whose fingerprint is `{certificate}`. */
  readonly pem?: string;
}

/** How CloudFormation shapes a generated name. */
export interface NameRule {
  /** @default 128 */
  readonly maxLength?: number;

  /**
   * What joins stack name, logical ID and suffix.
   *
   * @default '-'
   */
  readonly separator?: '-' | '_';
  readonly lowerCase?: boolean;
}

type Details = Partial<ResourceType>;

/** A type with a name that is also its `Ref`, and with the attribute `Arn`. */
function named(name: string, arn: string, details: Details = {}): ResourceType {
  return { name, arn, ref: '{name}', attributes: { Arn: '{arn}' }, ...details };
}

function regional(service: string, resource: string): string {
  return `arn:{partition}:${service}:{region}:{account}:${resource}`;
}

function iot(name: string, resource: string, details?: Details): ResourceType {
  return named(name, regional('iot', `${resource}/{name}`), details);
}

/** An `AWS::IoT` type whose ARN attribute has a name of its own. */
function iotWith(arnAttribute: string, name: string, resource: string, attributes: Readonly<Record<string, string>> = {}): ResourceType {
  return iot(name, resource, { attributes: { [arnAttribute]: '{arn}', ...attributes } });
}

function iotCertificate(resource: string): ResourceType {
  const arn = regional('iot', `${resource}/{certificate}`);
  return { arn, ref: '{certificate}', attributes: { Id: '{certificate}', Arn: '{arn}' }, pem: 'CertificatePem' };
}

function iam(name: string, resource: string, details?: Details): ResourceType {
  return named(name, `arn:{partition}:iam::{account}:${resource}{.Path|/}{name}`, { generated: { maxLength: 64 }, ...details });
}

const UNDERSCORES: Details = { generated: { separator: '_' } };
const WITH_ID: Details = { attributes: { Arn: '{arn}', Id: '{uuid}' } };

const HTTP_API = '{random:10}';
const USER_POOL = '{region}_{random:9}';
const USER_POOL_PROVIDER = `cognito-idp.{region}.{urlSuffix}/${USER_POOL}`;

/**
 * Types by name; a type that is not here has an unknown `Ref` and unknown attributes. Attachments and
 * `AWS::IoT::ResourceSpecificLogging` are left out because the format of their `Ref` is not documented.
 *
 * @see https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_IoT.html
 * @see https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsiot.html for the ARNs
 */
export const RESOURCE_TYPES: Readonly<Record<string, ResourceType>> = {
  'AWS::IoT::AccountAuditConfiguration': { ref: '{.AccountId}', attributes: {} },
  'AWS::IoT::Authorizer': iot('AuthorizerName', 'authorizer'),
  'AWS::IoT::BillingGroup': iot('BillingGroupName', 'billinggroup', WITH_ID),
  'AWS::IoT::CACertificate': { ...iotCertificate('cacert'), pem: 'CACertificatePem' },
  'AWS::IoT::Certificate': iotCertificate('cert'),
  'AWS::IoT::CertificateProvider': iot('CertificateProviderName', 'certificateprovider'),
  'AWS::IoT::Command': iotWith('CommandArn', 'CommandId', 'command'),
  'AWS::IoT::CustomMetric': iotWith('MetricArn', 'MetricName', 'custommetric'),
  'AWS::IoT::Dimension': iot('Name', 'dimension'),
  'AWS::IoT::DomainConfiguration': named('DomainConfigurationName', regional('iot', 'domainconfiguration/{name}/{random:5}')),
  'AWS::IoT::EncryptionConfiguration': { ref: '{account}', attributes: { AccountId: '{account}' } },
  'AWS::IoT::FleetMetric': iotWith('MetricArn', 'MetricName', 'fleetmetric'),
  'AWS::IoT::Job': iot('JobId', 'job', { ref: '{arn}' }),
  'AWS::IoT::JobTemplate': iot('JobTemplateId', 'jobtemplate'),
  'AWS::IoT::Logging': { ref: '{.AccountId}', attributes: {} },
  'AWS::IoT::MitigationAction': iotWith('MitigationActionArn', 'ActionName', 'mitigationaction', { MitigationActionId: '{uuid}' }),
  'AWS::IoT::Policy': iot('PolicyName', 'policy', { ...UNDERSCORES, attributes: { Arn: '{arn}', Id: '{name}' } }),
  'AWS::IoT::ProvisioningTemplate': {
    ...iotWith('TemplateArn', 'TemplateName', 'provisioningtemplate'),
    generated: { maxLength: 36 },
  },
  'AWS::IoT::RoleAlias': iotWith('RoleAliasArn', 'RoleAlias', 'rolealias'),
  'AWS::IoT::ScheduledAudit': iotWith('ScheduledAuditArn', 'ScheduledAuditName', 'scheduledaudit'),
  'AWS::IoT::SecurityProfile': iotWith('SecurityProfileArn', 'SecurityProfileName', 'securityprofile'),
  'AWS::IoT::SoftwarePackage': iotWith('PackageArn', 'PackageName', 'package'),
  'AWS::IoT::SoftwarePackageVersion': {
    ...iotWith('PackageVersionArn', 'VersionName', 'package/{.PackageName}/version'),
    ref: '{.PackageName}|{name}',
  },
  'AWS::IoT::Stream': iot('StreamId', 'stream', { ref: '{arn}' }),
  'AWS::IoT::Thing': iot('ThingName', 'thing', WITH_ID),
  'AWS::IoT::ThingGroup': iot('ThingGroupName', 'thinggroup', WITH_ID),
  'AWS::IoT::ThingType': iot('ThingTypeName', 'thingtype', WITH_ID),
  'AWS::IoT::TopicRule': iot('RuleName', 'rule', UNDERSCORES),
  // Its ARN has the kind of destination and an ID that AWS generates.
  'AWS::IoT::TopicRuleDestination': { ref: '{arn}', attributes: { Arn: '{arn}' } },

  // The custom resource of this library that keeps a policy.
  'Custom::IotPolicy': iot('PolicyName', 'policy', { attributes: { PolicyName: '{name}', PolicyArn: '{arn}' } }),

  'AWS::ACMPCA::CertificateAuthority': {
    arn: regional('acm-pca', 'certificate-authority/{uuid}'), ref: '{arn}', attributes: { Arn: '{arn}' },
  },
  'AWS::ApiGatewayV2::Api': {
    ref: HTTP_API, attributes: { ApiId: HTTP_API, ApiEndpoint: `https://${HTTP_API}.execute-api.{region}.{urlSuffix}` },
  },
  'AWS::ApiGatewayV2::Authorizer': { ref: '{random:6}', attributes: { AuthorizerId: '{random:6}' } },
  'AWS::ApiGatewayV2::Integration': { ref: '{random:7}', attributes: { IntegrationId: '{random:7}' } },
  'AWS::ApiGatewayV2::Route': { ref: '{random:7}', attributes: { RouteId: '{random:7}' } },
  'AWS::ApiGatewayV2::Stage': { ref: '{.StageName}', attributes: {} },
  'AWS::CertificateManager::Certificate': { arn: regional('acm', 'certificate/{uuid}'), ref: '{arn}', attributes: {} },
  'AWS::CloudFormation::Stack': { ref: regional('cloudformation', 'stack/{name}/{uuid}'), attributes: {} },
  'AWS::CloudWatch::Alarm': named('AlarmName', regional('cloudwatch', 'alarm:{name}'), { generated: { maxLength: 255 } }),
  'AWS::CloudWatch::CompositeAlarm': named('AlarmName', regional('cloudwatch', 'alarm:{name}'), { generated: { maxLength: 255 } }),
  'AWS::Cognito::IdentityPool': { ref: '{region}:{uuid}', attributes: { Id: '{region}:{uuid}', Name: '{.IdentityPoolName}' } },
  'AWS::Cognito::UserPool': {
    arn: regional('cognito-idp', `userpool/${USER_POOL}`),
    ref: USER_POOL,
    attributes: {
      Arn: '{arn}', UserPoolId: USER_POOL, ProviderName: USER_POOL_PROVIDER, ProviderURL: `https://${USER_POOL_PROVIDER}`,
    },
  },
  'AWS::Cognito::UserPoolClient': { ref: '{random:26}', attributes: { ClientId: '{random:26}', Name: '{.ClientName}' } },
  'AWS::Cognito::UserPoolDomain': { ref: '{.Domain}', attributes: {} },
  'AWS::Cognito::UserPoolGroup': { name: 'GroupName', ref: '{name}', attributes: {} },
  'AWS::DynamoDB::GlobalTable': named('TableName', regional('dynamodb', 'table/{name}'), {
    attributes: { Arn: '{arn}', TableId: '{uuid}' },
  }),
  'AWS::DynamoDB::Table': named('TableName', regional('dynamodb', 'table/{name}')),
  'AWS::Events::EventBus': named('Name', regional('events', 'event-bus/{name}'), { attributes: { Arn: '{arn}', Name: '{name}' } }),
  'AWS::IAM::Group': iam('GroupName', 'group', { generated: { maxLength: 128 } }),
  'AWS::IAM::InstanceProfile': iam('InstanceProfileName', 'instance-profile', { generated: { maxLength: 128 } }),
  'AWS::IAM::ManagedPolicy': iam('ManagedPolicyName', 'policy', {
    generated: { maxLength: 128 }, ref: '{arn}', attributes: { PolicyArn: '{arn}' },
  }),
  'AWS::IAM::OIDCProvider': {
    arn: 'arn:{partition}:iam::{account}:oidc-provider/{address:Url}', ref: '{arn}', attributes: { Arn: '{arn}' },
  },
  'AWS::IAM::Role': iam('RoleName', 'role'),
  'AWS::IAM::User': iam('UserName', 'user'),
  'AWS::KMS::Alias': { name: 'AliasName', arn: regional('kms', '{name}'), ref: '{name}', attributes: {} },
  'AWS::KMS::Key': { arn: regional('kms', 'key/{uuid}'), ref: '{uuid}', attributes: { Arn: '{arn}', KeyId: '{uuid}' } },
  'AWS::Kinesis::Stream': named('Name', regional('kinesis', 'stream/{name}')),
  'AWS::KinesisFirehose::DeliveryStream': named('DeliveryStreamName', regional('firehose', 'deliverystream/{name}'), {
    generated: { maxLength: 64 },
  }),
  'AWS::Lambda::Function': named('FunctionName', regional('lambda', 'function:{name}'), { generated: { maxLength: 64 } }),
  'AWS::Location::Tracker': named('TrackerName', regional('geo', 'tracker/{name}'), { attributes: { Arn: '{arn}', TrackerArn: '{arn}' } }),
  'AWS::Logs::LogGroup': named('LogGroupName', regional('logs', 'log-group:{name}:*'), { generated: { maxLength: 512 } }),
  'AWS::S3::Bucket': named('BucketName', 'arn:{partition}:s3:::{name}', {
    generated: { maxLength: 63, lowerCase: true },
    attributes: { Arn: '{arn}', DomainName: '{name}.s3.{urlSuffix}', RegionalDomainName: '{name}.s3.{region}.{urlSuffix}' },
  }),
  'AWS::SNS::Topic': named('TopicName', regional('sns', '{name}'), {
    generated: { maxLength: 256 }, ref: '{arn}', attributes: { TopicArn: '{arn}', TopicName: '{name}' },
  }),
  'AWS::SQS::Queue': named('QueueName', regional('sqs', '{name}'), {
    generated: { maxLength: 80 },
    ref: 'https://sqs.{region}.{urlSuffix}/{account}/{name}',
    attributes: { Arn: '{arn}', QueueName: '{name}', QueueUrl: 'https://sqs.{region}.{urlSuffix}/{account}/{name}' },
  }),
  'AWS::SSM::Parameter': { name: 'Name', ref: '{name}', attributes: { Type: '{.Type}', Value: '{.Value}' } },
  'AWS::SecretsManager::Secret': named('Name', regional('secretsmanager', 'secret:{name}-{random:6}'), {
    ref: '{arn}', attributes: { Id: '{arn}' },
  }),
  'AWS::StepFunctions::StateMachine': named('StateMachineName', regional('states', 'stateMachine:{name}'), {
    generated: { maxLength: 80 }, ref: '{arn}', attributes: { Arn: '{arn}', Name: '{name}' },
  }),
};
