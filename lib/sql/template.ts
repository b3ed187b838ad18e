import type { Expression, Query } from './ast';
import { compileExpression } from './compile-expression';
import { evaluator } from './compile';
import { toText } from './convert';
import type { SqlWarning } from './error';
import type { RuleEnvironment, RuleMessage } from './message';
import { requireLength } from './parse';
import type { SqlOptions } from './parse';
import { Parser } from './parser';
import { MAX_TEXT_LENGTH } from './work';

/** A field of an action with `${expression}` in it. */
export interface Template {
  readonly parts: readonly (string | Expression)[];

  /** The functions that it uses, in lower case. */
  readonly functions: readonly string[];
  readonly warnings: readonly SqlWarning[];
}

/** What a template was made into, with why functions were Undefined; no text if it could not be evaluated. */
export interface TemplateOutcome {
  readonly text?: string;
  readonly failure?: string;
  readonly reasons: readonly string[];
}

/**
 * Parse a substitution template. Its expressions see the message and the variables of SET, not what SELECT calls things.
 *
 * `$$` is a `$`, as in `$$aws/things/…`, the way to write a reserved topic.
 *
 * @throws SqlError at the place that AWS IoT would refuse.
 * @see https://docs.aws.amazon.com/iot/latest/developerguide/iot-substitution-templates.html
 */
export function parseTemplate(text: string, query?: Query, { version = query?.version ?? '2016-03-23' }: SqlOptions = {}): Template {
  requireLength(text, 'a template');
  const parts: (string | Expression)[] = [];
  const functions = new Set<string>();
  const warnings: SqlWarning[] = [];
  let literal = '';
  for (let at = 0; at < text.length;) {
    if (text.startsWith('${', at)) {
      const parser = new Parser(text, version, at + 2, query?.variables.map(({ name }) => name));
      const { expression, end } = parser.templateExpression();
      parts.push(literal, expression);
      parser.functions.forEach((name) => functions.add(name));
      warnings.push(...parser.warnings);
      literal = '';
      at = end;
    } else {
      literal += text[at]!;
      // A `$` before an expression is one, not half of an escape.
      at += text.startsWith('$$', at) && text[at + 2] !== '{' ? 2 : 1;
    }
  }
  return { parts: [...parts, literal].filter((part) => part !== ''), functions: [...functions], warnings };
}

/** Make a template ready for messages; `query` is the statement whose variables it may use. */
export function compileTemplate(template: Template, query?: Query): {
  run(message: RuleMessage, environment: RuleEnvironment): TemplateOutcome | Promise<TemplateOutcome>;
} {
  const parts = template.parts.map((part) => (typeof part === 'string' ? () => part : compileExpression(part)));
  const evaluate = evaluator(query?.variables ?? [], query?.version ?? '2016-03-23', (scope) => {
    let text = '';
    for (const part of parts) {
      // Undefined is an empty text.
      text += toText(part(scope)) ?? '';
      if (text.length > MAX_TEXT_LENGTH) {
        return undefined;
      }
    }
    return text;
  });
  return {
    run: (message, environment) => evaluate(message, environment, (result, { reasons }) => {
      const failure = 'failure' in result ? result.failure : result.value === undefined ? 'the text is too long' : undefined;
      return failure === undefined ? { text: (result as { value: string }).value, reasons } : { failure, reasons };
    }),
  };
}

/** What a template is for one message. */
export function substitute(template: string, message: RuleMessage, environment: RuleEnvironment, query?: Query): TemplateOutcome | Promise<TemplateOutcome> {
  return compileTemplate(parseTemplate(template, query), query).run(message, environment);
}
