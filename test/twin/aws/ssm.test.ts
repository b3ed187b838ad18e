import {
  AddTagsToResourceCommand, DeleteParameterCommand, DeleteParametersCommand, GetParameterCommand, GetParametersByPathCommand, GetParametersCommand, ListTagsForResourceCommand, PutParameterCommand, RemoveTagsFromResourceCommand, SSMClient,
} from '@aws-sdk/client-ssm';
import { EndpointOf } from './endpoint-of';

const DECLARED = { Type: 'AWS::SSM::Parameter', Properties: { Name: '/declared', Type: 'String', Value: 'from the template' } };
const endpoint = new EndpointOf({ Declared: DECLARED });
let ssm: SSMClient;

async function start(): Promise<void> {
  await endpoint.start();
  ssm = new SSMClient(endpoint.config);
}

beforeAll(start);
afterAll(() => endpoint.stop());

test('a declared parameter follows the template', async () => {
  const get = () => ssm.send(new GetParameterCommand({ Name: '/declared' }));
  await expect(get()).resolves.toMatchObject({ Parameter: { Value: 'from the template', Version: 1, ARN: 'arn:aws:ssm:eu-west-1:123456789012:parameter/declared' } });
  endpoint.deploy({ Declared: { ...DECLARED, Properties: { ...DECLARED.Properties, Value: 'changed' } } });
  await expect(get()).resolves.toMatchObject({ Parameter: { Value: 'changed', Version: 2 } });
  endpoint.deploy({});
  await expect(get()).rejects.toMatchObject({ name: 'ParameterNotFound' });
});

test('a parameter is put, overwritten when told so, kept and deleted', async () => {
  const put = (Value: string, Overwrite?: boolean) => ssm.send(new PutParameterCommand({ Name: '/app/key', Value, Type: 'SecureString', Overwrite }));
  await put('one');
  await expect(put('two')).rejects.toMatchObject({ name: 'ParameterAlreadyExists' });
  await expect(put('two', true)).resolves.toMatchObject({ Version: 2 });
  await start();
  await expect(ssm.send(new GetParameterCommand({ Name: '/app/key', WithDecryption: true }))).resolves.toMatchObject({ Parameter: { Value: 'two', Type: 'SecureString' } });
  expect((await ssm.send(new GetParameterCommand({ Name: '/app/key' }))).Parameter!.Value).not.toContain('two');
  await ssm.send(new DeleteParameterCommand({ Name: '/app/key' }));
  await expect(ssm.send(new DeleteParameterCommand({ Name: '/app/key' }))).rejects.toMatchObject({ name: 'ParameterNotFound' });
});

test('parameters are listed by path, in pages', async () => {
  for (let index = 0; index < 12; index++) {
    await ssm.send(new PutParameterCommand({ Name: `/list/${String.fromCharCode(97 + index)}`, Value: 'v', Type: 'String' }));
  }
  await ssm.send(new PutParameterCommand({ Name: '/list/deep/er', Value: 'v', Type: 'String' }));
  const names: string[] = [];
  let NextToken: string | undefined;
  do {
    const page = await ssm.send(new GetParametersByPathCommand({ Path: '/list', NextToken }));
    names.push(...page.Parameters!.map(({ Name }) => Name!));
    ({ NextToken } = page);
  } while (NextToken !== undefined);
  expect(names).toHaveLength(12);
  const { Parameters: all } = await ssm.send(new GetParametersByPathCommand({ Path: '/list/deep', Recursive: true }));
  expect(all!.map(({ Name }) => Name)).toEqual(['/list/deep/er']);

  await expect(ssm.send(new GetParametersCommand({ Names: ['/list/a', '/none'] }))).resolves.toMatchObject({ Parameters: [{ Name: '/list/a' }], InvalidParameters: ['/none'] });
  await expect(ssm.send(new DeleteParametersCommand({ Names: ['/list/a', '/none'] }))).resolves.toMatchObject({ DeletedParameters: ['/list/a'], InvalidParameters: ['/none'] });
});

test('tags come and go', async () => {
  const resource = { ResourceType: 'Parameter', ResourceId: '/list/b' } as const;
  await ssm.send(new AddTagsToResourceCommand({ ...resource, Tags: [{ Key: 'a', Value: '1' }, { Key: 'b', Value: '2' }] }));
  await ssm.send(new RemoveTagsFromResourceCommand({ ...resource, TagKeys: ['a'] }));
  await expect(ssm.send(new ListTagsForResourceCommand(resource))).resolves.toMatchObject({ TagList: [{ Key: 'b', Value: '2' }] });
});

test('fails for a name, type and size that are none', async () => {
  const put = (Name: string, Value: string, Type?: 'String') => ssm.send(new PutParameterCommand({ Name, Value, Type }));
  await expect(put('a b', 'v', 'String')).rejects.toMatchObject({ name: 'ValidationException' });
  await expect(put('/a', 'v')).rejects.toMatchObject({ name: 'ValidationException' });
  await expect(put('/a', 'v'.repeat(9000), 'String')).rejects.toMatchObject({ name: 'ValidationException' });
  await expect(ssm.send(new GetParameterCommand({ Name: '__proto__' }))).rejects.toMatchObject({ name: 'ParameterNotFound' });
});
