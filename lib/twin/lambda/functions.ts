import { randomUUID } from 'node:crypto';
import { existsSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Clock } from '../clock';
import type { StateFolder } from '../pki/state-folder';
import { environmentOf, environmentSize, MAX_ENVIRONMENT_BYTES } from './environment';
import type { FunctionAccess } from './environment';
import type { FunctionConfig } from './function-config';
import { FunctionUnavailableError } from './function-error';
import { runtimeFile } from './runtime-file';
import { Worker } from './worker';
import { WorkerPool } from './worker-pool';

/** The Lambda functions of the assembly. */
export interface Functions {
  /**
   * Invoke a function by ARN or name.
   *
   * @throws FunctionError with the handler's error, or for a timeout or a function that cannot run here.
   */
  invoke(functionNameOrArn: string, payload: unknown, options: { readonly timeoutMs: number }): Promise<unknown>;
}

/** What functions need to run. */
export interface LambdaOptions {
  /** Where a function reaches AWS, with credentials of its own role. */
  readonly access: (config: FunctionConfig) => FunctionAccess;
  readonly folder: StateFolder;
  readonly clock: Clock;

  /** Where modules are looked for that the code of a function does not bring. */
  readonly project: string;

  /**
   * Whether functions run at all.
   *
   * @default true
   */
  readonly runs?: boolean;

  /** Told what functions print. */
  readonly log: (functionName: string, line: string) => void;
}

interface Running {
  readonly config: FunctionConfig;
  readonly pool: WorkerPool;
}

/** Runs the functions of an assembly, each in processes of its own. */
export class LambdaFunctions implements Functions {
  private configs = new Map<string, FunctionConfig>();
  private readonly running = new Map<string, Running>();
  private isStopped = false;

  constructor(private readonly options: LambdaOptions) {}

  /** Serve these functions from now on; one that is not the same as before starts anew. */
  public replace(configs: readonly FunctionConfig[]): void {
    this.configs = new Map(configs.map((config) => [config.name, config]));
    for (const [name, { config, pool }] of this.running) {
      if (JSON.stringify(this.configs.get(name)) !== JSON.stringify(config)) {
        pool.stop();
        this.running.delete(name);
      }
    }
  }

  public find(functionNameOrArn: string): FunctionConfig | undefined {
    return this.configs.get(nameIn(functionNameOrArn));
  }

  public async invoke(functionNameOrArn: string, payload: unknown, { timeoutMs }: { readonly timeoutMs: number }): Promise<unknown> {
    const config = this.find(functionNameOrArn);
    if (config === undefined || this.isStopped) {
      throw new FunctionUnavailableError(functionNameOrArn, 'it is not in the assembly; name a function that the assembly declares');
    }
    if (this.options.runs === false) {
      throw new FunctionUnavailableError(config.name, 'the twin was told to run no functions');
    }
    return this.poolOf(config).invoke({
      event: payload, functionArn: config.arn, requestId: randomUUID(), timeoutMs: Math.min(config.timeoutMs, timeoutMs),
    });
  }

  /** End all processes. */
  public stop(): void {
    this.isStopped = true;
    this.running.forEach(({ pool }) => pool.stop());
    this.running.clear();
  }

  private poolOf(config: FunctionConfig): WorkerPool {
    const running = this.running.get(config.name);
    if (running !== undefined) {
      return running.pool;
    }
    const { access, clock, project, log } = this.options;
    const problem = problemOf(config);
    if (problem !== undefined) {
      throw new FunctionUnavailableError(config.name, problem);
    }
    const folder = this.folderOf(config);
    config.unknownVariables.forEach((name) => log(config.name, `the environment variable '${name}' is left out: only AWS knows its value`));
    const pool = new WorkerPool(config.name, () => new Worker({
      functionName: config.name,
      runtime: runtimeFile(),
      folder,
      project,
      environment: environmentOf(config, folder, access(config)),
      clock,
      log: (line) => log(config.name, line),
    }), clock);
    this.running.set(config.name, { config, pool });
    return pool;
  }

  /** The folder of the code. Inline code is what CloudFormation makes a file `index.js` of. */
  private folderOf({ name, code }: FunctionConfig): string {
    if (code.kind === 'inline') {
      return dirname(this.options.folder.write(['lambda', name, 'index.js'], code.source));
    }
    return code.kind === 'folder' ? code.path : '';
  }
}

/** Why a function cannot run here. */
function problemOf(config: FunctionConfig): string | undefined {
  const { runtime, code } = config;
  if (!runtime.startsWith('nodejs')) {
    return `its runtime is '${runtime}'; the twin runs functions for Node.js only`;
  }
  if (code.kind === 'missing') {
    return 'its code is not in the assembly; use Code.fromAsset or Code.fromInline';
  }
  if (code.kind === 'folder' && !existsSync(code.path)) {
    return `its code, ${code.path}, is not there; synthesize the assembly again`;
  }
  if (code.kind === 'folder' && !statSync(code.path).isDirectory()) {
    return `its code, ${code.path}, is a file; the twin runs code in folders, not in archives`;
  }
  const size = environmentSize(config);
  return size > MAX_ENVIRONMENT_BYTES ? `its environment variables take ${size} bytes; AWS Lambda allows ${MAX_ENVIRONMENT_BYTES}` : undefined;
}

/** `name`, `name:alias`, `account:function:name` or an ARN, each perhaps with a version. */
function nameIn(functionNameOrArn: string): string {
  const [, afterFunction] = /(?:^|:)function:([^:]+)/.exec(functionNameOrArn) ?? [];
  return afterFunction ?? functionNameOrArn.split(':')[0]!;
}
