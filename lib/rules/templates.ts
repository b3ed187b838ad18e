import { Token } from 'aws-cdk-lib';

/** One piece of a text in which AWS IoT replaces `${…}` for each message. */
export type Piece =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'expression'; readonly text: string };

/** A text that AWS IoT could not read. */
export class TemplateError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'TemplateError';
  }
}

/** A CDK token looks like a template, but is gone when the app is synthesized. */
const TOKEN = /\$\{Token\[[^\]]*\]\}/y;
const TOKENS = new RegExp(TOKEN.source, 'g');
const QUOTED = /'[^']*'|"[^"]*"/g;

/** Whether each token stands in quotes, so that whatever it becomes is a text. */
export function allInQuotes(sql: string): boolean {
  return !Token.isUnresolved(sql.replace(QUOTED, "''"));
}

/** A word for each token, as long as it is: places stay where they are. */
export function maskTokens(source: string): string {
  return source.replace(TOKENS, (token) => '_'.repeat(token.length));
}

/**
 * Reads a text of an action field.
 *
 * @throws TemplateError where a template does not end or says nothing.
 * @see https://docs.aws.amazon.com/iot/latest/developerguide/iot-substitution-templates.html
 */
export function readTemplate(source: string): Piece[] {
  const pieces: Piece[] = [];
  let text = '';
  let at = 0;
  while (at < source.length) {
    TOKEN.lastIndex = at;
    const [token] = TOKEN.exec(source) ?? [];
    if (token !== undefined) {
      text += token;
      at += token.length;
    } else if (source.startsWith('${', at)) {
      const end = endOfExpression(source, at + 2);
      pieces.push({ kind: 'text', text }, { kind: 'expression', text: source.slice(at + 2, end) });
      text = '';
      at = end + 1;
    } else {
      text += source[at];
      at += 1;
    }
  }
  return [...pieces, { kind: 'text' as const, text }].filter((piece) => piece.kind === 'expression' || piece.text !== '');
}

/** Where the brace is that ends an expression: not one in quotes, nor one that ends an object. */
function endOfExpression(source: string, start: number): number {
  let depth = 0;
  let quote: string | undefined;
  for (let at = start; at < source.length; at += 1) {
    const character = source[at]!;
    if (quote !== undefined) {
      quote = character === quote ? undefined : quote;
    } else if (character === "'" || character === '"') {
      quote = character;
    } else if (character === '{') {
      depth += 1;
    } else if (character === '}' && depth > 0) {
      depth -= 1;
    } else if (character === '}') {
      if (source.slice(start, at).trim() === '') {
        throw new TemplateError("'${}' has no expression; write one, such as ${topic(3)}");
      }
      return at;
    }
  }
  throw new TemplateError(`'\${' at character ${start - 1} has no '}' to end it${quote === undefined ? '' : `, as a text in ${quote} does not end`}; add it`);
}

/** Whether AWS IoT has something to replace in a text. */
export function hasTemplate(source: string): boolean {
  return readTemplate(source).some(({ kind }) => kind === 'expression');
}

/** What a text may become, as a pattern of IAM: `*` for each template. */
export function asPattern(source: string): string {
  return readTemplate(source).map(({ kind, text }) => (kind === 'expression' ? '*' : text)).join('').replace(/\*{2,}/g, '*');
}

/** The topic that a field names, where `$$` stands for the `$` of a reserved topic. */
export function asTopic(source: string): string {
  return source.startsWith('$$') ? source.slice(1) : source;
}
