import { FUNCTIONS } from './functions';
import type { Scope } from './scope';
import { isJsonObject, isList, own } from './values';
import type { Json, JsonObject, Value } from './values';
import { isPartialText, isUnknownPart, joinText } from '../policy/text';
import type { Text, UnknownPart } from '../policy/text';

/**
 * Resolve the intrinsic functions in a value.
 *
 * What needs AWS, or is not written as CloudFormation wants it, becomes an unknown; nothing is guessed.
 *
 * @param at the place of the value, for what stays unknown
 * @returns nothing for `AWS::NoValue`
 * @see https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference.html
 */
export function evaluate(value: Json, scope: Scope, at: string): Value | undefined {
  return scope.work.nested(at, () => {
    if (typeof value === 'string') {
      return value.includes('{{resolve:') ? scope.work.text([value], at, scope.path) : value;
    }
    if (isList(value)) {
      return value.map((item, index) => evaluate(item, scope, `${at}[${index}]`)).filter((item) => item !== undefined);
    }
    if (!isJsonObject(value)) {
      return value;
    }
    const keys = Object.keys(value);
    const isCall = keys.some((key) => key.startsWith('Fn::')) || (keys.length === 1 && keys[0] === 'Ref');
    return isCall ? new Call(keys, scope, at).result(Object.values(value)) : evaluateObject(value, scope, at);
  });
}

function evaluateObject(value: JsonObject, scope: Scope, at: string): Value {
  const entries = Object.entries(value).flatMap(([key, entry]) => {
    const resolved = evaluate(entry, scope, `${at}.${key}`);
    return resolved === undefined ? [] : [[key, resolved] as const];
  });
  const object: Value = Object.fromEntries(entries);
  return isUnknownPart(object) || isPartialText(object)
    ? scope.work.unknown(at, "an object with the key 'unknown' or 'parts' cannot be told from an unknown value")
    : object;
}

/** One call of an intrinsic function: what the functions in `FUNCTIONS` work with. */
export class Call {
  private readonly name: string;

  constructor(keys: readonly string[], public readonly scope: Scope, public readonly at: string) {
    this.name = keys.join(' with ');
  }

  public result(values: readonly Json[]): Value | undefined {
    const [argument] = values;
    if (argument === undefined || values.length > 1) {
      return this.malformed();
    }
    const resolve = own(FUNCTIONS, this.name);
    const value = resolve ? resolve(this, argument) : this.unknown(`'${this.name}' is computed by AWS at deployment`);
    this.scope.work.spendOn(value);
    return value;
  }

  /** Resolve the argument, or one that is inside of it at `index`. */
  public evaluate(value: Json | undefined, index?: number | string): Value | undefined {
    const at = index === undefined ? `${this.at}.${this.name}` : `${this.at}.${this.name}[${index}]`;
    return value === undefined ? undefined : evaluate(value, this.scope, at);
  }

  public text(parts: readonly Text[]): Text {
    return this.scope.work.text(parts, this.at, this.scope.path);
  }

  public unknown(reason: string): UnknownPart {
    return this.scope.work.unknown(this.at, reason);
  }

  public dependent(): UnknownPart {
    return this.unknown(`'${this.name}' depends on something unknown`);
  }

  /** As `dependent`, where the result is certainly a string. */
  public dependentText(): Text {
    return joinText([this.dependent()]);
  }

  public malformed(): UnknownPart {
    return this.unknown(`'${this.name}' is not written as CloudFormation wants it; see its reference page`);
  }
}
