import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, extname, join, resolve } from 'node:path';
import { problemsOf, type AuthorizerAnswer, type PolicyDocument } from '../lib/authorizer-kit';
import { authorizersOf, type Authorizer } from '../lib/deployment';
import { ACTIONS, createAuthorizer, findAction, PolicyError, type AccountScope, type Authorizer as PolicyAuthorizer, type Decision } from '../lib/policy';
import { StateFolder, TwinError } from '../lib/twin';
import { systemClock } from '../lib/twin/clock';
import { FunctionError, functionsOf, FunctionUnavailableError, LambdaFunctions, type FunctionConfig } from '../lib/twin/lambda';
import { readAssembly, scopeOf } from '../lib/twin/read-assembly';
import { eventOf, secretsIn, type EventOptions } from './authorize-event';
import { bold, ExitCode, outcome, plain, print, printJson, table } from './output';

interface AuthorizeOptions extends EventOptions {
  readonly simulate?: readonly string[];
  readonly handler: string;
  readonly env: { readonly [name: string]: string };
  readonly parameter: { readonly [name: string]: string };
  readonly account: string;
  readonly region: string;
  readonly json?: boolean;
}

/** What is run, and where it would be. */
interface Target {
  readonly config: FunctionConfig;
  readonly scope: AccountScope;
  readonly isSigned: boolean;
}

/** What came of it. */
interface Verdict {
  readonly answer: unknown;

  /** Why AWS IoT would refuse the caller whatever the answer says. */
  readonly problems: readonly string[];
}

interface Simulated extends Pick<Decision, 'decision' | 'reason'> {
  readonly action: string;
  readonly resource: string;
}

/** All that AWS IoT waits for. https://docs.aws.amazon.com/iot/latest/developerguide/custom-auth-lambda.html */
const TIMEOUT_MS = 5000;

const CODE = ['.js', '.cjs', '.mjs'];

/** `iot-warden authorize`. */
export async function authorize(path: string, name: string | undefined, options: AuthorizeOptions): Promise<void> {
  const pairs = pairsOf(options.simulate ?? []);
  const target = CODE.includes(extname(path)) ? targetOfFile(path, options) : targetOfAssembly(path, name, options);
  const event = eventOf(options, target.isSigned);
  const verdict = await run(target, event, secretsIn(event));
  const isIn = verdict.problems.length === 0 && (verdict.answer as AuthorizerAnswer).isAuthenticated;
  const simulated = simulate(pairs, verdict, target.scope, event.protocolData?.mqtt?.clientId);
  if (options.json === true) {
    printJson({ authenticated: isIn, problems: verdict.problems, answer: verdict.answer, decisions: simulated });
  } else {
    printVerdict(verdict, isIn);
    if (simulated.length > 0) {
      print(table(['action', 'resource', 'decision', 'why'], simulated.map((one) => [plain(one.action), plain(one.resource), outcome(one.decision), one.reason])));
    }
  }
  process.exitCode = isIn && simulated.every(({ decision }) => decision === 'allow') ? ExitCode.GOOD : ExitCode.DENIED;
}

function pairsOf(words: readonly string[]): readonly (readonly [string, string])[] {
  if (words.length % 2 !== 0) {
    throw new TwinError('--simulate takes an action and a resource, or several pairs of them');
  }
  const pairs = words.flatMap((word, index) => (index % 2 === 0 ? [[word, words[index + 1]!] as const] : []));
  const [unknown] = pairs.find(([action]) => findAction(action) === undefined) ?? [];
  if (unknown !== undefined) {
    throw new TwinError(`--simulate: '${unknown}' is no action; there are ${ACTIONS.map(({ name }) => name).join(', ')}`);
  }
  return pairs;
}

function targetOfFile(path: string, { handler, env, account, region, unverified }: AuthorizeOptions): Target {
  const file = resolve(path);
  if (!existsSync(file)) {
    throw new TwinError(`${path}: there is no such file`);
  }
  const name = basename(file, extname(file));
  return {
    config: {
      name,
      arn: `arn:aws:lambda:${region}:${account}:function:${name}`,
      path,
      runtime: 'nodejs24.x',
      handler: `${name}.${handler}`,
      code: { kind: 'folder', path: dirname(file) },
      timeoutMs: TIMEOUT_MS,
      memoryMb: 512,
      environment: env,
      unknownVariables: [],
    },
    scope: { partition: 'aws', region, accountId: account },
    isSigned: unverified !== true,
  };
}

function targetOfAssembly(path: string, name: string | undefined, { env, parameter, account, region }: AuthorizeOptions): Target {
  const deployment = readAssembly(resolve(path), { parameters: parameter, accountId: account, region });
  const authorizer = choose(authorizersOf(deployment), path, name);
  const config = functionsOf(deployment).find(({ arn }) => authorizer.functionArn === arn || authorizer.functionArn.startsWith(`${arn}:`));
  if (config === undefined) {
    throw new TwinError(`${path}: the function of ${authorizer.path} is not in the assembly (${authorizer.functionArn})`);
  }
  return { config: { ...config, environment: { ...config.environment, ...env } }, scope: scopeOf(deployment), isSigned: authorizer.isSigned };
}

