import { asText, propertyOf } from '../../../deployment';
import { flag, invalid, optionalText, pageSize, tagList, tags, text, texts } from '../input';
import { jsonService } from '../json-service';
import type { Input } from '../json-service';
import { ServiceError } from '../service';
import type { Service } from '../service';
import { StateFile } from '../state-file';
import { declared } from '../surroundings';
import type { Surroundings } from '../surroundings';
import { ssmPermissions } from './permissions';

const TYPES: readonly string[] = ['String', 'StringList', 'SecureString'];

/** The advanced tier. https://docs.aws.amazon.com/systems-manager/latest/userguide/parameter-store-advanced-parameters.html */
const MAX_VALUE = 8192;

interface Parameter {
  readonly name: string;
  readonly type: string;
  readonly value: string;
  readonly version: number;
  readonly lastModified: number;
  readonly tags: Readonly<Record<string, string>>;

  /** What the template said when it was last followed; absent for a parameter that it does not declare. */
  readonly declared?: string;
}

type Parameters = Readonly<Record<string, Parameter>>;

/** The Parameter Store of AWS Systems Manager: the parameters of the deployment, and those that handlers make. */
export function ssmService(around: Surroundings): Service {
  const file = new StateFile<Parameters>(around.folder, 'ssm', {});
  const now = (): number => around.clock.now() / 1000;

  /** All parameters, with what the template has changed since. */
  const all = (): Parameters => {
    const resources = declared(around, 'AWS::SSM::Parameter');
    const before = file.read();
    const gone = Object.values(before).filter((one) => one.declared !== undefined && !resources.some(({ id }) => id === one.name));
    const known = gone.length === 0 ? before : Object.fromEntries(Object.entries(before).filter(([, one]) => !gone.includes(one)));
    const fromTemplate = resources.flatMap(({ id, resource: { properties } }) => {
      const value = asText(propertyOf(properties, 'Value'));
      const type = asText(propertyOf(properties, 'Type')) ?? 'String';
      const old = get(known, id);
      return typeof value !== 'string' || typeof type !== 'string' || old?.declared === value
        ? []
        : [[id, { name: id, type, value, version: (old?.version ?? 0) + 1, lastModified: now(), tags: old?.tags ?? {}, declared: value }] as const];
    });
    return gone.length + fromTemplate.length === 0 ? before : file.write({ ...known, ...Object.fromEntries(fromTemplate) });
  };

  const { partition, region, accountId } = around.scope;
  const arnOf = (name: string): string => `arn:${partition}:ssm:${region}:${accountId}:parameter${name.startsWith('/') ? '' : '/'}${name}`;

  const show = ({ name, type, value, version, lastModified }: Parameter, decrypt: boolean): object => ({
    Name: name,
    Type: type,
    Value: type === 'SecureString' && !decrypt ? `encrypted:${Buffer.from(`version ${version}`).toString('base64')}` : value,
    Version: version,
    LastModifiedDate: lastModified,
    ARN: arnOf(name),
    DataType: 'text',
  });

  const existing = (name: string): Parameter => {
    const parameter = get(all(), name);
    if (parameter === undefined) {
      throw new ServiceError('ParameterNotFound', `no parameter '${name}'`);
    }
    return parameter;
  };

  const tagged = (input: Input): Parameter => {
    if (text(input, 'ResourceType') !== 'Parameter') {
      throw new ServiceError('InvalidResourceType', 'the twin keeps tags of parameters only');
    }
    const parameter = get(all(), text(input, 'ResourceId'));
    if (parameter === undefined) {
      throw new ServiceError('InvalidResourceId', 'there is no such parameter');
    }
    return parameter;
  };

  const keep = (parameter: Parameter): void => {
    file.write({ ...all(), [parameter.name]: parameter });
  };

  const remove = (names: readonly string[]): void => {
    file.write(Object.fromEntries(Object.entries(all()).filter(([name]) => !names.includes(name))));
  };

  return jsonService('ssm', 'SSM', {
    PutParameter: (input) => {
      const name = text(input, 'Name');
      const value = text(input, 'Value');
      const before = get(all(), name);
      if (!/^[\w./-]{1,1011}$/.test(name)) {
        throw invalid("'Name' must consist of up to 1011 letters, digits and . - _ /");
      }
      if (value.length > MAX_VALUE) {
        throw invalid(`'Value' has ${value.length} characters, a parameter at most ${MAX_VALUE}`);
      }
      const type = optionalText(input, 'Type') ?? before?.type;
      if (type === undefined || !TYPES.includes(type)) {
        throw invalid(`'Type' must be one of ${TYPES.join(', ')}`);
      }
      if (before !== undefined && !flag(input, 'Overwrite')) {
        throw new ServiceError('ParameterAlreadyExists', `the parameter '${name}' already exists; to change it, say so with Overwrite`);
      }
      const version = (before?.version ?? 0) + 1;
      keep({ ...before, name, type, value, version, lastModified: now(), tags: before?.tags ?? tags(input, 'Tags') });
      return { Version: version, Tier: 'Standard' };
    },
    GetParameter: (input) => ({ Parameter: show(existing(text(input, 'Name')), flag(input, 'WithDecryption')) }),
    GetParameters: (input) => {
      const names = texts(input, 'Names');
      const parameters = all();
      return {
        Parameters: names.flatMap((name) => get(parameters, name) ?? []).map((parameter) => show(parameter, flag(input, 'WithDecryption'))),
        InvalidParameters: names.filter((name) => get(parameters, name) === undefined),
      };
    },
    GetParametersByPath: (input) => {
      const path = text(input, 'Path').replace(/\/?$/, '/');
      const size = pageSize(input, 'MaxResults', 10);
      const start = Number(optionalText(input, 'NextToken') ?? 0);
      const found = Object.values(all())
        .filter(({ name }) => name.startsWith(path) && (flag(input, 'Recursive') || !name.slice(path.length).includes('/')))
        .sort((a, b) => (a.name < b.name ? -1 : 1));
      return {
        Parameters: found.slice(start, start + size).map((parameter) => show(parameter, flag(input, 'WithDecryption'))),
        ...start + size < found.length && { NextToken: String(start + size) },
      };
    },
    DeleteParameter: (input) => {
      remove([existing(text(input, 'Name')).name]);
      return {};
    },
    DeleteParameters: (input) => {
      const names = texts(input, 'Names');
      const parameters = all();
      remove(names);
      return { DeletedParameters: names.filter((name) => get(parameters, name)), InvalidParameters: names.filter((name) => !get(parameters, name)) };
    },
    AddTagsToResource: (input) => {
      const parameter = tagged(input);
      keep({ ...parameter, tags: { ...parameter.tags, ...tags(input, 'Tags') } });
      return {};
    },
    RemoveTagsFromResource: (input) => {
      const parameter = tagged(input);
      const keys = texts(input, 'TagKeys');
      keep({ ...parameter, tags: Object.fromEntries(Object.entries(parameter.tags).filter(([key]) => !keys.includes(key))) });
      return {};
    },
    ListTagsForResource: (input) => ({ TagList: tagList(tagged(input).tags) }),
  }, ssmPermissions(arnOf, (name) => get(all(), name)?.tags ?? {}));
}

function get(parameters: Parameters, name: string): Parameter | undefined {
  return Object.hasOwn(parameters, name) ? parameters[name] : undefined;
}
