import { findAction } from './actions';
import { splitArn } from './arn';
import { OPERATOR_NAMES, compileCondition } from './conditions';
import type { Condition } from './conditions';
import { PolicyError } from './findings';
import type { PolicyFinding } from './findings';
import { Pattern, tokenize } from './pattern';
import { isPartialText, isText, isUnknownPart, joinText, showText } from './text';
import type { Text } from './text';
import { isKnownKey } from './variables';

/** A parsed policy document. */
export interface Policy {
  /** What decisions call it: the policy's name, or its place in the input. */
  readonly name: string;
  readonly statements: readonly Statement[];
}

/** One statement, ready for matching. */
export interface Statement {
  readonly policy: string;

  /** Its place in the document. */
  readonly index: number;
  readonly sid?: string;
  readonly effect: 'Allow' | 'Deny';
  readonly actions: Choice<Pattern>;
  readonly resources: Choice<ResourcePattern>;
  readonly conditions: readonly Condition[];

  /** A part of the document could not be resolved, so that a match means "cannot tell". */
  readonly uncertain: boolean;
}

/** `Action` or `NotAction`, `Resource` or `NotResource`. */
export interface Choice<T> {
  readonly negated: boolean;
  readonly patterns: readonly T[];
}

/** One entry of `Resource`: `*`, or an ARN whose segments are matched one by one. */
export interface ResourcePattern {
  readonly source: Text;

  /** Absent for `*`, and for an entry whose segments are not known. */
  readonly arn?: {
    readonly partition: Pattern;
    readonly service: Text;
    readonly region: Pattern;
    readonly account: Pattern;
    readonly resource: Pattern;
  };
}

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

/** The version that knows variables; to older ones `${…}` is text. */
export const POLICY_VERSION = '2012-10-17';

/**
 * Parse a policy document, given as an object or as JSON text.
 *
 * @throws PolicyError naming every place that AWS would refuse.
 * @see https://docs.aws.amazon.com/iot/latest/developerguide/iot-policies.html
 */
export function parsePolicy(document: unknown, options: ParseOptions = {}): Policy {
  const name = options.name ?? 'policy';
  const parser = new Parser(name, options.language ?? 'iot');
  const statements = parser.parse(document);
  const errors = parser.findings.filter((finding) => finding.severity === 'error');
  if (errors.length > 0) {
    throw new PolicyError(name, errors);
  }
  return { name, statements };
}

/** Everything that is wrong with a document, errors and warnings. */
export function validatePolicy(document: unknown, options: ParseOptions = {}): readonly PolicyFinding[] {
  const parser = new Parser(options.name ?? 'policy', options.language ?? 'iot');
  parser.parse(document);
  return parser.findings;
}

const DOCUMENT_ELEMENTS = ['Version', 'Id', 'Statement'];
const STATEMENT_ELEMENTS = ['Sid', 'Effect', 'Action', 'NotAction', 'Resource', 'NotResource', 'Condition'];
const SERVICES = ['iot', 'iotjobsdata', 'greengrass'];

type Elements = { readonly [element: string]: unknown };

class Parser {
  public readonly findings: PolicyFinding[] = [];
  private variables = true;

  constructor(private readonly policy: string, private readonly language: 'iot' | 'iam') {}

  public parse(document: unknown): readonly Statement[] {
    const root = typeof document === 'string' ? this.parseJson(document) : document;
    if (isUnknownPart(root) || isPartialText(root)) {
      return this.anything(0);
    }
    if (!isElements(root)) {
      this.error('', 'a policy document must be an object', 'write { "Version": "2012-10-17", "Statement": [ … ] }');
      return [];
    }
    this.checkElements(root, DOCUMENT_ELEMENTS, '');
    this.variables = root.Version === POLICY_VERSION;
    if (root.Version !== undefined && root.Version !== POLICY_VERSION && root.Version !== '2008-10-17') {
      this.error('Version', `'${show(root.Version)}' is not a policy version`, `write "${POLICY_VERSION}"`);
    }
    if (root.Statement === undefined) {
      this.error('Statement', 'the document has no statement', 'add at least one');
      return [];
    }
    const list = Array.isArray(root.Statement) ? root.Statement : [root.Statement];
    if (list.length === 0) {
      this.error('Statement', 'the list of statements is empty', 'add at least one');
    }
    return list.flatMap((statement, index) => this.statement(statement, index));
  }

  private parseJson(text: string): unknown {
    try {
      return JSON.parse(text) as unknown;
    } catch (error) {
      this.error('', `not valid JSON: ${(error as Error).message}`, 'mend the text');
      return { Statement: [] };
    }
  }

