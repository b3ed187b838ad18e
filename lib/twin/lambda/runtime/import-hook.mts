/** The hook of `resolve.ts` for `import`: Node runs it in a thread of its own. */
import { existsSync } from 'node:fs';
import type { InitializeHook, ResolveHook } from 'node:module';

let project = '';
let own = '';

export const initialize: InitializeHook<{ readonly project: string; readonly own: string }> = (data) => {
  ({ project, own } = data);
};

export const resolve: ResolveHook = async (specifier, context, next) => {
  try {
    return await next(specifier, context);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND' || /^([./]|[a-z]+:)/.test(specifier)) {
      throw error;
    }
    try {
      return await next(specifier, { ...context, parentURL: project });
    } catch {
      const [, name] = /^@aws-sdk\/([a-z0-9-]+)$/.exec(specifier) ?? [];
      const file = new URL(`sdk/${name ?? ''}.js`, own);
      if (name === undefined || !existsSync(file)) {
        throw error;
      }
      return { url: file.href, format: 'commonjs', shortCircuit: true };
    }
  }
};
