import { resolve } from 'node:path';
import { TwinError, startTwin } from '../lib/twin';
import type { JournalEntry, Twin } from '../lib/twin';
import { writeWhole } from '../lib/twin/pki/state-folder';
import { bold, explainFailure, outcome, plain, print, printJson, styled, table, warn } from './output';
import { watchAssembly, writingOf } from './watch';

interface LocalOptions {
  readonly port: number;
  readonly httpsPort: number;
  readonly consolePort: number;
  readonly host: string;
  readonly state: string;
  readonly outputsFile?: string;
  readonly parameter: { readonly [name: string]: string };
  readonly account: string;
  readonly region: string;
  readonly watch: boolean;
  readonly functions: boolean;
  readonly verbose?: boolean;
  readonly json?: boolean;
}

/** Who has waited so long at the start is told what for. */
const PATIENCE_MS = 3000;

/** `iot-warden local`. */
export async function local(assembly: string, options: LocalOptions): Promise<void> {
  const slow = setTimeout(() => process.stderr.write('The functions of custom resources are running …\n'), PATIENCE_MS);
  const path = resolve(assembly);
  const read = writingOf(path);
  const twin = await startTwin({
    assembly: path,
    host: options.host,
    port: options.port,
    httpsPort: options.httpsPort,
    consolePort: options.consolePort,
    stateDirectory: resolve(options.state),
    parameters: options.parameter,
    accountId: options.account,
    region: options.region,
    runFunctions: options.functions,
  }).finally(() => clearTimeout(slow));
  const problem = writeOutputs(twin, options);
  if (problem !== undefined) {
    await twin.stop();
    throw new TwinError(problem);
  }
  stopOnSignal(twin);
  const reload = reloader(twin, options);
  process.on('SIGHUP', reload);
  if (options.watch) {
    watchAssembly(path, read, reload);
  }
  twin.warnings.forEach(warn);
  if (options.json === true) {
    const { mqtt, https, console, rootCa } = twin.endpoints;
    printJson({ mqtt, https, console, rootCa });
    return;
  }
  printStart(twin, options);
  twin.journal.listen(printEntry, { allowed: options.verbose === true });
}

/** Stop cleanly on SIGINT and SIGTERM; a second signal does not wait. */
export function stopOnSignal(twin: Twin): void {
  let stopping = false;
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      if (stopping) {
        process.exit(1);
      }
      stopping = true;
      void twin.stop().then(() => process.exit(0));
    });
  }
}

/** What reloads the twin and says what has changed; one reload after the other. */
function reloader(twin: Twin, options: LocalOptions): () => void {
  let reloading = Promise.resolve();
  let told: readonly string[] = twin.warnings;
  return () => {
    reloading = reloading.then(async () => {
      try {
        const { changes, warnings } = await twin.reload();
        warnings.filter((warning) => !told.includes(warning)).forEach(warn);
        told = warnings;
        const problem = writeOutputs(twin, options);
        if (problem !== undefined) {
          warn(problem);
        }
        if (options.json !== true) {
          printReload(changes);
        }
      } catch (error) {
        warn(`not reloaded, what was served goes on: ${explainFailure(error)}`);
      }
    });
  };
}

/** Write what `cdk deploy --outputs-file` would have written. The answer is why that cannot be. */
function writeOutputs({ outputs }: Twin, { outputsFile }: LocalOptions): string | undefined {
  try {
    if (outputsFile !== undefined) {
      writeWhole(resolve(outputsFile), `${JSON.stringify(outputs, undefined, 2)}\n`);
    }
    return undefined;
  } catch (error) {
    return `${outputsFile}: cannot be written (${(error as NodeJS.ErrnoException).code ?? 'error'}); choose another file with --outputs-file`;
  }
}

/** More changes than this are counted. */
const SHOWN_CHANGES = 20;

function printReload(changes: readonly string[]): void {
  print(bold(changes.length === 0 ? 'Reloaded; nothing has changed.' : 'Reloaded:'));
  changes.slice(0, SHOWN_CHANGES).forEach((change) => print(`  ${plain(change)}`));
  if (changes.length > SHOWN_CHANGES) {
    print(`  and ${changes.length - SHOWN_CHANGES} more`);
  }
}

function printStart({ endpoints, deployment, outputs: ofStacks }: Twin, { host, state }: LocalOptions): void {
  print(bold('A local AWS IoT Core, for development and tests only.'));
  if (!/^(127\.|localhost$|::1$)/.test(host)) {
    print(styled('yellow', `It listens on ${host}: other computers can reach it.`));
  }
  print(table(['MQTT', 'HTTPS', 'console', 'root CA'], [[endpoints.mqtt, endpoints.https, endpoints.console, endpoints.rootCa]]));
  print(`Things: ${deployment.things.length}, certificates: ${deployment.certificates.length}, policies: ${deployment.policies.length}`);
  const stateOption = state === '.iot-warden' ? '' : ` --state ${state}`;
  const outputs = Object.entries(ofStacks).flatMap(([stack, values]) => Object.entries(values).map(([name, value]) => `${stack}.${name} = ${value}`));
  if (outputs.length > 0) {
    print(`Outputs:\n${outputs.map((line) => `  ${plain(line)}`).join('\n')}`);
  }
  print(`Connect as a thing: iot-warden connect THING${stateOption}`);
  print(`Use the AWS CLI on it: eval "$(iot-warden env${stateOption})"`);
  print('Stop with Ctrl-C. Refusals follow.\n');
}

/** One line for one entry of the journal. */
export function printEntry({ time, clientId, certificateId, principal, event, action, resource, decision, reason }: JournalEntry): void {
  const who = [clientId, principal ?? (clientId === undefined && certificateId !== undefined ? `certificate ${certificateId.slice(0, 12)}` : undefined)].filter((name) => name !== undefined).join(' as ') || '-';
  const what = action === undefined ? '' : ` ${action} ${resource ?? ''}`;
  print(`${new Date(time).toISOString()} ${outcome(decision?.decision ?? event)} ${plain(`${who}${what}: ${reason}`)}`);
}
