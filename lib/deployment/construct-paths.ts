import { dirname, join, resolve } from 'node:path';
import type { Files } from './files';
import { listOr, objectOr, readJson, stringOr } from './json-file';
import type { JsonObject } from './values';

/** Construct paths by `constructKey`. */
export type ConstructPaths = ReadonlyMap<string, string>;

/** A resource, by the file of its template and its logical ID. */
export function constructKey(file: string, logicalId: string): string {
  return `${file}#${logicalId}`;
}

/** A longer path is not worth looking at. */
const MAX_PATH = 4096;

/** Construct paths from the metadata of a stack artifact, which covers its nested stacks as well. */
export function readConstructPaths(artifact: JsonObject, directory: string, files: Files): ConstructPaths {
  const more = artifact.additionalMetadataFile;
  const metadata = { ...objectOr(artifact.metadata), ...(typeof more === 'string' ? readJson(join(directory, more), files) : {}) };
  const entries = Object.entries(metadata)
    .filter(([path]) => path.length <= MAX_PATH)
    .flatMap(([path, list]) => listOr(list).map((entry) => ({ path, type: objectOr(entry).type, data: objectOr(entry).data })));
  const dataOf = (type: string): [string, string][] => entries
    .filter((entry) => entry.type === type)
    .map(({ path, data }) => [path, stringOr(data, '')]);
  const templates = new Map(dataOf('aws:cdk:templateFile'));
  return new Map(dataOf('aws:cdk:logicalId').flatMap(([path, logicalId]): [string, string][] => {
    const template = templateAround(path, templates);
    return template === undefined ? [] : [[constructKey(resolve(directory, template), logicalId), path.slice(1)]];
  }));
}

/** The template of the innermost stack around a construct. */
function templateAround(path: string, templates: ReadonlyMap<string, string>): string | undefined {
  for (let around = dirname(path); around.length > 1; around = dirname(around)) {
    const template = templates.get(around);
    if (template !== undefined) {
      return template;
    }
  }
  return undefined;
}
