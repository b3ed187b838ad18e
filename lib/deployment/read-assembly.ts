import { basename, dirname, join, resolve } from 'node:path';
import { readAssets } from './assets';
import type { Assets } from './assets';
import { readConstructPaths } from './construct-paths';
import type { ConstructPaths } from './construct-paths';
import { DeploymentError } from './errors';
import { readText } from './files';
import type { Files } from './files';
import { listOr, objectOr, readJson, stringOr, stringsOf } from './json-file';
import { parseTemplate } from './parse-template';
import type { Template } from './parse-template';
import { isJsonObject } from './values';
import type { Json, JsonObject } from './values';
import { partsOf } from '../policy/text';
import type { Text } from '../policy/text';

/** A stack as it lies on disk. */
export interface StackSource {
  /** Unique within the deployment: the construct path of the stack, else its name. */
  readonly path: string;
  readonly name: string;
  readonly file: string;

  /** The template files of the stacks that it is nested in. */
  readonly within: readonly string[];
  readonly template: Template;

  /** The folder that asset paths are relative to. */
  readonly directory: string;
  readonly accountId?: string;
  readonly region?: string;

  /** Values that the cloud assembly gives for parameters. */
  readonly parameters: Readonly<Record<string, string>>;
  readonly notificationArns: readonly string[];
  readonly assets: Assets;
  readonly constructPaths: ConstructPaths;
}

/**
 * The stacks of a cloud assembly folder, those of its stages included, or the one stack of a template file.
 * Nested stacks are not among them.
 *
 * @param stackName how the stack of a template file is called; by default its file name without endings
 * @throws DeploymentError when the path is neither
 * @see https://github.com/aws/aws-cdk-cli/tree/main/packages/%40aws-cdk/cloud-assembly-schema
 */
export function readStacks(path: string, files: Files, stackName?: string): StackSource[] {
  const stacks = files.isDirectory(path) ? readAssembly(resolve(path), files, new Set()) : [readFile(resolve(path), files, stackName)];
  const paths = new Set<string>();
  for (const stack of stacks) {
    if (paths.size === paths.add(stack.path).size) {
      throw new DeploymentError(path, `has two stacks with the path '${stack.path}'; synthesize it again`);
    }
  }
  return stacks;
}

/** The template of a nested stack: found by its asset metadata, the object key that its URL ends in, or as a local path. */
export function nestedTemplateFile(
  parent: StackSource, assetPath: Json | undefined, url: Text, files: Files,
): string | undefined {
  const end = partsOf(url).at(-1);
  const candidates = [
    typeof assetPath === 'string' ? resolve(parent.directory, assetPath) : undefined,
    typeof end === 'string' ? parent.assets.get(basename(end)) : undefined,
    typeof url === 'string' && !url.includes('://') ? resolve(dirname(parent.file), url) : undefined,
  ];
  return candidates.find((file) => file !== undefined && files.exists(file) && !files.isDirectory(file));
}

function readFile(file: string, files: Files, stackName: string | undefined): StackSource {
  const stem = basename(file).replace(/(\.template)?\.(json|ya?ml|template)$/, '').replace(/[^A-Za-z0-9-]+/g, '-');
  const name = stackName ?? (stem || 'Stack');
  const manifest = file.replace(/\.template\.json$/, '.assets.json');
  return {
    path: name,
    name,
    file,
    within: [],
    template: parseTemplate(readText(files, file), file),
    directory: dirname(file),
    parameters: {},
    notificationArns: [],
    assets: new Map(manifest !== file && files.exists(manifest) ? readAssets(manifest, files) : []),
    constructPaths: new Map(),
  };
}

interface Artifact {
  readonly id: string;
  readonly type: Json | undefined;
  readonly properties: JsonObject;
  readonly body: JsonObject;
}

function readAssembly(directory: string, files: Files, seen: Set<string>): StackSource[] {
  const file = join(directory, 'manifest.json');
  if (!files.exists(file)) {
    throw new DeploymentError(
      directory, "has no 'manifest.json'; run 'cdk synth' and give the folder it writes, 'cdk.out', or give a template file",
    );
  }
  const artifacts = artifactsOf(file, files);
  const ofType = (type: string): Artifact[] => artifacts.filter((artifact) => artifact.type === type);
  const manifests = ofType('cdk:asset-manifest').map(({ properties }) => pathIn(directory, properties.file, file));
  const assets = new Map(manifests.flatMap((manifest) => readAssets(manifest, files)));
  seen.add(directory);
  return [
    ...ofType('aws:cloudformation:stack').map((artifact) => readStack(artifact, directory, assets, files)),
    ...ofType('cdk:cloud-assembly')
      .map(({ properties }) => pathIn(directory, properties.directoryName, file))
      .flatMap((stage) => (seen.has(stage) ? [] : readAssembly(stage, files, seen))),
  ];
}

function artifactsOf(file: string, files: Files): Artifact[] {
  const { artifacts } = readJson(file, files);
  if (!isJsonObject(artifacts)) {
    throw new DeploymentError(file, "has no 'artifacts': it is not the manifest of a cloud assembly; run 'cdk synth' again");
  }
  return Object.entries(artifacts).map(([id, artifact]) => {
    const body = objectOr(artifact);
    return { id, type: body.type, properties: objectOr(body.properties), body };
  });
}

function readStack({ id, properties, body }: Artifact, directory: string, assets: Assets, files: Files): StackSource {
  const file = pathIn(directory, properties.templateFile, id);
  const [, accountId, region] = /^aws:\/\/([^/]+)\/(.+)$/.exec(stringOr(body.environment, '')) ?? [];
  return {
    path: stringOr(body.displayName, id),
    name: stringOr(properties.stackName, id),
    file,
    within: [],
    template: parseTemplate(readText(files, file), file),
    directory,
    accountId: accountId === 'unknown-account' ? undefined : accountId,
    region: region === 'unknown-region' ? undefined : region,
    parameters: stringsOf(objectOr(properties.parameters)),
    notificationArns: listOr(properties.notificationArns).filter((arn) => typeof arn === 'string'),
    assets,
    constructPaths: readConstructPaths(body, directory, files),
  };
}

function pathIn(directory: string, name: Json | undefined, where: string): string {
  if (typeof name !== 'string') {
    throw new DeploymentError(where, "names no file or folder; run 'cdk synth' again");
  }
  return resolve(directory, name);
}
