import { resolve } from 'node:path';
import { readDeployment } from '../../lib/deployment';
import type { Deployment, Files, ReadOptions, Resource, Value } from '../../lib/deployment';

/** Files that exist only in a test, by path; a folder exists where a file is in it. */
export function inMemory(contents: Readonly<Record<string, unknown>>): Files {
  const files = new Map(Object.entries(contents).map(([path, content]) => [
    resolve(path), typeof content === 'string' ? content : JSON.stringify(content),
  ]));
  const isDirectory = (path: string): boolean => [...files.keys()].some((file) => file.startsWith(`${resolve(path)}/`));
  return {
    read: (path) => {
      const text = files.get(resolve(path));
      if (text === undefined) {
        throw new Error('no such file');
      }
      return text;
    },
    exists: (path) => files.has(resolve(path)) || isDirectory(path),
    isDirectory,
  };
}

/** Read one template, an object or text, as the stack `App`. */
export function readTemplate(template: unknown, options: ReadOptions = {}): Deployment {
  return readDeployment('App.json', { files: inMemory({ 'App.json': template }), ...options });
}

export const ACCOUNT = { accountId: '111122223333', region: 'eu-west-1' } as const;

/** Resolve one value, in a template with other sections if they are given. */
export function resolveValue(value: unknown, sections: object = {}, options: ReadOptions = ACCOUNT): Value | undefined {
  const { Resources: resources = {}, ...others } = sections as { Resources?: object };
  const template = { ...others, Resources: { ...resources, Probe: { Type: 'Custom::Probe', Properties: { Value: value } } } };
  return resourceIn(readTemplate(template, options), 'Probe').properties.Value;
}

export function resourceIn(deployment: Deployment, logicalId: string): Resource {
  const resource = deployment.resources.find((candidate) => candidate.logicalId === logicalId);
  if (resource === undefined) {
    throw new Error(`no resource ${logicalId}`);
  }
  return resource;
}
