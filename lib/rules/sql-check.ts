import { Token } from 'aws-cdk-lib';
import type { IConstruct } from 'constructs';
import { invalid } from '../private/errors';
import { readTemplate, TemplateError } from './templates';

/** What a rule has to know of its statement. */
export interface Statement {
  /** The topic filter, which basic ingest does without. */
  readonly from: string | undefined;
}

const FROM = /\bFROM\s+'([^']*)'/i;

/** Reads a statement, as far as it is known before deployment. */
export function checkStatement(scope: IConstruct, sql: string): Statement {
  if (Token.isUnresolved(sql)) {
    return { from: undefined };
  }
  if (!/^\s*(SET|SELECT)\b/i.test(sql)) {
    throw invalid(scope, "'sql' must begin with SELECT or SET");
  }
  return { from: FROM.exec(sql)?.[1] };
}

/**
 * Checks the templates in a text.
 *
 * @returns how many there are
 */
export function checkTemplate(scope: IConstruct, name: string, text: string): number {
  try {
    return readTemplate(text).filter(({ kind }) => kind === 'expression').length;
  } catch (error) {
    throw error instanceof TemplateError ? invalid(scope, `'${name}' cannot be read: ${error.message}`) : error;
  }
}
