import { findAction } from './actions';
import { splitArn } from './arn';
import type { ArnParts } from './arn';
import { compileCondition } from './conditions';
import type { Condition } from './conditions';
import type { PolicyFinding } from './findings';
import { Pattern } from './pattern';
import type { ResourcePattern } from './statement';
import { joinText, showText } from './text';
import type { Text } from './text';
import { tokenize } from './tokens';
import type { Syntax } from './tokens';
import { isKnownKey, isModelledKey, isVariable } from './variables';

/** The version that knows variables; to older ones `${…}` is text. */
export const POLICY_VERSION = '2012-10-17';

const SERVICES = ['iot', 'iotjobsdata', 'greengrass'];
const ARN_FIX = 'write arn:aws:iot:REGION:ACCOUNT:TYPE/NAME';

/** Reads the texts of a document: actions, resources and condition values. Collects what is wrong with them. */
export class EntryReader {
  public readonly findings: PolicyFinding[] = [];

  /** Whether variables count, by the version of the document. */
  public variables: Syntax['variables'] = true;

  constructor(private readonly language: 'iot' | 'iam') {}

  public action(text: Text, path: string): Pattern {
    if (typeof text === 'string' && text !== '*') {
      this.checkAction(text, path);
    }
    return new Pattern(tokenize(lowerCase(text), { wildcards: true, variables: false }));
  }

  public resource(source: Text, path: string): ResourcePattern {
    if (source === '*') {
      return { source };
    }
    this.checkVariables(source, path, 'ARN');
    const parts = splitArn(source);
    if (parts === undefined || !hasKnownHead(parts)) {
      return { source, whole: this.pattern(typeof source === 'string' ? this.incompleteArn(source, path) : source) };
    }
    if (parts.prefix !== 'arn') {
      this.error(path, `'${showText(source)}' does not start with "arn:"`, ARN_FIX);
    }
    if (/[*?]/.test(parts.service)) {
      this.error(path, `the service '${parts.service}' of an ARN takes no wildcard`, 'write "iot"');
    }
    const segment = (text: string): Pattern => new Pattern(tokenize(text, { wildcards: true, variables: false }));
    const arn = {
      partition: segment(parts.partition),
      service: parts.service,
      region: segment(parts.region),
      account: segment(parts.account),
      resource: this.pattern(parts.resource),
    };
    const mayReachFurther = [parts.partition, parts.region, parts.account].some((text) => text.endsWith('*'));
    return { source, arn, ...(mayReachFurther ? { whole: this.pattern(source) } : {}) };
  }

  /** A condition, or nothing for one that AWS would refuse. */
  public condition(operator: string, key: string, values: readonly { text: Text; at: string }[], path: string): readonly Condition[] {
    const condition = compileCondition(operator, key, values.map(({ text }) => text), this.variables);
    if ('message' in condition) {
      this.error(path, condition.message, condition.fix);
      return [];
    }
    values.forEach(({ text, at }) => this.checkVariables(text, at, 'value'));
    if (this.language === 'iot' && isModelledKey(condition.key) && !isKnownKey(key)) {
      this.warning(path, `'${key}' is not a condition key of AWS IoT, so it never has a value`, 'check its spelling');
    }
    return [condition];
  }

  public error(path: string, message: string, fix: string): void {
    this.findings.push({ severity: 'error', path, message, fix });
  }

  private warning(path: string, message: string, fix: string): void {
    this.findings.push({ severity: 'warning', path, message, fix });
  }

  private checkAction(text: string, path: string): void {
    const colon = text.indexOf(':');
    const service = text.slice(0, Math.max(colon, 0)).toLowerCase();
    if (colon < 1 || colon === text.length - 1) {
      this.error(path, `'${text}' is not an action`, 'write service:Name, such as iot:Publish');
    } else if (this.language === 'iot' && !/[*?]/.test(service) && !SERVICES.includes(service)) {
      this.error(path, `'${text}' is not an AWS IoT action`, `AWS IoT policies take ${SERVICES.map((name) => `${name}:…`).join(', ')}`);
    } else if (this.language === 'iot' && service !== 'greengrass' && !/[*?]/.test(text) && findAction(text) === undefined) {
      this.warning(path, `'${text}' is not an action that AWS IoT policies grant`, 'check its spelling, or grant it in IAM');
    }
  }

  private checkVariables(text: Text, path: string, what: 'ARN' | 'value'): void {
    if (this.language !== 'iot') {
      return;
    }
    const keys = tokenize(text, { wildcards: true, variables: true }).flatMap((token) => (token.kind === 'variable' ? token.key : []));
    if (this.variables === false && keys.length > 0) {
      this.warning(path, 'variables are plain text in a document of this version', `write "Version": "${POLICY_VERSION}"`);
      return;
    }
    for (const key of keys.filter((one) => !isVariable(one))) {
      const written = asWritten(key, text);
      if (isKnownKey(key)) {
        this.warning(path, `\${${written}} is a condition key and no variable, so this ${what} matches nothing`, 'use it in Condition');
      } else {
        const effect = isModelledKey(key) ? 'matches nothing' : 'may match nothing';
        this.warning(path, `\${${written}} is not a variable of AWS IoT, so this ${what} ${effect}`, 'check its spelling');
      }
    }
  }

  private pattern(text: Text): Pattern {
    return new Pattern(tokenize(text, { wildcards: true, variables: this.variables }));
  }

  /**
   * IAM completes an ARN that ends early with wildcards.
   *
   * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html
   */
  private incompleteArn(source: string, path: string): Text {
    if (this.language === 'iot' || !source.startsWith('arn:')) {
      this.error(path, `'${source}' is neither "*" nor an ARN`, ARN_FIX);
    }
    return joinText([source, { unknown: 'the rest of an incomplete ARN' }]);
  }
}

/** Whether the segments before the resource are known. An unknown part may hold colons, so that later ones shift. */
function hasKnownHead(parts: ArnParts): parts is { readonly [segment in keyof ArnParts]: string } & Pick<ArnParts, 'resource'> {
  return [parts.prefix, parts.partition, parts.service, parts.region, parts.account].every((segment) => typeof segment === 'string');
}

function lowerCase(text: Text): Text {
  return typeof text === 'string'
    ? text.toLowerCase()
    : { parts: text.parts.map((part) => (typeof part === 'string' ? part.toLowerCase() : part)) };
}

/** A key with the capitals that the document gives it. */
function asWritten(key: string, text: Text): string {
  const shown = showText(text);
  const at = shown.toLowerCase().indexOf(`\${${key.toLowerCase()}}`);
  return at < 0 ? key : shown.slice(at + '${'.length, at + '${'.length + key.length);
}
