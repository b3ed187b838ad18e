import { TopicError } from './errors';
import type { PlaceholderValues } from './placeholder-values';

/** One level of a topic pattern: what stands between two slashes. */
export type Level =
  /** A text, which may contain CDK tokens. */
  | { readonly kind: 'literal'; readonly text: string }
  | { readonly kind: 'thing' }
  | { readonly kind: 'type' }
  | { readonly kind: 'attribute'; readonly name: string }
  /** `+` or `#`, or the `*` of a reserved topic. */
  | { readonly kind: 'wildcard'; readonly text: string };

/**
 * Which language a pattern is written out in.
 *
 * `policy-topic` is the resource of Publish and Receive. Policies have no wildcard for one level: `+` and `#` both
 * become `*`, which crosses slashes. `filter` is what a client subscribes to and also the resource of Subscribe, where
 * `+` and `#` are plain characters: a device may subscribe to the pattern as declared, not to anything narrower.
 *
 * @see https://docs.aws.amazon.com/iot/latest/developerguide/pub-sub-policy.html
 */
export type Dialect = 'policy-topic' | 'filter';

/**
 * The longest topic in bytes of UTF-8, and the most slashes in it; `$aws/rules/NAME/` does not count.
 *
 * @see https://docs.aws.amazon.com/general/latest/gr/iot-core.html
 */
const MAX_TOPIC_BYTES = 256;
const MAX_TOPIC_SLASHES = 7;

/** A name of an attribute; AWS also allows `/` and `#` in it, which no level of a topic can hold. */
const ATTRIBUTE = /^\{attribute:([a-zA-Z0-9_.,@:-]{1,128})\}$/;

/** An attribute whose name contains a slash, which would end the level. */
const ATTRIBUTE_WITH_SLASH = /\{attribute:[^{}/]*\/[^{}]*\}/;

/** A CDK token in a text. */
const TOKEN = /\$\{Token\[[^\]]*\]\}/g;

/** A text in which a word stands for each CDK token: what only the deployment knows is neither good nor bad. */
export function maskTokens(text: string): string {
  return text.replace(TOKEN, 'token');
}

/** What stands around the CDK tokens of a text, in order; the text alone where there is none. */
export function splitAtTokens(text: string): readonly string[] {
  return text.split(TOKEN);
}

/** Read a pattern that is known to be well formed. */
export function parseLevels(pattern: string): readonly Level[] {
  return pattern.split('/').map((text) => parseLevel(text));
}

function parseLevel(text: string): Level {
  const attribute = ATTRIBUTE.exec(text)?.[1];
  if (attribute !== undefined) {
    return { kind: 'attribute', name: attribute };
  }
  switch (text) {
    case '{thing}': return { kind: 'thing' };
    case '{type}': return { kind: 'type' };
    case '+': case '#': case '*': return { kind: 'wildcard', text };
    default: return { kind: 'literal', text };
  }
}

/** Read a pattern that a user wrote, and refuse what AWS IoT refuses or would read differently. */
export function parseTopicPattern(pattern: string): readonly Level[] {
  const fail = (problem: string) => new TopicError(`topic '${pattern}' ${problem}`);
  const known = maskTokens(pattern);
  if (known.startsWith('$')) {
    throw fail("is reserved, topics must not start with '$'; use 'shadows', 'jobs', 'streams', 'defenderMetrics', 'tunnels' or Channel.basicIngest");
  }
  if (ATTRIBUTE_WITH_SLASH.test(known)) {
    throw fail("has '/' in the name of an attribute, where it would end the level; use an attribute without '/' in its name");
  }
  const texts = known.split('/');
  if (texts.length - 1 > MAX_TOPIC_SLASHES) {
    throw fail(`has ${texts.length - 1} slashes, AWS IoT allows ${MAX_TOPIC_SLASHES}; use fewer levels`);
  }
  const bytes = Buffer.byteLength(known);
  if (bytes > MAX_TOPIC_BYTES) {
    throw fail(`has ${bytes} bytes, AWS IoT allows ${MAX_TOPIC_BYTES}; shorten it`);
  }
  for (const [index, text] of texts.entries()) {
    const problem = levelProblem(text, index === 0, index === texts.length - 1);
    if (problem !== undefined) {
      throw fail(problem);
    }
  }
  return parseLevels(pattern);
}

/** What is wrong with a level, and what to write instead. */
function levelProblem(text: string, first: boolean, last: boolean): string | undefined {
  if (text === '') {
    return 'has an empty level; write no slash at its start or end and no two in a row';
  }
  if (/\p{Cc}/u.test(text)) {
    return 'contains a control character; remove it';
  }
  if (/[*?]/.test(text)) {
    return "contains '*' or '?', which only policies read as wildcards; write '+' for one level or '#' for the rest";
  }
  if (/[+#]/.test(text) && text.length > 1) {
    return `has '${text}' for a level, but '+' and '#' stand for whole levels; give them a level of their own`;
  }
  if ((text === '+' || text === '#') && first) {
    return `starts with '${text}', which a policy reads as every topic, reserved ones included; start with a fixed level`;
  }
  if (text === '#' && !last) {
    return "has '#' before its end, where it stands for nothing; write '+' or move it to the end";
  }
  if (/[{}]/.test(text) && parseLevel(text).kind === 'literal') {
    const placeholder = /^\{[^{}]*\}$/.test(text) || !/\{(thing|type|attribute:)/.test(text);
    return placeholder
      ? `has '${text}' for a level, expected {thing}, {type} or {attribute:NAME} where NAME has letters, digits and _.,@:-`
      // dt/x{thing} of sensor-1 would be the beginning of that of sensor-10.
      : `has '${text}' for a level, but a placeholder must be a level of its own; put slashes around it`;
  }
  return undefined;
}

/** Write levels out; undefined when a placeholder has no value, as AWS IoT then matches nothing. */
export function renderLevels(levels: readonly Level[], values: PlaceholderValues, dialect: Dialect): string | undefined {
  const texts = levels.map((level) => levelText(level, values));
  if (texts.includes(undefined)) {
    return undefined;
  }
  return texts.map((text) => (dialect === 'policy-topic' && (text === '+' || text === '#') ? '*' : text)).join('/');
}

function levelText(level: Level, values: PlaceholderValues): string | undefined {
  switch (level.kind) {
    case 'thing': return values._thing;
    case 'type': return values._type;
    case 'attribute': return values._attribute(level.name);
    default: return level.text;
  }
}