function choose(authorizers: readonly Authorizer[], path: string, name: string | undefined): Authorizer {
  const fitting = name === undefined ? authorizers : authorizers.filter((one) => [one.name, one.path, one.path.replace(/\/Resource$/, ''), one.logicalId].includes(name));
  const [only] = fitting;
  if (only === undefined || fitting.length > 1) {
    const names = authorizers.map((one) => one.name).join(', ') || '(none declared)';
    throw new TwinError(`${path}: ${name === undefined ? 'name one of its authorizers' : `there is no authorizer '${name}'`}, expected one of: ${names}`);
  }
  if (!only.isActive) {
    throw new TwinError(`${path}: the authorizer ${only.name} is INACTIVE, so that AWS IoT does not run it`);
  }
  return only;
}

async function run({ config, scope }: Target, event: object, secrets: readonly string[]): Promise<Verdict> {
  const hidden = (text: string): string => secrets.reduce((rest, secret) => rest.replaceAll(secret, '…'), text);
  const folder = mkdtempSync(join(tmpdir(), 'iot-warden-'));
  const { AWS_ENDPOINT_URL: endpoint = '', AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN } = process.env;
  // Of the twin; a function must not use those of a real account here.
  const ofTwin = (value: string | undefined): string => (endpoint === '' ? 'none' : value ?? 'none');
  const functions = new LambdaFunctions({
    access: () => ({
      endpoint, region: scope.region, credentials: { accessKeyId: ofTwin(AWS_ACCESS_KEY_ID), secretAccessKey: ofTwin(AWS_SECRET_ACCESS_KEY), sessionToken: ofTwin(AWS_SESSION_TOKEN) },
    }),
    folder: StateFolder.create(folder),
    clock: systemClock,
    project: process.cwd(),
    log: (_, line) => process.stderr.write(`${plain(hidden(line))}\n`),
  });
  functions.replace([config]);
  try {
    const answer = await functions.invoke(config.name, event, { timeoutMs: TIMEOUT_MS });
    const problems = problemsOf(answer);
    return { answer, problems: problems.length > 0 || !isAuthenticated(answer) ? problems : policyProblems(answer, scope) };
  } catch (error) {
    if (error instanceof FunctionUnavailableError) {
      throw new TwinError(error.message);
    }
    if (error instanceof FunctionError) {
      return { answer: null, problems: [hidden(error.message)] };
    }
    throw error;
  } finally {
    functions.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

function isAuthenticated(answer: unknown): answer is AuthorizerAnswer {
  return (Object(answer) as Partial<AuthorizerAnswer>).isAuthenticated === true;
}

function policyProblems(answer: AuthorizerAnswer, account: AccountScope): readonly string[] {
  try {
    deciding(answer, account);
    return [];
  } catch (error) {
    if (error instanceof PolicyError) {
      return [error.message];
    }
    throw error;
  }
}

function deciding({ policyDocuments = [] }: Pick<AuthorizerAnswer, 'policyDocuments'>, account: AccountScope, clientId?: string): PolicyAuthorizer {
  return createAuthorizer({ account, principal: { kind: 'custom', isAuthenticated: true, clientId }, policies: policyDocuments });
}

function simulate(pairs: readonly (readonly [string, string])[], { answer, problems }: Verdict, account: AccountScope, clientId: string | undefined): readonly Simulated[] {
  const authorizer = problems.length === 0 && isAuthenticated(answer) ? deciding(answer, account, clientId) : undefined;
  return pairs.map(([action, resource]) => {
    const { decision, reason } = authorizer?.decideOperation({ action, resource }) ?? { decision: 'deny', reason: 'not-authenticated' };
    return { action, resource, decision, reason };
  });
}

function printVerdict({ answer, problems }: Verdict, isIn: boolean): void {
  print(`${bold('decision')}  ${outcome(isIn ? 'allow' : 'deny')}`);
  problems.forEach((problem) => print(`          ${plain(problem)}`));
  if (!isIn) {
    return;
  }
  const { principalId, disconnectAfterInSeconds, refreshAfterInSeconds, policyDocuments = [] } = answer as AuthorizerAnswer;
  print(`${bold('principal')} ${principalId}`);
  print(`${bold('session')}   ends after ${disconnectAfterInSeconds} s, asked again after ${refreshAfterInSeconds} s`);
  const documents = policyDocuments.map((document) => (typeof document === 'string' ? JSON.parse(document) as PolicyDocument : document));
  print(table(['document', 'effect', 'actions', 'resources'], documents.flatMap(({ Statement: statements }, index) => [statements].flat().map((statement) => [
    String(index + 1), statement.Effect, plain([statement.Action].flat().join(', ')), [statement.Resource].flat().map(plain).join('\n'),
  ]))));
}
