import type { Input } from './json-service';
import { ServiceError } from './service';

/** A text that must be there. */
export function text(input: Input, name: string): string {
  const value = optionalText(input, name);
  if (value === undefined || value === '') {
    throw invalid(`'${name}' must be text that is not empty`);
  }
  return value;
}

export function optionalText(input: Input, name: string): string | undefined {
  const value = input[name] ?? undefined;
  if (value !== undefined && typeof value !== 'string') {
    throw invalid(`'${name}' must be text`);
  }
  return value;
}

export function flag(input: Input, name: string): boolean {
  return input[name] === true;
}

/** A number of items for one page. */
export function pageSize(input: Input, name: string, most: number): number {
  const value = input[name] ?? most;
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 1 || value > most) {
    throw invalid(`'${name}' must be a whole number from 1 to ${most}`);
  }
  return value;
}

export function texts(input: Input, name: string): readonly string[] {
  const value = input[name] ?? [];
  if (!Array.isArray(value) || !value.every((item): item is string => typeof item === 'string')) {
    throw invalid(`'${name}' must be a list of texts`);
  }
  return value;
}

/** Bytes, which JSON carries as base64. */
export function bytes(input: Input, name: string): Buffer {
  const value = optionalText(input, name);
  if (value === undefined || !/^[A-Za-z0-9+/]*={0,2}$/.test(value)) {
    throw invalid(`'${name}' must be bytes in base64`);
  }
  return Buffer.from(value, 'base64');
}

/** Tags as most services write them. */
export function tags(input: Input, name: string): Readonly<Record<string, string>> {
  const value = input[name] ?? [];
  if (!Array.isArray(value)) {
    throw invalid(`'${name}' must be a list of tags`);
  }
  return Object.fromEntries(value.map((tag: Input) => [text(tag, 'Key'), optionalText(tag, 'Value') ?? '']));
}

export function tagList(of: Readonly<Record<string, string>>): readonly { readonly Key: string; readonly Value: string }[] {
  return Object.entries(of).map(([Key, Value]) => ({ Key, Value }));
}

export function invalid(message: string): ServiceError {
  return new ServiceError('ValidationException', message);
}
