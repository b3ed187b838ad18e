import { joinText, partsOf } from './text';
import type { Text } from './text';
import { canonicalKey } from './variables';

/** One piece of a pattern, as plain data. */
export type Token =
  | { readonly kind: 'text'; readonly value: string }
  | { readonly kind: 'one' }
  | { readonly kind: 'many' }
  | { readonly kind: 'variable'; readonly key: string }
  | { readonly kind: 'unknown'; readonly path: string };

/** Which of the pattern characters are special. */
export interface Syntax {
  /** Whether `*` and `?` are wildcards. */
  readonly wildcards: boolean;

  /** Whether `${…}` is a variable or an escape: only in documents of Version 2012-10-17. */
  readonly variables: boolean | 'unknown';
}

/** The `*`, `?` and `$` of escape sequences such as `${*}`. */
const ESCAPES = new Set(['*', '?', '$']);

/** Cut a text into tokens. `${` without a closing brace is literal, as it is for IAM. */
export function tokenize(text: Text, syntax: Syntax): readonly Token[] {
  const tokens: Token[] = [];
  // The first of the unknown parts that may have opened a variable which is not closed yet.
  let opener: number | undefined;
  partsOf(joinText([text])).forEach((part, index, parts) => {
    if (typeof part !== 'string') {
      opener ??= tokens.length;
      tokens.push({ kind: 'unknown', path: part.unknown });
      return;
    }
    let from = 0;
    const close = syntax.variables === false || opener === undefined ? -1 : part.indexOf('}');
    if (close >= 0) {
      // As no key holds `${`, a variable of this part is its own; any other brace may end what an unknown part opened.
      if (!part.slice(0, close).includes('${')) {
        tokens.length = opener! + 1;
        from = close + 1;
      }
      opener = undefined;
    }
    for (const token of tokenizeKnown(part.slice(from), syntax, index < parts.length - 1)) {
      tokens.push(token);
    }
  });
  return mergeText(tokens);
}

/** The tokens of a known part; what an unknown part that follows may complete to a variable is left to that one. */
function tokenizeKnown(text: string, { wildcards, variables }: Syntax, unknownFollows: boolean): Token[] {
  const tokens: Token[] = [];
  const lastClose = variables === false ? -1 : text.lastIndexOf('}');
  let from = 0;
  const push = (at: number, token: Token, length: number): void => {
    tokens.push({ kind: 'text', value: text.slice(from, at) }, token);
    from = at + length;
  };
  for (let at = 0; at < text.length; at = Math.max(at + 1, from)) {
    const char = text[at];
    if (wildcards && char === '*') {
      push(at, { kind: 'many' }, 1);
    } else if (wildcards && char === '?') {
      push(at, { kind: 'one' }, 1);
    } else if (char === '$' && variables !== false) {
      const opens = text[at + 1] === '{';
      if (opens && at + 2 <= lastClose) {
        const inner = text.slice(at + 2, text.indexOf('}', at + 2));
        push(at, variables === true ? variableToken(inner) : unknownVariable(inner), inner.length + '${}'.length);
      } else if (unknownFollows && (opens || at === text.length - 1)) {
        return [...tokens, { kind: 'text', value: text.slice(from, at) }];
      }
    }
  }
  return [...tokens, { kind: 'text', value: text.slice(from) }];
}

function variableToken(inner: string): Token {
  if (ESCAPES.has(inner)) {
    return { kind: 'text', value: inner };
  }
  // `${key, 'default'}` exists in IAM; whether AWS IoT honours it, or a space, is unconfirmed. The comma of an
  // attribute's name stands between brackets.
  const undocumented = (inner.includes(',') && !inner.endsWith(']')) || inner !== inner.trim();
  return undocumented && !inner.includes('{') ? unknownVariable(inner) : { kind: 'variable', key: canonicalKey(inner) };
}

function unknownVariable(inner: string): Token {
  return { kind: 'unknown', path: `\${${inner}}` };
}

/** Join neighbouring texts, and leave empty ones out. */
export function mergeText(tokens: readonly Token[]): readonly Token[] {
  const merged: Token[] = [];
  for (const token of tokens) {
    const last = merged[merged.length - 1];
    if (token.kind === 'text' && last?.kind === 'text') {
      merged[merged.length - 1] = { kind: 'text', value: last.value + token.value };
    } else if (token.kind !== 'text' || token.value !== '') {
      merged.push(token);
    }
  }
  return merged;
}
