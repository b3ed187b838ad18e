import type { KnownKeys, Need } from '../iam/need';
import type { Input } from './json-service';

/** What IAM asks about an operation: the action of its name, on each of its resources. */
export interface Permission {
  /** @default - the name of the operation */
  readonly action?: string;

  /** The ARNs that it is about; without any, policies allow it with `*` alone. */
  readonly on?: (input: Input) => readonly string[];

  /** The condition keys that the request has, the same for each resource. */
  readonly keys?: (input: Input) => KnownKeys;

  /** Those that a resource has. */
  readonly keysOf?: (resource: string) => KnownKeys;
}

/** An operation that everybody may ask for who has credentials. */
export const FREE = 'free';

/** The permissions that operations take, by their names. */
export type Permissions = Readonly<Record<string, Permission | typeof FREE>>;

/** What IAM must allow for an operation; undefined where the table does not have it. */
export function needsOf(service: string, permissions: Permissions, operation: string, input: Input): readonly Need[] | undefined {
  const permission = Object.hasOwn(permissions, operation) ? permissions[operation] : undefined;
  if (permission === undefined || permission === FREE) {
    return permission && [];
  }
  const { action = operation, on, keys, keysOf } = permission;
  const values = keys?.(input);
  const need = (resource?: string): Need => ({
    action: `${service}:${action}`, ...resource !== undefined && { resource }, ...(values ?? keysOf) && { values: { ...values, ...resource !== undefined && keysOf?.(resource) } },
  });
  const resources = [...new Set(on?.(input))];
  return resources.length === 0 ? [need()] : resources.map(need);
}

/** The same permission for several operations. */
export function each(operations: readonly string[], permission: Permission | typeof FREE): Permissions {
  return Object.fromEntries(operations.map((operation) => [operation, permission]));
}

/** The tags that a request gives, as conditions see them. */
export function requestTags(tags: unknown, keys: unknown = []): KnownKeys {
  const given = (Array.isArray(tags) ? tags : []).flatMap((tag) => {
    const { Key: key, Value: value = '' } = Object(tag) as { readonly Key?: unknown; readonly Value?: unknown };
    return typeof key === 'string' ? [[key, String(value)] as const] : [];
  });
  const names = [...given.map(([key]) => key), ...Array.isArray(keys) ? keys.map(String) : []];
  return {
    ...Object.fromEntries(given.map(([key, value]) => [`aws:RequestTag/${key}`, value])),
    ...names.length > 0 && { 'aws:TagKeys': names },
  };
}
