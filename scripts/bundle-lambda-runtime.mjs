// Bundles what the twin runs Lambda functions with: the process around a handler, and the AWS SDK that AWS Lambda has.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..');
const OUTPUT = join(ROOT, 'bundle', 'lambda-runtime');
const SOURCES = join(ROOT, 'lib', 'twin', 'lambda', 'runtime');

/** The clients that handlers find in the twin, whether or not the user's project has them. */
const CLIENTS = ['acm-pca', 'cognito-identity', 'cognito-identity-provider', 'dynamodb', 'iot', 'kms', 's3', 'secrets-manager', 'ssm'].map((service) => `client-${service}`);

const common = { bundle: true, platform: 'node', target: 'node20', legalComments: 'none', logLevel: 'warning' };

/** The process around a handler: small, and all that tests need. */
export async function bundleProcess() {
  await Promise.all([
    build({ ...common, format: 'cjs', entryPoints: [join(SOURCES, 'main.ts')], outfile: join(OUTPUT, 'main.js') }),
    build({ ...common, format: 'esm', entryPoints: [join(SOURCES, 'import-hook.mts')], outfile: join(OUTPUT, 'import-hook.mjs') }),
  ]);
}

/** The clients share most of their code, so that they are one file; a small file each stands for its package. */
export async function bundleSdk() {
  const folder = join(OUTPUT, 'sdk');
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const require = createRequire(import.meta.url);
  await build({
    ...common,
    format: 'cjs',
    minify: true,
    // Names of classes are names of errors.
    keepNames: true,
    mainFields: ['module', 'main'],
    stdin: { contents: CLIENTS.map((name, index) => `export * as c${index} from '@aws-sdk/${name}';`).join('\n'), resolveDir: ROOT },
    outfile: join(folder, 'all.js'),
  });
  CLIENTS.forEach((name, index) => {
    // Tells an ES module that imports it which names it has.
    writeFileSync(join(folder, `${name}.js`), `module.exports = require('./all.js').c${index};\n0 && (module.exports = { ${Object.keys(require(`@aws-sdk/${name}`)).join(', ')} });\n`);
  });
}

export default async function bundleLambdaRuntime() {
  await Promise.all([bundleProcess(), bundleSdk()]);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await bundleLambdaRuntime();
}
