import { parseJson } from './json';
import type { RuleEnvironment, RuleMessage } from './message';
import type { Value } from './value';
import { TooMuchWork, Work } from './work';

export type SqlVersion = '2016-03-23' | '2015-10-08' | 'beta';

/** Thrown where an answer is awaited: the evaluation starts again once it is there. */
export class Awaited extends Error {
  public override readonly name = 'Awaited';

  constructor(public readonly answer: Promise<unknown>) {
    super('an answer is awaited');
  }
}

const NO_REASONS: readonly string[] = [];

/** External calls of one evaluation; AWS documents only that some functions may be called once. */
const MAX_EXTERNAL_CALLS = 100;

/**
 * The evaluation of one message by one rule.
 *
 * Whatever is not the same every time (time, chance, the answers of providers) is written down in the order it is asked
 * for. So an evaluation that has to wait for an answer can be thrown away and run again, up to the same place, without
 * making every function asynchronous for the few that are.
 */
export class Evaluation {
  public readonly work = new Work();

  private because: Set<string> | undefined;
  private journal: { readonly value: unknown }[] | undefined;
  private asked = 0;
  private external = 0;
  private calledOnce: Set<string> | undefined;

  constructor(public readonly message: RuleMessage, public readonly environment: RuleEnvironment, public readonly version: SqlVersion) {}

  /** Why functions were Undefined that might have had a value. */
  public get reasons(): readonly string[] {
    return this.because === undefined ? NO_REASONS : [...this.because];
  }

  public explain(reason: string): void {
    this.because ??= new Set();
    this.because.add(reason);
  }

  /** Start again with what is known by now. */
  public restart(): void {
    this.asked = 0;
    this.external = 0;
    this.calledOnce = undefined;
  }

  /** The payload as JSON; undefined if it is not. */
  public get json(): { readonly value: Value } | undefined {
    return jsonOf(this.message);
  }

  /** Something that differs each time, such as a random number. */
  public once<T>(ask: () => T): T {
    this.journal ??= [];
    const at = this.asked++;
    this.journal[at] ??= { value: ask() };
    return this.journal[at].value as T;
  }

  /** For the functions that AWS calls once for a message: a second call ends the rule. */
  public callOnce(name: string): void {
    this.calledOnce ??= new Set();
    if (this.calledOnce.has(name)) {
      throw new TooMuchWork(`${name}() can be called once for a message`);
    }
    this.calledOnce.add(name);
  }

  /** The answer of a provider; undefined, with a reason, if it fails. */
  public answer(what: string, ask: () => unknown): unknown {
    if (++this.external > MAX_EXTERNAL_CALLS) {
      this.explain(`more than ${MAX_EXTERNAL_CALLS} calls of external functions for one message`);
      return undefined;
    }
    const failed = (error: unknown): undefined => void this.explain(`${what}() failed: ${error instanceof Error ? error.message : String(error)}`);
    const answer = this.once(() => {
      try {
        const given = ask();
        return given instanceof Promise ? given.catch(failed) : given;
      } catch (error) {
        return failed(error);
      }
    });
    if (!(answer instanceof Promise)) {
      return answer;
    }
    const at = this.asked - 1;
    throw new Awaited(answer.then((value: unknown) => void (this.journal![at] = { value })));
  }
}

const READ = new WeakMap<RuleMessage, { readonly json: ReturnType<typeof parseJson> }>();

function jsonOf(message: RuleMessage): ReturnType<typeof parseJson> {
  let read = READ.get(message);
  if (read === undefined) {
    read = { json: parseJson(message.payload) };
    READ.set(message, read);
  }
  return read.json;
}
