import { Annotations, Token } from 'aws-cdk-lib';
import type { IConstruct } from 'constructs';
import { invalid } from '../private/errors';
import type * as language from '../sql';
import type { Query, SqlWarning, Template } from '../sql';
import { allInQuotes, maskTokens, readTemplate, TemplateError } from './templates';

/** The language is large, and many apps have no rules. */
function sqlLanguage(): typeof language {
  return require('../sql') as typeof language;
}

/**
 * Reads a statement; undefined where only the deployment knows what it says, for which a token in a text, such as the ARN of a
 * role, is too little.
 *
 * AWS IoT would say at deployment that there is a mistake, or let the rule never run.
 */
export function checkStatement(scope: IConstruct, sql: string): Query | undefined {
  if (!allInQuotes(sql)) {
    return undefined;
  }
  const query = readable(scope, 'sql', () => sqlLanguage().parseSql(sql));
  warn(scope, 'sql', query.warnings);
  return query;
}

/** Checks the templates in a text, which may use the variables of the statement; undefined where only the deployment knows it. */
export function checkTemplate(scope: IConstruct, name: string, text: string, query: Query | undefined): Template | undefined {
  return readable(scope, name, () => {
    if (Token.isUnresolved(text) && readTemplate(text).some((piece) => piece.kind === 'expression' && !allInQuotes(piece.text))) {
      return undefined;
    }
    const template = sqlLanguage().parseTemplate(maskTokens(text), query);
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
