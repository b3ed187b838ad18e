import { DeploymentError } from './errors';
import { MAX_DEPTH, parseYaml, tooDeep } from './parse-yaml';
import { isJsonObject } from './values';
import type { Json, JsonObject } from './values';

/** A template, its sections checked and its intrinsic functions still in long form. */
export interface Template {
  readonly parameters: Section;
  readonly mappings: Section;
  readonly conditions: Section;
  readonly resources: ReadonlyMap<string, TemplateResource>;
  readonly outputs: Section;

  /** Places that a macro fills in AWS, such as `Transform` or `Resources.Fn::ForEach::Things`. */
  readonly macros: readonly string[];
}

export type Section = ReadonlyMap<string, JsonObject>;

export interface TemplateResource {
  readonly type: string;
  readonly properties: JsonObject;
  readonly condition?: string;
  readonly metadata: JsonObject;
  readonly dependsOn: readonly string[];
  readonly deletionPolicy?: string;
  readonly updateReplacePolicy?: string;
}

/**
 * Parse a CloudFormation template, in JSON or in YAML with or without short-form tags.
 *
 * @param name what errors call the template, for example its file
 * @throws DeploymentError when it is not a template
 * @see https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-anatomy.html
 */
export function parseTemplate(text: string, name: string): Template {
  if (text.length > MAX_TEMPLATE) {
    throw new DeploymentError(name, `has ${text.length} characters; CloudFormation takes at most ${MAX_TEMPLATE}, split the stack`);
  }
  const root = parseJson(text) ?? parseYaml(text, name);
  if (!isJsonObject(root) || !isJsonObject(root.Resources ?? (isEmptyStack(root) ? {} : undefined))) {
    throw new DeploymentError(name, "is not a CloudFormation template: it has no 'Resources'; give a template or a cloud assembly folder");
  }
  checkDepth(root, name);
  const section = (key: string): Section => readSection(root, key, name);
  return {
    parameters: section('Parameters'),
    mappings: section('Mappings'),
    conditions: section('Conditions'),
    outputs: section('Outputs'),
    resources: new Map([...section('Resources')].map(([id, resource]) => [id, readResource(id, resource, name)])),
    macros: ['Transform', ...SECTIONS].flatMap((key) => macrosIn(root, key)),
  };
}

/** What the CDK writes for a stack without resources. */
function isEmptyStack({ Parameters: parameters }: JsonObject): boolean {
  return isJsonObject(parameters) && Object.hasOwn(parameters, 'BootstrapVersion');
}

/** @see https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html "Template size in S3" */
const MAX_TEMPLATE = 1_048_576;

const SECTIONS = ['Parameters', 'Mappings', 'Conditions', 'Resources', 'Outputs'];

function parseJson(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return undefined;
  }
}

function checkDepth(root: Json, name: string): void {
  let level: readonly Json[] = [root];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > MAX_DEPTH) {
      throw tooDeep(name);
    }
    level = level.flatMap((value) => (typeof value === 'object' && value !== null ? Object.values(value) : []));
  }
}

function readSection(root: JsonObject, key: string, name: string): Section {
  const section = root[key] ?? {};
  if (!isJsonObject(section)) {
    throw new DeploymentError(name, `'${key}' must be an object`);
  }
  const entries = Object.entries(section).filter(([id]) => !id.startsWith('Fn::'));
  return new Map(entries.map(([id, entry]) => {
    if (!/^[A-Za-z0-9]{1,255}$/.test(id)) {
      throw new DeploymentError(name, `'${id.slice(0, 80)}' in '${key}' is not a logical ID: use up to 255 letters and digits`);
    }
    if (!isJsonObject(entry)) {
      throw new DeploymentError(name, `'${id}' in '${key}' must be an object`);
    }
    return [id, entry];
  }));
}

function macrosIn(root: JsonObject, key: string): string[] {
  const section = root[key];
  if (key === 'Transform') {
    // The language extensions add functions, which are resolved here, and `Fn::ForEach`, which is found by its key.
    return [section ?? []].flat().some((macro) => macro !== 'AWS::LanguageExtensions') ? [key] : [];
  }
  return isJsonObject(section) ? Object.keys(section).filter((id) => id.startsWith('Fn::')).map((id) => `${key}.${id}`) : [];
}

function readResource(id: string, resource: JsonObject, name: string): TemplateResource {
  const { Type: type, Properties: properties, Condition: condition, Metadata: metadata, DependsOn: dependsOn } = resource;
  const { DeletionPolicy: deletionPolicy, UpdateReplacePolicy: updateReplacePolicy } = resource;
  if (typeof type !== 'string') {
    throw new DeploymentError(name, `resource '${id}' has no 'Type'`);
  }
  if (properties !== undefined && properties !== null && !isJsonObject(properties)) {
    throw new DeploymentError(name, `'Properties' of resource '${id}' must be an object`);
  }
  return {
    type,
    properties: properties ?? {},
    condition: typeof condition === 'string' ? condition : undefined,
    metadata: isJsonObject(metadata) ? metadata : {},
    dependsOn: [dependsOn ?? []].flat().filter((target) => typeof target === 'string'),
    deletionPolicy: typeof deletionPolicy === 'string' ? deletionPolicy : undefined,
    updateReplacePolicy: typeof updateReplacePolicy === 'string' ? updateReplacePolicy : undefined,
  };
}