  private statement(raw: unknown, index: number): readonly Statement[] {
    const path = `Statement[${index}]`;
    if (isUnknownPart(raw)) {
      return this.anything(index);
    }
    if (!isElements(raw)) {
      this.error(path, 'a statement must be an object', 'write { "Effect": …, "Action": …, "Resource": … }');
      return [];
    }
    this.checkElements(raw, STATEMENT_ELEMENTS, path);
    const effects = this.effects(raw.Effect, path);
    const actions = this.choice(raw, 'Action', path, (text, at) => this.action(text, at));
    const resources = this.choice(raw, 'Resource', path, (text, at) => this.resource(text, at));
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
    const every = tokenize('*', { wildcards: true, variables: false });
    return (['Allow', 'Deny'] as const).map((effect) => ({
      policy: this.policy,
      index,
      effect,
      actions: { negated: false, patterns: [new Pattern(every)] },
      resources: { negated: false, patterns: [{ source: '*' }] },
      conditions: [],
      uncertain: true,
    }));
  }

  private effects(effect: unknown, path: string): readonly ('Allow' | 'Deny')[] {
    if (isUnknownPart(effect) || isPartialText(effect)) {
      return ['Allow', 'Deny'];
    }
    if (effect === 'Allow' || effect === 'Deny') {
      return [effect];
    }
    const got = effect === undefined ? 'Effect is missing' : `'${show(effect)}' is not an effect`;
    this.error(`${path}.Effect`, got, 'write "Allow" or "Deny"');
    return [];
  }

  private choice<T>(
    statement: Elements, element: 'Action' | 'Resource', path: string, read: (text: Text, path: string) => T | undefined,
  ): Choice<T> | undefined {
    const negation = `Not${element}`;
    if ((statement[element] === undefined) === (statement[negation] === undefined)) {
      const got = statement[element] === undefined ? `${element} is missing` : `${element} and ${negation} exclude each other`;
      this.error(`${path}.${element}`, got, `write exactly one of ${element} and ${negation}`);
      return undefined;
    }
    const negated = statement[element] === undefined;
    const name = negated ? negation : element;
    const texts = this.texts(statement[name], `${path}.${name}`);
    if (texts?.length === 0) {
      this.error(`${path}.${name}`, 'the list is empty', 'name at least one, or leave the statement out');
    }
    return texts && { negated, patterns: texts.flatMap(({ text, at }) => read(text, at) ?? []) };
  }

  /** A string or a list of strings; a part that could not be resolved stands for any string. */
  private texts(value: unknown, path: string): readonly { text: Text; at: string }[] | undefined {
    const list = Array.isArray(value) ? value : [value];
    const texts = list.map((item: unknown, index) => ({
      text: isUnknownPart(item) ? joinText([item]) : item,
      at: Array.isArray(value) ? `${path}[${index}]` : path,
    }));
    const bad = texts.find(({ text }) => !isText(text));
    if (bad !== undefined) {
      this.error(bad.at, `expected a string, got ${show(bad.text)}`, 'write a string or a list of strings');
      return undefined;
    }
    return texts as { text: Text; at: string }[];
  }

  private action(text: Text, path: string): Pattern {
    if (typeof text === 'string' && text !== '*') {
      const colon = text.indexOf(':');
      const service = text.slice(0, Math.max(colon, 0)).toLowerCase();
      if (colon < 1 || colon === text.length - 1) {
        this.error(path, `'${text}' is not an action`, 'write service:Name, such as iot:Publish');
      } else if (this.language === 'iot' && !/[*?]/.test(service) && !SERVICES.includes(service)) {
        this.error(path, `'${text}' is not an AWS IoT action`, `AWS IoT policies take ${SERVICES.map((name) => `${name}:…`).join(', ')}`);
      } else if (this.language === 'iot' && service !== 'greengrass' && !/[*?]/.test(text) && findAction(text) === undefined) {
        this.warning(path, `'${text}' is not an action that AWS IoT policies grant`, 'check its spelling, or grant it in IAM');
      }
    }
    return new Pattern(tokenize(lowerCase(text), { wildcards: true, variables: false }));
  }

