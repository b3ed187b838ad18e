import { createHash } from 'node:crypto';
import { DeploymentError } from './errors';
import { isList } from './values';
import type { Value } from './values';
import { isText, isUnknownPart, joinText, partsOf, showText } from '../policy/text';
import type { Text, UnknownPart } from '../policy/text';

/** The longest text that is resolved; CloudFormation takes no template longer than this. */
const MAX_TEXT = 1_048_576;

/** Values visited and characters produced for one deployment: 6000 for each resource of a hundred full stacks. */
const MAX_WORK = 300_000_000;

/** What an unknown part counts, in characters. */
const UNKNOWN_WEIGHT = 30;

/** Values that may be waiting for each other, deep enough for any real template and far from a stack overflow. */
const MAX_PENDING = 150;

/** A longer path is cut and told apart by its hash. */
const MAX_PATH = 500;

/** The bookkeeping of one reading: what stayed unknown, and bounds on time, memory and recursion. */
export class Work {
  private readonly reasons = new Map<string, string>();
  private done = 0;
  private pending = 0;

  /** Every unknown met so far, by path. */
  public get unknowns(): { readonly path: string; readonly reason: string }[] {
    return [...this.reasons].map(([path, reason]) => ({ path, reason }));
  }

  /** An unknown, listed if there is a reason. The same path must always stand for the same value. */
  public unknown(path: string, reason?: string): UnknownPart {
    this.spend(path.length);
    const short = path.length <= MAX_PATH ? path : `${path.slice(0, MAX_PATH)}…${createHash('sha256').update(path).digest('hex')}`;
    if (reason !== undefined && !this.reasons.has(short)) {
      this.reasons.set(short, reason.slice(0, MAX_PATH));
    }
    return { unknown: short };
  }

  /** Resolve something inside of something else, unless that goes too deep. */
  public nested<T>(at: string, resolve: () => T): T | UnknownPart {
    if (this.pending >= MAX_PENDING) {
      return this.unknown(at, `more than ${MAX_PENDING} values depend on each other in a row`);
    }
    this.spend(1);
    this.pending++;
    try {
      return resolve();
    } finally {
      this.pending--;
    }
  }

  /**
   * Join parts into a text, dynamic references becoming unknown parts.
   *
   * @param at the place of the text in its template
   * @param stack the path of the stack, in which equal dynamic references give equal values
   */
  public text(parts: readonly (Text | UnknownPart)[], at: string, stack: string): Text {
    const weight = parts.reduce((sum, part) => sum + weightOf(part), 0);
    this.spend(weight);
    if (weight > MAX_TEXT) {
      return joinText([this.unknown(at, `the text is longer than ${MAX_TEXT} characters`)]);
    }
    return this.withoutDynamicReferences(joinText(parts), stack);
  }

  /** Account for a value that a function gives: a long text that is referred to many times costs whoever reads the result. */
  public spendOn(value: Value | undefined): void {
    const items = isList(value) ? value : [value];
    this.spend(items.reduce<number>((sum, item) => sum + (isText(item) ? weightOf(item) : 1), 0));
  }

  /** @see https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/dynamic-references.html */
  private withoutDynamicReferences(text: Text, stack: string): Text {
    const parts = partsOf(text);
    if (!parts.some((part) => typeof part === 'string' && part.includes('{{resolve:'))) {
      return text;
    }
    const done: (string | UnknownPart)[] = [];
    let reference: (string | UnknownPart)[] | undefined;
    for (const part of parts.flatMap<string | UnknownPart>((p) => (typeof p === 'string' ? p.split(/(\{\{resolve:|\}\})/) : [p]))) {
      if (part === '{{resolve:') {
        done.push(...(reference ?? []));
        reference = [part];
      } else if (part === '}}' && reference) {
        const shown = showText(joinText([...reference, part]));
        done.push(this.unknown(`${stack}/${shown}`, 'a dynamic reference is read by AWS at deployment'));
        reference = undefined;
      } else {
        (reference ?? done).push(part);
      }
    }
    return joinText([...done, ...(reference ?? [])]);
  }

  private spend(units: number): void {
    this.done += units;
    if (this.done > MAX_WORK) {
      throw new DeploymentError('deployment', 'takes too much work to resolve: values repeat each other again and again; write them out');
    }
  }
}

function weightOf(part: Text | UnknownPart): number {
  const pieces = isUnknownPart(part) ? [part] : partsOf(part);
  return pieces.reduce((sum, piece) => sum + (typeof piece === 'string' ? piece.length : UNKNOWN_WEIGHT), 0);
}
