import { Annotations, Token } from 'aws-cdk-lib';
import type { IConstruct } from 'constructs';
import { invalid } from '../private/errors';
import type * as language from '../sql';
import type { Query, SqlWarning, Template } from '../sql';
import { hasTokenInCode, TemplateError, withoutTokens } from './templates';

/** The language is large, and many apps have no rules. */
function sqlLanguage(): typeof language {
  return require('../sql') as typeof language;
}

/**
 * Reads a statement; undefined where only the deployment knows it. Tokens in its texts do not keep it from being read, but a
 * topic filter with one is left out.
 *
 * AWS IoT would say at deployment that there is a mistake, or let the rule never run.
 */
export function checkStatement(scope: IConstruct, sql: string): Query | undefined {
  if (hasTokenInCode(sql)) {
    return undefined;
  }
  const query = readable(scope, 'sql', () => sqlLanguage().parseSql(sql));
  warn(scope, 'sql', query.warnings);
  return Token.isUnresolved(query.from) ? { ...query, from: undefined } : query;
}

/** Checks the templates in a text, which may use the variables of the statement; undefined where only the deployment knows it. */
export function checkTemplate(scope: IConstruct, name: string, text: string, query: Query | undefined): Template | undefined {
  return readable(scope, name, () => {
    const known = Token.isUnresolved(text) ? withoutTokens(text) : text;
    if (known === undefined) {
      return undefined;
    }
    const template = sqlLanguage().parseTemplate(known, query);
    warn(scope, name, template.warnings);
    return template;
  });
}

function readable<T>(scope: IConstruct, name: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw error instanceof sqlLanguage().SqlError || error instanceof TemplateError ? invalid(scope, `'${name}' cannot be read: ${error.message}`) : error;
  }
}

function warn(scope: IConstruct, name: string, warnings: readonly SqlWarning[]): void {
  for (const { line, column, message } of warnings) {
    Annotations.of(scope).addWarningV2('cdk-iot-warden:TopicRule.sql', `'${name}' may not do what it says: ${line}:${column}: ${message}`);
  }
}