  private resource(source: Text, path: string): ResourcePattern | undefined {
    if (source === '*') {
      return { source };
    }
    const parts = splitArn(source);
    if (parts === undefined) {
      if (typeof source === 'string') {
        this.error(path, `'${source}' is neither "*" nor an ARN`, 'write arn:aws:iot:REGION:ACCOUNT:TYPE/NAME');
        return undefined;
      }
      return { source };
    }
    if (parts.prefix !== 'arn') {
      this.error(path, `'${showText(source)}' does not start with "arn:"`, 'write arn:aws:iot:REGION:ACCOUNT:TYPE/NAME');
      return undefined;
    }
    if (typeof parts.service === 'string' && /[*?]/.test(parts.service)) {
      this.error(path, `the service '${parts.service}' of an ARN takes no wildcard`, 'write "iot"');
    }
    const head = { wildcards: true, variables: false };
    const resource = tokenize(parts.resource, { wildcards: true, variables: this.variables });
    if (this.language === 'iot') {
      this.checkVariables(resource, parts.resource, path);
    }
    return {
      source,
      arn: {
        partition: new Pattern(tokenize(parts.partition, head)),
        service: parts.service,
        region: new Pattern(tokenize(parts.region, head)),
        account: new Pattern(tokenize(parts.account, head)),
        resource: new Pattern(resource),
      },
    };
  }

  private checkVariables(tokens: ReturnType<typeof tokenize>, source: Text, path: string): void {
    for (const token of tokens) {
      if (token.kind === 'variable' && !isKnownKey(token.key)) {
        this.warning(path, `\${${token.key}} is not a variable of AWS IoT, so this ARN matches nothing`, 'check its spelling');
      }
    }
    if (!this.variables && /\$\{[^}]*\}/.test(showText(source))) {
      this.warning(path, 'variables are plain text in a document of this version', `write "Version": "${POLICY_VERSION}"`);
    }
  }

  private conditions(raw: unknown, path: string): readonly Condition[] {
    if (raw === undefined) {
      return [];
    }
    if (isUnknownPart(raw)) {
      return [{ operator: '', key: '', values: [], evaluate: () => 'unknown' }];
    }
    if (!isElements(raw)) {
      this.error(path, 'a condition must be an object', 'write { "StringEquals": { "iot:ClientId": "…" } }');
      return [];
    }
    return Object.entries(raw).flatMap(([operator, keys]) => {
      const at = `${path}.${operator}`;
      if (isUnknownPart(keys)) {
        return [{ operator, key: '', values: [], evaluate: () => 'unknown' as const }];
      }
      if (!isElements(keys)) {
        this.error(at, 'an operator takes an object of keys', 'write { "iot:ClientId": "…" }');
        return [];
      }
      return Object.entries(keys).flatMap(([key, value]) => this.condition(operator, key, value, `${at}.${key}`));
    });
  }

  private condition(operator: string, key: string, raw: unknown, path: string): readonly Condition[] {
    const texts = this.texts(Array.isArray(raw) ? raw.map(scalar) : scalar(raw), path);
    if (texts === undefined) {
      return [];
    }
    const condition = compileCondition(operator, key, texts.map(({ text }) => text), this.variables);
    if (typeof condition === 'string') {
      const fix = condition.startsWith('unknown') ? `use one of ${OPERATOR_NAMES.join(', ')}` : 'mend the value';
      this.error(path, condition, fix);
      return [];
    }
    if (this.language === 'iot' && key.toLowerCase().startsWith('iot:') && !isKnownKey(key)) {
      this.warning(path, `'${key}' is not a condition key of AWS IoT, so it never has a value`, 'check its spelling');
    }
    return [condition];
  }

  private checkElements(elements: Elements, allowed: readonly string[], path: string): void {
    for (const name of Object.keys(elements)) {
      if (!allowed.includes(name)) {
        const near = allowed.find((other) => name.toLowerCase().replace(/s$/, '') === other.toLowerCase());
        this.error(
          path === '' ? name : `${path}.${name}`,
          `'${name}' is not an element of an AWS IoT policy`,
          near === undefined ? `remove it; allowed are ${allowed.join(', ')}` : `write "${near}"`,
        );
      }
    }
  }

  private error(path: string, message: string, fix: string): void {
    this.findings.push({ severity: 'error', path, message, fix });
  }

  private warning(path: string, message: string, fix: string): void {
    this.findings.push({ severity: 'warning', path, message, fix });
  }
}

function isElements(value: unknown): value is Elements {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !isPartialText(value);
}

/** JSON booleans and numbers are as good as their text. */
function scalar(value: unknown): unknown {
  return typeof value === 'boolean' || typeof value === 'number' ? String(value) : value;
}

function lowerCase(text: Text): Text {
  return typeof text === 'string'
    ? text.toLowerCase()
    : { parts: text.parts.map((part) => (typeof part === 'string' ? part.toLowerCase() : part)) };
}

const SHOWN_LENGTH = 80;

function show(value: unknown): string {
  const text = isText(value) ? showText(value) : JSON.stringify(value) ?? String(value);
  return text.length > SHOWN_LENGTH ? `${text.slice(0, SHOWN_LENGTH)}…` : text;
}
