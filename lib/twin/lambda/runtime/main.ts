/**
 * The process of a function: loads its handler and calls it, as the Node runtime of AWS Lambda does. Bundled into a file
 * of its own, which the twin runs with nothing but the environment of the function.
 *
 * @see https://docs.aws.amazon.com/lambda/latest/dg/nodejs-handler.html
 */
import type { Invocation, Report, ReportedError } from '../messages';
import { invoke } from './invoke';
import { loadHandler } from './load-handler';
import { reachTheTwinOverHttp } from './local-https';
import { importAsLambdaDoes, resolveAsLambdaDoes } from './resolve';

/** What AWS Lambda takes as an answer, in bytes. */
const MAX_PAYLOAD = 6 * 1024 * 1024;

function report(message: Report): void {
  process.send?.(message);
}

function describe(error: unknown): ReportedError {
  if (error instanceof Error) {
    return { errorType: error.name, errorMessage: error.message, trace: (error.stack ?? '').split('\n') };
  }
  return { errorType: typeof error, errorMessage: typeof error === 'string' ? error : JSON.stringify(error) ?? '', trace: [] };
}

const [, , project = ''] = process.argv;
const { LAMBDA_TASK_ROOT: taskRoot = '', _HANDLER: name = '', AWS_ENDPOINT_URL: endpoint = '', AWS_REGION: region = '' } = process.env;

resolveAsLambdaDoes(project);
reachTheTwinOverHttp(endpoint, region);

const loading = loadHandler(taskRoot, name, () => importAsLambdaDoes(project));
loading.catch(() => undefined).finally(() => report({ kind: 'ready' }));

process.on('message', (invocation: Invocation) => {
  void (async () => {
    try {
      const payload = JSON.stringify(await invoke(await loading, invocation) ?? null);
      if (Buffer.byteLength(payload) > MAX_PAYLOAD) {
        throw Object.assign(new Error(`Response payload size exceeded maximum allowed payload size (${MAX_PAYLOAD} bytes).`), { name: 'Function.ResponseSizeTooLarge' });
      }
      report({ kind: 'result', payload });
    } catch (error) {
      report({ kind: 'error', error: describe(error) });
    }
  })();
});

process.on('uncaughtException', (error) => {
  process.stderr.write(`${error instanceof Error ? error.stack ?? error.message : String(error)}\n`);
  // AWS Lambda throws the environment away as well.
  process.send?.({ kind: 'error', error: { ...describe(error), errorType: 'Runtime.UncaughtException' } } satisfies Report, () => process.exit(129));
});
process.on('disconnect', () => process.exit());
