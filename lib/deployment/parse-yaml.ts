import { isAlias, isMap, isScalar, isSeq, parseDocument, Scalar } from 'yaml';
import type { Node, YAMLMap, YAMLSeq } from 'yaml';
import { DeploymentError } from './errors';
import type { Json, JsonObject } from './values';

/** Real templates stay below 40; whatever walks a template may recurse this far. */
export const MAX_DEPTH = 200;

/** More than a template of the greatest size holds, unless aliases multiply it. */
const MAX_NODES = 1_000_000;

export function tooDeep(name: string): DeploymentError {
  return new DeploymentError(name, `is nested more than ${MAX_DEPTH} levels deep; flatten it`);
}

/** YAML as CloudFormation reads it: strings are strings until they look like something else, `!X` is `{"Fn::X": …}`. */
export function parseYaml(text: string, name: string): Json {
  const document = parseDocument<Node>(text, { schema: 'failsafe', uniqueKeys: false, logLevel: 'error' });
  const problem = document.errors[0];
  if (problem) {
    throw new DeploymentError(name, `is neither JSON nor YAML: ${problem.message.split('\n', 1)[0]}`);
  }
  return new YamlReader(name).read(document.contents, 0);
}

class YamlReader {
  private readonly anchors = new Map<string, Node>();
  private nodes = 0;

  constructor(private readonly name: string) {}

  public read(node: unknown, depth: number): Json {
    if (depth > MAX_DEPTH) {
      throw tooDeep(this.name);
    }
    if (++this.nodes > MAX_NODES) {
      throw new DeploymentError(this.name, `its aliases expand to more than ${MAX_NODES} values; write them out`);
    }
    if (isAlias(node)) {
      return this.read(this.anchors.get(node.source), depth + 1);
    }
    if (!isScalar(node) && !isMap(node) && !isSeq(node)) {
      return null;
    }
    if (node.anchor !== undefined) {
      this.anchors.set(node.anchor, node);
    }
    const content = this.readContent(node, depth);
    return node.tag?.startsWith('!') ? { [longForm(node.tag)]: content } : content;
  }

  private readContent(node: Scalar | YAMLMap | YAMLSeq, depth: number): Json {
    if (isScalar(node)) {
      return readScalar(node);
    }
    return isSeq(node) ? node.items.map((item) => this.read(item, depth + 1)) : this.readMap(node.items, depth);
  }

  private readMap(pairs: readonly { readonly key: unknown; readonly value: unknown }[], depth: number): JsonObject {
    const entries = new Map<string, Json>();
    for (const { key, value } of pairs) {
      if (!isScalar(key)) {
        throw new DeploymentError(this.name, 'a YAML key must be a string');
      }
      const label = String(key.value);
      if (entries.has(label)) {
        throw new DeploymentError(this.name, `the key '${label}' appears twice in one object`);
      }
      entries.set(label, this.read(value, depth + 1));
    }
    return Object.fromEntries(entries);
  }
}

/** `!Ref` and `!Condition` stand for themselves, every other tag for a function. */
function longForm(tag: string): string {
  return tag === '!Ref' || tag === '!Condition' ? tag.slice(1) : `Fn::${tag.slice(1)}`;
}

/** The words of YAML 1.1, which CloudFormation follows. */
const WORDS: ReadonlyMap<string, boolean | null> = new Map<string, boolean | null>([
  ['', null], ['~', null], ...withCases('null', null),
  ...withCases('true', true), ...withCases('yes', true), ...withCases('on', true),
  ...withCases('false', false), ...withCases('no', false), ...withCases('off', false),
]);

function withCases<T>(word: string, value: T): [string, T][] {
  return [word, word.toUpperCase(), `${word[0]?.toUpperCase()}${word.slice(1)}`].map((spelling) => [spelling, value]);
}

/**
 * A plain scalar is a number only where writing the number gives the same characters, so that account IDs with a
 * leading zero, versions and dates stay what they are.
 */
function readScalar(scalar: Scalar): Json {
  const text = typeof scalar.value === 'string' ? scalar.value : '';
  if (scalar.type !== Scalar.PLAIN || scalar.tag !== undefined) {
    return text;
  }
  const word = WORDS.get(text);
  return word !== undefined ? word : String(Number(text)) === text && Number.isFinite(Number(text)) ? Number(text) : text;
}
