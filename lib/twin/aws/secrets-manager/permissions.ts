import type { AccountScope } from '../../../policy';
import type { KnownKeys } from '../../iam/need';
import { optionalText, text } from '../input';
import type { Input } from '../json-service';
import { each, requestTags } from '../permissions';
import type { Permission, Permissions } from '../permissions';
import { CURRENT } from './secrets';
import type { Secrets } from './secrets';

/**
 * What the operations of AWS Secrets Manager take: the action of their name on the secret, wherever it is named from.
 *
 * @see https://docs.aws.amazon.com/service-authorization/latest/reference/list_awssecretsmanager.html
 */
export function secretsManagerPermissions(secrets: Secrets, scope: AccountScope): Permissions {
  const withKeys = (keys: (input: Input) => KnownKeys = () => ({})): Permission => ({
    on: (input) => [secrets.identify(text(input, 'SecretId'), scope).arn],
    keys: (input) => {
      const { arn, tags } = secrets.identify(text(input, 'SecretId'), scope);
      return { 'secretsmanager:SecretId': arn, ...Object.fromEntries(Object.entries(tags).flatMap(([key, value]) => [[`aws:ResourceTag/${key}`, value], [`secretsmanager:ResourceTag/${key}`, value]])), ...keys(input) };
    },
  });
  return {
    GetSecretValue: withKeys((input) => {
      const versionId = optionalText(input, 'VersionId');
      return { 'secretsmanager:VersionId': versionId, 'secretsmanager:VersionStage': optionalText(input, 'VersionStage') ?? (versionId === undefined ? CURRENT : undefined) };
    }),
    UpdateSecretVersionStage: withKeys((input) => ({ 'secretsmanager:VersionStage': optionalText(input, 'VersionStage') })),
    TagResource: withKeys((input) => requestTags(input.Tags)),
    UntagResource: withKeys((input) => requestTags([], input.TagKeys)),
    ...each(['PutSecretValue', 'DescribeSecret'], withKeys()),
  };
}
