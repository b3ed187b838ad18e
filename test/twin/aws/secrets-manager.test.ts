import {
  DescribeSecretCommand, GetSecretValueCommand, ListSecretsCommand, PutSecretValueCommand, SecretsManagerClient, TagResourceCommand, UntagResourceCommand, UpdateSecretVersionStageCommand,
} from '@aws-sdk/client-secrets-manager';
import { EndpointOf } from './endpoint-of';

const RESOURCES = {
  Empty: { Type: 'AWS::SecretsManager::Secret', Properties: { Name: 'empty' } },
  Given: { Type: 'AWS::SecretsManager::Secret', Properties: { Name: 'given', SecretString: 'from the template' } },
  Made: { Type: 'AWS::SecretsManager::Secret', Properties: { Name: 'made', GenerateSecretString: { SecretStringTemplate: '{"user":"admin"}', GenerateStringKey: 'password', PasswordLength: 20, ExcludePunctuation: true } } },
};
const endpoint = new EndpointOf(RESOURCES);
let secrets: SecretsManagerClient;
const TOKENS = ['1', '2', '3'].map((digit) => digit.repeat(32));

async function start(): Promise<void> {
  await endpoint.start();
  secrets = new SecretsManagerClient(endpoint.config);
}

beforeAll(start);
afterAll(() => endpoint.stop());

async function valueOf(SecretId: string, VersionStage?: string): Promise<string | undefined> {
  return (await secrets.send(new GetSecretValueCommand({ SecretId, VersionStage }))).SecretString;
}

test('a secret has what the template says, and what it has generated', async () => {
  await expect(valueOf('given')).resolves.toBe('from the template');
  const made = await valueOf('made');
  expect(JSON.parse(made!)).toEqual({ user: 'admin', password: expect.stringMatching(/^[A-Za-z0-9]{20}$/) as string });
  await start();
  await expect(valueOf('made')).resolves.toBe(made);
});

test('a value that the template changes is a new version', async () => {
  endpoint.deploy({ ...RESOURCES, Given: { ...RESOURCES.Given, Properties: { Name: 'given', SecretString: 'changed' } } });
  await expect(valueOf('given')).resolves.toBe('changed');
  await expect(valueOf('given', 'AWSPREVIOUS')).resolves.toBe('from the template');
});

test('putting a value moves the stages, and repeating it changes nothing', async () => {
  await expect(valueOf('empty')).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
  const put = (token: number, SecretString: string, VersionStages?: string[]) => (
    secrets.send(new PutSecretValueCommand({ SecretId: 'empty', SecretString, ClientRequestToken: TOKENS[token], VersionStages }))
  );
  await put(0, 'one');
  await expect(put(1, 'two')).resolves.toMatchObject({ Name: 'empty', VersionId: TOKENS[1], VersionStages: ['AWSCURRENT'] });
  await put(1, 'two');
  await expect(put(1, 'other')).rejects.toMatchObject({ name: 'ResourceExistsException' });
  expect([await valueOf('empty'), await valueOf('empty', 'AWSPREVIOUS')]).toEqual(['two', 'one']);

  await put(2, 'held', ['held']);
  await expect(valueOf('empty')).resolves.toBe('two');
  await secrets.send(new UpdateSecretVersionStageCommand({ SecretId: 'empty', VersionStage: 'AWSCURRENT', MoveToVersionId: TOKENS[2], RemoveFromVersionId: TOKENS[1] }));
  await expect(secrets.send(new DescribeSecretCommand({ SecretId: 'empty' }))).resolves.toMatchObject({
    VersionIdsToStages: { [TOKENS[1]!]: ['AWSPREVIOUS'], [TOKENS[2]!]: ['held', 'AWSCURRENT'] },
  });
  await start();
  expect([await valueOf('empty'), await valueOf('empty', 'AWSPREVIOUS')]).toEqual(['held', 'two']);
});

test('a secret is found by its ARN, whole or without its end', async () => {
  const { ARN } = await secrets.send(new DescribeSecretCommand({ SecretId: 'given' }));
  expect(ARN).toMatch(/^arn:aws:secretsmanager:eu-west-1:123456789012:secret:given-\w{6}$/);
  await expect(Promise.all([valueOf(ARN!), valueOf(ARN!.slice(0, -7))])).resolves.toEqual(['changed', 'changed']);
});

test('tags come and go', async () => {
  await secrets.send(new TagResourceCommand({ SecretId: 'given', Tags: [{ Key: 'a', Value: '1' }, { Key: 'b', Value: '2' }] }));
  await secrets.send(new UntagResourceCommand({ SecretId: 'given', TagKeys: ['a'] }));
  await expect(secrets.send(new DescribeSecretCommand({ SecretId: 'given' }))).resolves.toMatchObject({ Tags: [{ Key: 'b', Value: '2' }] });
});

test.each([
  ['a secret that is not declared', new GetSecretValueCommand({ SecretId: 'other' }), 'ResourceNotFoundException'],
  ['another operation', new ListSecretsCommand({}), 'UnknownOperationException'],
  ['removing the current stage', new UpdateSecretVersionStageCommand({ SecretId: 'given', VersionStage: 'AWSCURRENT' }), 'InvalidParameterException'],
] as [string, GetSecretValueCommand, string][])('fails for %s', async (_, command, name) => {
  await expect(secrets.send(command)).rejects.toMatchObject({ name });
  expect(endpoint.faults).toEqual([]);
});
