import { maskTokens, splitAtTokens, type Level } from './pattern';

/** Two things and a topic that each of them may use, through a channel of its own. */
export interface Overlap {
  readonly thingA: string;
  readonly thingB: string;
  readonly topic: string;
}

/** How far two patterns go together, and what the things must be called for that. */
interface Path {
  readonly thingA?: string;
  readonly thingB?: string;
  /** Levels so far; `{thingA}` and `{thingB}` stand for names that may be any. */
  readonly topic: readonly string[];
}

const THING_NAME = /^[a-zA-Z0-9:_-]{1,128}$/;

/**
 * A topic that thing A may use through one pattern and another thing B through the other, if there is one.
 *
 * `dt/{thing}/+` and `dt/config/{thing}` overlap: a thing may be called "config". Wildcards are taken as policies take
 * them, `+` and `#` for one level or more; types and attributes for any one level. CDK tokens stand for any text within
 * their level, and the same token for the same text.
 */
export function findOverlap(
  patternA: readonly Level[], patternB: readonly Level[], path: Path = { topic: [] },
): Overlap | undefined {
  const [levelA, ...restA] = patternA;
  const [levelB, ...restB] = patternB;
  if (levelA === undefined || levelB === undefined) {
    return levelA === levelB ? witness(path) : undefined;
  }
  const next = join(levelA, levelB, path);
  return next && (
    findOverlap(restA, restB, next)
    ?? (levelA.kind === 'wildcard' ? findOverlap(patternA, restB, next) : undefined)
    ?? (levelB.kind === 'wildcard' ? findOverlap(restA, patternB, next) : undefined)
  );
}

/** The path with one more level that suits both, or undefined when no text does. */
function join(levelA: Level, levelB: Level, path: Path): Path | undefined {
  const textA = levelA.kind === 'literal' ? levelA.text : undefined;
  const textB = levelB.kind === 'literal' ? levelB.text : undefined;
  if (textA !== undefined && textB !== undefined) {
    return mayBeEqual(textA, textB) ? extend(path, textA) : undefined;
  }
  if (levelA.kind === 'thing' && levelB.kind === 'thing') {
    return undefined; // it would have to be the same thing
  }
  if (levelA.kind === 'thing') {
    return joinName(path, 'thingA', textB);
  }
  if (levelB.kind === 'thing') {
    return joinName(path, 'thingB', textA);
  }
  return extend(path, textA ?? textB ?? 'x');
}

/** One more level that is the name of a thing, and the text of the other pattern where that is fixed. */
function joinName(path: Path, thing: 'thingA' | 'thingB', text: string | undefined): Path | undefined {
  if (text === undefined) {
    return extend(path, `{${thing}}`);
  }
  const name = path[thing];
  const possible = name === undefined ? THING_NAME.test(maskTokens(text)) : mayBeEqual(name, text);
  return possible ? { ...extend(path, text), [thing]: text } : undefined;
}

/** Whether two texts are the same, or could be once the deployment knows their tokens. */
function mayBeEqual(textA: string, textB: string): boolean {
  const [partsA, partsB] = [splitAtTokens(textA), splitAtTokens(textB)];
  if (textA === textB || (partsA.length === 1 && partsB.length === 1)) {
    return textA === textB;
  }
  // Only a token can stand for what the other text has more at its start or end.
  const [openA, openB] = [partsA.length > 1, partsB.length > 1];
  const [startA = '', startB = ''] = [partsA[0], partsB[0]];
  const [endA = '', endB = ''] = [partsA.at(-1), partsB.at(-1)];
  return ((openB && startA.startsWith(startB)) || (openA && startB.startsWith(startA)))
    && ((openB && endA.endsWith(endB)) || (openA && endB.endsWith(endA)));
}

function extend(path: Path, level: string): Path {
  return { ...path, topic: [...path.topic, level] };
}

function witness(path: Path): Overlap | undefined {
  if (path.thingA !== undefined && path.thingA === path.thingB) {
    return undefined;
  }
  const thingA = path.thingA ?? (path.thingB === 'thing-a' ? 'thing-c' : 'thing-a');
  const thingB = path.thingB ?? (path.thingA === 'thing-b' ? 'thing-c' : 'thing-b');
  const names: Record<string, string> = { '{thingA}': thingA, '{thingB}': thingB };
  return { thingA, thingB, topic: path.topic.map((level) => names[level] ?? level).join('/') };
}
