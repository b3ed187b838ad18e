import { ACCOUNT, inMemory, resourceIn } from './in-memory';
import { assetPath, DeploymentError, readDeployment } from '../../lib/deployment';
import type { Deployment, ReadOptions } from '../../lib/deployment';

type Contents = Readonly<Record<string, unknown>>;

const stack = (templateFile: string, more: object = {}, properties: object = {}): object => ({
  type: 'aws:cloudformation:stack', properties: { templateFile, ...properties }, ...more,
});

const thing = (properties: object = {}): object => ({ Resources: { A: { Type: 'AWS::IoT::Thing', Properties: properties } } });

function read(contents: Contents, options: ReadOptions = ACCOUNT): Deployment {
  return readDeployment('out', { files: inMemory(contents), ...options });
}

describe('a cloud assembly', () => {
  test('gives each stack its environment, name and parameters', () => {
    const { stacks, things } = read({
      'out/manifest.json': { artifacts: {
        One: stack('one.json', { environment: 'aws://111122223333/us-east-1' }, { stackName: 'first', parameters: { Stage: 'prod' } }),
        Two: stack('two.json', { environment: 'aws://unknown-account/eu-west-1', displayName: 'Team/Two' }),
        Tree: { type: 'cdk:tree' },
      } },
      'out/one.json': { Parameters: { Stage: { Type: 'String', Default: 'dev' } }, ...thing({ ThingName: { Ref: 'Stage' } }) },
      'out/two.json': thing(),
    }, {});

    expect(stacks.map(({ path, name, account }) => [path, name, account])).toEqual([
      ['One', 'first', { accountId: '111122223333', region: 'us-east-1', partition: 'aws' }],
      ['Team/Two', 'Two', { accountId: { parts: [{ unknown: 'AWS::AccountId' }] }, region: 'eu-west-1', partition: 'aws' }],
    ]);
    expect(things.map(({ name, path }) => [name, path])).toEqual([['prod', 'One/A'], [expect.stringMatching(/^Two-A-/), 'Team/Two/A']]);
  });

  test('takes parameters by name, and by stack and name', () => {
    const template = { Parameters: { Stage: { Type: 'String' } }, ...thing({ ThingName: { Ref: 'Stage' } }) };
    const contents = {
      'out/manifest.json': { artifacts: { One: stack('t.json', {}, { parameters: { Stage: 'c' } }), Two: stack('t.json', {}, { stackName: 'second' }) } },
      'out/t.json': template,
    };

    expect(read(contents, { parameters: { 'Stage': 'a', 'second:Stage': 'b' } }).things.map(({ name }) => name)).toEqual(['a', 'b']);
    expect(() => read(contents, { requireParameters: true })).toThrow("parameters without a value: second:Stage; pass one for each in 'parameters', by that name");
  });

  test('follows exports only within one account and region', () => {
    const importer = thing({ ThingName: { 'Fn::ImportValue': { 'Fn::Sub': 'name-${AWS::Region}' } } });
    const contents = {
      'out/manifest.json': { artifacts: {
        Exporter: stack('exporter.json', { environment: 'aws://1/us-east-1' }),
        Near: stack('importer.json', { environment: 'aws://1/us-east-1' }),
        Far: stack('importer.json', { environment: 'aws://1/us-west-2' }),
      } },
      'out/exporter.json': { Resources: {}, Outputs: { O: { Value: 'x', Export: { Name: { 'Fn::Sub': 'name-${AWS::Region}' } } } } },
      'out/importer.json': importer,
    };

    expect(read(contents, {}).things.map(({ name }) => name)).toEqual(['x', { parts: [{ unknown: 'Far/A.Properties.ThingName' }] }]);
  });

  test('does not choose between two stacks that export the same name', () => {
    const exporter = (value: string): object => ({ Resources: {}, Outputs: { O: { Value: value, Export: { Name: 'n' } } } });
    const { things } = read({
      'out/manifest.json': { artifacts: { A: stack('a.json'), B: stack('b.json'), C: stack('c.json') } },
      'out/a.json': exporter('a'),
      'out/b.json': exporter('b'),
      'out/c.json': thing({ ThingName: { 'Fn::ImportValue': 'n' } }),
    });

    expect(things[0]?.name).toEqual({ parts: [{ unknown: 'C/A.Properties.ThingName' }] });
  });

  test('is read once where its stages are a circle', () => {
    const { stacks } = read({
      'out/manifest.json': { artifacts: { S: { type: 'cdk:cloud-assembly', properties: { directoryName: 'stage' } }, A: stack('a.json') } },
      'out/stage/manifest.json': { artifacts: { S: { type: 'cdk:cloud-assembly', properties: { directoryName: '../' } } } },
      'out/a.json': thing(),
    });

    expect(stacks).toHaveLength(1);
  });

  test('finds assets by metadata, and by object key in its asset manifests', () => {
    const deployment = read({
      'out/manifest.json': { artifacts: { A: stack('a.json'), Assets: { type: 'cdk:asset-manifest', properties: { file: 'a.assets.json' } } } },
      'out/a.assets.json': { files: { h: { source: { path: 'asset.h' }, destinations: { d: { objectKey: 'prefix/h.zip' } } }, bad: null } },
      'out/a.json': { Resources: {
        ByMetadata: { Type: 'AWS::Lambda::Function', Metadata: { 'aws:asset:path': 'asset.m' } },
        ByKey: { Type: 'AWS::Lambda::Function', Properties: { Code: { S3Key: 'prefix/h.zip' } } },
        Layer: { Type: 'AWS::Lambda::LayerVersion', Properties: { Content: { S3Key: 'other.zip' } } },
      } },
    });

    expect(['ByMetadata', 'ByKey', 'Layer'].map((id) => assetPath(deployment, resourceIn(deployment, id))?.replace(/^.*\/out\//, ''))).toEqual(['asset.m', 'asset.h', undefined]);
  });
});

describe('a nested stack', () => {
  const child = {
    Parameters: { Name: { Type: 'String' }, Names: { Type: 'CommaDelimitedList' }, Open: { Type: 'String' } },
    Resources: { A: { Type: 'AWS::IoT::Thing', Properties: { ThingName: { 'Fn::Join': ['-', { Ref: 'Names' }] }, Open: { Ref: 'Open' }, Id: { Ref: 'AWS::StackId' } } } },
    Outputs: { Name: { Value: { Ref: 'A' } } },
  };
  const parent = (nested: object): object => ({
    Parameters: { Open: { Type: 'String', Default: 'not for the child' } },
    Resources: {
      Child: { Type: 'AWS::CloudFormation::Stack', Properties: { Parameters: { Names: ['a', { Ref: 'AWS::Region' }] } }, ...nested },
      Outside: { Type: 'AWS::IoT::Thing', Properties: { ThingName: { 'Fn::Sub': '${Child.Outputs.Name}-outside' } } },
    },
  });

  test.each<[string, object]>([
    ['its asset metadata', { Metadata: { 'aws:asset:path': 'child.yaml' } }],
    ['a path in its URL', { Properties: { TemplateURL: './child.yaml', Parameters: { Names: 'a, eu-west-1' } } }],
  ])('is found by %s', (_name, nested) => {
    const deployment = read({ 'out/manifest.json': { artifacts: { P: stack('p.json') } }, 'out/p.json': parent(nested), 'out/child.yaml': child });

    expect(deployment.things.map(({ path, name }) => [path, name])).toEqual([['P/Outside', 'a-eu-west-1-outside'], ['P/Child/A', 'a-eu-west-1']]);
    expect(resourceIn(deployment, 'A').properties.Open).toEqual({ parts: [{ unknown: 'P/Child/Parameters/Open' }] });
    expect(resourceIn(deployment, 'A').properties.Id).toBe(resourceIn(deployment, 'Child').physicalId);
  });

  test('is unknown where its template is elsewhere', () => {
    const { things, unknowns } = read({
      'out/manifest.json': { artifacts: { P: stack('p.json') } },
      'out/p.json': parent({ Properties: { TemplateURL: 'https://example.com/child.yaml' } }),
      'out/child.yaml': child,
    });

    expect(things.map(({ name }) => name)).toEqual([{ parts: [{ unknown: 'P/Child.Outputs.Name' }, '-outside'] }]);
    expect(unknowns).toContainEqual({ path: 'P/Child', reason: 'the template of the nested stack is not on this computer' });
  });

  test('that contains itself is opened once', () => {
    const { stacks, unknowns } = read({ 'out/manifest.json': { artifacts: { P: stack('p.json') } }, 'out/p.json': parent({ Properties: { TemplateURL: 'p.json' } }) });

    expect(stacks).toHaveLength(1);
    expect(unknowns).toContainEqual({ path: 'P/Child', reason: 'the nested stack contains itself' });
  });

  test('fails where nesting multiplies stacks without end', () => {
    const level = (next: number): object => ({ Resources: Object.fromEntries(['A', 'B', 'C', 'D'].map((id) => [id, {
      Type: 'AWS::CloudFormation::Stack', Properties: { TemplateURL: `${next}.json` },
    }])) });
    const levels = Object.fromEntries(Array.from({ length: 12 }, (_, n) => [`out/${n}.json`, level(n + 1)]));

    expect(() => read({ ...levels, 'out/manifest.json': { artifacts: { P: stack('0.json') } } })).toThrow(/is one of more than 5000 stacks; read fewer at a time$/);
  });
});

describe('fails', () => {
  test.each<[string, Contents, RegExp]>([
    ['for nothing', {}, /out: cannot be read \(no such file\); give a cloud assembly folder or a template file$/],
    ['for another folder', { 'out/x': '' }, /out: has no 'manifest\.json'; run 'cdk synth' and give the folder it writes, 'cdk\.out', or give a template file$/],
    ['for a manifest that is not JSON', { 'out/manifest.json': '{' }, /manifest\.json: is not JSON \(.+\); run 'cdk synth' again$/],
    ['for a manifest that is a list', { 'out/manifest.json': [] }, /manifest\.json: is not a JSON object; run 'cdk synth' again$/],
    ['for another manifest', { 'out/manifest.json': { name: 'web app' } }, /manifest\.json: has no 'artifacts': it is not the manifest of a cloud assembly; run 'cdk synth' again$/],
    ['for a stack without a template', { 'out/manifest.json': { artifacts: { A: { type: 'aws:cloudformation:stack' } } } }, /^A: names no file or folder; run 'cdk synth' again$/],
    ['for a template that is missing', { 'out/manifest.json': { artifacts: { A: stack('a.json') } } }, /a\.json: cannot be read \(no such file\)/],
    ['for two stacks with one path', { 'out/manifest.json': { artifacts: { A: stack('a.json'), B: stack('a.json', { displayName: 'A' }) } }, 'out/a.json': thing() },
      /^out: has two stacks with the path 'A'; synthesize it again$/],
  ])('%s', (_name, contents, message) => {
    expect(() => read(contents)).toThrow(DeploymentError);
    expect(() => read(contents)).toThrow(message);
  });
});

test.each([
  ['fleet.yaml', 'fleet'], ['my fleet.template', 'my-fleet'], ['Sensors.template.json', 'Sensors'], ['.json', 'Stack'],
])('the stack of the file %s is called %s', (file, name) => {
  expect(readDeployment(file, { files: inMemory({ [file]: thing() }) }).stacks[0]?.name).toBe(name);
});
