import type { Query, Template } from '../sql';

/** Functions that tell who sent a message; policies decide about what they give, not devices. */
const TELL_WHO = new Set(['topic', 'clientid', 'principal']);

/** Topics on which AWS speaks, and no device. */
const OF_AWS = '$aws/events/';

/**
 * Whether a device chooses what a text becomes: its payload is in it, and nothing before tells who it is.
 *
 * With `raw/${topic(3)}/${name}` a device keeps to a prefix of its own, with `raw/${device}` it takes that of another.
 */
export function isChosenByPayload({ parts }: Template, query: Query | undefined): boolean {
  if (query?.from?.startsWith(OF_AWS)) {
    return false;
  }
  const first = parts.find((part) => typeof part !== 'string' && (says(part, query, tellsWho) || says(part, query, readsPayload)));
  return first !== undefined && !says(first, query, tellsWho);
}

function tellsWho(node: { readonly kind?: unknown; readonly name?: unknown }): boolean {
  return node.kind === 'call' && TELL_WHO.has(String(node.name).toLowerCase());
}

function readsPayload({ kind }: { readonly kind?: unknown }): boolean {
  return kind === 'name' || kind === 'star';
}

/** Whether some part of an expression is such, with the variables that it uses. */
function says(part: unknown, query: Query | undefined, is: (node: { readonly kind?: unknown }) => boolean): boolean {
  const open = [part];
  const seen = new Set<unknown>();
  while (open.length > 0) {
    const node = open.pop();
    if (typeof node === 'object' && node !== null && !seen.has(node)) {
      seen.add(node);
      if (is(node)) {
        return true;
      }
      const { kind, name } = node as { kind?: unknown; name?: unknown };
      open.push(...Object.values(node) as unknown[], ...kind === 'variable' ? query?.variables.filter((variable) => variable.name === name) ?? [] : []);
    }
  }
  return false;
}
