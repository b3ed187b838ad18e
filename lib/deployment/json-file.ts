import { DeploymentError } from './errors';
import { readText } from './files';
import type { Files } from './files';
import { isJsonObject, isList } from './values';
import type { Json, JsonObject } from './values';

/** The object in a file of a cloud assembly. */
export function readJson(file: string, files: Files): JsonObject {
  try {
    const json = JSON.parse(readText(files, file)) as Json;
    if (isJsonObject(json)) {
      return json;
    }
  } catch (error) {
    if (error instanceof DeploymentError) {
      throw error;
    }
    throw new DeploymentError(file, `is not JSON (${(error as Error).message}); run 'cdk synth' again`);
  }
  throw new DeploymentError(file, "is not a JSON object; run 'cdk synth' again");
}

/** An object, or an empty one in place of anything else. */
export function objectOr(value: Json | undefined): JsonObject {
  return isJsonObject(value) ? value : {};
}

export function listOr(value: Json | undefined): readonly Json[] {
  return isList(value) ? value : [];
}

export function stringOr(value: Json | undefined, otherwise: string): string {
  return typeof value === 'string' ? value : otherwise;
}

export function stringsOf(object: JsonObject): Record<string, string> {
  return Object.fromEntries(Object.entries(object).filter((entry): entry is [string, string] => typeof entry[1] === 'string'));
}
