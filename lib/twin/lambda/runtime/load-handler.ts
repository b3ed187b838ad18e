import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, relative } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Handler } from './invoke';

const EXTENSIONS = ['', '.js', '.mjs', '.cjs'];

/** A name that says what AWS Lambda would say. */
function failure(name: string, message: string): Error {
  return Object.assign(new Error(message), { name });
}

/**
 * The handler that `file.export` names, with folders before the file and more names after the export.
 *
 * @param beforeImport called before an ES module is loaded.
 */
export async function loadHandler(folder: string, name: string, beforeImport: () => void): Promise<Handler> {
  const [, path, exported] = /^((?:.*\/)?[^/.]+)\.(.+)$/.exec(name) ?? [];
  if (path === undefined || exported === undefined || relative(folder, join(folder, path)).startsWith('..')) {
    throw failure('Runtime.MalformedHandlerName', `the handler "${name}" must look like "file.export"`);
  }
  const file = EXTENSIONS.map((extension) => join(folder, `${path}${extension}`)).find((one) => existsSync(one));
  if (file === undefined) {
    throw failure('Runtime.ImportModuleError', `cannot find the file of the handler "${name}" in ${folder}`);
  }
  const module = await load(file, beforeImport);
  const handler = exported.split('.').reduce<unknown>((value, key) => (value as Record<string, unknown> | undefined)?.[key], module);
  if (typeof handler !== 'function') {
    throw failure('Runtime.HandlerNotFound', `${path} does not export the handler "${exported}"`);
  }
  return handler as Handler;
}

async function load(file: string, beforeImport: () => void): Promise<unknown> {
  if (!file.endsWith('.mjs')) {
    try {
      return createRequire(file)(file) as unknown;
    } catch (error) {
      if (!/^ERR_REQUIRE_(ESM|ASYNC_MODULE)$/.test(String((error as NodeJS.ErrnoException).code))) {
        throw error;
      }
    }
  }
  beforeImport();
  return import(pathToFileURL(file).href);
}
