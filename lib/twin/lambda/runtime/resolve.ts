import { existsSync } from 'node:fs';
import Module, { register } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

/** What Node does not document, and every tool that hooks `require` uses. */
const internals = Module as unknown as {
  _resolveFilename(request: string, parent: unknown, isMain?: boolean, options?: { readonly paths?: readonly string[] }): string;
};

/**
 * Let functions find the AWS SDK, which AWS Lambda has and their code need not bring: what is not beside the code is
 * looked for in the user's project, and then in what this package brings.
 */
export function resolveAsLambdaDoes(project: string): void {
  const resolve = internals._resolveFilename.bind(Module);
  internals._resolveFilename = (request, parent, isMain, options) => {
    try {
      return resolve(request, parent, isMain, options);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'MODULE_NOT_FOUND' || /^[./]/.test(request)) {
        throw error;
      }
      try {
        return resolve(request, parent, isMain, { paths: [project] });
      } catch {
        const file = ownModule(request);
        if (file === undefined) {
          throw error;
        }
        return file;
      }
    }
  };
}

/** The same for `import`. Only code that is an ES module needs the thread that Node starts for it. */
export function importAsLambdaDoes(project: string): void {
  const data = { project: pathToFileURL(join(project, 'index.js')).href, own: pathToFileURL(`${__dirname}/`).href };
  register(pathToFileURL(join(__dirname, 'import-hook.mjs')).href, { data });
}

/** `@aws-sdk/client-iot` is `client-iot.js` beside this file. */
function ownModule(request: string): string | undefined {
  const [, name] = /^@aws-sdk\/([a-z0-9-]+)$/.exec(request) ?? [];
  const file = join(__dirname, 'sdk', `${name ?? ''}.js`);
  return name !== undefined && existsSync(file) ? file : undefined;
}
