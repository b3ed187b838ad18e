import { UNKNOWN_CONDITION } from './conditions';
import type { Condition } from './conditions';
import { EntryReader, POLICY_VERSION } from './entries';
import { PolicyError } from './findings';
import type { PolicyFinding } from './findings';
import { Pattern } from './pattern';
import type { Choice, Policy, Statement } from './statement';
import { isPartialText, isText, isUnknownPart, joinText } from './text';
import type { PartialText, Text, UnknownPart } from './text';

export { POLICY_VERSION };

/** Which language a document is written in. */
export interface ParseOptions {
  /**
   * What decisions and errors call the policy.
   *
   * @default 'policy'
   */
  readonly name?: string;

  /**
   * `iot` for a policy of AWS IoT Core, `iam` for a role policy, which may name any service.
   *
   * @default 'iot'
   */
  readonly language?: 'iot' | 'iam';
}

/**
 * Parse a policy document, given as an object or as JSON text.
 *
 * @throws PolicyError naming every place that AWS would refuse.
 * @see https://docs.aws.amazon.com/iot/latest/developerguide/iot-policies.html
 */
export function parsePolicy(document: unknown, options: ParseOptions = {}): Policy {
  const name = options.name ?? 'policy';
  const { statements, findings } = read(document, options);
  const errors = findings.filter((finding) => finding.severity === 'error');
  if (errors.length > 0) {
    throw new PolicyError(name, errors);
  }
  return { name, statements };
}

/** Everything that is wrong with a document, errors and warnings. */
export function validatePolicy(document: unknown, options: ParseOptions = {}): readonly PolicyFinding[] {
  return read(document, options).findings;
}

function read(document: unknown, { name = 'policy', language = 'iot' }: ParseOptions): Pick<Policy, 'statements'> & { findings: PolicyFinding[] } {
  const entries = new EntryReader(language);
  const statements = new Parser(name, entries).parse(document);
  return { statements, findings: entries.findings };
}

/** The default of a document without a version. */
const OLD_POLICY_VERSION = '2008-10-17';

const DOCUMENT_ELEMENTS = ['Version', 'Id', 'Statement'];
const STATEMENT_ELEMENTS = ['Sid', 'Effect', 'Action', 'NotAction', 'Resource', 'NotResource', 'Condition'];

type Elements = { readonly [element: string]: unknown };

/** Walks through a document. */
class Parser {
  constructor(private readonly policy: string, private readonly entries: EntryReader) {}

  public parse(document: unknown): readonly Statement[] {
    let root = document;
    if (typeof document === 'string') {
      try {
        root = JSON.parse(document) as unknown;
      } catch (error) {
        this.entries.error('', `not valid JSON: ${(error as Error).message}`, 'mend the text');
        return [];
      }
    }
    if (isUnknown(root)) {
      return this.anything(0);
    }
    if (!isElements(root)) {
      this.entries.error('', 'a policy document must be an object', 'write { "Version": "2012-10-17", "Statement": [ … ] }');
      return [];
    }
    this.checkElements(root, DOCUMENT_ELEMENTS, '');
    this.entries.variables = isUnknown(root.Version) ? 'unknown' : root.Version === POLICY_VERSION;
    if (![undefined, POLICY_VERSION, OLD_POLICY_VERSION].includes(root.Version as string) && !isUnknown(root.Version)) {
      this.entries.error('Version', `${show(root.Version)} is not a policy version`, `write "${POLICY_VERSION}"`);
    }
    if (root.Statement === undefined) {
      this.entries.error('Statement', 'the document has no statement', 'add at least one');
      return [];
    }
    const list = listOf(root.Statement);
    if (list.length === 0) {
      this.entries.error('Statement', 'the list of statements is empty', 'add at least one');
    }
    return list.flatMap((statement, index) => this.statement(statement, index));
  }

  private statement(raw: unknown, index: number): readonly Statement[] {
    const path = `Statement[${index}]`;
    if (isUnknown(raw)) {
      return this.anything(index);
    }
    if (!isElements(raw)) {
      this.entries.error(path, 'a statement must be an object', 'write { "Effect": …, "Action": …, "Resource": … }');
      return [];
    }
    this.checkElements(raw, STATEMENT_ELEMENTS, path);
    const effects = this.effects(raw.Effect, path);
    const actions = this.choice(raw, 'Action', path, (text, at) => this.entries.action(text, at));
    const resources = this.choice(raw, 'Resource', path, (text, at) => this.entries.resource(text, at));
    const conditions = this.conditions(raw.Condition, `${path}.Condition`);
    if (actions === undefined || resources === undefined) {
      return [];
    }
    return effects.map((effect) => ({
      policy: this.policy,
      index,
      ...(typeof raw.Sid === 'string' ? { sid: raw.Sid } : {}),
      effect,
      actions,
      resources,
      conditions,
      uncertain: effects.length > 1,
    }));
  }

