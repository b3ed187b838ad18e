import type { KnownKeys } from '../../iam/need';
import { flag, text, texts } from '../input';
import type { Input } from '../json-service';
import { each, requestTags } from '../permissions';
import type { Permission, Permissions } from '../permissions';

/**
 * What the operations of the Parameter Store take: the action of their name on each parameter, or on the path.
 *
 * @param arnOf the ARN of a parameter
 * @param tagsOf the tags that a parameter has
 * @see https://docs.aws.amazon.com/service-authorization/latest/reference/list_awssystemsmanager.html
 */
export function ssmPermissions(arnOf: (name: string) => string, tagsOf: (name: string) => Readonly<Record<string, string>>): Permissions {
  const one = (member: string, keys: (input: Input) => KnownKeys = () => ({})): Permission => ({
    on: (input) => [arnOf(text(input, member))],
    keys: (input) => ({
      ...Object.fromEntries(Object.entries(tagsOf(text(input, member))).flatMap(([key, value]) => [[`aws:ResourceTag/${key}`, value], [`ssm:resourceTag/${key}`, value]])),
      ...keys(input),
    }),
  });
  return {
    PutParameter: one('Name', (input) => ({ 'ssm:Overwrite': String(flag(input, 'Overwrite')), ...requestTags(input.Tags) })),
    GetParametersByPath: { on: (input) => [arnOf(text(input, 'Path'))], keys: (input) => ({ 'ssm:Recursive': String(flag(input, 'Recursive')) }) },
    AddTagsToResource: one('ResourceId', (input) => requestTags(input.Tags)),
    RemoveTagsFromResource: one('ResourceId', (input) => requestTags([], input.TagKeys)),
    ListTagsForResource: one('ResourceId'),
    ...each(['GetParameter', 'DeleteParameter'], one('Name')),
    ...each(['GetParameters', 'DeleteParameters'], { on: (input) => texts(input, 'Names').map(arnOf) }),
  };
}
