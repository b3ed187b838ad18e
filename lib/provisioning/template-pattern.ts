import type { IConstruct } from 'constructs';
import { invalid } from '../private/errors';

/** How a text of a template body is written: plain, a reference, or both joined. */
export type TemplateValue = string | { readonly Ref: string } | { readonly 'Fn::Join': readonly [string, readonly TemplateValue[]] };

type Part = string | { readonly parameter: string };

const TOKEN = /\$\{Token\[[^\]]*\]\}/g;

/** A CDK token, which is text whose value only the deployment knows, a parameter, or a brace that begins neither. */
const PIECE = new RegExp(`(${TOKEN.source})|\\{((?:AWS::IoT::Certificate::)?[\\w.-]+)\\}|[{}]`, 'g');

/** The value of a CDK token is taken to be as long as the longest name. */
const UNKNOWN_TEXT = 'x'.repeat(128);

/** The text with each CDK token as long as it can get. */
export function withLongestTokens(text: string): string {
  return text.replace(TOKEN, UNKNOWN_TEXT);
}

/** A text in which `{NAME}` stands for the parameter NAME of a provisioning template. */
export class TemplatePattern {
  /** Fails for a brace that is not part of a parameter. */
  public static parse(scope: IConstruct, prop: string, text: string): TemplatePattern {
    const parts: Part[] = [];
    let end = 0;
    for (const { 0: piece, 1: token, 2: parameter, index } of text.matchAll(PIECE)) {
      if (token === undefined && parameter === undefined) {
        throw invalid(scope, `'${prop}' must have braces around the names of parameters only, as in "{SerialNumber}", got ${JSON.stringify(text)}`);
      }
      parts.push(text.slice(end, index), parameter === undefined ? piece : { parameter });
      end = index + piece.length;
    }
    parts.push(text.slice(end));
    return new TemplatePattern(prop, text, parts.filter((part) => part !== ''));
  }

  private constructor(
    /** What an error calls it. */
    public readonly prop: string,
    /** As it was given. */
    public readonly text: string,
    private readonly parts: readonly Part[],
  ) {}

  /** The names of the parameters in it. */
  public get parameters(): readonly string[] {
    return this.parts.flatMap((part) => (typeof part === 'string' ? [] : part.parameter));
  }

  /** Whether it is text without parameters, or one parameter and nothing else. */
  public get isSingle(): boolean {
    return this.parameters.length === 0 || this.parts.length === 1;
  }

  /** The text with something in the place of each parameter. */
  public fill(replace: (parameter: string) => string): string {
    return this.parts.map((part) => (typeof part === 'string' ? part : replace(part.parameter))).join('');
  }

  /** As the body of a template writes it. */
  public render(): TemplateValue {
    if (this.parameters.length === 0) {
      return this.text;
    }
    const values = this.parts.map((part): TemplateValue => (typeof part === 'string' ? part : { Ref: part.parameter }));
    return values.length === 1 ? values[0]! : { 'Fn::Join': ['', values] };
  }
}
