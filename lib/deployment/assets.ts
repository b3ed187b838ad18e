import { basename, dirname, isAbsolute, join, relative, resolve } from 'node:path';
import type { Files } from './files';
import { objectOr, readJson, stringOr } from './json-file';
import type { Deployment, Resource } from './model';
import { own, propertyOf } from './values';

/** Local file or folder of every asset, by the last part of its object key. */
export type Assets = ReadonlyMap<string, string>;

/**
 * The assets in an asset manifest.
 *
 * @see https://github.com/aws/aws-cdk-cli/blob/main/packages/%40aws-cdk/cloud-assembly-schema/lib/assets/file-asset.ts
 */
export function readAssets(file: string, files: Files): [string, string][] {
  return Object.values(objectOr(readJson(file, files).files)).flatMap((asset) => {
    const { source, destinations } = objectOr(asset);
    const { path } = objectOr(source);
    const keys = Object.values(objectOr(destinations)).map((destination) => basename(stringOr(objectOr(destination).objectKey, '')));
    const local = typeof path === 'string' ? localFile(dirname(file), path) : undefined;
    return local === undefined ? [] : keys.map((key): [string, string] => [key, local]);
  });
}

/** The local file or folder of the asset that a resource is made of, such as the code of a Lambda function. */
export function assetPath(deployment: Pick<Deployment, 'stacks'>, resource: Resource): string | undefined {
  const stack = deployment.stacks.find(({ path }) => path === resource.stack);
  if (stack === undefined) {
    return undefined;
  }
  const path = resource.metadata['aws:asset:path'];
  if (typeof path === 'string') {
    return localFile(stack.directory, path);
  }
  const keys = ['Code', 'Content'].map((property) => propertyOf(resource.properties, property, 'S3Key'));
  return keys.map((key) => (typeof key === 'string' ? own(stack.assets, basename(key)) : undefined)).find((file) => file !== undefined);
}

/**
 * A file or folder that an assembly names: inside of it, where the CDK puts copies, or under its absolute path, where the
 * CDK was told not to copy. A relative path that leads out of the assembly is none that the CDK writes.
 */
function localFile(directory: string, path: string): string | undefined {
  if (isAbsolute(path)) {
    return path;
  }
  const file = resolve(directory, path);
  return relative(assemblyAround(directory), file).split(/[\\/]/)[0] === '..' ? undefined : file;
}

/** The assets of a stage are in the assembly that its own is nested in. */
function assemblyAround(directory: string): string {
  return basename(directory).startsWith('assembly-') ? assemblyAround(join(directory, '..')) : directory;
}