  /** What a statement of which nothing is known may do: allow or deny anything. */
  private anything(index: number): readonly Statement[] {
    return (['Allow', 'Deny'] as const).map((effect) => ({
      policy: this.policy,
      index,
      effect,
      actions: { negated: false, patterns: [new Pattern([{ kind: 'many' }])] },
      resources: { negated: false, patterns: [{ source: '*' }] },
      conditions: [],
      uncertain: true,
    }));
  }

  private effects(effect: unknown, path: string): readonly ('Allow' | 'Deny')[] {
    if (isUnknown(effect)) {
      return ['Allow', 'Deny'];
    }
    if (effect === 'Allow' || effect === 'Deny') {
      return [effect];
    }
    const got = effect === undefined ? 'Effect is missing' : `${show(effect)} is not an effect`;
    this.entries.error(`${path}.Effect`, got, 'write "Allow" or "Deny"');
    return [];
  }

  private choice<T>(
    statement: Elements, element: 'Action' | 'Resource', path: string, readEntry: (text: Text, path: string) => T,
  ): Choice<T> | undefined {
    const negation = `Not${element}`;
    if ((statement[element] === undefined) === (statement[negation] === undefined)) {
      const got = statement[element] === undefined ? `${element} is missing` : `${element} and ${negation} exclude each other`;
      this.entries.error(`${path}.${element}`, got, `write exactly one of ${element} and ${negation}`);
      return undefined;
    }
    const negated = statement[element] === undefined;
    const name = negated ? negation : element;
    const texts = this.texts(statement[name], `${path}.${name}`);
    if (texts?.length === 0) {
      this.entries.error(`${path}.${name}`, 'the list is empty', 'name at least one, or leave the statement out');
    }
    return texts && { negated, patterns: texts.map(({ text, at }) => readEntry(text, at)) };
  }

  /** A string or a list of strings; a part that could not be resolved stands for any string. */
  private texts(value: unknown, path: string): readonly { text: Text; at: string }[] | undefined {
    const texts = listOf(value).map((item, index) => ({
      text: isUnknown(item) ? joinText([item]) : item,
      at: Array.isArray(value) ? `${path}[${index}]` : path,
    }));
    const bad = texts.find(({ text }) => !isText(text));
    if (bad !== undefined) {
      this.entries.error(bad.at, `expected a string, got ${show(bad.text)}`, 'write a string or a list of strings');
      return undefined;
    }
    return texts as { text: Text; at: string }[];
  }

  private conditions(raw: unknown, path: string): readonly Condition[] {
    if (raw === undefined) {
      return [];
    }
    if (isUnknown(raw)) {
      return [UNKNOWN_CONDITION];
    }
    if (!isElements(raw)) {
      this.entries.error(path, 'a condition must be an object', 'write { "StringEquals": { "iot:ClientId": "…" } }');
      return [];
    }
    return Object.entries(raw).flatMap(([operator, keys]) => {
      const at = `${path}.${operator}`;
      if (isUnknown(keys)) {
        return [UNKNOWN_CONDITION];
      }
      if (!isElements(keys)) {
        this.entries.error(at, 'an operator takes an object of keys', 'write { "iot:ClientId": "…" }');
        return [];
      }
      return Object.entries(keys).flatMap(([key, value]) => {
        const values = this.texts(Array.isArray(value) ? value.map(scalar) : scalar(value), `${at}.${key}`);
        return values === undefined ? [] : this.entries.condition(operator, key, values, `${at}.${key}`);
      });
    });
  }

  private checkElements(elements: Elements, allowed: readonly string[], path: string): void {
    for (const name of Object.keys(elements)) {
      if (!allowed.includes(name)) {
        const near = allowed.find((other) => name.toLowerCase().replace(/s$/, '') === other.toLowerCase());
        this.entries.error(
          path === '' ? name : `${path}.${name}`,
          `'${name}' is not an element of an AWS IoT policy`,
          near === undefined ? `remove it; allowed are ${allowed.join(', ')}` : `write "${near}"`,
        );
      }
    }
  }
}

function isElements(value: unknown): value is Elements {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isUnknown(value: unknown): value is UnknownPart | PartialText {
  return isUnknownPart(value) || isPartialText(value);
}

/** Elements take a value or a list; holes of a sparse list become undefined. */
function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? Array.from(value as readonly unknown[]) : [value];
}

/** JSON booleans and numbers are as good as their text. */
function scalar(value: unknown): unknown {
  return typeof value === 'boolean' || typeof value === 'number' ? String(value) : value;
}

const SHOWN_LENGTH = 80;

/** A value for a message; never more of a document than helps to find the place. */
function show(value: unknown): string {
  if (typeof value === 'string') {
    return `'${value.length > SHOWN_LENGTH ? `${value.slice(0, SHOWN_LENGTH)}…` : value}'`;
  }
  return Array.isArray(value) ? 'a list' : typeof value === 'object' && value !== null ? 'an object' : String(value);
}
