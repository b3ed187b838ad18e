import { asText, isList, isValueObject, listAt, propertyOf, textAt } from '../../deployment';
import type { Value } from '../../deployment';
import { isPartialText, isUnknownPart, showText } from '../../policy';
import { compileTemplate, parseTemplate } from '../../sql';
import type { Query, RuleEnvironment, RuleMessage } from '../../sql';

/** The fields of an action for one message. What only AWS knows is unknown in them, as it is in the template. */
export class Fields {
  constructor(private readonly values: Value, private readonly source: Value) {}

  /** A field as text; nothing where it is absent or unknown. */
  public text(...keys: readonly string[]): string | undefined {
    return textAt(this.values, ...keys);
  }

  public list(...keys: readonly string[]): readonly Fields[] {
    const sources = listAt(this.source, ...keys);
    return listAt(this.values, ...keys).map((value, index) => new Fields(value, sources[index]!));
  }

  /** The path of what only AWS knows, such as `Stack/Domain.DomainEndpoint`. */
  public unknownPart(...keys: readonly string[]): string | undefined {
    const value = propertyOf(this.values, ...keys);
    const part = isPartialText(value) ? value.parts.find(isUnknownPart) : value;
    return isUnknownPart(part) ? part.unknown : undefined;
  }

  /** Whether messages choose what is in a field. */
  public isFilledIn(...keys: readonly string[]): boolean {
    return textAt(this.source, ...keys)?.includes('${') === true;
  }

  /** As JSON for a person, without the role. */
  public show(): unknown {
    return shown(this.values);
  }
}

/** What fills in the fields of an action; one that cannot read a secret fails, where other functions are Undefined. */
export type FillIn = (message: RuleMessage, environment: RuleEnvironment) => Promise<FilledIn>;

export interface FilledIn {
  /** Absent where they cannot be filled in. */
  readonly fields?: Fields;
  readonly failure?: string;

  /** Why functions were Undefined, which leaves an empty text. */
  readonly reasons: readonly string[];
}

type Leaf = ReturnType<typeof compileTemplate>;

/** @throws SqlError for a template that cannot be read */
export function compileFields(source: Value, query: Query): FillIn {
  const leaves = new Map<string, Leaf>();
  collect(source);
  const constant: FilledIn = { fields: new Fields(source, source), reasons: [] };
  return async (message, environment) => {
    if (leaves.size === 0) {
      return constant;
    }
    const texts = new Map<string, string>();
    const all = new Set<string>();
    for (const [template, leaf] of leaves) {
      const { text, failure, reasons } = await leaf.run(message, environment);
      const unread = reasons.find((reason) => reason.startsWith('get_secret()'));
      if (text === undefined || unread !== undefined) {
        return { failure: failure ?? unread ?? 'its fields cannot be filled in', reasons };
      }
      texts.set(template, text);
      reasons.forEach((reason) => all.add(reason));
    }
    return { fields: new Fields(filled(source, texts), source), reasons: [...all] };
  };

  function collect(value: Value): void {
    if (typeof value === 'string' && value.includes('$')) {
      leaves.set(value, compileTemplate(parseTemplate(value, query), query));
    } else {
      childrenOf(value).forEach(collect);
    }
  }
}

function childrenOf(value: Value): readonly Value[] {
  return isList(value) ? value : isValueObject(value) ? Object.values(value) : [];
}

function filled(value: Value, texts: ReadonlyMap<string, string>): Value {
  if (typeof value === 'string') {
    return texts.get(value) ?? value;
  }
  if (isList(value)) {
    return value.map((item) => filled(item, texts));
  }
  return isValueObject(value) ? Object.fromEntries(Object.entries(value).map(([key, item]) => [key, filled(item, texts)])) : value;
}

function shown(value: Value): unknown {
  if (isList(value)) {
    return value.map(shown);
  }
  if (isValueObject(value)) {
    return Object.fromEntries(Object.entries(value).filter(([key]) => key !== 'RoleArn').map(([key, item]) => [key, shown(item)]));
  }
  return value === null || typeof value === 'number' || typeof value === 'boolean' ? value : showText(asText(value) ?? '');
}
