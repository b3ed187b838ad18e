import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';

/** What a page has to load besides the client of Amazon Cognito. */
const MAX_GZIP_BYTES = 5_000;

test('what a web app loads is small, needs no Node, and imports the client of Amazon Cognito alone', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'web-'));
  try {
    const outfile = join(folder, 'web.mjs');
    const { metafile } = await build({
      bundle: true, platform: 'browser', format: 'esm', target: 'es2022', minify: true, metafile: true, external: ['@aws-sdk/client-cognito-identity'], entryPoints: ['lib/web/index.ts'], outfile,
    });
    expect(gzipSync(readFileSync(outfile)).length).toBeLessThanOrEqual(MAX_GZIP_BYTES);
    const [output] = Object.values(metafile.outputs);
    expect([output!.imports.map(({ path }) => path), output!.exports.sort()]).toEqual([['@aws-sdk/client-cognito-identity'], ['IotSession', 'IotWebError', 'signIn']]);
    expect(Object.keys(metafile.inputs).filter((path) => !path.startsWith('lib/web/'))).toEqual(['node_modules/aws4fetch/dist/aws4fetch.esm.mjs']);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
