import { DeploymentError } from './errors';
import { nodeFiles } from './files';
import type { Files } from './files';
import { iotModel } from './iot-model';
import type { Account, Deployment, StackInfo } from './model';
import { missingParameters, unknownParameters } from './parameters';
import { readStacks } from './read-assembly';
import { resolveStacks } from './resolve-stacks';
import type { Given } from './resolve-stacks';
import type { Stack } from './stack';
import { Work } from './work';
import { joinText, showText } from '../policy/text';
import type { Text } from '../policy/text';

/** What to read a deployment with. */
export interface ReadOptions extends Given {
  /**
   * The account ID. Wins over the environment of the stacks.
   *
   * @default - the environment of each stack, else unknown
   */
  readonly accountId?: string;

  /**
   * The region. Wins over the environment of the stacks.
   *
   * @default - the environment of each stack, else unknown
   */
  readonly region?: string;

  /**
   * Values of parameters, by `Name` or `StackName:Name`; for a parameter that AWS reads from SSM, what it would read.
   *
   * @default - the values in the assembly, else the defaults in the template, else unknown
   */
  readonly parameters?: Readonly<Record<string, string>>;

  /**
   * Fail when a parameter has no value.
   *
   * @default false
   */
  readonly requireParameters?: boolean;

  /**
   * How the stack of a template file is called.
   *
   * @default - the name of the file
   */
  readonly stackName?: string;

  /**
   * Where files are read.
   *
   * @default - this computer
   */
  readonly files?: Files;
}

/**
 * Read what would exist in the account: from a cloud assembly folder, with all its stages, stacks and nested stacks,
 * or from a template file in JSON or YAML.
 *
 * What only AWS knows is kept as an unknown, listed in `unknowns`.
 *
 * @throws DeploymentError when the path cannot be read as either
 */
export function readDeployment(path: string, options: ReadOptions = {}): Deployment {
  const { files = nodeFiles, stackName, requireParameters = false, ...given } = options;
  const sources = readStacks(path, files, stackName);
  const unknown = unknownParameters(sources, given.parameters ?? {});
  if (unknown.length > 0) {
    throw new DeploymentError(path, `no stack has a parameter ${unknown.join(', ')}; check the name`);
  }
  const missing = requireParameters ? missingParameters(sources, given.parameters ?? {}) : [];
  if (missing.length > 0) {
    throw new DeploymentError(path, `parameters without a value: ${missing.join(', ')}; pass one for each in 'parameters', by that name`);
  }
  const work = new Work();
  const stacks = resolveStacks(sources, given, files, work);
  const resources = stacks.flatMap((stack) => stack.resources);
  const infos = stacks.map(describe);
  const account = commonAccount(infos, work);
  const model = iotModel(infos, resources);
  const unknowns = [...work.unknowns, ...model.unknowns];
  return {
    ...model,
    account,
    stacks: infos,
    resources,
    unknowns,
    // Nothing depends on them, so that what is unknown of them alone is no matter.
    outputs: outputsOf(stacks),
  };
}

function describe({ path, id, account, source }: Stack): StackInfo {
  return { path, name: source.name, id, account, file: source.file, directory: source.directory, assets: Object.fromEntries(source.assets) };
}

function outputsOf(stacks: readonly Stack[]): Deployment['outputs'] {
  return Object.fromEntries(stacks.map((stack) => [stack.source.name, Object.fromEntries(stack.outputs)] as const).filter(([, outputs]) => Object.keys(outputs).length > 0));
}

/** The account of all stacks; a field on which they differ is unknown. */
function commonAccount(stacks: readonly StackInfo[], work: Work): Account {
  const common = (field: keyof Account): Text => {
    const texts = new Map(stacks.map(({ account }) => [showText(account[field]), account[field]]));
    const [only] = texts.values();
    return only !== undefined && texts.size === 1 ? only : joinText([work.unknown(`account.${field}`, 'the stacks differ')]);
  };
  return { partition: common('partition'), region: common('region'), accountId: common('accountId') };
}
